//! The closures that see sorted rows, and their groups.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Chain, Factory};
use crate::page::{NextRow, RowWriter};
use crate::sort::buffer::SortBuffer;
use crate::sort::frozen::FrozenRows;

/// Rows that a kernel over groups goes over before it stops at a group's end, so that its task can give its thread back.
pub const GROUP_ROWS: usize = 16 << 10;

/// Whole groups in, rows out.
pub trait GroupKernel: Send {
    /// Runs over the groups of sorted rows, which agree in the order's first `leading` leaves, from the one that begins at position
    /// `from`; returns where it stopped: at the end, after the group that closed a page, or after [`GROUP_ROWS`].
    ///
    /// # Errors
    /// A refused page.
    fn run(&mut self, rows: &SortBuffer, leading: usize, from: usize, out: &mut RowWriter) -> Result<usize>;

    /// Runs over one group that memory does not hold.
    ///
    /// # Errors
    /// A refused page.
    fn run_large(&mut self, group: &mut dyn NextRow, out: &mut RowWriter) -> Result<()>;

    /// Whether it may go over such a group more than once, [from its first row](NextRow::rewind).
    fn reads_again(&self) -> bool {
        false
    }
}

/// Groups of two sides in, rows out.
pub trait CoGroupKernel: Send {
    /// Runs over the pairs of groups of two sorted sides, which agree in the orders' first `leading` leaves, from those that begin at the
    /// positions `from` to those that begin at `until`; returns where it stopped, as [`GroupKernel::run`].
    ///
    /// # Errors
    /// A refused page.
    fn run(
        &mut self,
        sides: [&SortBuffer; 2],
        leading: usize,
        from: [usize; 2],
        until: [usize; 2],
        out: &mut RowWriter,
    ) -> Result<[usize; 2]>;

    /// Runs over one key's groups, which memory does not hold.
    ///
    /// # Errors
    /// A refused page.
    fn run_large(&mut self, sides: [&mut dyn NextRow; 2], out: &mut RowWriter) -> Result<()>;
}

/// All rows of a task in, rows out.
pub trait Whole: Send {
    /// Runs over all rows, in the order in which they came.
    ///
    /// # Errors
    /// What the user's closure gives, or a refused page.
    fn run(&mut self, rows: &SortBuffer, out: &mut RowWriter) -> Result<()>;
}

/// Rows in, rows out, beside all rows of another input.
pub trait Beside: Chain {
    /// The other input's rows: said once, before the first run. What is kept of them is the kernel's to drop.
    ///
    /// # Errors
    /// What the user's closure gives.
    fn begin(&mut self, all: Arc<FrozenRows>) -> Result<()>;
}

/// Opens kernels over groups.
pub type GroupFactory = Arc<dyn Factory<dyn GroupKernel>>;
/// Opens kernels over the groups of two sides.
pub type CoGroupFactory = Arc<dyn Factory<dyn CoGroupKernel>>;
/// Opens kernels over all rows of a task.
pub type WholeFactory = Arc<dyn Factory<dyn Whole>>;
/// Opens kernels beside all rows of another input.
pub type BesideFactory = Arc<dyn Factory<dyn Beside>>;
