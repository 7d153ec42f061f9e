//! Stretches: consecutive rows of one stream that precede all other streams, copied together.

use crate::error::Result;
use crate::page::RowWriter;
use crate::sort::key::Key;
use crate::sort::merge::streams::{ENDED, Entry, KEY_BATCH, RowAccess, Streams};

impl<K: Key> Streams<K> {
    /// Copies all rows of the winner's page that are before the next row of every other stream.
    /// Then the stream must be replayed.
    ///
    /// # Safety
    /// As [`Streams::run`].
    pub(crate) unsafe fn copy_stretch(
        &mut self,
        winner: Entry<K>,
        rows: &RowAccess<'_>,
        out: &mut RowWriter,
    ) -> Result<()> {
        let stream = winner.rank as usize;
        // SAFETY: the caller's promise, here and below.
        let runner_up = unsafe { self.runner_up(stream, rows) };
        let (first, in_page) = (self.streams[stream].next, self.streams[stream].rows_left(rows.width));
        // The distance is doubled, then halved: a near end is found soon.
        let (mut before, mut after) = (0, 1);
        while after < in_page {
            // SAFETY: as above; the row is one of the page.
            if !unsafe { self.comes_before(stream, first + after * rows.width, runner_up, rows) } {
                break;
            }
            (before, after) = (after, 2 * after + 1);
        }
        after = after.min(in_page);
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            // SAFETY: as above.
            let is_before = unsafe { self.comes_before(stream, first + middle * rows.width, runner_up, rows) };
            (before, after) = if is_before { (middle, after) } else { (before, middle) };
        }
        // SAFETY: as above; `after` rows of the page begin there.
        unsafe { rows.gather.copy_stretch(first, after, out)? };
        let of = &mut self.streams[stream];
        of.next += after * rows.width;
        of.used = KEY_BATCH;
        self.pending_stream = Some(stream);
        self.streak = 0;
        Ok(())
    }

    /// The runner-up: the first of the entries that lost to the winner.
    ///
    /// # Safety
    /// As [`Streams::run`].
    unsafe fn runner_up(&self, winner: usize, rows: &RowAccess<'_>) -> Option<Entry<K>> {
        let path = std::iter::successors(Some((winner + self.streams.len()) / 2), |node| Some(node / 2));
        let losers = path.take_while(|&node| node > 0).map(|node| self.losers[node]);
        // SAFETY: the caller's promise.
        losers.reduce(|best, other| if unsafe { self.precedes(other, best, rows) } { other } else { best })
    }

    /// Returns `true` if a row of a stream's page is before the next row of `other`.
    ///
    /// # Safety
    /// As [`Streams::run`].
    unsafe fn comes_before(
        &mut self,
        stream: usize,
        place: usize,
        other: Option<Entry<K>>,
        rows: &RowAccess<'_>,
    ) -> bool {
        let Some(other) = other.filter(|other| other.rank & ENDED == 0) else { return true };
        let mut key = [K::default()];
        // SAFETY: the caller's promise.
        unsafe { rows.encoding.keys(rows.base.wrapping_add(place), rows.width, &mut key) };
        let kept = std::mem::replace(&mut self.streams[stream].next, place);
        // SAFETY: as above: during this call, the row is the stream's next one.
        let is_before = unsafe { self.precedes(Entry { key: key[0], rank: stream as u32 }, other, rows) };
        self.streams[stream].next = kept;
        is_before
    }
}
