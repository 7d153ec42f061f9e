//! What a reader gets from its task.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::memory::Memory;
use crate::storage::Blocking;

/// What a reader gets from its task.
#[derive(Clone)]
pub struct ReaderContext {
    /// Pays for what the reader holds.
    pub memory: Memory,
    /// Threads for work that may block. They wake the task after it.
    pub blocking: Arc<dyn Blocking>,
}

impl ReaderContext {
    /// For a caller that waits for its reader: work that may block runs on its thread. A reader of
    /// files is never pending then.
    #[must_use]
    pub fn on_this_thread(memory: Memory) -> Self {
        ReaderContext { memory, blocking: Arc::new(ThisThread::default()) }
    }
}

/// A caller that waits for its reader: all work is done on its own thread.
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
