//! Work on blocking threads, one piece at a time, while the task goes on.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::kernel::Blocking;

/// A value, such as a connection, that one piece of work at a time uses on a blocking thread.
pub struct Background<T> {
    /// `None` while a thread has the value, and after an error was taken.
    slot: Arc<Mutex<Option<Result<T>>>>,
    blocking: Arc<dyn Blocking>,
}

impl<T: Send + 'static> Background<T> {
    /// A value that no work uses.
    #[must_use]
    pub fn new(value: T, blocking: &Arc<dyn Blocking>) -> Self {
        Background { slot: Arc::new(Mutex::new(Some(Ok(value)))), blocking: blocking.clone() }
    }

    /// Takes the value. Returns `None` while work uses it; the task is woken after that.
    ///
    /// # Errors
    /// That of the work, once.
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
