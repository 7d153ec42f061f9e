//! Creates the index of a buffer from the rows in its pages.

use std::cmp::Ordering;

use crate::sort::buffer::radix::{sort, sort_in_cache};
use crate::sort::buffer::table::{Table, Zeroable};
use crate::sort::key::{Encoding, Key};

/// Number of entries that are sorted together, in the cache.
const BUCKET_ENTRIES: usize = 8 << 10;
/// Log2 of the greatest number of buckets that entries are distributed to. So few that a core's
/// TLB has the page of each.
const MAX_BUCKETS_LOG2: u32 = 8;
/// Entries of the scratch memory. A bucket with more entries is split again.
const SCRATCH_ENTRIES: usize = 4 * BUCKET_ENTRIES;
/// Number of keys that are created together.
pub(crate) const KEY_BATCH: usize = 256;

/// Bytes of the index of `rows` rows, and of the scratch memory to create it.
pub(crate) fn bytes<K>(rows: usize) -> usize {
    let scratch =
        if rows <= BUCKET_ENTRIES { (rows, 0) } else { (SCRATCH_ENTRIES, size_of::<usize>() << MAX_BUCKETS_LOG2) };
    (rows + scratch.0) * size_of::<(K, usize)>() + scratch.1
}

/// Rows of one page: the place of the first row, and the number of rows.
pub(crate) type Segment = (usize, usize);

/// Rows in segments. Places are offsets from `base`.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'r> {
    pub(crate) base: *const u8,
    pub(crate) width: usize,
    pub(crate) segments: &'r [Segment],
}

