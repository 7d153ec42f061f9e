//! Loops, as operators, optimizer and executor speak of them.

use std::sync::atomic::{AtomicU64, Ordering};

/// A loop: its beginning and its end name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LoopId(u64);

impl LoopId {
    /// That of a new loop.
    #[must_use]
    pub fn unique() -> Self {
        static LOOPS: AtomicU64 = AtomicU64::new(0);
        LoopId(LOOPS.fetch_add(1, Ordering::Relaxed))
    }

    /// The port of a loop's beginning at which rows come back.
    pub const FEEDBACK: usize = 1;

    /// The output of a loop's beginning by which what the loop comes to leaves. Those behind it only say when rounds begin.
    pub const RESULT: usize = 1;

    /// The port of a replay by which it hears that a round begins. No rows come by it.
    pub const ROUNDS: usize = 1;
}
