//! Where threads wait for each other, without the kernel as long as each has a core.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Looks before a thread lets others have its core: some ten microseconds.
const SPINS: usize = 1 << 12;

/// A place to meet, as often as wanted.
pub(super) struct Meeting {
    threads: usize,
    arrived: AtomicUsize,
    held: AtomicUsize,
}

impl Meeting {
    /// Of so many threads.
    pub(super) fn of(threads: usize) -> Self {
        Self { threads, arrived: AtomicUsize::new(0), held: AtomicUsize::new(0) }
    }

    /// Returns when all threads have called it; each then sees what the others did before.
    pub(super) fn meet(&self) {
        let number = self.held.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.threads {
            self.arrived.store(0, Ordering::Relaxed);
            self.held.store(number + 1, Ordering::Release);
            return;
        }
        let mut spins = 0;
        while self.held.load(Ordering::Acquire) == number {
            spins += 1;
            if spins < SPINS { spin_loop() } else { thread::yield_now() }
        }
    }
}
