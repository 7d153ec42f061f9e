//! Going through a table's rows without taking them out.

use crate::group::table::GroupTable;
use crate::group::table::groups::Groups;
use crate::page::{Batch, FIRST_ROW, LeafPtr, Selection, WINDOW_ROWS};

/// The rows of one of a table's pages, those that were replaced or deleted among them.
pub struct TablePage<'t> {
    batch: Batch<'t>,
    first: usize,
    /// The table that it is of, at the time.
    table: u64,
}

impl<'t> TablePage<'t> {
    /// The rows.
    #[must_use]
    pub fn batch(&self) -> &Batch<'t> {
        &self.batch
    }
}

impl GroupTable {
    /// How many parts it has: one, or as many as spill.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// A page of a part, in the order in which its rows were added, which stays while nothing is replaced, compacted or evicted. The last may be written on.
    #[must_use]
    pub fn page(&self, part: usize, page: usize) -> Option<TablePage<'_>> {
        let part = self.parts.get(part)?;
        let (first, rows) = match part.rows.pages().get(page) {
            Some(page) => (page.first_row(), page.rows()),
            None if page == part.rows.pages().len() => {
                let (start, rows, _) = part.rows.writer().open_page()?;
                (start + FIRST_ROW, rows)
            }
            None => return None,
        };
        let start = self.base.wrapping_add(first);
        let leaf = |leaf: usize| match self.layout.offset(leaf) {
            Some(offset) => LeafPtr::rows(start.wrapping_add(offset), self.layout.width(), self.layout.types()[leaf]),
            None => LeafPtr::dead(self.layout.types()[leaf]),
        };
        // SAFETY: `rows` rows of the layout begin at `first`, in a page that this table has, and nobody writes while it is borrowed. Rows that were
        // replaced or deleted are sound to read, too: their slots are empty, or what they were.
        let batch = unsafe { Batch::from_leaves(rows, (0..self.leaves).map(leaf)) };
        Some(TablePage { batch, first, table: self.id })
    }

    /// The next rows of a page that stand, at most [`WINDOW_ROWS`], from a row on; where to go on.
    pub fn standing_from(&self, page: &TablePage<'_>, from: usize, rows: &mut Selection) -> usize {
        let rows_there = if page.table == self.id { page.batch.rows() } else { 0 };
        let end = rows_there.min(from.saturating_add(WINDOW_ROWS));
        // SAFETY: these are rows of a page of this table, which has all its pages as long as it has this id.
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
}
