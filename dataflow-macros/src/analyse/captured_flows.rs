//! Reports flows that are captured by closures over records.
//!
//! Only names that certainly are flows are reported here, so the closure gets no other message. For
//! other names the compiler knows the type: capturing a flow does not type-check, with the same
//! message.

use crate::analyse::captures;
use crate::diagnostics::{Diagnostics, message};
use crate::syntax::Pipeline;

pub(super) fn check(pipeline: &Pipeline, mistakes: &mut Diagnostics) {
    for call in pipeline.calls() {
        for name in captures::of_record_closures(call) {
            if pipeline.is_certainly_a_flow(&name, &call.scope) {
                mistakes.report_fatal(name.span(), message::FLOW_INSIDE_CLOSURE);
            }
        }
    }
}
