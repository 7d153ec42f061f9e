//! Marks threads that work for a job. A job that is started on such a thread is nested: the outer
//! job waits for it.

use std::cell::Cell;

thread_local! {
    static ON_JOB_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// Returns `true` if the calling thread works for a job. That job waits for all that the thread
/// does.
pub(super) fn is_on_job_thread() -> bool {
    ON_JOB_THREAD.get()
}

/// Marks the calling thread as working for jobs until it ends.
pub(super) fn mark_job_thread() {
    ON_JOB_THREAD.set(true);
}

/// Marks the calling thread as working for a job, until it is dropped.
#[must_use]
pub(super) struct JobThreadMark {
    before: bool,
}

impl JobThreadMark {
    pub(super) fn enter() -> Self {
        JobThreadMark { before: ON_JOB_THREAD.replace(true) }
    }
}

impl Drop for JobThreadMark {
    fn drop(&mut self) {
        ON_JOB_THREAD.set(self.before);
    }
}
