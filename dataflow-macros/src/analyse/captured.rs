//! What closures over records may not do with the values that they capture.
//!
//! Closures run when the plan does, after the function has returned, so they own what they capture. The compiler's own message would name a lifetime
//! bound that the user has never seen. Each task captures a copy, so the value outside would not change when a closure assigns to it; the compiler
//! would only ask for a `mut`. This check sees assignments. A method that changes a collection is left to the compiler, which knows the type of the
//! captured value.

use crate::analyse::{captures, changes};
use crate::diagnostics::{Diagnostics, message};
use crate::syntax::scope::LocalKind;
use crate::syntax::{Call, Pipeline};

pub(super) fn check(pipeline: &Pipeline, found: &mut Diagnostics) {
    pipeline.calls().for_each(|call| check_borrowed(call, found));
    pipeline.calls().for_each(|call| check_changed(call, found));
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
