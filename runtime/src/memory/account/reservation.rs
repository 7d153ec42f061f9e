//! Bytes that belong to somebody.

use super::Memory;
use crate::error::Result;

/// Bytes of a budget that belong to somebody until dropped.
#[derive(Debug)]
pub struct Reservation {
    pub(super) memory: Memory,
    pub(super) bytes: usize,
}

impl Reservation {
    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Grows or shrinks to `bytes`.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory); the reservation is then as before.
    pub fn resize(&mut self, bytes: usize) -> Result<()> {
        if bytes > self.bytes {
            self.memory.take(bytes - self.bytes)?;
        } else {
            self.memory.account.give(self.bytes - bytes);
        }
        self.bytes = bytes;
        Ok(())
    }

    /// Some of the bytes, or all where there are no more, as a reservation of their own: nobody else can have them in between.
    #[must_use]
    pub fn split(&mut self, bytes: usize) -> Reservation {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Reservation { memory: self.memory.clone(), bytes }
    }

    /// Gives all bytes up, but not back: they stay taken ahead, for what the same owner reserves next.
    pub fn leave_ahead(&mut self) {
        self.memory.account.ahead().bytes += std::mem::take(&mut self.bytes);
    }

    /// Gives all bytes back.
    pub fn release(&mut self) {
        self.memory.account.give(std::mem::take(&mut self.bytes));
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.release();
    }
}
