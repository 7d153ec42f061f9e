//! Sorts the rows of a buffer.

use std::cell::OnceCell;

use crate::sort::buffer::SortBuffer;
use crate::sort::buffer::entries::Segment;
use crate::sort::buffer::index::RowIndex;

impl SortBuffer {
    /// Sorts the rows. Without an order they keep the order in which they were added.
    pub fn sort(&mut self) {
        self.next = 0;
        // `add` removes the encoding.
        if self.rows.order.is_empty() || self.encoding.is_some() {
            return;
        }
        self.rows.seal();
        let segments: Vec<Segment> = self.rows.segments().collect();
        let (rows, encoding) = (self.rows.rows_of(&segments), self.rows.encoding_of(&self.rows.bounds));
        let compare = self.rows.compare_unencoded(&encoding);
        // SAFETY: the segments hold this buffer's rows.
        let index = unsafe {
            if encoding.bits() <= u64::BITS {
                RowIndex::Narrow(rows.sorted(&encoding, compare))
            } else {
                RowIndex::Wide(rows.sorted(&encoding, compare))
            }
        };
        self.index = OnceCell::from(index);
        self.encoding = Some(encoding);
    }
}
