//! Filters over the keys of a side that are on disk.

use std::sync::Arc;

use crate::hash::{BloomFilter, hash_rows};
use crate::memory::Memory;
use crate::page::{Input, Page, Selection};

/// The number of lookups after which a filter that excludes little is dropped.
const ENOUGH_LOOKUPS: usize = 1 << 14;

/// A filter over the keys on disk. Probe rows without a partner there are not written. Without a
/// filter, any key may be on disk.
#[derive(Default)]
pub(crate) struct SpilledKeysFilter {
    /// One filter, or one per share of the keys. A hash belongs to the share `hash % shares`.
    keys: Vec<Option<Arc<BloomFilter>>>,
    lookups: usize,
    found: usize,
}

impl SpilledKeysFilter {
    /// A filter of at most `bytes`. None if memory is refused.
    pub(crate) fn of_bytes(bytes: usize, memory: &Memory) -> Self {
        let keys = memory.try_reserve(bytes).then(|| BloomFilter::of_bytes(bytes, memory).ok()).flatten();
        SpilledKeysFilter::of_shares([keys.map(Arc::new)])
    }

    /// The filters of all shares.
    pub(crate) fn of_shares(shares: impl IntoIterator<Item = Option<Arc<BloomFilter>>>) -> Self {
        SpilledKeysFilter { keys: shares.into_iter().collect(), ..SpilledKeysFilter::default() }
    }

    /// The filter over the task's own keys, for other tasks.
    pub(crate) fn share(&self) -> Option<Arc<BloomFilter>> {
        self.keys.first().cloned().flatten()
    }

    /// Adds the keys of rows, by the leaves `key`.
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

    /// Returns `true` if a key with this hash may be on disk.
    #[inline]
    pub(crate) fn may_contain(&mut self, hash: u64) -> bool {
        let keys = match &self.keys[..] {
            [] => &None,
            [keys] => keys,
            shares => &shares[hash as usize % shares.len()],
        };
        let is_found = keys.as_ref().is_none_or(|keys| keys.contains(hash));
        self.lookups += 1;
        self.found += usize::from(is_found);
        is_found
    }

    /// Drops filters with too many keys, after all keys were added.
    pub(crate) fn drop_if_crowded(&mut self) {
        for keys in &mut self.keys {
            *keys = keys.take().filter(|keys| !keys.is_saturated());
        }
    }

    /// Drops the filter if nearly all lookups find their key.
    pub(crate) fn drop_if_useless(&mut self) {
        if self.lookups > ENOUGH_LOOKUPS && self.found > self.lookups / 8 * 7 {
            self.keys.clear();
        }
    }
}
