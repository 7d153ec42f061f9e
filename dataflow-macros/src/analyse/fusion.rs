//! Which closures run in one body.
//!
//! Running `map` and what follows it in one function saves writing records down only to read them again. What a
//! closure gets is the same either way: values are passed on as they would be read back, by `Value::twin`. Fusion must
//! not change two things:
//!
//! * **Names.** The second body stands inside of the first one, where the first one's variables hide those outside. A
//!   closure that names a variable which is hidden there starts an operator of its own. So does every closure behind a body whose names syntax does
//!   not [show](hygiene).
//! * **Size.** The second body is written wherever the first one makes a value, once for each arm of a `match`.
//!
//! An operator with a state always starts a body, because its state is made for the records that the operator itself sees.

use syn::ExprClosure;

use crate::analyse::{branches, hygiene};
use crate::operators::{ChainState, Operator};
use crate::syntax::Call;
use crate::syntax::names::free_names_of_closure;
use crate::syntax::patterns::names_matched_in;

/// How many times the code of one closure may be written.
const COPIES_LIMIT: usize = 4;

/// Extends the stages of a body by those of the following calls that may run in it.
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
    call.is(|operator| is_on_flow(operator) && operator.of_each_record().is_some())
}

/// The number of places at which a stage gives a record to the next; a predicate has one.
fn values_of(call: &Call) -> usize {
    match (call.operator, call.record_closure()) {
        (Some(operator), Some(closure)) if !operator.is_predicate() => branches::count(closure, operator.is_fallible()),
        _ => 1,
    }
}

/// Whether no name that the stages so far bind hides one that the next closure means.
fn names_stay_apart(stages: &[&Call], next: &ExprClosure) -> bool {
    if stages.iter().any(|stage| hygiene::is_open(stage)) {
        return false;
    }
    let meant = free_names_of_closure(next);
    let closures = stages.iter().filter_map(|stage| stage.record_closure());
    // A name that is written like a constant may be a variable all the same; `None` is none.
    let mut hidden = closures.flat_map(names_matched_in).filter(|name| *name != "None");
    !hidden.any(|name| meant.contain(name))
}
