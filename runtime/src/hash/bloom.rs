//! A blocked Bloom filter: rejects most keys that were not added. All bits of a key are in one
//! word.
//!
//! Source: Putze, Sanders and Singler, *Cache-, Hash- and Space-Efficient Bloom Filters*, 2007.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Result;
use crate::hash::index::prefetch;
use crate::memory::Memory;
use crate::page::{Run, run_bytes};

/// Bits for each key. With [`BITS_SET`] of them set, the filter accepts one absent key in twenty.
const BITS_PER_KEY: usize = 8;

/// Bits that one key sets. Six bits of its hash select each of them.
const BITS_SET: u32 = 3;

/// A filter with more than this share of its bits set accepts half of all absent keys.
const SATURATED_SHARE: f64 = 0.8;

/// A set of keys, by their hashes. Accepts all keys that were added, and rejects most others.
///
/// The top bits of a hash select a word. The lowest bits select the bits within it, because indexes
/// do not use these.
pub struct BloomFilter {
    run: Run,
    shift: u32,
}

impl BloomFilter {
    /// The share of absent keys that a full filter rejects.
    pub(crate) const REJECTED_SHARE: f64 = 0.95;

    /// An empty filter for `keys` keys.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub(crate) fn new(keys: usize, memory: &Memory) -> Result<Self> {
        Self::of_words(words_for(keys), memory)
    }

    /// Bytes of a filter for `keys` keys.
    pub(crate) fn bytes_for(keys: usize) -> usize {
        run_bytes(words_for(keys) * 8)
    }

    /// An empty filter of at most `bytes` bytes, or of one page if `bytes` is less.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn of_bytes(bytes: usize, memory: &Memory) -> Result<Self> {
        let pages = (bytes / run_bytes(1)).max(1);
        Self::of_words((run_bytes(1) / 8) << pages.ilog2(), memory)
    }

    fn of_words(words: usize, memory: &Memory) -> Result<Self> {
        let mut run = Run::new(words * 8, memory)?;
        run.as_mut_slice()[..words * 8].fill(0);
        Ok(BloomFilter { run, shift: u64::BITS - words.trailing_zeros() })
    }

    /// Returns `true` if the filter has too many keys to reject most others.
    #[must_use]
    pub fn is_saturated(&self) -> bool {
        let bytes = &self.run.as_slice()[..8 << (u64::BITS - self.shift)];
        let set: usize = bytes.iter().map(|byte| byte.count_ones() as usize).sum();
        set as f64 > bytes.len() as f64 * 8.0 * SATURATED_SHARE
    }

    /// Adds a key by its hash.
    #[inline(always)]
    pub fn insert(&mut self, hash: u64) {
        let word = (hash >> self.shift) as usize;
        // SAFETY: as `word`: it is one of the words that the run holds, and `&mut self` owns it.
        unsafe { *self.run.start_mut().cast::<u64>().wrapping_add(word) |= bits(hash) };
    }

    /// As [`BloomFilter::insert`], from several threads at the same time. No thread may call
    /// [`BloomFilter::contains`] until all are done.
    #[inline(always)]
    pub(crate) fn insert_shared(&self, hash: u64) {
        // SAFETY: `word` gives the address of one of the aligned words that the run holds. While
        // keys are added in this way, all access is by this method.
        let word = unsafe { &*self.word(hash).cast::<AtomicU64>() };
        let bits = bits(hash);
        // A read first costs next to nothing, and avoids the atomic write for keys that were added
        // before.
        if word.load(Ordering::Relaxed) & bits != bits {
            word.fetch_or(bits, Ordering::Relaxed);
        }
    }

    /// Prefetches the word with a key's bits.
    #[inline(always)]
    pub(crate) fn prefetch(&self, hash: u64) {
        prefetch(self.word(hash).cast());
    }

    /// Returns `false` if the key was not added. `true` does not prove that it was.
    #[inline(always)]
    #[must_use]
    pub fn contains(&self, hash: u64) -> bool {
        let bits = bits(hash);
        // SAFETY: `word` gives the address of one of the words that the run holds.
        unsafe { *self.word(hash) & bits == bits }
    }

    /// The address of a key's word. Runs are aligned to pages and have at least 2^(64 - shift)
    /// words, which is more than the shifted hash.
    #[inline(always)]
    fn word(&self, hash: u64) -> *const u64 {
        self.run.start().cast::<u64>().wrapping_add((hash >> self.shift) as usize)
    }
}

fn words_for(keys: usize) -> usize {
    (keys * BITS_PER_KEY / u64::BITS as usize).next_power_of_two().max(2)
}

#[inline(always)]
fn bits(hash: u64) -> u64 {
    (0..BITS_SET).fold(0, |bits, number| bits | 1 << (hash >> (6 * number) & 63))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Budget;

    /// Spreads numbers over all bits.
    fn hash(number: u64) -> u64 {
        let wide = u128::from(number ^ 0x9E37_79B9_7F4A_7C15) * 0xD6E8_FEB8_6659_FD93;
        (wide as u64) ^ (wide >> 64) as u64
    }

    #[test]
    fn filter_accepts_added_keys_and_few_others() {
        let memory = Memory::new(Budget::new(1 << 30), "test");
        for keys in [0, 1, 1_000, 100_000] {
            let mut filter = BloomFilter::new(keys, &memory).unwrap();
            (0..keys as u64).for_each(|key| filter.insert(hash(key)));
            assert!((0..keys as u64).all(|key| filter.contains(hash(key))));
            let wrong = (keys as u64..keys as u64 + 100_000).filter(|&key| filter.contains(hash(key))).count();
            assert!(wrong < 10_000, "{wrong} of 100,000 with {keys} keys");
        }
    }
    #[test]
    fn filter_of_fixed_size_detects_saturation() {
        let mut filter = BloomFilter::of_bytes(200 << 10, &Memory::new(Budget::new(1 << 30), "test")).unwrap();
        assert_eq!(filter.run.bytes(), 128 << 10);
        let keys = filter.run.bytes() as u64 * 8 / BITS_PER_KEY as u64;
        (0..keys).for_each(|key| filter.insert(hash(key)));
        assert!(!filter.is_saturated());
        (0..keys * 8).for_each(|key| filter.insert(hash(key)));
        assert!(filter.is_saturated());
    }
}
