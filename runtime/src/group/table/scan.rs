//! Reads the rows of a table without taking them out.

use crate::error::{Error, Result};
use crate::group::table::GroupTable;
use crate::group::table::groups::Groups;
use crate::group::table::store::StoredPage;
use crate::page::{Batch, FIRST_ROW, LeafPtr, RowWriter, Selection, WINDOW_ROWS};

/// The rows of a page of a table, including those that were replaced or deleted.
pub struct TablePage<'t> {
    table: &'t GroupTable,
    batch: Batch<'t>,
    /// The place of its first row.
    first: usize,
}

impl<'t> TablePage<'t> {
    /// The rows.
    #[must_use]
    pub fn batch(&self) -> &Batch<'t> {
        &self.batch
    }

    /// Selects the next live rows, at most [`WINDOW_ROWS`], from a row on. Returns the row to
    /// continue at.
    pub fn live_from(&self, from: usize, rows: &mut Selection) -> usize {
        let end = self.batch.rows().min(from.saturating_add(WINDOW_ROWS));
        let store = &self.table.store;
        // SAFETY: these are rows of a page of the table, which has all its pages while it is
        // borrowed.
        let stands = |&row: &u32| unsafe { !store.is_replaced(self.first + row as usize * store.layout.width()) };
        rows.set((from as u32..end as u32).filter(stands));
        end
    }

    /// Rows of the page, as groups.
    pub fn groups_of(&self, rows: &Selection, groups: &mut Groups) {
        let width = self.table.store.layout.width();
        let rows = rows.rows().iter().map(|&row| row as usize).filter(|&row| row < self.batch.rows());
        groups.places.clear();
        groups.places.extend(rows.map(|row| self.first + row * width));
        groups.fresh.clear();
        groups.missed.clear();
        groups.table = self.table.id;
    }
}

impl GroupTable {
    /// Whether groups were looked up in this table, and their places are still valid.
    pub(crate) fn has(&self, groups: &Groups) -> bool {
        groups.table == self.id
    }

    /// The rows of a page of a part, in the order in which they were added.
    #[must_use]
    pub fn page(&self, part: usize, page: usize) -> Option<TablePage<'_>> {
        let StoredPage { start, rows, .. } = self.store.stored_page(part, page)?;
        let (first, rows) = (start + FIRST_ROW, rows as usize);
        let (start, layout) = (self.store.base.wrapping_add(first), &self.store.layout);
        let leaf = |leaf: usize| match layout.offset(leaf) {
            Some(offset) => LeafPtr::rows(start.wrapping_add(offset), layout.width(), layout.types()[leaf]),
            None => LeafPtr::dead(layout.types()[leaf]),
        };
        // SAFETY: `rows` rows of the layout begin at `first`, in a page that this table has, and is
        // not written to while it is borrowed. Rows that were replaced or deleted are sound to
        // read, too: their slots are empty, or what they were.
        let batch = unsafe { Batch::from_leaves(rows, (0..self.store.leaves).map(leaf)) };
        Some(TablePage { table: self, batch, first })
    }

    /// Copies the row of each group once, to a writer of rows with the same leaves.
    ///
    /// # Errors
    /// [`OutOfMemory`](Error::OutOfMemory). Fails if the groups were looked up in another table, or
    /// before rows of this one moved.
    pub fn copy_groups(&self, groups: &Groups, to: &mut RowWriter) -> Result<()> {
        if !self.has(groups) {
            return Err(Error::Internal("groups that are to be copied are of another table".to_owned()));
        }
        let mut places = groups.places.clone();
        places.sort_unstable();
        places.dedup();
        // SAFETY: read only at the places of groups, which are rows of this table, as the ids
        // agree; it is borrowed meanwhile.
        let batch = unsafe { self.store.batch(self.store.leaves) };
        // SAFETY: the places are rows of the batch.
        unsafe { to.append_rows(&batch, None, &places, |_, _| ()) }
    }
}
