//! Checks the number of arguments, and of parameters of closures.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Expr, ExprClosure, ExprLit, Lit, Pat, PatType, Type, TypePath};

use crate::analyse::keys;
use crate::diagnostics::{Diagnostics, message};
use crate::operators::{self, ChainState, ClosureArguments, Operator, PlainArguments};
use crate::syntax::{Call, Pipeline};

pub(crate) fn check(pipeline: &Pipeline, mistakes: &mut Diagnostics) {
    for flow in &pipeline.flows {
        // After a misplaced operator, or an unknown word in a join, the state of the chain is
        // unknown.
        let is_misplaced = |call: &Call, state| {
            call.operator.is_none() && (operators::is_known(&call.word) || state == ChainState::Join)
        };
        let mut state = ChainState::Flow;
        for call in &flow.calls {
            if is_misplaced(call, state) {
                break;
            }
            state = call.operator.map_or(ChainState::Flow, |operator| operator.to);
            check_call(call, mistakes);
        }
    }
}

fn check_call(call: &Call, mistakes: &mut Diagnostics) {
    let Some(operator) = call.operator else { return };
    for closure in call.closures() {
        if let Some(word) = closure.asyncness {
            mistakes.report_fatal(word.span, message::ASYNC_CLOSURE);
        }
    }
    let is_counted = operator.values == PlainArguments::Count;
    if is_counted
        && operator.takes == ClosureArguments::Order
        && (call.args.len() != 2 || matches!(call.args.first(), Some(Expr::Closure(_))))
    {
        return mistakes.report_fatal(call.span(), message::count_and_order_expected(&call.word));
    }
    if matches!(operator.takes, ClosureArguments::Symbols | ClosureArguments::Key | ClosureArguments::Order)
        && let Some((at, sentence)) = wrong_keys(call, operator)
    {
        return mistakes.report_fatal(at, sentence);
    }
    match operator.takes {
        ClosureArguments::Values => check_values(call, operator, mistakes),
        ClosureArguments::LoopBody | ClosureArguments::DeltaBody => check_loop(call, operator, mistakes),
        ClosureArguments::TaskThenRecord => check_state(call, mistakes),
        _ => check_parameters(call, operator, mistakes),
    }
}

/// Checks the number of parameters of each closure.
fn check_parameters(call: &Call, operator: &Operator, mistakes: &mut Diagnostics) {
    let (expected, sentence) = match operator.takes {
        ClosureArguments::Values
        | ClosureArguments::LoopBody
        | ClosureArguments::DeltaBody
        | ClosureArguments::TaskThenRecord => return,
        ClosureArguments::Symbols => (1, message::symbols_expected(&call.word)),
        ClosureArguments::Key | ClosureArguments::Order => (1, message::key_expected(&call.word)),
        ClosureArguments::Groups(groups) => {
            check_groups(call, groups, mistakes);
            (groups + 1, message::groups_expected(&call.word, groups))
        }
        ClosureArguments::Handle => (1, message::handle_expected(&call.word)),
        ClosureArguments::Partition => {
            let sentence = message::partition_expected(&call.word);
            if !is_one_closure(call) {
                mistakes.report_fatal(at_argument(call), &sentence);
            }
            (2, sentence)
        }
        ClosureArguments::Records(expected) => {
            check_presence(call, expected, mistakes);
            let count = call.closures().next().map_or(expected, |closure| closure.inputs.len());
            (expected, message::records_expected(&call.word, operator, (expected, count)))
        }
    };
    for closure in call.closures().filter(|closure| closure.inputs.len() != expected) {
        mistakes.report_fatal(first_unexpected(closure, expected), &sentence);
    }
}

/// The mistake in the arguments of an operator whose closures name fields: a quoted name, one key
/// for both sides, or a direction outside of the order.
fn wrong_keys(call: &Call, operator: &Operator) -> Option<(Span, String)> {
    if operator.from == ChainState::SolutionJoin && call.args.len() != 1 {
        return Some((call.span(), message::SOLUTION_KEY_EXPECTED.to_owned()));
    }
    let is_on = matches!(operator.from, ChainState::Join | ChainState::KeyedFilter | ChainState::CoGroup);
    if is_on && call.args.len() != 2 {
        return Some((call.span(), message::both_keys_expected(&call.word)));
    }
    if let Some(text) = call.args.iter().find(|argument| is_text(argument)) {
        return Some((text.span(), message::name_in_quotes(&call.word, is_on)));
    }
    let named = call.closures().filter(|closure| !keys::is_computed(operator, closure));
    if let Some(ty) = named.flat_map(|closure| &closure.inputs).find_map(record_type) {
        return Some((ty.span(), message::type_of_names(&call.word)));
    }
    if !is_on && call.args.is_empty() {
        return Some((call.span(), message::key_missing(&call.word, operator.takes)));
    }
    let is_key_alone =
        operator.takes == ClosureArguments::Key && operator.values != PlainArguments::AfterClosure && !is_on;
    if let Some(second) = call.args.iter().nth(1).filter(|_| is_key_alone) {
        return Some((second.span(), message::one_key_expected(&call.word)));
    }
    let is_order_alone = operator.takes == ClosureArguments::Order
        && operator.values != PlainArguments::Count
        && operator.from != ChainState::CoGrouped;
    let beside = call.args.iter().nth(1).filter(|_| is_order_alone)?;
    Some((beside.span(), message::direction_outside_closure(&call.word)))
}

