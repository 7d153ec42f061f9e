//! An open-addressing table of counts with buckets of one cache line.
//!
//! A bucket has three keys and three counts. So most words cost at most one cache miss, and a
//! million words take half the memory of 32-byte slots.

use std::io;

use super::key::{Key, hash};
use crate::limit::pages::Pages;

const SLOTS: usize = 3;

/// All zeros is an empty bucket: a key is never 0. Slots are filled from the first on.
#[repr(C, align(64))]
struct Bucket {
    keys: [Key; SLOTS],
    counts: [u32; SLOTS],
    /// Fills the cache line.
    _unused: u32,
}

/// The counts of a set of keys.
pub(super) struct Table {
    buckets: Pages<Bucket>,
    /// The highest bits of a hash are its bucket. This is the number of the other bits.
    shift: u32,
    len: usize,
    /// Parts of counts that exceed the 32 bits of a slot. Almost always empty.
    carried: Vec<(Key, u64)>,
}

impl Table {
    /// Creates an empty table with room for about `keys` keys.
    pub(super) fn new(keys: usize) -> io::Result<Self> {
        let buckets = keys.div_ceil(SLOTS).next_power_of_two().max(1 << 10);
        Ok(Self { buckets: Pages::zeroed(buckets)?, shift: 64 - buckets.ilog2(), len: 0, carried: Vec::new() })
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Prefetches the bucket of a hash.
    #[inline(always)]
    pub(super) fn prefetch(&self, hash: u64) {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            let bucket = self.buckets.as_ptr().wrapping_add((hash >> self.shift) as usize);
            // SAFETY: a prefetch reads nothing, whatever the address.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(bucket.cast()) };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = hash;
    }

    /// Adds 1 to the count of a key.
    #[inline(always)]
    pub(super) fn increment(&mut self, key: Key, hash: u64) -> io::Result<()> {
        let index = (hash >> self.shift) as usize;
        debug_assert!(index < self.buckets.as_slice().len());
        // SAFETY: there are 2^(64 - shift) buckets, so what the shift leaves of a hash is below
        // their number.
        let bucket = unsafe { self.buckets.as_mut_slice().get_unchecked_mut(index) };
        // Computes the slot without a branch, which would be mispredicted for two words in three.
        let slot = usize::from(bucket.keys[1] == key) + 2 * usize::from(bucket.keys[2] == key);
        if bucket.keys[slot] == key && bucket.counts[slot] != u32::MAX {
            bucket.counts[slot] += 1;
            return Ok(());
        }
        self.add(key, hash, 1)
    }

    /// Adds to the count of a key, which may be new.
    #[inline(never)]
    pub(super) fn add(&mut self, key: Key, hash: u64, count: u64) -> io::Result<()> {
        let buckets = self.buckets.as_mut_slice();
        let mask = buckets.len() - 1;
        let mut index = (hash >> self.shift) as usize;
        loop {
            let bucket = &mut buckets[index];
            if let Some(slot) = bucket.keys.iter().position(|&present| present == key || present == 0) {
                self.len += usize::from(bucket.keys[slot] == 0);
                bucket.keys[slot] = key;
                let sum = u64::from(bucket.counts[slot]) + count;
                bucket.counts[slot] = sum as u32;
                if sum > u64::from(u32::MAX) {
                    self.carried.push((key, sum & !u64::from(u32::MAX)));
                }
                break;
            }
            index = (index + 1) & mask;
        }
        // At four fifths one key in ten needs a second bucket.
        if self.len * 5 > self.buckets.as_slice().len() * SLOTS * 4 { self.grow() } else { Ok(()) }
    }

    /// Every key with its count, in hash order. A key occurs again for its carried part.
    pub(super) fn parts(&self) -> impl Iterator<Item = (Key, u64)> {
        let of_bucket =
            |bucket: &Bucket| std::array::from_fn(|slot| (bucket.keys[slot], u64::from(bucket.counts[slot])));
        let slots = self.buckets.as_slice().iter().flat_map(move |bucket| -> [_; SLOTS] { of_bucket(bucket) });
        slots.filter(|&(key, _)| key != 0).chain(self.carried.iter().copied())
    }

    /// The carried part of a key's count.
    pub(super) fn carried(&self, key: Key) -> u64 {
        self.carried.iter().filter(|&&(carried, _)| carried == key).map(|&(_, count)| count).sum()
    }

    /// Every key with its total count.
    pub(super) fn counts(&self) -> impl Iterator<Item = (Key, u64)> {
        self.parts().take(self.len).map(|(key, count)| (key, count + self.carried(key)))
    }

    #[cold]
    fn grow(&mut self) -> io::Result<()> {
        let mut grown = Self::new(self.buckets.as_slice().len() * SLOTS * 2)?;
        for (key, count) in self.parts() {
            grown.add(key, hash(key), count)?;
        }
        *self = grown;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn a_growing_table_keeps_every_count() {
        let mut table = Table::new(10).unwrap();
        let mut expected = HashMap::new();
        for step in 0..200_000_u128 {
            let key = step % 50_000 + 1;
            table.increment(key, hash(key)).unwrap();
            *expected.entry(key).or_insert(0) += 1;
        }
        assert_eq!(table.len(), 50_000);
        assert!(table.counts().collect::<HashMap<_, _>>() == expected);
    }

    #[test]
    fn counts_beyond_32_bits_are_carried() {
        let mut table = Table::new(10).unwrap();
        let key = 7;
        table.add(key, hash(key), u64::from(u32::MAX) - 1).unwrap();
        for _ in 0..3 {
            table.increment(key, hash(key)).unwrap();
        }
        table.add(key, hash(key), 1 << 33).unwrap();
        assert_eq!(table.counts().collect::<Vec<_>>(), [(key, (1 << 32) + 1 + (1 << 33))]);
        assert_eq!(table.parts().map(|(_, count)| count).sum::<u64>(), (1 << 32) + 1 + (1 << 33));
    }
}
