//! Filters that a reader may apply while it decodes.

use crate::error::Result;
use crate::page::{Batch, Selection};
use crate::row::LeafSet;

/// The first filters after a source, in order. A reader that
/// [applies](crate::source::SplitReader::advance) them decodes the leaves that they read, and other
/// leaves only for the rows that they keep.
pub trait RowFilters {
    /// The number of filters.
    fn count(&self) -> usize;
    /// The leaves that a filter reads. `None` if it keeps all rows at present.
    fn reads(&self, filter: usize) -> Option<&LeafSet>;
    /// Returns `true` if the result depends only on the values, and values that no row has are
    /// allowed. Then a reader may ask once per dictionary entry instead of once per row.
    fn is_of_values(&self, filter: usize) -> bool;
    /// The leaves that are read after all filters. `None` if all leaves are read.
    fn live(&self) -> Option<&LeafSet>;
    /// Removes the rows that a filter does not keep from `rows`. The batch has the leaves that the
    /// filter reads; others may be dead.
    ///
    /// # Errors
    /// Those of the user's closure.
    fn select(&mut self, filter: usize, batch: &Batch<'_>, rows: &mut Selection) -> Result<()>;
    /// Counts the rows that a filter was asked about, and those that it kept.
    fn note(&mut self, filter: usize, asked: usize, kept: usize);
}

/// No filters.
pub struct NoFilters;

impl RowFilters for NoFilters {
    fn count(&self) -> usize {
        0
    }

    fn reads(&self, _: usize) -> Option<&LeafSet> {
        None
    }

    fn is_of_values(&self, _: usize) -> bool {
        false
    }

    fn live(&self) -> Option<&LeafSet> {
        None
    }

    fn select(&mut self, _: usize, _: &Batch<'_>, _: &mut Selection) -> Result<()> {
        Ok(())
    }

    fn note(&mut self, _: usize, _: usize, _: usize) {}
}
