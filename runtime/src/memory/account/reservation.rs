//! [`Reservation`]: reserved bytes of one account.

use super::Memory;
use crate::error::Result;
use crate::memory::budget::{add_heap, remove_heap};

/// Bytes of a budget that are reserved until this is dropped.
#[derive(Debug)]
pub struct Reservation {
    memory: Memory,
    bytes: usize,
    /// `true` if they are for pages. Others are for the heap, and reduce the bytes that pages of
    /// the process may use.
    is_of_pages: bool,
}

impl Reservation {
    /// A reservation of bytes that were already taken from the budget.
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

    /// Number of reserved bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Grows or shrinks to `bytes`.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory). The reservation is then unchanged.
    pub fn resize(&mut self, bytes: usize) -> Result<()> {
        if bytes > self.bytes {
            self.memory.take(bytes - self.bytes)?;
        } else {
            self.memory.account.release(self.bytes - bytes);
        }
        self.set_bytes(bytes);
        Ok(())
    }

    /// Moves `bytes` bytes, or all if there are fewer, to a new reservation. Other accounts cannot
    /// take them in between.
    #[must_use]
    pub fn split(&mut self, bytes: usize) -> Reservation {
        let bytes = bytes.min(self.bytes);
        self.set_bytes(self.bytes - bytes);
        Reservation::new(self.memory.clone(), bytes, self.is_of_pages)
    }

    /// Empties the reservation, but keeps its bytes taken ahead for the same account.
    pub fn leave_ahead(&mut self) {
        self.memory.account.ahead().bytes += self.bytes;
        self.set_bytes(0);
    }

    /// Releases all bytes.
    pub fn release(&mut self) {
        self.memory.account.release(self.bytes);
        self.set_bytes(0);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.release();
    }
}
