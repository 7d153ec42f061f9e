//! Operators in the wrong place: known words that mean nothing where the chain stands.

use crate::diagnostics::{Diagnostics, message};
use crate::operators::{self, Stand, Takes};
use crate::syntax::{Flow, Pipeline, Source};

pub(crate) fn check(pipeline: &Pipeline, found: &mut Diagnostics) {
    for flow in &pipeline.flows {
        check_flow(pipeline, flow, found);
    }
}

fn check_flow(pipeline: &Pipeline, flow: &Flow, found: &mut Diagnostics) {
    // What comes behind a word that the language does not know may be anything.
    let known = flow.calls.iter().take_while(|call| call.operator.is_some()).count();
    let Some(misplaced) = flow.calls.get(known).filter(|call| operators::is_known(&call.word)) else { return };
    let before = flow.calls[..known].last();
    let stand = match (before.and_then(|call| call.operator), &flow.source) {
        (Some(operator), _) => operator.to,
        // A variable of a type that was not written may be no flow at all.
        (None, Source::Local { name, .. }) => match pipeline.names.iter().find(|known| known.ident == *name) {
            Some(known) if known.is_certain => known.stand,
            _ => return,
        },
        (None, _) => return,
    };
    let is_of_groups = operators::find(&misplaced.word.to_string(), Stand::Grouped).is_some();
    let is_of_joins = operators::find(&misplaced.word.to_string(), Stand::Join)
        .is_some_and(|operator| operator.takes == Takes::Values);
    let sentence = match stand {
        Stand::Join | Stand::KeyedFilter | Stand::CoGroup => message::keys_come_first(&misplaced.word),
        Stand::CoGrouped => message::closure_over_both_comes_first(&misplaced.word),
        Stand::Joined if is_of_joins => message::hints_come_first(&misplaced.word),
        Stand::Joined => message::pairs_come_first(&misplaced.word),
        Stand::Sorted if is_of_groups => message::no_order_wanted(&misplaced.word),
        Stand::Grouped | Stand::Sorted => message::no_operator_of_groups(&misplaced.word),
        Stand::Flow if is_of_groups => message::groups_come_first(&misplaced.word),
        Stand::Flow | Stand::Result => return,
    };
    found.report_unwritable(misplaced.span(), sentence);
}
