//! References that closures over records capture.
//!
//! Closures run when the plan does, after the function has returned, so they own what they capture. The compiler says
//! so too, of the lifetime of a bound that the user has never seen.

use crate::analyse::captures;
use crate::diagnostics::{Diagnostics, message};
use crate::syntax::Pipeline;
use crate::syntax::scope::Kind;

pub(super) fn check(pipeline: &Pipeline, found: &mut Diagnostics) {
    for call in pipeline.flows.iter().flat_map(|flow| &flow.calls) {
        for name in captures::of_records(call) {
            if call.scope.find(&name) == Some(Kind::Borrowed) {
                found.report_unwritable(name.span(), message::borrowed_capture(&name));
            }
        }
    }
}
