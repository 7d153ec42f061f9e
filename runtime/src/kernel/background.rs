//! Work on blocking threads, one piece at a time, while the task continues.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::kernel::Blocking;

/// A value, such as a connection, which is used by at most one piece of work on a blocking thread.
pub struct Background<T> {
    /// `None` while the task or a thread has the value, and after an error was returned.
    slot: Arc<Mutex<Option<Result<T>>>>,
    blocking: Arc<dyn Blocking>,
}

impl<T: Send + 'static> Background<T> {
    /// A value that no work uses yet.
    #[must_use]
    pub fn new(value: T, blocking: &Arc<dyn Blocking>) -> Self {
        Background { slot: Arc::new(Mutex::new(Some(Ok(value)))), blocking: blocking.clone() }
    }

    /// Takes the value out. Returns `None` while work uses it. The task is woken after that.
    ///
    /// # Errors
    /// Fails once with the error of the work.
    pub fn take(&self) -> Result<Option<T>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner).take().transpose()
    }

    /// Puts the value back.
    pub fn put(&self, value: T) {
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Ok(value));
    }

    /// Runs work with the value on a blocking thread, and puts the value back.
    pub fn submit(&self, mut value: T, work: impl FnOnce(&mut T) -> Result<()> + Send + 'static) {
        let slot = self.slot.clone();
        self.blocking.submit(Box::new(move || {
            let worked = work(&mut value).map(|()| value);
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(worked);
        }));
    }
}
