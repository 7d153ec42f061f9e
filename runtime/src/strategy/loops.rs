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

    /// The output by which what a loop comes to leaves: of a bulk iteration's beginning, of a delta iteration's solution set. The outputs of a beginning
    /// behind those that rows leave by only say when rounds begin.
    pub const RESULT: usize = 1;

    /// The port of a solution set at which the rows come that look for theirs.
    pub const PROBE: usize = 0;

    /// The port of a solution set at which its first rows come.
    pub const INITIAL: usize = 1;

    /// The port of a solution set at which the rows come that replace its own when a round ends.
    pub const DELTA: usize = 2;

    /// The port of a replay by which it hears that a round begins. No rows come by it.
    pub const ROUNDS: usize = 1;
}