impl Rows<'_> {
    pub(crate) fn len(&self) -> usize {
        self.segments.iter().map(|segment| segment.1).sum()
    }

    /// Calls `each` with the keys of consecutive rows and the place of the first of them, until
    /// `each` returns `false`.
    ///
    /// # Safety
    /// The segments hold rows of the encoding's layout.
    unsafe fn keys<K: Key>(&self, encoding: &Encoding, mut each: impl FnMut(usize, &[K]) -> bool) {
        let mut keys = [K::default(); KEY_BATCH];
        for &(first, rows) in self.segments {
            for start in (0..rows).step_by(KEY_BATCH) {
                let keys = &mut keys[..KEY_BATCH.min(rows - start)];
                let place = first + start * self.width;
                // SAFETY: the caller's promise: the rows lie in the segment.
                unsafe { encoding.keys(self.base.wrapping_add(place), self.width, keys) };
                if !each(place, keys) {
                    return;
                }
            }
        }
    }

    /// The entries of all rows, in the order of the segments.
    ///
    /// # Safety
    /// As [`Rows::keys`].
    pub(crate) unsafe fn entries<K: Key>(&self, encoding: &Encoding) -> Table<(K, usize)>
    where
        (K, usize): Zeroable,
    {
        let (mut entries, mut done) = (Table::new(self.len()), 0);
        // SAFETY: the caller's promise.
        unsafe {
            self.keys(encoding, |place, keys| {
                let entries = &mut entries[done..done + keys.len()];
                for (row, (entry, &key)) in entries.iter_mut().zip(keys).enumerate() {
                    *entry = (key, place + row * self.width);
                }
                done += keys.len();
                true
            });
        }
        entries
    }

    /// The sorted entries of all rows. `compare` compares the rows at two places if their keys are
    /// equal.
    ///
    /// # Safety
    /// As [`Rows::keys`].
    pub(crate) unsafe fn sorted<K: Key>(
        &self,
        encoding: &Encoding,
        compare: impl Fn(usize, usize) -> Ordering,
    ) -> Table<(K, usize)>
    where
        (K, usize): Zeroable,
    {
        let order = by_key_then(compare);
        let rows = self.len();
        // SAFETY: the caller's promise, here and below.
        let direction = unsafe { self.direction::<K>(encoding) };
        if rows <= BUCKET_ENTRIES || direction != Direction::None {
            // SAFETY: as above.
            let mut entries = unsafe { self.entries(encoding) };
            if direction == Direction::Descending {
                entries.reverse();
            }
            if direction != Direction::None {
                sort_ties(&mut entries, &order);
            } else {
                sort_in_cache(
                    &mut entries,
                    &mut vec![(K::default(), 0); rows],
                    encoding.bits(),
                    |e, low| e.0.above(low),
                    &order,
                );
            }
            return entries;
        }
        let buckets_log2 = (rows / BUCKET_ENTRIES).ilog2().clamp(1, MAX_BUCKETS_LOG2).min(encoding.bits());
        let low = encoding.bits() - buckets_log2;
        // SAFETY: as above.
        let (mut entries, ends) = unsafe { self.in_buckets::<K>(encoding, low, 1 << buckets_log2) };
        let mut scratch = vec![(K::default(), 0); SCRATCH_ENTRIES];
        let mut start = 0;
        for end in ends {
            sort(&mut entries[start..end], &mut scratch, low, |entry, low| entry.0.above(low), &order);
            start = end;
        }
        entries
    }

    /// The places of the first `count` rows, in order. `compare` is as for [`Rows::sorted`].
    ///
    /// # Safety
    /// As [`Rows::keys`].
    pub(crate) unsafe fn first_places<K: Key>(
        &self,
        encoding: &Encoding,
        count: usize,
        compare: impl Fn(usize, usize) -> Ordering,
    ) -> Vec<usize>
    where
        (K, usize): Zeroable,
    {
        let order = by_key_then(compare);
        // SAFETY: the caller's promise.
        let mut entries = unsafe { self.entries::<K>(encoding) };
        if count < entries.len() {
            entries.select_nth_unstable_by(count, &order);
        }
        let first = &mut entries[..count.min(self.len())];
        first.sort_unstable_by(&order);
        first.iter().map(|entry| entry.1).collect()
    }

    /// The direction in which the keys are sorted already, if they are.
    ///
    /// # Safety
    /// As [`Rows::keys`].
    pub(crate) unsafe fn direction<K: Key>(&self, encoding: &Encoding) -> Direction {
        let (mut ascending, mut descending, mut last) = (true, true, None);
        // SAFETY: the caller's promise.
        unsafe {
            self.keys::<K>(encoding, |_, keys| {
                let last = last.replace(keys[keys.len() - 1]).unwrap_or(keys[0]);
                ascending = ascending && last <= keys[0] && keys.is_sorted();
                descending = descending && last >= keys[0] && keys.is_sorted_by(|left, right| left >= right);
                ascending || descending
            });
        }
        match (ascending, descending) {
            (true, _) => Direction::Ascending,
            (_, true) => Direction::Descending,
            _ => Direction::None,
        }
    }

    /// The entries of all rows, grouped by the bits of their keys above the `low` lowest. Also
    /// returns the end of each group.
    ///
    /// # Safety
    /// As [`Rows::keys`].
    unsafe fn in_buckets<K: Key>(
        &self,
        encoding: &Encoding,
        low: u32,
        buckets: usize,
    ) -> (Table<(K, usize)>, Vec<usize>)
    where
        (K, usize): Zeroable,
    {
        let mut next = vec![0; buckets];
        // SAFETY: the caller's promise, here and below.
        unsafe {
            self.keys::<K>(encoding, |_, keys| {
                keys.iter().for_each(|key| next[key.above(low) as usize] += 1);
                true
            });
        }
        let mut rows = 0;
        for next in &mut next {
            rows += std::mem::replace(next, rows);
        }
        let mut entries = Table::new(rows);
        // SAFETY: as above.
        unsafe {
            self.keys::<K>(encoding, |place, keys| {
                for (row, &key) in keys.iter().enumerate() {
                    let next = &mut next[key.above(low) as usize];
                    entries[*next] = (key, place + row * self.width);
                    *next += 1;
                }
                true
            });
        }
        (entries, next)
    }
}

/// Compares entries by key. If the keys are equal, `compare` compares the rows at their places.
fn by_key_then<K: Key>(compare: impl Fn(usize, usize) -> Ordering) -> impl Fn(&(K, usize), &(K, usize)) -> Ordering {
    move |left, right| match left.0.cmp(&right.0) {
        Ordering::Equal => compare(left.1, right.1),
        unequal => unequal,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Ascending,
    Descending,
    None,
}

/// Sorts the entries of each group of equal keys. The groups are in order already.
fn sort_ties<K: Key>(entries: &mut [(K, usize)], order: impl Fn(&(K, usize), &(K, usize)) -> Ordering) {
    for group in entries.chunk_by_mut(|left, right| left.0 == right.0).filter(|group| group.len() > 1) {
        group.sort_unstable_by(&order);
    }
}
