//! Bytes that belong to somebody.

use super::Memory;
use crate::error::Result;
use crate::memory::budget::{add_heap, remove_heap};

/// Bytes of a budget that belong to somebody until dropped.
#[derive(Debug)]
pub struct Reservation {
    memory: Memory,
    bytes: usize,
    /// Whether they pay for pages. Others pay for bytes on the heap, which the pages of the process
    /// leave room for.
    is_of_pages: bool,
}

impl Reservation {
    /// A reservation of bytes that were taken from the budget.
    pub(super) fn new(memory: Memory, bytes: usize, is_of_pages: bool) -> Self {
        let mut reservation = Reservation { memory, bytes: 0, is_of_pages };
        reservation.set_bytes(bytes);
        reservation
    }

    fn set_bytes(&mut self, bytes: usize) {
        let before = std::mem::replace(&mut self.bytes, bytes);
        if self.is_of_pages {
            return;
        }
        if bytes > before {
            add_heap(bytes - before);
        } else {
            remove_heap(before - bytes);
        }
    }

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
        self.set_bytes(bytes);
        Ok(())
    }

    /// Some of the bytes, or all where there are no more, as a reservation of their own: nobody else can have them in between.
    #[must_use]
    pub fn split(&mut self, bytes: usize) -> Reservation {
        let bytes = bytes.min(self.bytes);
        self.set_bytes(self.bytes - bytes);
        Reservation::new(self.memory.clone(), bytes, self.is_of_pages)
    }

    /// Gives all bytes up, but not back: they stay taken ahead, for what the same owner reserves next.
    pub fn leave_ahead(&mut self) {
        self.memory.account.ahead().bytes += self.bytes;
        self.set_bytes(0);
    }

    /// Gives all bytes back.
    pub fn release(&mut self) {
        self.memory.account.give(self.bytes);
        self.set_bytes(0);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.release();
    }
}
