//! Flows that are read where records are looked at.
//!
//! If a name certainly is a flow, it is reported here, and nothing is said about what the closure does with it. The
//! compiler knows the type of other names: capturing a flow does not type-check, with the same sentence.

use crate::analyse::captures;
use crate::diagnostics::{Diagnostics, message};
use crate::syntax::Pipeline;

pub(super) fn check(pipeline: &Pipeline, found: &mut Diagnostics) {
    for call in pipeline.calls() {
        for name in captures::of_records(call) {
            if pipeline.is_certainly_a_flow(&name, &call.scope) {
                found.report_unwritable(name.span(), message::FLOW_INSIDE_CLOSURE);
            }
        }
    }
}
