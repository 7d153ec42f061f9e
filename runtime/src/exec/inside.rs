//! Whether a thread is one that a job runs on: a closure that runs a job of its own holds up the job around it.

use std::cell::Cell;

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Whether the calling thread works for a job now: what it runs and waits for, that job waits for.
pub(super) fn is_inside_job() -> bool {
    INSIDE.get()
}

/// The calling thread works for jobs as long as it lives.
pub(super) fn stay_inside() {
    INSIDE.set(true);
}

/// The calling thread works for a job until this is dropped.
#[must_use]
pub(super) struct Inside {
    before: bool,
}

impl Inside {
    pub(super) fn enter() -> Self {
        Inside { before: INSIDE.replace(true) }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(self.before);
    }
}
