//! The selected rows of a batch, and the input of kernels.

use std::marker::PhantomData;

use super::cursors::{LeafReader, Row, RowIds};
use super::{Batch, WINDOW_ROWS};
use crate::error::{Error, Result};
use crate::page::brand::Brand;

/// Rows of one batch: the rows of a window that pass its predicates, ascending, or any rows in any
/// order.
#[derive(Clone, Default, Debug)]
pub struct Selection {
    rows: Vec<u32>,
    /// One more than the largest row.
    bound: usize,
}

impl Selection {
    /// Selects all rows of `range`, at most [`WINDOW_ROWS`]. Returns the end of the rows selected.
    pub fn fill(&mut self, range: std::ops::Range<usize>) -> usize {
        let end = range.end.min(range.start.saturating_add(WINDOW_ROWS)).max(range.start);
        self.rows.clear();
        self.rows.extend(range.start as u32..end as u32);
        self.bound = end;
        end
    }

    /// Selects rows, in any order.
    pub fn set(&mut self, rows: impl IntoIterator<Item = u32>) {
        self.rows.clear();
        self.rows.extend(rows);
        self.bound = self.rows.iter().map(|&row| row as usize + 1).max().unwrap_or(0);
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// One more than the largest row that was selected, before rows were dropped from the
    /// selection. A batch with fewer rows does not fit.
    #[must_use]
    pub fn bound(&self) -> usize {
        self.bound
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns `true` if no rows are selected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Keeps the first `count` rows.
    pub fn truncate(&mut self, count: usize) {
        self.rows.truncate(count);
    }

    /// Keeps the rows for which `keep` returns `true`. `keep` receives the position in the
    /// selection.
    pub fn keep_positions(&mut self, mut keep: impl FnMut(usize) -> bool) {
        let mut kept = 0;
        // Branch-free, as `retain`.
        for position in 0..self.rows.len() {
            self.rows[kept] = self.rows[position];
            kept += usize::from(keep(position));
        }
        self.rows.truncate(kept);
    }

    /// Returns `true` if the batch has all selected rows. If not, the engine has a bug that would
    /// silently lose rows.
    #[inline(always)]
    fn fits(&self, batch: &Batch<'_>) -> bool {
        let fits = self.bound <= batch.rows;
        debug_assert!(fits, "rows below {} are selected of a batch of {}", self.bound, batch.rows);
        fits
    }

    /// Keeps the rows for which a predicate holds. `batch` must have all selected rows.
    ///
    /// Branch-free: every row is written to the next free position, which advances only if the row
    /// is kept.
    #[inline(always)]
    pub fn retain<R>(
        &mut self,
        batch: &Batch<'_>,
        make: impl for<'b> FnOnce(LeafReader<'b>, &mut Retain<'_, 'b>) -> R,
    ) -> R {
        let count = if self.fits(batch) { self.rows.len() } else { 0 };
        let mut retain = Retain { rows: &mut self.rows[..count], kept: 0, brand: PhantomData };
        let result = make(LeafReader::new(batch), &mut retain);
        let kept = retain.kept;
        self.rows.truncate(kept);
        result
    }
}

/// A selection while a predicate is applied to it.
pub struct Retain<'s, 'b> {
    rows: &'s mut [u32],
    kept: usize,
    brand: Brand<'b>,
}

impl<'b> Retain<'_, 'b> {
    /// Calls `keep` for each row, in order.
    #[inline(always)]
    pub fn each(&mut self, mut keep: impl FnMut(Row<'b>) -> bool) {
        self.kept = 0;
        for position in 0..self.rows.len() {
            let row = self.rows[position];
            let kept = keep(Row { index: row as usize, brand: PhantomData });
            self.rows[self.kept] = row;
            self.kept += usize::from(kept);
        }
    }

    /// As [`Retain::each`], but stops at the first error.
    ///
    /// # Errors
    /// The first error of `keep`.
    #[inline(always)]
    pub fn try_each<E>(&mut self, mut keep: impl FnMut(Row<'b>) -> Result<bool, E>) -> Result<(), E> {
        self.kept = 0;
        for position in 0..self.rows.len() {
            let row = self.rows[position];
            let kept = keep(Row { index: row as usize, brand: PhantomData })?;
            self.rows[self.kept] = row;
            self.kept += usize::from(kept);
        }
        Ok(())
    }
}

/// The input of a kernel: a batch and the selected rows.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    batch: &'a Batch<'a>,
    selection: &'a Selection,
}

impl<'a> Input<'a> {
    /// Selects rows of `batch`, which must have all of them.
    #[must_use]
    pub fn new(batch: &'a Batch<'a>, selection: &'a Selection) -> Self {
        static EMPTY: Selection = Selection { rows: Vec::new(), bound: 0 };
        Input { batch, selection: if selection.fits(batch) { selection } else { &EMPTY } }
    }

