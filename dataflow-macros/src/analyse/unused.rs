//! Flows that reach no result. Lazy as they are, they would do nothing, silently.

use crate::diagnostics::{Diagnostics, message};
use crate::syntax::Pipeline;

pub(crate) fn check(pipeline: &Pipeline, found: &mut Diagnostics) {
    for name in pipeline.names.iter().filter(|name| name.must_be_used && !name.used) {
        found.report(name.ident.span(), message::unused_flow(&name.ident));
    }
    for flow in pipeline.dropped.iter().map(|id| &pipeline.flows[id.0]) {
        if let Some(call) = flow.calls.last().filter(|_| flow.is_certain()) {
            found.report(call.span(), message::dropped_flow(&call.word));
        }
    }
}
