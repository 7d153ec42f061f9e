//! Filters that a reader may ask while it decodes.

use crate::error::Result;
use crate::page::{Batch, Selection};
use crate::row::LeafSet;

/// The filters that the rows of a source go through first, one after the other. A reader that [asks](crate::source::SplitReader::advance) them decodes
/// what they read, and of the rest only what they keep.
pub trait RowFilters {
    /// How many there are.
    fn count(&self) -> usize;
    /// What a filter reads; `None` where it keeps all rows for now.
    fn reads(&self, filter: usize) -> Option<&LeafSet>;
    /// Whether a filter says the same of all rows with the same values, and may be asked of values that no row has: once for each value of a
    /// dictionary, in place of once for each row.
    fn is_of_values(&self, filter: usize) -> bool;
    /// The leaves that are read behind all filters; `None` where all are.
    fn live(&self) -> Option<&LeafSet>;
    /// Keeps rows. The batch has the leaves that the filter reads; others may be dead.
    ///
    /// # Errors
    /// What the user's closure gives.
    fn select(&mut self, filter: usize, batch: &Batch<'_>, rows: &mut Selection) -> Result<()>;
    /// A filter has been asked of so many rows, and kept so many of them.
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
