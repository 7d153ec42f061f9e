//! Kernels: user closures over sorted rows and their groups.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Chain, Factory};
use crate::page::{NextRow, RowWriter};
use crate::sort::buffer::SortBuffer;
use crate::sort::frozen::FrozenRows;

/// Rows after which a kernel returns at the end of a group, so that its task can yield.
pub const GROUP_ROWS: usize = 16 << 10;

/// A kernel from groups of rows to rows.
pub trait GroupKernel: Send {
    /// Runs over groups of sorted rows, beginning with the group at position `from`. Rows of a
    /// group agree in the first `leading` leaves of the order.
    ///
    /// Returns the position where it stopped. This is the end of the rows, or the end of a group
    /// after which a page of `out` was sealed or [`GROUP_ROWS`] rows were read.
    ///
    /// # Errors
    /// Fails if memory for a page is refused.
    fn run(&mut self, rows: &SortBuffer, leading: usize, from: usize, out: &mut RowWriter) -> Result<usize>;

    /// Runs over one group that does not fit memory.
    ///
    /// # Errors
    /// Fails if memory for a page is refused.
    fn run_large(&mut self, group: &mut dyn NextRow, out: &mut RowWriter) -> Result<()>;

    /// Returns `true` if it may read such a group again [from its first row](NextRow::rewind).
    fn reads_again(&self) -> bool {
        false
    }
}

/// A kernel from pairs of groups to rows.
pub trait CoGroupKernel: Send {
    /// Runs over the pairs of groups of two sorted inputs. Rows of a group agree in the first
    /// `leading` leaves of both orders.
    ///
    /// `from` are the positions where it begins. Groups at or after the positions `until` are not
    /// read. Returns the positions where it stopped, as [`GroupKernel::run`].
    ///
    /// # Errors
    /// Fails if memory for a page is refused.
    fn run(
        &mut self,
        sides: [&SortBuffer; 2],
        leading: usize,
        from: [usize; 2],
        until: [usize; 2],
        out: &mut RowWriter,
    ) -> Result<[usize; 2]>;

    /// Runs over the groups of one key, if these do not fit memory.
    ///
    /// # Errors
    /// Fails if memory for a page is refused.
    fn run_large(&mut self, sides: [&mut dyn NextRow; 2], out: &mut RowWriter) -> Result<()>;
}

/// A kernel from all rows of a task to rows.
pub trait PartitionKernel: Send {
    /// Runs over all rows, in the order in which they arrived.
    ///
    /// # Errors
    /// Fails if the user's closure fails, or if memory for a page is refused.
    fn run(&mut self, rows: &SortBuffer, out: &mut RowWriter) -> Result<()>;
}

/// A kernel over rows that also reads all rows of another input.
pub trait SideInputKernel: Chain {
    /// Passes the rows of the other input. Called once, before the first run. The kernel drops them
    /// when it no longer needs them.
    ///
    /// # Errors
    /// Fails if the user's closure fails.
    fn begin(&mut self, all: Arc<FrozenRows>) -> Result<()>;
}

/// Creates kernels over groups.
pub type GroupFactory = Arc<dyn Factory<dyn GroupKernel>>;
/// Creates kernels over pairs of groups.
pub type CoGroupFactory = Arc<dyn Factory<dyn CoGroupKernel>>;
/// Creates kernels over all rows of a task.
pub type PartitionFactory = Arc<dyn Factory<dyn PartitionKernel>>;
/// Creates kernels that read all rows of another input.
pub type SideInputFactory = Arc<dyn Factory<dyn SideInputKernel>>;
