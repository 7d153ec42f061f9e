//! Closures with the right number of parameters, and joins that say what they make.

use syn::spanned::Spanned;
use syn::{Expr, ExprClosure};

use crate::diagnostics::{Diagnostics, message};
use crate::operators::{Stand, Takes};
use crate::syntax::{Call, Flow, Pipeline};

pub(crate) fn check(pipeline: &Pipeline, found: &mut Diagnostics) {
    for flow in &pipeline.flows {
        flow.calls.iter().for_each(|call| check_call(call, found));
        check_join(flow, found);
    }
}

fn check_call(call: &Call, found: &mut Diagnostics) {
    let Some(operator) = call.operator else { return };
    let (wanted, sentence) = match operator.takes {
        Takes::Values => return,
        Takes::Symbols => (1, message::symbols_wanted(&call.word)),
        Takes::Group => {
            check_group(call, found);
            (2, message::group_wanted(&call.word))
        }
        Takes::Handle => (1, message::handle_wanted(&call.word)),
        Takes::Records(wanted) => {
            check_presence(call, wanted, found);
            let count = call.closures().next().map_or(wanted, |closure| closure.inputs.len());
            (wanted, message::records_wanted(&call.word, wanted, count))
        }
    };
    for closure in call.closures().filter(|closure| closure.inputs.len() != wanted) {
        found.report_unwritable(first_unwanted(closure, wanted), &sentence);
    }
}

/// An operator on records has one argument, a closure.
fn check_presence(call: &Call, records: usize, found: &mut Diagnostics) {
    match (call.args.first(), call.args.len()) {
        (Some(Expr::Closure(_)), 1) => {}
        (Some(other), 1) => found.report_unwritable(other.span(), message::closure_wanted(&call.word, records)),
        _ => found.report_unwritable(call.span(), message::closure_wanted(&call.word, records)),
    }
}

/// A closure over a group is the only argument.
fn check_group(call: &Call, found: &mut Diagnostics) {
    if call.args.len() != 1 || call.closures().next().is_none() {
        found.report_unwritable(call.span(), message::group_wanted(&call.word));
    }
}

/// The first parameter too many, or the start of a list that is too short.
fn first_unwanted(closure: &ExprClosure, wanted: usize) -> proc_macro2::Span {
    closure.inputs.iter().nth(wanted).map_or(closure.inputs_begin.span, Spanned::span)
}

/// A join that was filtered, but not mapped. One without any closure is left to the types of the builder.
fn check_join(flow: &Flow, found: &mut Diagnostics) {
    if let (Stand::Joined, Some(last)) = (flow.stand, flow.calls.last())
        && last.operator.is_some_and(|operator| operator.stage().is_some())
    {
        found.report_unwritable(last.span(), message::unfinished_join(&last.word));
    }
}
