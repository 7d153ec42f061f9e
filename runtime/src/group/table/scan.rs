//! Reads the rows of a table without taking them out.

use crate::error::{Error, Result};
use crate::group::table::GroupTable;
use crate::group::table::groups::Groups;
use crate::memory::limits::PAGE_BYTES;
use crate::page::{Batch, FIRST_ROW, LeafPtr, RowWriter, Selection, WINDOW_ROWS};

/// The rows of a page of a table, including those that were replaced or deleted.
pub struct TablePage<'t> {
    batch: Batch<'t>,
    first: usize,
    /// The `id` of its table.
    table: u64,
}

/// A page of a table as bytes.
pub(crate) struct StoredPage<'t> {
    /// The place where it begins.
    pub(crate) start: usize,
    pub(crate) rows: u32,
    /// Where its variable parts begin in it.
    pub(crate) heap_start: u32,
    pub(crate) bytes: &'t [u8],
}

impl<'t> TablePage<'t> {
    /// The rows.
    #[must_use]
    pub fn batch(&self) -> &Batch<'t> {
        &self.batch
    }
}

impl GroupTable {
    /// Number of parts: one, or [`SPILL_PARTS`](crate::memory::limits::SPILL_PARTS).
    #[must_use]
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// A page of a part with its bytes, by its number. The last may be written on.
    pub(crate) fn stored_page(&self, part: usize, page: usize) -> Option<StoredPage<'_>> {
        let rows = &self.parts.get(part)?.rows;
        match rows.pages().get(page) {
            Some(page) => Some(StoredPage {
                start: page.first_row() - FIRST_ROW,
                rows: page.rows() as u32,
                heap_start: page.heap_start() as u32,
                bytes: page.as_bytes(),
            }),
            None if page == rows.pages().len() => {
                let (start, open_rows, heap_start) = rows.writer().open_page()?;
                let (rows_there, heap_start) = (open_rows as u32, heap_start as u32);
                Some(StoredPage { start, rows: rows_there, heap_start, bytes: rows.writer().open_page_bytes() })
            }
            None => None,
        }
    }

    /// Where the page of a row begins.
    pub(crate) fn page_start(&self, place: usize) -> usize {
        let base = self.base as usize;
        ((base + place) & !(PAGE_BYTES - 1)) - base
    }

    /// Whether groups were looked up in this table, and their places still mean the same.
    pub(crate) fn has(&self, groups: &Groups) -> bool {
        groups.table == self.id
    }

    /// The rows of a page of a part, in the order in which they were added. The page stays while
    /// nothing is replaced, compacted or evicted.
    #[must_use]
    pub fn page(&self, part: usize, page: usize) -> Option<TablePage<'_>> {
        let StoredPage { start, rows, .. } = self.stored_page(part, page)?;
        let (first, rows) = (start + FIRST_ROW, rows as usize);
        let start = self.base.wrapping_add(first);
        let leaf = |leaf: usize| match self.layout.offset(leaf) {
            Some(offset) => LeafPtr::rows(start.wrapping_add(offset), self.layout.width(), self.layout.types()[leaf]),
            None => LeafPtr::dead(self.layout.types()[leaf]),
        };
        // SAFETY: `rows` rows of the layout begin at `first`, in a page that this table has, and
        // nobody writes while it is borrowed. Rows that were replaced or deleted are sound to read,
        // too: their slots are empty, or what they were.
        let batch = unsafe { Batch::from_leaves(rows, (0..self.leaves).map(leaf)) };
        Some(TablePage { batch, first, table: self.id })
    }

    /// Selects the next live rows of a page, at most [`WINDOW_ROWS`], from a row on. Returns the
    /// row to continue at.
    pub fn live_from(&self, page: &TablePage<'_>, from: usize, rows: &mut Selection) -> usize {
        let rows_there = if page.table == self.id { page.batch.rows() } else { 0 };
        let end = rows_there.min(from.saturating_add(WINDOW_ROWS));
        // SAFETY: these are rows of a page of this table, which has all its pages as long as it has
        // this id.
        let stands = |&row: &u32| unsafe { !self.is_replaced(page.first + row as usize * self.layout.width()) };
        rows.set((from as u32..end as u32).filter(stands));
        end
    }

    /// Rows of a page, as groups.
    pub fn groups_of(&self, page: &TablePage<'_>, rows: &Selection, groups: &mut Groups) {
        let width = self.layout.width();
        let rows_there = if page.table == self.id { page.batch.rows() } else { 0 };
        let rows = rows.rows().iter().map(|&row| row as usize).filter(|&row| row < rows_there);
        groups.places.clear();
        groups.places.extend(rows.map(|row| page.first + row * width));
        groups.fresh.clear();
        groups.missed.clear();
        groups.table = self.id;
    }

    /// Copies the row of each group once, to a writer of rows with the same leaves.
    ///
    /// # Errors
    /// [`OutOfMemory`](Error::OutOfMemory). Fails if the groups were looked up in another table, or
    /// before rows of this one moved.
    pub fn copy_groups(&self, groups: &Groups, to: &mut RowWriter) -> Result<()> {
        if groups.table != self.id {
            return Err(Error::Internal("groups that are to be copied are of another table".to_owned()));
        }
        let mut places = groups.places.clone();
        places.sort_unstable();
        places.dedup();
        // SAFETY: read only at the places of groups, which are rows of this table, as the ids
        // agree; it is borrowed meanwhile.
        let batch = unsafe { Batch::from_leaves(usize::MAX, (0..self.leaves).map(|leaf| self.stored_leaf(leaf))) };
        // SAFETY: the places are rows of the batch.
        unsafe { to.append_rows(&batch, None, &places, |_, _| ()) }
    }
}
