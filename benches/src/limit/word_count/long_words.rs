//! Counts of words that are too long for a key.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::key::hash_long;

/// A word and its count.
pub(super) struct LongWord {
    pub(super) word: Box<[u8]>,
    pub(super) count: u64,
}

/// The counts of a set of words.
#[derive(Default)]
pub(super) struct LongWords {
    table: HashTable<LongWord>,
}

impl LongWords {
    pub(super) fn add(&mut self, word: &[u8], count: u64) {
        match self.table.entry(hash_long(word), |entry| *entry.word == *word, |entry| hash_long(&entry.word)) {
            Entry::Occupied(mut entry) => entry.get_mut().count += count,
            Entry::Vacant(entry) => drop(entry.insert(LongWord { word: word.into(), count })),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &LongWord> {
        self.table.iter()
    }
}
