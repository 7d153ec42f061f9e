//! Positions and parts of sorted rows, for external sorts that read groups a window at a time.

use crate::error::Result;
use crate::memory::limits::PAGE_BYTES;
use crate::page::{FIRST_ROW, Page, RowWriter, heap_bytes};
use crate::sort::buffer::SortBuffer;
use crate::sort::buffer::gather::COPY_ROWS;
use crate::sort::buffer::index::RowIndex;
use crate::sort::order::compare_rows;

impl SortBuffer {
    /// Bytes of the largest page that its rows have had since it was created. At least the usual
    /// page size.
    #[must_use]
    pub fn largest_page_bytes(&self) -> usize {
        self.rows.largest_page_bytes()
    }

    /// The position where the last group begins. Rows of a group agree in the first `leading`
    /// leaves of the order.
    #[must_use]
    pub fn last_group(&self, leading: usize) -> usize {
        match self.len.checked_sub(1) {
            Some(last) => self.rows_before(self, last, false, leading),
            None => 0,
        }
    }

    /// The number of rows before another buffer's row, by the first `leading` leaves. If
    /// `include_equal` is set, rows with an equal key count too.
    #[must_use]
    pub fn rows_before(&self, other: &SortBuffer, other_position: usize, include_equal: bool, leading: usize) -> usize {
        let (mut low, mut high) = (0, self.len);
        while low < high {
            let middle = usize::midpoint(low, high);
            let order = self.compare_key(middle, other, other_position, leading);
            if order.is_lt() || (include_equal && order.is_eq()) { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// The number of rows at the beginning of `page` that are in the group of the row at
    /// `position`. The page must be sorted by the same order.
    #[must_use]
    pub fn rows_of_group(&self, position: usize, page: &Page, leading: usize) -> usize {
        if *page.layout() != self.rows.layout {
            return 0;
        }
        let (order, row) = (&self.rows.leaves[..leading.min(self.rows.leaves.len())], self.row(position));
        let first = page.as_bytes()[FIRST_ROW..].as_ptr();
        // SAFETY: one is a row of this buffer, the other of the page, whose layout is the same.
        let is_same = |&index: &usize| unsafe {
            compare_rows(order, row, first.wrapping_add(index * self.rows.layout.width())).is_eq()
        };
        match page.rows().checked_sub(1) {
            Some(last) if is_same(&last) => page.rows(),
            _ => (0..page.rows()).take_while(is_same).count(),
        }
    }

    /// The end of the rows from `start` on that fill about one page. At least one row, at most
    /// `COPY_ROWS` rows, and none from `until` on.
    #[must_use]
    pub fn page_end(&self, start: usize, until: usize) -> usize {
        let (width, until) = (self.rows.layout.width(), until.min(start + COPY_ROWS));
        if !self.rows.layout.has_slots() {
            return until.min(start + (PAGE_BYTES / width.max(1)).max(1));
        }
        let gather = self.gather();
        let slots = gather.slots();
        let mut bytes = FIRST_ROW;
        let mut passes = |&position: &usize| {
            // SAFETY: the index holds places of this buffer's rows, and the slots are those of
            // their layout.
            bytes += width + unsafe { heap_bytes(&slots, self.index().place(position)) };
            bytes > PAGE_BYTES
        };
        (start..until).find(&mut passes).map_or(until, |beyond| beyond.max(start + 1))
    }

    /// Copies the rows at `positions` and seals the page.
    ///
    /// # Errors
    /// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory) if memory for a page is
    /// refused.
    pub fn copy_to(&self, positions: std::ops::Range<usize>, out: &mut RowWriter) -> Result<()> {
        let places: Vec<usize> = positions.map(|position| self.index().place(position)).collect();
        // SAFETY: the index holds places of this buffer's rows.
        unsafe { self.gather().copy(&places, out)? };
        out.seal();
        Ok(())
    }

    /// Drops the sorted rows from `position` on. Their memory is freed when the buffer is cleared.
    pub fn truncate(&mut self, position: usize) {
        if let Some(index) = self.index.get_mut().filter(|_| position < self.len) {
            match index {
                RowIndex::Places(places) => places.truncate(position),
                RowIndex::Narrow(entries) => entries.truncate(position),
                RowIndex::Wide(entries) => entries.truncate(position),
            }
            self.len = position;
        }
    }
}
