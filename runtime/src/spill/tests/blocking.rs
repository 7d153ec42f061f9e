//! Implementations of `Blocking` for tests.

use std::collections::VecDeque;
use std::sync::Mutex;

use crate::storage::Blocking;

/// Runs the work inside of `submit`.
pub(crate) struct InlineBlocking;

impl Blocking for InlineBlocking {
    fn submit(&self, work: Box<dyn FnOnce() + Send>) {
        work();
    }
}

/// Queues the work until the test runs it.
#[derive(Default)]
pub(crate) struct DeferredBlocking(Mutex<VecDeque<Box<dyn FnOnce() + Send>>>);

impl Blocking for DeferredBlocking {
    fn submit(&self, work: Box<dyn FnOnce() + Send>) {
        self.0.lock().unwrap().push_back(work);
    }
}

impl DeferredBlocking {
    /// Runs the oldest work.
    pub(crate) fn run_next(&self) {
        let work = self.0.lock().unwrap().pop_front();
        work.expect("somebody waits for nothing")();
    }

    /// Runs the newer half of the queued work, the newest first.
    pub(crate) fn run_newer_half(&self) {
        let mut works = self.0.lock().unwrap();
        assert!(!works.is_empty(), "somebody waits for nothing");
        let older = works.len() / 2;
        let newer = works.split_off(older);
        drop(works);
        newer.into_iter().rev().for_each(|work| work());
    }

    /// Runs all queued work. Fails if there is none.
    pub(crate) fn run_all(&self) {
        assert!(self.run_queued(), "somebody waits for nothing");
    }

    /// Runs all queued work, and the work that this submits.
    pub(crate) fn run_until_idle(&self) {
        while self.run_queued() {}
    }

    fn run_queued(&self) -> bool {
        let works = std::mem::take(&mut *self.0.lock().unwrap());
        let is_any = !works.is_empty();
        works.into_iter().for_each(|work| work());
        is_any
    }
}
