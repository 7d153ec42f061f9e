//! The memory budget: bytes are reserved before they are used, and given back by `Drop`.
//!
//! A [`Budget`] counts; it owns no memory. Pages, hash indexes and read buffers each carry the [`Reservation`] that pays
//! for them, so what is freed is given back on every path out, a panic included.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::{Error, Result};

/// Memory that operators may use together.
#[derive(Debug)]
pub struct Budget {
    limit_bytes: usize,
    used_bytes: AtomicUsize,
    peak_bytes: AtomicUsize,
}

impl Budget {
    /// A budget of `limit_bytes`.
    #[must_use]
    pub fn new(limit_bytes: usize) -> Arc<Self> {
        Arc::new(Budget { limit_bytes, used_bytes: AtomicUsize::new(0), peak_bytes: AtomicUsize::new(0) })
    }

    /// The budget in bytes.
    #[must_use]
    pub fn limit_bytes(&self) -> usize {
        self.limit_bytes
    }

    /// Bytes reserved now.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.used_bytes.load(Ordering::Relaxed)
    }

    /// The most that was ever reserved at once.
    #[must_use]
    pub fn peak_bytes(&self) -> usize {
        self.peak_bytes.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: usize, owner: &str) -> Result<()> {
        // Add first, look after: one atomic operation on the way that succeeds.
        let before = self.used_bytes.fetch_add(bytes, Ordering::Relaxed);
        let after = before.saturating_add(bytes);
        if after > self.limit_bytes {
            self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(Error::OutOfMemory {
                operator: owner.to_owned(),
                need: bytes,
                used: before,
                budget: self.limit_bytes,
            });
        }
        self.peak_bytes.fetch_max(after, Ordering::Relaxed);
        Ok(())
    }
}

/// Who reserves, and from which budget: what a task hands to everything that needs memory.
#[derive(Clone, Debug)]
pub struct Memory {
    budget: Arc<Budget>,
    owner: Arc<str>,
}

impl Memory {
    /// Memory for `owner`, whose name stands in the error when the budget is passed.
    #[must_use]
    pub fn new(budget: Arc<Budget>, owner: impl Into<Arc<str>>) -> Self {
        Memory { budget, owner: owner.into() }
    }

    /// Reserves `bytes`.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] when the budget would be passed; nothing is reserved then.
    pub fn reserve(&self, bytes: usize) -> Result<Reservation> {
        self.budget.take(bytes, &self.owner)?;
        Ok(Reservation { memory: self.clone(), bytes })
    }

    /// The budget behind it.
    #[must_use]
    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }
}

/// Bytes of a budget that belong to somebody until dropped.
#[derive(Debug)]
pub struct Reservation {
    memory: Memory,
    bytes: usize,
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
    /// [`Error::OutOfMemory`]; the reservation is then as before.
    pub fn resize(&mut self, bytes: usize) -> Result<()> {
        if bytes > self.bytes {
            self.memory.budget.take(bytes - self.bytes, &self.memory.owner)?;
        } else {
            self.memory.budget.used_bytes.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
        Ok(())
    }

    /// Gives all bytes back.
    pub fn release(&mut self) {
        self.memory.budget.used_bytes.fetch_sub(std::mem::take(&mut self.bytes), Ordering::Relaxed);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_are_counted_and_given_back() {
        let budget = Budget::new(100);
        let memory = Memory::new(budget.clone(), "sort");
        let mut first = memory.reserve(60).unwrap();
        let refused = memory.reserve(41).unwrap_err().to_string();
        assert!(refused.contains("sort") && refused.contains("41 B") && refused.contains("60 B"), "{refused}");
        first.resize(10).unwrap();
        let second = memory.reserve(90).unwrap();
        assert!(first.resize(11).is_err());
        assert_eq!((budget.used_bytes(), budget.peak_bytes()), (100, 100));
        drop((first, second));
        assert_eq!(budget.used_bytes(), 0);
    }
}
