//! Marks threads that work for a job. A job that is started on such a thread is nested: the outer
//! job waits for it.

use std::cell::Cell;

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Returns `true` if the calling thread works for a job. That job waits for all that the thread
/// does.
pub(super) fn is_inside_job() -> bool {
    INSIDE.get()
}

/// Marks the calling thread as working for jobs until it ends.
pub(super) fn stay_inside() {
    INSIDE.set(true);
}

/// Marks the calling thread as working for a job, until it is dropped.
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
