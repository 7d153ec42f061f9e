//! Reports misplaced operators: known words that are not available in the state of the chain.

use syn::spanned::Spanned;
use syn::{Expr, Ident};

use crate::diagnostics::{Diagnostics, message};
use crate::operators::measures::{self, Measure};
use crate::operators::{self, ChainState, ClosureArguments};
use crate::syntax::{Call, Flow, Pipeline, Source};
use crate::words::is_one_of;

pub(crate) fn check(pipeline: &Pipeline, mistakes: &mut Diagnostics) {
    for flow in &pipeline.flows {
        check_flow(pipeline, flow, mistakes);
        check_windows(flow, mistakes);
    }
    for word in &pipeline.operators_on_solutions {
        mistakes.report_fatal(word.span(), message::operator_on_solution(word));
    }
    for word in &pipeline.operators_with_solutions {
        mistakes.report_fatal(word.span(), message::solution_as_other_flow(word));
    }
    for solution in &pipeline.repeated_solution_uses {
        mistakes.report_fatal(solution.span(), message::SOLUTION_IS_JOINED_ONCE);
    }
    for (flow, word) in &pipeline.methods_on_results {
        let sink = pipeline.flows[flow.0]
            .calls
            .last()
            .filter(|sink| sink.is(|operator| operator.returns_unit) && operators::is_known(word));
        if let Some(sink) = sink {
            mistakes.report_fatal(word.span(), message::operator_after_result(&sink.word));
        }
    }
}

/// Reports windows of other systems: `.window(Session::with_gap(..))`.
fn check_windows(flow: &Flow, mistakes: &mut Diagnostics) {
    let windows = flow.calls.iter().filter(|call| call.is(|operator| operator.to == ChainState::Windowed));
    for kind in windows.filter_map(|call| window_kind(call.args.first()?)) {
        if is_one_of(kind, OTHER_WINDOWS) {
            mistakes.report_fatal(kind.span(), message::unsupported_window(kind));
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

fn check_flow(pipeline: &Pipeline, flow: &Flow, mistakes: &mut Diagnostics) {
    // The type of an unknown word may be anything.
    let known = flow.calls.iter().take_while(|call| call.operator.is_some()).count();
    if let Some((call, second)) = flow.calls[..known].iter().find_map(keys_of_a_join) {
        return mistakes.report_fatal(second.span(), message::keys_in_join_call(&call.word));
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
        mistakes.report_fatal(misplaced.span(), sentence);
    }
}

/// The message for a known word that is not available in `state`.
fn sentence_of(misplaced: &Call, state: ChainState, measure: Option<&Measure>) -> Option<String> {
    let is_of_groups = operators::find(&misplaced.word, ChainState::Grouped).is_some();
    let is_of_joins = operators::find(&misplaced.word, ChainState::Join)
        .is_some_and(|operator| operator.takes == ClosureArguments::Values);
    Some(match state {
        ChainState::SolutionJoin => message::solution_key_missing(&misplaced.word),
        ChainState::Join | ChainState::KeyedFilter | ChainState::CoGroup => message::join_keys_missing(&misplaced.word),
        ChainState::CoGrouped => message::operator_on_co_groups(&misplaced.word),
        ChainState::Joined if is_of_joins => message::hint_after_keys(&misplaced.word),
        ChainState::Joined => message::record_operator_on_pairs(&misplaced.word),
        ChainState::Windowed if measure.is_some_and(Measure::needs_bounded_groups) => {
            message::measure_needs_bounded_groups(&misplaced.word)
        }
        ChainState::Windowed if measure.is_some() => message::measure_outside_aggregate(&misplaced.word),
        ChainState::Windowed if is_of_groups => message::group_operator_on_windows(&misplaced.word),
        ChainState::Windowed => message::record_operator_on_windows(&misplaced.word),
        ChainState::Sorted if is_of_groups => message::order_without_effect(&misplaced.word),
        ChainState::Grouped | ChainState::Sorted => message::record_operator_on_groups(&misplaced.word),
        ChainState::Flow if is_of_groups => message::grouping_missing(&misplaced.word),
        ChainState::Flow | ChainState::Result => return None,
    })
}

/// A join with more arguments than the other flow: its keys, or a condition.
fn keys_of_a_join(call: &Call) -> Option<(&Call, &Expr)> {
    let operator = call.operator.filter(|operator| operator.from == ChainState::Flow)?;
    let is_keyed = matches!(operator.to, ChainState::Join | ChainState::KeyedFilter | ChainState::CoGroup);
    call.args.iter().nth(1).filter(|_| is_keyed).map(|second| (call, second))
}
