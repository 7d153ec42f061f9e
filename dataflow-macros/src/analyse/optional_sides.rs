//! Reports field accesses on the optional side of an outer join.
//!
//! The compiler would report an unknown field and suggest `unwrap()`, which ends the job at the
//! first record without a partner.

use crate::diagnostics::{Diagnostics, message};
use crate::operators::{ChainState, ClosureArguments};
use crate::syntax::names::free_names;
use crate::syntax::patterns::plain_name;
use crate::syntax::{Call, Flow, Pipeline};

pub(super) fn check(pipeline: &Pipeline, mistakes: &mut Diagnostics) {
    pipeline.flows.iter().for_each(|flow| check_flow(flow, mistakes));
}

fn check_flow(flow: &Flow, mistakes: &mut Diagnostics) {
    let mut join = None;
    for call in &flow.calls {
        let Some(operator) = call.operator else { continue };
        if operator.join.is_some() {
            join = operator.join.map(|kind| (call, kind));
        } else if operator.from == ChainState::Joined
            && operator.takes == ClosureArguments::Records(2)
            && let Some((word, kind)) = join
        {
            check_pair(word, call, kind.optional_sides(), mistakes);
        }
    }
}

fn check_pair(join: &Call, call: &Call, optional: [bool; 2], mistakes: &mut Diagnostics) {
    let Some(closure) = call.record_closure() else { return };
    let mentions = free_names(&closure.body);
    for (side, _) in closure.inputs.iter().zip(optional).filter(|(_, is_optional)| *is_optional) {
        let Some(side) = plain_name(side) else { continue };
        let of_field =
            mentions.plain.iter().find_map(|it| Some((it.name, it.fields.first()?)).filter(|it| it.0 == side));
        if let Some((name, field)) = of_field {
            mistakes.report_fatal(name.span(), message::field_of_optional_side(&join.word, name, field));
        }
    }
}
