//! Counts the words of one thread's blocks.
//!
//! Words are processed in batches. While the words of one batch are hashed and their buckets are
//! requested from memory, the previous batch is counted, whose buckets have arrived.

use std::io;

use super::blocks::BlockReader;
use super::key::{self, INLINE_BYTES, Key, hash};
use super::long_words::LongWords;
use super::scan::{Offsets, white_space};
use super::table::Table;

/// Number of simultaneous cache misses. A current core tracks a few dozen. 64 was not faster.
const BATCH: usize = 32;

/// A hashed word that waits to be counted.
#[derive(Clone, Copy)]
struct Pending {
    key: Key,
    hash: u64,
}

/// The words of a batch: the first `len` entries.
struct Batch {
    words: [Pending; BATCH],
    len: usize,
}

/// The counts of one thread.
pub(super) struct Counter {
    pub(super) table: Table,
    pub(super) long_words: LongWords,
    offsets: Offsets,
}

impl Counter {
    /// Creates a counter with initial room for about `words` different words.
    pub(super) fn new(words: usize) -> io::Result<Self> {
        Ok(Self { table: Table::new(words)?, long_words: LongWords::default(), offsets: Offsets::new() })
    }

    /// Counts the words of the reader's block.
    pub(super) fn add_block(&mut self, reader: &BlockReader<'_>) -> io::Result<()> {
        let (text, words) = reader.words();
        self.offsets.clear();
        // One byte more, for the white space after the last word. Rounding up may find more white
        // space after that.
        white_space(text, words.start..words.end + 1, &mut self.offsets);
        let ends = self.offsets.partition_point(|&offset| offset as usize <= words.end);
        let (mut first, mut second) = (Batch::new(), Batch::new());
        let (mut arriving, mut arrived) = (&mut first, &mut second);
        let mut start = words.start;
        for ends in self.offsets[..ends].chunks(BATCH) {
            arriving.len = 0;
            for &end in ends {
                let end = end as usize;
                let len = end - start;
                if len <= INLINE_BYTES {
                    arriving.push(key::pack(text, start, len), len, &self.table);
                } else {
                    self.long_words.add(&text[start..end], 1);
                }
                start = end + 1;
            }
            arrived.count(&mut self.table)?;
            std::mem::swap(&mut arriving, &mut arrived);
        }
        arrived.count(&mut self.table)
    }
}

impl Batch {
    fn new() -> Self {
        Self { words: [Pending { key: 0, hash: 0 }; BATCH], len: 0 }
    }

    /// Adds a word, unless its length is 0: white space may follow white space. Branch-free for
    /// that case.
    #[inline(always)]
    fn push(&mut self, key: Key, len: usize, table: &Table) {
        let hash = hash(key);
        table.prefetch(hash);
        self.words[self.len] = Pending { key, hash };
        self.len += usize::from(len > 0);
    }

    #[inline(always)]
    fn count(&self, table: &mut Table) -> io::Result<()> {
        for &Pending { key, hash } in &self.words[..self.len] {
            table.increment(key, hash)?;
        }
        Ok(())
    }
}
