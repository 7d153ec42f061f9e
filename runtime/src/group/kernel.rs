//! The closures that add rows to the states of their groups.

use std::sync::Arc;

use crate::error::Result;
use crate::group::table::{Combined, GroupTable, Groups};
use crate::kernel::Factory;
use crate::page::{Input, RowWriter};

/// Accumulators that add rows to the states of their groups.
pub trait Accumulate: Send {
    /// Adds each row to its group.
    ///
    /// # Errors
    /// Fails if the user's closure fails, or if a number is out of range.
    fn accumulate(&mut self, table: &mut GroupTable, input: &Input<'_>, groups: &Groups) -> Result<()>;

    /// Adds each row to its group. The rows are states of another task's accumulator. Handles the
    /// leaves that only the accumulator can merge.
    ///
    /// # Errors
    /// Fails if the states have other leaves.
    fn merge(&mut self, table: &mut GroupTable, input: &Input<'_>, groups: &Groups) -> Result<()>;
}

/// Combines two records of a group.
pub trait Reduce: Send {
    /// Combines each row with the record of its group, except for the row that opened the group.
    /// `scratch` receives the closure's records. It is empty and has the table's layout. Stops at
    /// the first result that is not exactly one record of the same key, and returns that.
    ///
    /// # Errors
    /// Fails if memory for a page is refused.
    fn combine(
        &mut self,
        table: &mut GroupTable,
        input: &Input<'_>,
        groups: &Groups,
        scratch: &mut RowWriter,
    ) -> Result<Combined>;
}

/// Opens accumulators.
pub type AccumulateFactory = Arc<dyn Factory<dyn Accumulate>>;
/// Opens reducers.
pub type ReduceFactory = Arc<dyn Factory<dyn Reduce>>;