    /// As [`Input::new`], for a batch and a selection that come from different places.
    ///
    /// # Errors
    /// Fails if the batch lacks a selected row. That is a bug of the engine, which would lose rows.
    pub fn checked(batch: &'a Batch<'a>, selection: &'a Selection) -> Result<Self> {
        if selection.bound > batch.rows {
            let (bound, rows) = (selection.bound, batch.rows);
            return Err(Error::Internal(format!("rows below {bound} are selected of a batch of {rows}")));
        }
        Ok(Input { batch, selection })
    }

    /// Returns the longest prefix of the rows from position `from` on that fits, of those tried:
    /// all rows, then half as many each time. The flag is `false` if not even one row fits. That
    /// row is returned.
    #[must_use]
    pub fn fitting(&self, from: usize, mut fits: impl FnMut(&Input<'_>) -> bool) -> (Selection, bool) {
        let (rows, mut some) = (&self.selection.rows()[from.min(self.len())..], Selection::default());
        let mut count = rows.len();
        loop {
            some.set(rows[..count].iter().copied());
            if fits(&Input::new(self.batch, &some)) {
                return (some, true);
            }
            if count <= 1 {
                return (some, false);
            }
            count /= 2;
        }
    }

    /// The batch.
    #[must_use]
    pub fn batch(&self) -> &'a Batch<'a> {
        self.batch
    }

    /// The selected rows.
    #[must_use]
    pub fn selection(&self) -> &'a Selection {
        self.selection
    }

    /// Number of selected rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.selection.len()
    }

    /// Returns `true` if no rows are selected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.selection.is_empty()
    }

    /// Calls `f` with leaves and rows under a fresh brand.
    #[inline(always)]
    pub fn visit<R>(&self, f: impl for<'b> FnOnce(LeafReader<'b>, RowIds<'b>) -> R) -> R {
        f(LeafReader::new(self.batch), RowIds { rows: &self.selection.rows, brand: PhantomData })
    }
}

/// Calls `f` for each window of a batch.
///
/// # Errors
/// The first error of `f`.
pub fn windows<E>(batch: &Batch<'_>, mut f: impl FnMut(&Input<'_>) -> Result<(), E>) -> Result<(), E> {
    let mut selection = Selection::default();
    let mut next = 0;
    while next < batch.rows() {
        next = selection.fill(next..batch.rows());
        f(&Input::new(batch, &selection))?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::page::Columns;
    use crate::row::LeafType;

    fn with_too_many_rows(f: impl FnOnce(&Batch<'_>, &mut Selection)) {
        let mut columns = Columns::new(10);
        columns.plain(LeafType::U8, &[7u8; 10]).unwrap();
        let mut rows = Selection::default();
        rows.fill(0..11);
        f(&columns.finish(), &mut rows);
    }

    #[test]
    fn missing_rows_are_an_error() {
        with_too_many_rows(|batch, rows| {
            let error = Input::checked(batch, rows).err().unwrap().to_string();
            assert!(error.contains("rows below 11 are selected of a batch of 10"), "{error}");
        });
    }

    #[test]
    #[should_panic(expected = "rows below 11 are selected of a batch of 10")]
    fn input_with_missing_rows_panics() {
        with_too_many_rows(|batch, rows| _ = Input::new(batch, rows).len());
    }

    #[test]
    #[should_panic(expected = "rows below 11 are selected of a batch of 10")]
    fn predicate_over_missing_rows_panics() {
        with_too_many_rows(|batch, rows| rows.retain(batch, |_, rows| rows.each(|_| true)));
    }
}
