//! The streams of a merge, and the tree of losers that finds the next one.

use std::hint::select_unpredictable;

use smallvec::SmallVec;

use crate::error::Result;
use crate::hash::prefetch;
use crate::page::{FIRST_ROW, Page, RowWriter};
use crate::sort::buffer::{COPY_ROWS, Gather};
use crate::sort::key::{Encoding, Key};
use crate::sort::merge::MergeStep;
use crate::sort::order::{OrderLeaf, compare_rows};

/// Number of keys of a stream that are computed together.
pub(crate) const KEY_BATCH: usize = 32;
/// Number of rows of one stream in sequence after which a stretch of its rows is copied together.
const STREAK: u32 = 16;
/// Set in the rank of a stream that has ended, so that its rank is greater than all others.
pub(crate) const ENDED: u32 = 1 << 31;

/// Reads, compares and copies rows.
pub(crate) struct RowAccess<'m> {
    pub(crate) base: *const u8,
    pub(crate) width: usize,
    pub(crate) encoding: &'m Encoding,
    /// The leaves by which rows with equal keys are compared.
    pub(crate) unencoded: &'m [OrderLeaf],
    pub(crate) gather: &'m Gather,
}

/// A stream in the tree, with the key of its next row.
#[derive(Clone, Copy)]
pub(crate) struct Entry<K> {
    pub(crate) key: K,
    /// The number of the stream, with [`ENDED`] if it has ended.
    pub(crate) rank: u32,
}

pub(crate) struct Stream<K> {
    page: Option<Page>,
    needs_page: bool,
    /// The places of the next row and of the end of the page.
    pub(crate) next: usize,
    end: usize,
    /// Keys of the next rows. The first `used` are of rows before the next one.
    keys: [K; KEY_BATCH],
    pub(crate) used: usize,
}

pub(crate) struct Streams<K> {
    pub(crate) streams: Vec<Stream<K>>,
    /// Node `i` has the children `2 i` and `2 i + 1`, and holds the loser between them. Indexes
    /// after the last node stand for the streams.
    pub(crate) losers: Vec<Entry<K>>,
    /// The winner of the whole tree, after all streams were fed.
    winner: Option<Entry<K>>,
    /// The stream that won last and whose next row is not yet in the tree.
    pub(crate) pending_stream: Option<usize>,
    /// The number of rows in sequence that the winner has won.
    pub(crate) streak: u32,
}

impl<K: Key> Streams<K> {
    pub(crate) fn new(streams: usize) -> Self {
        let stream = |_| Stream {
            page: None,
            needs_page: true,
            next: 0,
            end: 0,
            keys: [K::default(); KEY_BATCH],
            used: KEY_BATCH,
        };
        let streams: Vec<_> = (0..streams).map(stream).collect();
        Streams { streams, losers: Vec::new(), winner: None, pending_stream: None, streak: 0 }
    }

    /// Passes the next page of a stream, or its end. Returns `false` if the stream needs none.
    pub(crate) fn feed(&mut self, stream: usize, page: Option<Page>, base: *const u8) -> bool {
        let Some(stream) = self.streams.get_mut(stream).filter(|stream| stream.needs_page) else { return false };
        match page {
            // A page without rows is ignored, and is not the end.
            Some(page) if page.rows() == 0 => {}
            Some(page) => {
                stream.needs_page = false;
                stream.next = page.as_bytes().as_ptr().addr() - base.addr() + FIRST_ROW;
                stream.end = stream.next + page.rows() * page.layout().width();
                stream.used = KEY_BATCH;
                stream.page = Some(page);
            }
            None => stream.needs_page = false,
        }
        true
    }

    /// See [`Merge::run`](crate::sort::merge::Merge::run).
    ///
    /// # Safety
    /// All pages hold rows of the layout that `rows` is for.
    pub(crate) unsafe fn run(&mut self, rows: &RowAccess<'_>, out: &mut RowWriter) -> Result<MergeStep> {
        // SAFETY: the caller's promise, here and below.
        if let Some(stream) = unsafe { self.insert_fed(rows) } {
            return Ok(MergeStep::Needs(stream));
        }
        let mut places: SmallVec<[usize; COPY_ROWS]> = SmallVec::new();
        while !out.has_sealed() {
            let Some(winner) = self.winner.filter(|winner| winner.rank & ENDED == 0) else {
                return Ok(MergeStep::Done);
            };
            places.clear();
            // SAFETY: as above; the places are rows of pages that the streams hold until these are
            // copied.
            let is_stretch = unsafe {
                let is_stretch = self.streak >= STREAK;
                if is_stretch {
                    self.copy_stretch(winner, rows, out)?;
                } else {
                    self.collect(winner, rows, &mut places);
                    rows.gather.copy(&places, out)?;
                }
                is_stretch
            };
            if let Some(stream) = self.pending_stream {
                let stream_of = &mut self.streams[stream];
                if stream_of.next == stream_of.end {
                    stream_of.page = None;
                    stream_of.needs_page = true;
                    return Ok(MergeStep::Needs(stream));
                }
                debug_assert!(is_stretch);
                self.pending_stream = None;
                // SAFETY: as above.
                unsafe { self.replay(stream, rows) };
            }
        }
        Ok(MergeStep::Full)
    }

