//! Reports flows that reach no result. Flows are lazy, so they would silently do nothing.

use syn::spanned::Spanned;
use syn::{ReturnType, Signature};

use crate::diagnostics::{Diagnostics, message};
use crate::syntax::{Pipeline, types};

/// Checks a function, or an inline pipeline if `function` is `None`.
pub(crate) fn check(pipeline: &Pipeline, function: Option<&Signature>, mistakes: &mut Diagnostics) {
    // A `;` follows the flow that should be returned. The compiler reports that, too.
    let returns_a_flow =
        function.is_some_and(|function| matches!(&function.output, ReturnType::Type(_, ty) if types::is_flow(ty)));
    let misses_its_result = returns_a_flow && pipeline.returned.is_none();
    for name in pipeline.names.iter().filter(|name| name.must_be_used && !name.used) {
        let sentence = if name.is_loop_parameter { message::unused_round } else { message::unused_flow };
        mistakes.report(name.ident.span(), sentence(&name.ident));
    }
    for solution in &pipeline.unused_solutions {
        mistakes.report(solution.span(), message::UNUSED_SOLUTION);
    }
    for flow in pipeline.dropped.iter().map(|id| &pipeline.flows[id.0]) {
        if let Some(call) = flow.calls.last().filter(|_| flow.is_certain()) {
            match misses_its_result {
                true => mistakes.report_fatal(call.span(), message::dropped_result(&call.word)),
                false => mistakes.report(call.span(), message::dropped_flow(&call.word)),
            }
        }
    }
}
