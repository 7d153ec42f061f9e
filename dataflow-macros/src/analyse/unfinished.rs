//! Reports chains that end before they are flows: a join without keys, or groups without an
//! aggregate.
//!
//! A join or a grouping may be bound to a variable and finished where that variable is used. If it
//! is returned, or a loop iterates over it, it cannot be finished.

use syn::spanned::Spanned;
use syn::{FnArg, Ident, ReturnType, Signature, Type, TypeParamBound};

use crate::diagnostics::{Diagnostics, message};
use crate::operators::{ChainState, ClosureArguments, Operator, PlainArguments};
use crate::syntax::patterns::plain_name;
use crate::syntax::{Flow, Pipeline, Source, types};

pub(super) fn check(pipeline: &Pipeline, mistakes: &mut Diagnostics) {
    pipeline.flows.iter().for_each(|flow| check_filtered_join(flow, mistakes));
    for flow in pipeline.for_loop_flows.iter().map(|id| &pipeline.flows[id.0]) {
        check_loop(pipeline, flow, mistakes);
    }
}

/// Reports a returned value that is not the flow in the signature.
pub(super) fn check_returned(pipeline: &Pipeline, signature: &Signature, mistakes: &mut Diagnostics) {
    if let (Some(flow), ReturnType::Type(_, ty)) =
        (pipeline.returned.map(|id| &pipeline.flows[id.0]), &signature.output)
        && flow.is_certain()
        && flow.state == ChainState::Flow
        && is_list(ty)
    {
        return mistakes.report_fatal(ty.span(), message::list_instead_of_flow());
    }
    let returns_a_flow = matches!(&signature.output, ReturnType::Type(_, ty) if types::is_flow(ty));
    let Some(flow) = pipeline.returned.map(|id| &pipeline.flows[id.0]).filter(|_| returns_a_flow) else {
        return;
    };
    let is_known = flow.calls.iter().all(|call| call.operator.is_some());
    if let Some(last) = flow.calls.last().filter(|_| is_known && flow.state == ChainState::Result) {
        return mistakes.report_fatal(last.span(), message::result_instead_of_flow(last));
    }
    if let (Some(last), ReturnType::Type(_, ty)) = (flow.calls.last(), &signature.output)
        && types::is_stream(ty)
        && gives_updates(pipeline, flow, signature)
    {
        return mistakes.report_fatal(ty.span(), message::updates_instead_of_records(&last.word));
    }
    if let Some(last) = flow.calls.last().filter(|_| flow.is_certain() && !is_filtered_join(flow))
        && let Some(sentence) = message::unfinished(&last.word, flow.state)
    {
        mistakes.report_fatal(last.span(), sentence);
    }
}

/// Returns `true` if a flow aggregates groups of a stream parameter without windows. It then emits
/// updates of its groups.
fn gives_updates(pipeline: &Pipeline, flow: &Flow, signature: &Signature) -> bool {
    let gives_updates = |operator: &Operator| {
        operator.from == ChainState::Grouped
            && operator.to == ChainState::Flow
            // A stream has no operators that emit records of groups.
            && operator.values != PlainArguments::Count
            && !matches!(operator.takes, ClosureArguments::Groups(_))
    };
    if !flow.calls.last().is_some_and(|last| last.is(gives_updates)) {
        return false;
    }
    // Bindings come before their uses, so each step leads to an earlier flow.
    let mut flow = flow;
    for _ in 0..=pipeline.flows.len() {
        let Source::Local { name, .. } = &flow.source else { return false };
        match pipeline.flows.iter().find(|bound| bound.binding.as_ref() == Some(name)) {
            Some(bound) => flow = bound,
            None => return signature.inputs.iter().any(|input| is_stream_parameter(input, name)),
        }
    }
    false
}

fn is_stream_parameter(input: &FnArg, name: &Ident) -> bool {
    match input {
        FnArg::Typed(typed) => plain_name(&typed.pat) == Some(name) && types::is_stream(&typed.ty),
        FnArg::Receiver(_) => false,
    }
}

/// Returns `true` for a `Vec` and for an `impl Iterator`.
fn is_list(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == "Vec"),
        Type::ImplTrait(given) => given.bounds.iter().any(|bound| match bound {
            TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|last| last.ident == "Iterator"),
            _ => false,
        }),
        _ => false,
    }
}

/// A join that was filtered, but not mapped.
fn check_filtered_join(flow: &Flow, mistakes: &mut Diagnostics) {
    if let Some(last) = flow.calls.last().filter(|_| is_filtered_join(flow)) {
        mistakes.report_fatal(last.span(), message::unfinished_join(&last.word));
    }
}

fn is_filtered_join(flow: &Flow) -> bool {
    let last = flow.calls.last().and_then(|last| last.operator);
    flow.state == ChainState::Joined && last.is_some_and(|operator| operator.record_operation().is_some())
}

/// A `for` loop over a flow, which has no records yet.
fn check_loop(pipeline: &Pipeline, flow: &Flow, mistakes: &mut Diagnostics) {
    let at = match (flow.calls.last(), &flow.source) {
        (Some(last), _) if flow.is_certain() => last.span(),
        (None, Source::Local { name, .. })
            if pipeline.names.iter().any(|known| known.is_certain && known.ident == *name) =>
        {
            name.span()
        }
        _ => return,
    };
    mistakes.report_fatal(at, message::loop_over_flow(flow.state));
}