/// The type of a parameter, unless it is named like a type of symbols: `Field…`, or `OrderFields`
/// from the derive. Only a message depends on the names, because the compiler checks the types.
fn record_type(input: &Pat) -> Option<&Type> {
    let Pat::Type(PatType { ty, .. }) = input else { return None };
    let is_of_symbols = |path: &TypePath| {
        path.path.segments.last().is_some_and(|last| {
            last.ident.to_string().starts_with("Field") || last.ident.to_string().ends_with("Fields")
        })
    };
    match &**ty {
        Type::Path(path) if !is_of_symbols(path) => Some(ty),
        Type::Reference(_) => Some(ty),
        _ => None,
    }
}

fn is_text(argument: &Expr) -> bool {
    matches!(argument, Expr::Lit(ExprLit { lit: Lit::Str(_), .. }))
}

/// Reports a closure where no arguments are allowed, and a missing count.
fn check_values(call: &Call, operator: &Operator, mistakes: &mut Diagnostics) {
    match operator.values {
        PlainArguments::None => {
            if let Some(closure) = call.closures().next() {
                mistakes.report_fatal(closure.span(), message::nothing_expected(&call.word));
            }
        }
        PlainArguments::Count if call.args.is_empty() => {
            mistakes.report_fatal(call.span(), message::count_expected(&call.word));
        }
        PlainArguments::Count | PlainArguments::AfterClosure | PlainArguments::Any => {}
    }
}

/// An operator over records has one argument, a closure.
fn check_presence(call: &Call, records: usize, mistakes: &mut Diagnostics) {
    if !is_one_closure(call) {
        mistakes.report_fatal(at_argument(call), message::closure_expected(&call.word, records));
    }
}

fn is_one_closure(call: &Call) -> bool {
    call.args.len() == 1 && matches!(call.args.first(), Some(Expr::Closure(_)))
}

/// The span of the only argument, else of the word.
fn at_argument(call: &Call) -> proc_macro2::Span {
    match (call.args.first(), call.args.len()) {
        (Some(argument), 1) => argument.span(),
        _ => call.span(),
    }
}

/// A loop has a number of rounds and a body. A delta iteration has its first workset and the key of
/// its solution set before them.
fn check_loop(call: &Call, operator: &Operator, mistakes: &mut Diagnostics) {
    let (arguments, parameters, sentence) = match operator.takes {
        ClosureArguments::DeltaBody => (4, 2, message::delta_body_expected(&call.word)),
        _ => (2, 1, message::body_expected(&call.word)),
    };
    match call.args.last() {
        Some(Expr::Closure(body)) if call.args.len() == arguments => {
            if body.inputs.len() != parameters {
                mistakes.report_fatal(first_unexpected(body, parameters), sentence);
            }
        }
        // The body may be a named pipeline.
        Some(Expr::Path(_)) if call.args.len() == arguments => {}
        _ => mistakes.report_fatal(call.span(), sentence),
    }
}

/// An operator with a state has two closures: one that creates the state, and one over records.
fn check_state(call: &Call, mistakes: &mut Diagnostics) {
    let closures = call.closures().collect::<Vec<_>>();
    if closures.len() != 2 || call.args.len() != 2 {
        return mistakes.report_fatal(call.span(), message::state_expected(&call.word));
    }
    for (closure, expected) in closures.into_iter().zip(1..) {
        if closure.inputs.len() != expected {
            mistakes.report_fatal(first_unexpected(closure, expected), message::state_expected(&call.word));
        }
    }
}

/// A closure over groups is the only argument.
fn check_groups(call: &Call, groups: usize, mistakes: &mut Diagnostics) {
    if call.args.len() != 1 || call.closures().next().is_none() {
        mistakes.report_fatal(call.span(), message::groups_expected(&call.word, groups));
    }
}

/// The span of the first surplus parameter, or of the start of a list that is too short.
fn first_unexpected(closure: &ExprClosure, expected: usize) -> proc_macro2::Span {
    closure.inputs.iter().nth(expected).map_or(closure.inputs_begin.span, Spanned::span)
}
