//! Reports misplaced operators: known words that are not available in the state of the chain.

use syn::spanned::Spanned;
use syn::{Expr, Ident};

use crate::diagnostics::{Diagnostics, message};
use crate::operators::measures::{self, Measure};
use crate::operators::{self, ChainState, ClosureArguments};
use crate::syntax::{Call, Flow, Pipeline, Source};
use crate::words::is_one_of;

pub(crate) fn check(pipeline: &Pipeline, found: &mut Diagnostics) {
    for flow in &pipeline.flows {
        check_flow(pipeline, flow, found);
        check_windows(flow, found);
    }
    for word in &pipeline.on_solutions {
        found.report_unwritable(word.span(), message::solution_is_joined(word));
    }
    for word in &pipeline.with_solutions {
        found.report_unwritable(word.span(), message::solution_is_looked_up(word));
    }
    for solution in &pipeline.solutions_used_again {
        found.report_unwritable(solution.span(), message::SOLUTION_IS_JOINED_ONCE);
    }
    for (flow, word) in &pipeline.behind_results {
        let sink = pipeline.flows[flow.0]
            .calls
            .last()
            .filter(|sink| sink.is(|operator| operator.gives_nothing) && operators::is_known(word));
        if let Some(sink) = sink {
            found.report_unwritable(word.span(), message::result_comes_last(&sink.word));
        }
    }
}

/// Reports windows of other systems: `.window(Session::with_gap(..))`.
fn check_windows(flow: &Flow, found: &mut Diagnostics) {
    let windows = flow.calls.iter().filter(|call| call.is(|operator| operator.to == ChainState::Windowed));
    for kind in windows.filter_map(|call| window_kind(call.args.first()?)) {
        if is_one_of(kind, OTHER_WINDOWS) {
            found.report_unwritable(kind.span(), message::windows_are_tumbling(kind));
        }
    }
}

/// Windows of other systems.
const OTHER_WINDOWS: &str =
    "Count CountWindow Global Hop Hopping Session SessionWindow Sessions Slide Sliding SlidingWindow";

/// The type in `Type::of(..)`, also if methods follow.
fn window_kind(windows: &Expr) -> Option<&Ident> {
    match windows {
        Expr::MethodCall(call) => window_kind(&call.receiver),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => path.path.segments.iter().rev().nth(1).map(|segment| &segment.ident),
            _ => None,
        },
        _ => None,
    }
}

fn check_flow(pipeline: &Pipeline, flow: &Flow, found: &mut Diagnostics) {
    // The type of an unknown word may be anything.
    let known = flow.calls.iter().take_while(|call| call.operator.is_some()).count();
    if let Some((call, second)) = flow.calls[..known].iter().find_map(keys_of_a_join) {
        return found.report_unwritable(second.span(), message::keys_beside(&call.word));
    }
    let Some(misplaced) = flow.calls.get(known) else { return };
    let before = flow.calls[..known].last();
    let state = match (before.and_then(|call| call.operator), &flow.source) {
        (Some(operator), _) => operator.to,
        // A variable without a written type may not be a flow.
        (None, Source::Local { name, .. }) => match pipeline.names.iter().find(|known| known.ident == *name) {
            Some(known) if known.is_certain => known.state,
            _ => return,
        },
        (None, _) => return,
    };
    let measure = measures::find(&misplaced.word);
    let is_known = operators::is_known(&misplaced.word) || measure.is_some() && matches!(state, ChainState::Windowed);
    if !is_known {
        return;
    }
    if let Some(sentence) = sentence_of(misplaced, state, measure) {
        found.report_unwritable(misplaced.span(), sentence);
    }
}

/// The message for a known word that is not available in `state`.
fn sentence_of(misplaced: &Call, state: ChainState, measure: Option<&Measure>) -> Option<String> {
    let is_of_groups = operators::find(&misplaced.word, ChainState::Grouped).is_some();
    let is_of_joins = operators::find(&misplaced.word, ChainState::Join)
        .is_some_and(|operator| operator.takes == ClosureArguments::Values);
    Some(match state {
        ChainState::SolutionJoin => message::solution_key_comes_first(&misplaced.word),
        ChainState::Join | ChainState::KeyedFilter | ChainState::CoGroup => message::keys_come_first(&misplaced.word),
        ChainState::CoGrouped => message::closure_over_both_comes_first(&misplaced.word),
        ChainState::Joined if is_of_joins => message::hints_come_first(&misplaced.word),
        ChainState::Joined => message::pairs_come_first(&misplaced.word),
        ChainState::Windowed if measure.is_some_and(Measure::needs_the_end) => {
            message::windows_end_before(&misplaced.word)
        }
        ChainState::Windowed if measure.is_some() => message::windows_are_measured(&misplaced.word),
        ChainState::Windowed if is_of_groups => message::windows_have_measures_only(&misplaced.word),
        ChainState::Windowed => message::windows_come_to_records(&misplaced.word),
        ChainState::Sorted if is_of_groups => message::no_order_wanted(&misplaced.word),
        ChainState::Grouped | ChainState::Sorted => message::no_operator_of_groups(&misplaced.word),
        ChainState::Flow if is_of_groups => message::groups_come_first(&misplaced.word),
        ChainState::Flow | ChainState::Result => return None,
    })
}

/// A join with more arguments than the other flow: its keys, or a condition.
fn keys_of_a_join(call: &Call) -> Option<(&Call, &Expr)> {
    let operator = call.operator.filter(|operator| operator.from == ChainState::Flow)?;
    let is_keyed = matches!(operator.to, ChainState::Join | ChainState::KeyedFilter | ChainState::CoGroup);
    call.args.iter().nth(1).filter(|_| is_keyed).map(|second| (call, second))
}
