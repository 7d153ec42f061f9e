//! Reports pipelines without any result.

use syn::{GenericArgument, PathArguments, PathSegment, ReturnType, Signature, Type};

use crate::diagnostics::{Diagnostics, message};
use crate::syntax::{Flow, Pipeline, Source};
use crate::words::is_one_of;

/// Reports a function that neither returns nor writes a flow. Returns `true` if it reported one.
///
/// Nothing is reported in doubt: a type of the user may contain flows. A function that takes a
/// flow, or an unknown method, may be a sink.
pub(super) fn check(pipeline: &Pipeline, signature: &Signature, mistakes: &mut Diagnostics) -> bool {
    let returns_a_flow = match &signature.output {
        ReturnType::Default => false,
        ReturnType::Type(_, ty) => may_hold_a_flow(ty),
    };
    if returns_a_flow || pipeline.flows.iter().any(may_be_a_sink) {
        return false;
    }
    mistakes.report(signature.ident.span(), message::no_result(&signature.ident));
    true
}

fn may_hold_a_flow(ty: &Type) -> bool {
    match ty {
        Type::Tuple(tuple) => tuple.elems.iter().any(may_hold_a_flow),
        Type::Never(_) => false,
        Type::Path(path) => path.path.segments.last().is_none_or(segment_may_hold_a_flow),
        Type::Paren(inner) => may_hold_a_flow(&inner.elem),
        Type::Group(inner) => may_hold_a_flow(&inner.elem),
        _ => true,
    }
}

fn segment_may_hold_a_flow(segment: &PathSegment) -> bool {
    match &segment.arguments {
        PathArguments::None => !is_one_of(&segment.ident, PLAIN_TYPES),
        PathArguments::AngleBracketed(list) if is_one_of(&segment.ident, WRAPPERS) => match list.args.first() {
            Some(GenericArgument::Type(ty)) => may_hold_a_flow(ty),
            _ => true,
        },
        _ => true,
    }
}

/// Types that may hold a flow only in their first argument.
const WRAPPERS: &str = "Option Result";

/// Types of Rust and of the prelude that hold no flow.
const PLAIN_TYPES: &str = "bool char f32 f64 i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize str String";

fn may_be_a_sink(flow: &Flow) -> bool {
    !flow.is_flow()
        || matches!(flow.source, Source::Call { .. })
        || flow.calls.iter().any(|call| call.operator.is_none())
}
