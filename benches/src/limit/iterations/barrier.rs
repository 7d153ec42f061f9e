//! A barrier for threads that does not enter the kernel while each thread has a core.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Number of reads before a thread yields its core: about ten microseconds.
const SPINS: usize = 1 << 12;

/// A reusable barrier.
pub(super) struct Barrier {
    threads: usize,
    arrived: AtomicUsize,
    held: AtomicUsize,
}

impl Barrier {
    /// Creates a barrier for this number of threads.
    pub(super) fn of(threads: usize) -> Self {
        Self { threads, arrived: AtomicUsize::new(0), held: AtomicUsize::new(0) }
    }

    /// Returns when all threads have called it. Each thread then sees the earlier writes of the
    /// others.
    pub(super) fn wait(&self) {
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
