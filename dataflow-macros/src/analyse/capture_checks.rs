//! Checks what closures over records do with the values that they capture.
//!
//! Closures run when the plan runs, after the function has returned. So they own their captures.
//! For a borrowed capture, the compiler's message would name a lifetime bound that the user has
//! never seen.
//!
//! Each task captures a copy, so an assignment in a closure would not change the outer value. The
//! compiler would only ask for a `mut`. This check finds assignments. Methods that change a
//! collection are left to the compiler, which knows the type of the captured value.

use crate::analyse::{captures, mutations};
use crate::diagnostics::{Diagnostics, message};
use crate::syntax::scope::LocalKind;
use crate::syntax::{Call, Pipeline};

pub(super) fn check(pipeline: &Pipeline, mistakes: &mut Diagnostics) {
    pipeline.calls().for_each(|call| check_borrowed(call, mistakes));
    pipeline.calls().for_each(|call| check_changed(call, mistakes));
}

fn check_borrowed(call: &Call, mistakes: &mut Diagnostics) {
    for name in captures::of_record_closures(call) {
        if call.scope.find(&name) == Some(LocalKind::Borrowed) {
            mistakes.report_fatal(name.span(), message::borrowed_capture(&name));
        }
    }
}

fn check_changed(call: &Call, mistakes: &mut Diagnostics) {
    let captured = captures::of_record_closures(call);
    for name in call.closures().flat_map(mutations::assigned).filter(|name| captured.contains(name)) {
        mistakes.report_fatal(name.span(), message::changed_capture(name));
    }
}
