//! What closures over records may not do with the values that they capture.
//!
//! Closures run when the plan does, after the function has returned, so they own what they capture. The compiler says so too, of the lifetime
//! of a bound that the user has never seen. What is captured is a copy, and each task has its own: the value outside would not change. The
//! compiler would only ask for a `mut`. An assignment is seen here; a method that changes a collection says so by the type of what it is called
//! on, which the compiler knows.

use crate::analyse::{captures, changes};
use crate::diagnostics::{Diagnostics, message};
use crate::syntax::scope::LocalKind;
use crate::syntax::{Call, Pipeline};

pub(super) fn check(pipeline: &Pipeline, found: &mut Diagnostics) {
    let calls = || pipeline.flows.iter().flat_map(|flow| &flow.calls);
    calls().for_each(|call| check_borrowed(call, found));
    calls().for_each(|call| check_changed(call, found));
}

fn check_borrowed(call: &Call, found: &mut Diagnostics) {
    for name in captures::of_records(call) {
        if call.scope.find(&name) == Some(LocalKind::Borrowed) {
            found.report_unwritable(name.span(), message::borrowed_capture(&name));
        }
    }
}

fn check_changed(call: &Call, found: &mut Diagnostics) {
    let captured = captures::of_records(call);
    for name in call.closures().flat_map(changes::assigned).filter(|name| captured.contains(name)) {
        found.report_unwritable(name.span(), message::changed_capture(name));
    }
}
