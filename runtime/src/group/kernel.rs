//! The closures that add rows to the states of their groups.

use std::sync::Arc;

use crate::error::Result;
use crate::group::table::{Combined, GroupTable, Groups};
use crate::kernel::Factory;
use crate::page::{Input, RowWriter};

/// Measures of rows, added to the states of their groups.
pub trait Accumulate: Send {
    /// Adds each row to its group.
    ///
    /// # Errors
    /// What the user's closure gives, or a number out of range.
    fn accumulate(&mut self, table: &mut GroupTable, input: &Input<'_>, groups: &Groups) -> Result<()>;

    /// Adds each row, a state that another task's accumulator left, to its group: the leaves that only the accumulator can merge.
    ///
    /// # Errors
    /// A state of other leaves.
    fn merge(&mut self, table: &mut GroupTable, input: &Input<'_>, groups: &Groups) -> Result<()>;
}

/// Two records of a group to one.
pub trait Reduce: Send {
    /// Combines each row with its group's, but for the row that opened the group; `scratch`, empty and of the table's layout, is where
    /// the closure's records are written. Stops at the first that is not one record of the same key, and says so.
    ///
    /// # Errors
    /// A refused page.
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
