//! Identities and ports of loops.

use std::sync::atomic::{AtomicU64, Ordering};

/// The identity of a loop. Its beginning and its end have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LoopId(u64);

impl LoopId {
    /// The identity of a new loop.
    #[must_use]
    pub fn unique() -> Self {
        static LOOPS: AtomicU64 = AtomicU64::new(0);
        LoopId(LOOPS.fetch_add(1, Ordering::Relaxed))
    }

    /// The port of a loop's beginning that receives the rows of the next round.
    pub const FEEDBACK: usize = 1;

    /// The output that emits the loop's result, of a bulk iteration's beginning or of a delta
    /// iteration's solution set. The outputs of a beginning after those with rows emit only the
    /// starts of rounds.
    pub const RESULT: usize = 1;

    /// The port of a solution set that receives the rows to join with it.
    pub const PROBE: usize = 0;

    /// The port of a solution set that receives its initial rows.
    pub const INITIAL: usize = 1;

    /// The port of a solution set that receives the changes of a round. They are applied at its
    /// end.
    pub const DELTA: usize = 2;

    /// The port of a replay that receives the starts of rounds. It receives no rows.
    pub const ROUNDS: usize = 1;
}
