//! Properties of values that are visible in their written types.

use syn::{GenericArgument, PathArguments, PathSegment, Type};

use crate::words::is_one_of;

/// Returns `true` for `DataSet<..>`, `DataStream<..>`, `TimedStream<..>`, `UpdateStream<..>` and
/// `Flow<..>`, also with a path or as a reference.
pub(crate) fn is_flow(ty: &Type) -> bool {
    last_segment(ty)
        .is_some_and(|segment| is_one_of(&segment.ident, "DataSet DataStream TimedStream UpdateStream Flow"))
}

/// Returns `true` for `DataStream<..>` and `TimedStream<..>`.
pub(crate) fn is_stream(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|segment| is_one_of(&segment.ident, "DataStream TimedStream"))
}

/// Returns `true` for `Solution<..>`, the solution set of a loop.
pub(crate) fn is_solution(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == "Solution")
}

/// The type `T` of `DataSet<T>`, also of a reference to one.
pub(crate) fn record_of(flow: &Type) -> Option<&Type> {
    let PathArguments::AngleBracketed(list) = &last_segment(flow)?.arguments else { return None };
    list.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Returns `true` for an environment: `Env`, `&Env`, `&mut Env`.
pub(crate) fn is_env(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == "Env")
}

/// Returns `true` for a reference.
pub(crate) fn is_reference(ty: &Type) -> bool {
    match ty {
        Type::Reference(_) => true,
        Type::Group(ty) => is_reference(&ty.elem),
        Type::Paren(ty) => is_reference(&ty.elem),
        _ => false,
    }
}

/// Returns `true` for a reference that is not `&'static`.
pub(crate) fn is_borrowed(ty: &Type) -> bool {
    match ty {
        Type::Reference(ty) => ty.lifetime.as_ref().is_none_or(|lifetime| lifetime.ident != "static"),
        Type::Group(ty) => is_borrowed(&ty.elem),
        Type::Paren(ty) => is_borrowed(&ty.elem),
        _ => false,
    }
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(ty) => ty.path.segments.last(),
        Type::Reference(ty) => last_segment(&ty.elem),
        Type::Group(ty) => last_segment(&ty.elem),
        Type::Paren(ty) => last_segment(&ty.elem),
        _ => None,
    }
}
