//! Decides which closures are fused into one body.
//!
//! A fused `map` passes its records directly to the next closure, instead of writing and reading
//! them. Closures get the same values as without fusion, because `Value::twin` converts them in the
//! same way as a read. Fusion must not change two things:
//!
//! * **Names.** The second body is written inside of the first one, whose variables hide those
//!   outside. A closure that names such a hidden variable starts a new operator. So does every
//!   closure after a body whose names [syntax does not show](hygiene).
//! * **Size.** The second body is written once per value of the first one, for example once for
//!   each arm of a `match`.
//!
//! An operator with a state always starts a body, because its state is created for the records of
//! that operator.

use syn::ExprClosure;

use crate::analyse::{branches, hygiene};
use crate::operators::{ChainState, Operator};
use crate::syntax::Call;
use crate::syntax::names::free_names_of_closure;
use crate::syntax::patterns::names_in_patterns;

/// Maximum number of copies of a closure in a body: one per value of the stages before it.
const COPIES_LIMIT: usize = 4;

/// Adds the following calls that may run in the same body.
pub(super) fn extend<'a>(mut stages: Vec<&'a Call>, following: &'a [Call]) -> Vec<&'a Call> {
    for next in following.iter().take_while(|call| is_stage_on_flow(call)) {
        let copies = stages.iter().map(|stage| values_of(stage)).product::<usize>();
        match next.record_closure() {
            Some(closure) if copies <= COPIES_LIMIT && names_stay_apart(&stages, closure) => stages.push(next),
            _ => break,
        }
    }
    stages
}

fn is_stage_on_flow(call: &Call) -> bool {
    let is_on_flow = |operator: &Operator| operator.from == ChainState::Flow && !operator.has_state();
    call.is(|operator| is_on_flow(operator) && operator.record_operation().is_some())
}

/// The number of places at which a stage passes a record to the next one. 1 for a predicate.
fn values_of(call: &Call) -> usize {
    match (call.operator, call.record_closure()) {
        (Some(operator), Some(closure)) if !operator.is_predicate() => branches::count(closure, operator.is_fallible()),
        _ => 1,
    }
}

/// Returns `true` if no name bound by the stages hides a name that the next closure uses.
fn names_stay_apart(stages: &[&Call], next: &ExprClosure) -> bool {
    if stages.iter().any(|stage| hygiene::may_hide_names(stage)) {
        return false;
    }
    let meant = free_names_of_closure(next);
    let closures = stages.iter().filter_map(|stage| stage.record_closure());
    // A name that is written like a constant may still be a variable, except `None`.
    let mut hidden = closures.flat_map(names_in_patterns).filter(|name| *name != "None");
    !hidden.any(|name| meant.contain(name))
}
