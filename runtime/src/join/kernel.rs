//! The closures that see the pairs of a join.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::Factory;
use crate::page::{RowPairs, RowWriter};

/// Pairs of a join in, rows out.
pub trait JoinKernel: Send {
    /// Runs over pairs, from a position; returns where it stopped.
    ///
    /// # Errors
    /// What the user's closure gives, or a refused page.
    fn run(&mut self, pairs: &RowPairs<'_>, from: usize, out: &mut RowWriter) -> Result<usize>;
}

/// Opens join kernels.
pub type JoinFactory = Arc<dyn Factory<dyn JoinKernel>>;