    /// Inserts the streams that were fed since the last call. Returns a stream that must be fed
    /// first, if there is one.
    ///
    /// # Safety
    /// As [`Streams::run`].
    unsafe fn insert_fed(&mut self, rows: &RowAccess<'_>) -> Option<usize> {
        if let Some(stream) = self.pending_stream {
            if self.streams[stream].needs_page {
                return Some(stream);
            }
            self.pending_stream = None;
            // SAFETY: the caller's promise, here and below.
            unsafe { self.replay(stream, rows) };
        } else if self.winner.is_none() {
            let unfed = self.streams.iter().position(|stream| stream.needs_page);
            if unfed.is_some() || self.streams.is_empty() {
                return unfed;
            }
            self.losers = vec![Entry { key: K::default(), rank: ENDED }; self.streams.len()];
            // SAFETY: as above.
            self.winner = Some(unsafe { self.build(1, rows) });
        }
        None
    }

    /// Fills the tree below a node, and returns the winner there.
    ///
    /// # Safety
    /// As [`Streams::run`].
    unsafe fn build(&mut self, node: usize, rows: &RowAccess<'_>) -> Entry<K> {
        if node >= self.streams.len() {
            // SAFETY: the caller's promise, here and below.
            return unsafe { self.entry(node - self.streams.len(), rows) };
        }
        // SAFETY: as above.
        let (left, right) = unsafe { (self.build(2 * node, rows), self.build(2 * node + 1, rows)) };
        // SAFETY: as above.
        let (winner, loser) = if unsafe { self.precedes(left, right, rows) } { (left, right) } else { (right, left) };
        self.losers[node] = loser;
        winner
    }

    /// The entry of a stream with its next row, or as ended.
    ///
    /// # Safety
    /// As [`Streams::run`].
    #[inline(always)]
    unsafe fn entry(&mut self, stream: usize, rows: &RowAccess<'_>) -> Entry<K> {
        let of = &mut self.streams[stream];
        if of.next == of.end {
            return Entry { key: K::MAX, rank: stream as u32 | ENDED };
        }
        if of.used == KEY_BATCH {
            // SAFETY: the caller's promise: the rows from the next one to the page's end are of the
            // layout.
            unsafe { of.make_keys(rows) };
        }
        Entry { key: of.keys[of.used], rank: stream as u32 }
    }

    /// Returns `true` if the next row of `left` is before that of `right`.
    ///
    /// # Safety
    /// As [`Streams::run`].
    #[inline(always)]
    pub(crate) unsafe fn precedes(&self, left: Entry<K>, right: Entry<K>, rows: &RowAccess<'_>) -> bool {
        if rows.unencoded.is_empty() {
            // Without a branch, which would be mispredicted for every second row.
            return (left.key < right.key) | ((left.key == right.key) & (left.rank < right.rank));
        }
        if left.key != right.key {
            return left.key < right.key;
        }
        if (left.rank | right.rank) & ENDED != 0 {
            return left.rank < right.rank;
        }
        let row = |entry: Entry<K>| rows.base.wrapping_add(self.streams[entry.rank as usize].next);
        // SAFETY: the caller's promise: neither stream has ended, so both have a next row.
        unsafe { compare_rows(rows.unencoded, row(left), row(right)) }.then(left.rank.cmp(&right.rank)).is_lt()
    }

    /// Replays the matches of a stream's next row, from its leaf to the root.
    ///
    /// # Safety
    /// As [`Streams::run`].
    #[inline(always)]
    unsafe fn replay(&mut self, stream: usize, rows: &RowAccess<'_>) {
        // SAFETY: the caller's promise, here and below.
        let mut winner = unsafe { self.entry(stream, rows) };
        let mut node = (stream + self.streams.len()) / 2;
        while node > 0 {
            let loser = self.losers[node];
            // SAFETY: as above.
            let is_beaten = unsafe { self.precedes(loser, winner, rows) };
            self.losers[node] = select_unpredictable(is_beaten, winner, loser);
            winner = select_unpredictable(is_beaten, loser, winner);
            node /= 2;
        }
        self.streak = if winner.rank == stream as u32 { self.streak + 1 } else { 0 };
        self.winner = Some(winner);
    }

    /// Lists the places of the next rows. Stops at the end of a stream's page, or if a stream wins
    /// many times in sequence.
    ///
    /// # Safety
    /// As [`Streams::run`].
    unsafe fn collect(&mut self, first: Entry<K>, rows: &RowAccess<'_>, places: &mut SmallVec<[usize; COPY_ROWS]>) {
        let mut winner = first;
        while places.len() < COPY_ROWS && self.streak < STREAK && winner.rank & ENDED == 0 {
            let stream = winner.rank as usize;
            let of = &mut self.streams[stream];
            places.push(of.next);
            of.next += rows.width;
            of.used += 1;
            if of.next == of.end {
                self.pending_stream = Some(stream);
                return;
            }
            // SAFETY: the caller's promise.
            unsafe { self.replay(stream, rows) };
            let Some(next) = self.winner else { return };
            winner = next;
        }
    }
}

impl<K: Key> Stream<K> {
    pub(crate) fn rows_left(&self, width: usize) -> usize {
        (self.end - self.next) / width
    }

    /// # Safety
    /// The rows from the next one to the page's end are of the encoding's layout.
    #[inline(never)]
    unsafe fn make_keys(&mut self, rows: &RowAccess<'_>) {
        let count = self.rows_left(rows.width).min(KEY_BATCH);
        let first = rows.base.wrapping_add(self.next);
        self.used = KEY_BATCH - count;
        // SAFETY: the caller's promise.
        unsafe { rows.encoding.keys(first, rows.width, &mut self.keys[KEY_BATCH - count..]) };
        // Prefetches the rows after these, for the next call.
        let ahead = (KEY_BATCH * rows.width).min(1024);
        (0..ahead).step_by(64).for_each(|byte| prefetch(first.wrapping_add(count * rows.width + byte)));
    }
}
