//! The context of a reader: memory and threads.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::memory::Memory;
use crate::storage::Blocking;

/// The resources of a reader in its task.
#[derive(Clone)]
pub struct ReaderContext {
    /// The memory of the reader.
    pub memory: Memory,
    /// Threads for work that may block. They wake the task when the work is done.
    pub blocking: Arc<dyn Blocking>,
}

impl ReaderContext {
    /// A context for a caller that may block: all work runs on its own thread. So a reader of files
    /// never returns [`Pending`](crate::source::ReadProgress::Pending).
    #[must_use]
    pub fn on_this_thread(memory: Memory) -> Self {
        ReaderContext { memory, blocking: Arc::new(ThisThread::default()) }
    }
}

/// Runs blocking work on the caller's thread, and lets the caller wait for a wake-up.
#[derive(Default)]
pub(crate) struct ThisThread {
    is_woken: Mutex<bool>,
    woken: Condvar,
}

impl ThisThread {
    /// Waits until the reader wakes its task.
    pub(crate) fn wait(&self) {
        let mut is_woken = self.is_woken.lock().unwrap_or_else(PoisonError::into_inner);
        while !std::mem::take(&mut *is_woken) {
            is_woken = self.woken.wait(is_woken).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Blocking for ThisThread {
    fn submit(&self, work: Box<dyn FnOnce() + Send>) {
        work();
        *self.is_woken.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.woken.notify_all();
    }
}
