//! Adds up the counts of all threads, one hash partition per thread.

use std::io;

use super::counter::Counter;
use super::key::{hash, hash_long, unpack};
use super::long_words::LongWords;
use super::table::Table;

/// The counts of all words of one hash partition.
pub(super) struct Partition {
    table: Table,
    long_words: LongWords,
}

impl Partition {
    /// Adds up partition `index` of `partitions` over all counters.
    ///
    /// The low bits of a hash select the partition, and the high bits the bucket. So the words of
    /// each counter arrive in the order of their buckets, and cache misses are rare.
    pub(super) fn merge(counters: &[Counter], index: usize, partitions: usize) -> io::Result<Self> {
        let is_ours = |hash: u64| ((hash & 0xFFFF_FFFF) * partitions as u64) >> 32 == index as u64;
        let most_words = counters.iter().map(|counter| counter.table.len()).max().unwrap_or(0);
        let mut table = Table::new(most_words / partitions * 5 / 4)?;
        let mut long_words = LongWords::default();
        for counter in counters {
            for (key, count) in counter.table.parts() {
                let hash = hash(key);
                if is_ours(hash) {
                    table.add(key, hash, count)?;
                }
            }
            for long in counter.long_words.iter().filter(|long| is_ours(hash_long(&long.word))) {
                long_words.add(&long.word, long.count);
            }
        }
        Ok(Self { table, long_words })
    }

    /// Returns the number of words.
    pub(super) fn len(&self) -> u64 {
        (self.table.len() + self.long_words.len()) as u64
    }

    /// Returns every word with its count.
    pub(super) fn rows(&self) -> impl Iterator<Item = (Vec<u8>, u64)> {
        let short = self.table.counts().map(|(key, count)| (unpack(key), count));
        short.chain(self.long_words.iter().map(|long| (long.word.to_vec(), long.count)))
    }
}
