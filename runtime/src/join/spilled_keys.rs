//! Which keys of a side are on disk, as far as it is worth knowing.

use std::sync::Arc;

use crate::hash::{BloomFilter, hash_rows};
use crate::memory::Memory;
use crate::page::{Input, Page, Selection};

/// So many answers tell of what use a filter is.
const ENOUGH_ASKED: usize = 1 << 14;

/// A filter over the keys that went to disk, so that rows of the other side without a partner there need not follow. Without one, any key
/// may be there.
#[derive(Default)]
pub(crate) struct SpilledKeysFilter {
    /// One, or one for each share of the keys: that of a hash by the number of shares.
    keys: Vec<Option<Arc<BloomFilter>>>,
    asked: usize,
    there: usize,
}

impl SpilledKeysFilter {
    /// A filter of at most so many bytes; none without the memory for it.
    pub(crate) fn of_bytes(bytes: usize, memory: &Memory) -> Self {
        let keys = memory.try_reserve(bytes).then(|| BloomFilter::of_bytes(bytes, memory).ok()).flatten();
        SpilledKeysFilter::of_shares([keys.map(Arc::new)])
    }

    /// A filter over keys that were added by shares.
    pub(crate) fn of_shares(shares: impl IntoIterator<Item = Option<Arc<BloomFilter>>>) -> Self {
        SpilledKeysFilter { keys: shares.into_iter().collect(), ..SpilledKeysFilter::default() }
    }

    /// What was added, for others to ask.
    pub(crate) fn share(&self) -> Option<Arc<BloomFilter>> {
        self.keys.first().cloned().flatten()
    }

    /// Adds the keys of rows, which are these leaves.
    pub(crate) fn add(&mut self, pages: &[Page], key: &[usize]) {
        let [Some(keys)] = &mut self.keys[..] else { return };
        let Some(keys) = Arc::get_mut(keys) else { return };
        let (mut all, mut hashes) = (Selection::default(), Vec::new());
        for page in pages {
            all.set(0..page.rows() as u32);
            hash_rows(&Input::new(&page.batch(), &all), key, &mut hashes);
            hashes.iter().for_each(|&hash| keys.insert(hash));
        }
    }

    /// Whether a key with this hash may be there.
    #[inline]
    pub(crate) fn may_have(&mut self, hash: u64) -> bool {
        let keys = match &self.keys[..] {
            [] => &None,
            [keys] => keys,
            shares => &shares[hash as usize % shares.len()],
        };
        let there = keys.as_ref().is_none_or(|keys| keys.contains(hash));
        self.asked += 1;
        self.there += usize::from(there);
        there
    }

    /// Once all keys are added: a filter with too many of them is dropped.
    pub(crate) fn drop_if_crowded(&mut self) {
        for keys in &mut self.keys {
            *keys = keys.take().filter(|keys| !keys.is_crowded());
        }
    }

    /// Once some keys were asked for: where nearly all may be there, asking is not worth it.
    pub(crate) fn drop_if_needless(&mut self) {
        if self.asked > ENOUGH_ASKED && self.there > self.asked / 8 * 7 {
            self.keys.clear();
        }
    }
}
