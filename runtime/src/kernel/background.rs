//! Work on a thread that may block: one piece after the other, while the task goes on.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::kernel::Blocking;

/// A value that travels to a thread that may block, and back.
pub(crate) struct Background<T> {
    /// Nothing while a thread has the value, and once it was told what went wrong there.
    slot: Arc<Mutex<Option<Result<T>>>>,
    blocking: Arc<dyn Blocking>,
}

impl<T: Send + 'static> Background<T> {
    pub(crate) fn new(value: T, blocking: &Arc<dyn Blocking>) -> Self {
        Background { slot: Arc::new(Mutex::new(Some(Ok(value)))), blocking: blocking.clone() }
    }

    /// Takes the value; nothing while a thread has it, which wakes the task when it is done.
    ///
    /// # Errors
    /// What went wrong there.
    pub(crate) fn take(&self) -> Result<Option<T>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner).take().transpose()
    }

    /// Puts the value back without any work.
    pub(crate) fn put(&self, value: T) {
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Ok(value));
    }

    /// Has a thread do something with the value, and put it back.
    pub(crate) fn submit(&self, mut value: T, work: impl FnOnce(&mut T) -> Result<()> + Send + 'static) {
        let slot = self.slot.clone();
        self.blocking.submit(Box::new(move || {
            let worked = work(&mut value).map(|()| value);
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(worked);
        }));
    }
}
