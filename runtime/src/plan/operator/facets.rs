//! Facts that only some operators have. [`Operator`] returns each group by a method of its own.

use std::sync::Arc;

use crate::error::Result;
use crate::output::{Claim, EpochSink};
use crate::row::Schema;
use crate::source::ColumnFit;
use crate::strategy::LoopId;

use super::Operator;

/// An operator that filters rows.
pub trait FilterOperator {
    /// The same filter for records of `schema`, whose leaf `leaves[i]` is the leaf `i` of this
    /// filter's records. `below` is the word of the operator below which the filter moves. Returns
    /// `None` if the filter cannot move.
    fn moved(&self, schema: &Schema, leaves: &[Option<usize>], below: &str) -> Option<Arc<dyn Operator>>;
}

/// An operator that reads or writes data outside of the program.
pub trait Endpoint {
    /// For each field of its records, the column of its files.
    fn columns(&self) -> Vec<ColumnFit> {
        Vec::new()
    }

    /// The path or target that it writes to. No two operators of a run may write to the same one.
    fn claim(&self) -> Option<Claim> {
        None
    }

    /// Called once before the first task starts. A sink creates its output; a lenient source
    /// creates the file of rejected records.
    ///
    /// # Errors
    /// Fails if the output cannot be created.
    fn prepare(&self) -> Result<()> {
        Ok(())
    }

    /// Returns `true` if the reader of its output is gone, such as that of a pipe. A job ends early
    /// if all its sinks are abandoned.
    fn is_abandoned(&self) -> bool {
        false
    }

    /// Called once after the last task ended. A sink commits its output, or removes it.
    ///
    /// # Errors
    /// Fails if the output cannot be committed.
    fn finish(&self, success: bool) -> Result<()> {
        let _ = success;
        Ok(())
    }

    /// Returns `true` if [`Endpoint::finish`] commits in another system, which may fail.
    fn commits_outside(&self) -> bool {
        false
    }

    /// The same sink for a job with snapshots: its rows become visible epoch by epoch. Returns
    /// `None` if the sink does not support that.
    fn by_epochs(&self) -> Option<Arc<dyn Operator>> {
        None
    }

    /// The output of a sink that was made [by epochs](Endpoint::by_epochs).
    fn epochs(&self) -> Option<&dyn EpochSink> {
        None
    }

    /// The number of records that it rejected in the last run.
    fn rejected_rows(&self) -> u64 {
        0
    }
}

/// An operator's part in a loop.
#[derive(Clone)]
pub struct LoopOperator {
    /// The loop.
    pub loop_id: LoopId,
    /// Its part.
    pub part: LoopOperatorPart,
}

/// The parts that operators have in loops, and their edges.
#[derive(Clone)]
pub enum LoopOperatorPart {
    /// Begins the loop. The rows of the next round arrive at its driver's port
    /// [`FEEDBACK`](LoopId::FEEDBACK), and a bulk iteration's result leaves at its second output.
    Begin {
        /// Makes the operator that emits rows from outside of the loop in each round.
        replay: fn(&Schema, LoopId) -> Arc<dyn Operator>,
    },
    /// Joins its first input with the solution set of a delta iteration. The second input is the
    /// initial set. Changes arrive at its driver's port [`DELTA`](LoopId::DELTA), and the final set
    /// leaves at its second output.
    SolutionSet {
        /// The leaves of the set's key. The set has one row for each key.
        key: Vec<usize>,
    },
    /// Ends the loop. The rows of its first input are those of the next round. A second input
    /// changes the solution set; such a loop ends after a round without rows.
    End {
        /// The maximum number of rounds.
        rounds: u32,
    },
    /// Emits its rows in each round. The loop's beginning sends the rounds to its driver's port
    /// [`ROUNDS`](LoopId::ROUNDS).
    Replay,
}

impl LoopOperatorPart {
    /// Whether it begins the loop.
    #[must_use]
    pub fn is_begin(&self) -> bool {
        matches!(self, LoopOperatorPart::Begin { .. })
    }

    /// Whether it holds the solution set.
    #[must_use]
    pub fn is_solution_set(&self) -> bool {
        matches!(self, LoopOperatorPart::SolutionSet { .. })
    }

    /// Whether its driver's second output may emit the loop's result.
    #[must_use]
    pub fn emits_result(&self) -> bool {
        self.is_begin() || self.is_solution_set()
    }

    /// Whether it emits rows from outside of the loop.
    #[must_use]
    pub fn is_replay(&self) -> bool {
        matches!(self, LoopOperatorPart::Replay)
    }
}
