//! Keeps the first rows of an order, and drops the others.

use crate::error::Result;
use crate::sort::buffer::SortBuffer;
use crate::sort::buffer::entries::Segment;
use crate::sort::key::WideKey;

impl SortBuffer {
    /// Keeps the first `count` rows, and frees the memory of the others.
    ///
    /// # Errors
    /// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory) if memory to copy the rows is
    /// refused. Then nothing has changed.
    pub fn keep_first(&mut self, count: usize) -> Result<()> {
        if count >= self.len {
            self.sort();
            return Ok(());
        }
        self.rows.seal();
        let segments: Vec<Segment> = self.rows.segments().collect();
        let (rows, encoding) = (self.rows.rows_of(&segments), self.rows.encoding_of(&self.rows.bounds));
        let compare = self.rows.compare_unencoded(&encoding);
        // SAFETY: the segments hold this buffer's rows.
        let places = unsafe {
            if encoding.bits() <= u64::BITS {
                rows.first_places::<u64>(&encoding, count, compare)
            } else {
                rows.first_places::<WideKey>(&encoding, count, compare)
            }
        };
        self.keep_places(&places)
    }

    /// Keeps the first `count` rows of each group, and frees the memory of the others. Rows of a
    /// group agree in the first `leading` leaves of the order.
    ///
    /// # Errors
    /// As [`SortBuffer::keep_first`]. The rows are sorted then.
    pub fn keep_first_of_groups(&mut self, count: usize, leading: usize) -> Result<()> {
        self.sort();
        let (mut places, mut start) = (Vec::new(), 0);
        while start < self.len {
            let end = self.group_end(start, leading);
            places.extend((start..end.min(start.saturating_add(count))).map(|position| self.index().place(position)));
            start = end;
        }
        self.keep_places(&places)
    }

    /// The number of sorted rows that [`SortBuffer::keep_first_of_groups`] would keep.
    #[must_use]
    pub fn first_of_groups(&self, count: usize, leading: usize) -> usize {
        let (mut rows, mut start) = (0, 0);
        while start < self.len {
            let end = self.group_end(start, leading);
            rows += count.min(end - start);
            start = end;
        }
        rows
    }

    /// Drops the sorted rows that are not among the first `count` of their group. As with
    /// [`SortBuffer::truncate`], their memory is freed by [`SortBuffer::clear`]. No rows may be
    /// added before that.
    pub fn truncate_groups(&mut self, count: usize, leading: usize) {
        let (mut kept, mut start) = (0, 0);
        while start < self.len {
            let end = self.group_end(start, leading);
            let first = start..end.min(start.saturating_add(count));
            if let Some(index) = self.index.get_mut() {
                index.move_down(first.clone(), kept);
            }
            (kept, start) = (kept + first.len(), end);
        }
        self.truncate(kept);
    }

    /// Keeps copies of the rows at `places`, in this order, and frees all other memory.
    pub(crate) fn keep_places(&mut self, places: &[usize]) -> Result<()> {
        let (layout, order) = (self.rows.layout.clone(), self.rows.order.clone());
        let mut kept = SortBuffer::new(layout, order, &self.memory)?;
        kept.prepare(places.len())?;
        // SAFETY: these are places of this buffer's rows.
        unsafe { kept.rows.copy_from(&self.gather(), places)? };
        kept.len = places.len();
        *self = kept;
        Ok(())
    }
}
