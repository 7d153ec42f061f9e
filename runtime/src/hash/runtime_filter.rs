//! Runtime filters: the keys of a join's build side, used to drop rows of the probe side early. The
//! task that sends or reads these rows drops those without a partner, long before they reach the
//! join.
//!
//! A filter exists once all tasks of the join have added their keys. Until then all rows pass, and
//! no task waits. The join itself drops any row without a partner. So a late or missing filter
//! costs time, but never changes the result.
//!
//! Source: sideways information passing, or dynamic filters; Impala's runtime filters.

use std::sync::{Mutex, OnceLock, PoisonError};

use crate::hash::{BloomFilter, hash_rows};
use crate::memory::Memory;
use crate::page::{Batch, Input, Selection};

/// Most keys of a filter. A larger filter would not fit a core's caches, and its look-ups would
/// take as long as those in the join.
const MAX_KEYS: usize = 32 << 20;

/// The keys of a join's build side. All tasks add to it.
pub struct RuntimeFilter {
    pending: Mutex<PendingFilter>,
    complete: OnceLock<KeyFilter>,
}

/// The keys added so far.
struct PendingFilter {
    /// Number of tasks whose keys are missing. 0 if there will be no filter.
    missing_tasks: usize,
    keys: Option<BloomFilter>,
    limits: Option<(i64, i64)>,
    /// Number of keys of all tasks together. `None` if only the limits are needed.
    expected_keys: Option<usize>,
    has_rows: bool,
}

impl PendingFilter {
    /// Prepares to add keys of `rows` rows. Returns `false` if no keys are needed.
    fn prepare(&mut self, rows: usize, memory: &Memory) -> bool {
        if let Some(expected) = self.expected_keys.filter(|_| self.missing_tasks > 0 && self.keys.is_none()) {
            let keys = expected.max(rows * self.missing_tasks).min(MAX_KEYS);
            let is_free = memory.try_reserve_idle(BloomFilter::bytes_for(keys));
            self.keys = if is_free { BloomFilter::new(keys, memory).ok() } else { None };
            self.missing_tasks = if self.keys.is_some() { self.missing_tasks } else { 0 };
        }
        self.missing_tasks > 0
    }

    /// Merges the limits of a task's keys. If they are unknown for some keys, they are unknown for
    /// all.
    fn merge_limits(&mut self, limits: Option<(i64, i64)>, rows: usize) {
        if rows == 0 {
            return;
        }
        self.limits = match (self.limits, limits) {
            (Some((least, greatest)), Some(more)) => Some((least.min(more.0), greatest.max(more.1))),
            (None, limits) if !self.has_rows => limits,
            _ => None,
        };
        self.has_rows = true;
    }
}

/// Accepts all keys of the build side, and few others.
pub struct KeyFilter {
    /// `None` if only the limits are needed, or if there are too many keys.
    keys: Option<BloomFilter>,
    /// The least and the greatest key, if a key is one number.
    limits: Option<(i64, i64)>,
}

impl RuntimeFilter {
    /// A filter for about `expected_keys` keys of `tasks` tasks together. Without a number it has
    /// only the limits of the keys.
    #[must_use]
    pub fn new(tasks: usize, expected_keys: Option<usize>) -> Self {
        let pending = PendingFilter { missing_tasks: tasks, keys: None, limits: None, expected_keys, has_rows: false };
        RuntimeFilter { pending: Mutex::new(pending), complete: OnceLock::new() }
    }

    /// Adds the keys of one task's rows. `limits` are the least and the greatest key, if a key is
    /// one number. If no memory is free for the filter, there will be no filter.
    pub fn add<'p>(
        &self,
        batches: impl Iterator<Item = Batch<'p>>,
        rows: usize,
        key: &[usize],
        limits: Option<(i64, i64)>,
        memory: &Memory,
    ) {
        let (mut all, mut hashes) = (Selection::default(), Vec::new());
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if !pending.prepare(rows, memory) {
            return;
        }
        pending.merge_limits(limits, rows);
        if let Some(keys) = &mut pending.keys {
            for batch in batches {
                all.set(0..batch.rows() as u32);
                hash_rows(&Input::new(&batch, &all), key, &mut hashes);
                hashes.iter().for_each(|&hash| keys.insert(hash));
            }
        }
        pending.missing_tasks -= 1;
        if pending.missing_tasks == 0 {
            let keys = pending.keys.take().filter(|keys| !keys.is_saturated());
            // Only the last task gets here.
            let _ = self.complete.set(KeyFilter { keys, limits: pending.limits });
        }
    }

    /// Cancels the filter, because not all keys of a task are in memory.
    pub fn give_up(&self) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        (pending.missing_tasks, pending.keys) = (0, None);
    }

    /// Returns the filter once all tasks have added their keys.
    #[must_use]
    pub fn complete(&self) -> Option<&KeyFilter> {
        self.complete.get()
    }
}

impl KeyFilter {
    /// Drops rows that have no partner according to the filter. `key` are the key's leaves.
    pub fn select(&self, batch: &Batch<'_>, key: &[usize], rows: &mut Selection, hashes: &mut Vec<u64>) {
        let Some(keys) = &self.keys else { return };
        hash_rows(&Input::new(batch, rows), key, hashes);
        rows.keep_positions(|position| hashes.get(position).is_none_or(|&hash| keys.contains(hash)));
    }

    /// The least and the greatest key, if a key is one number.
    #[must_use]
    pub fn limits(&self) -> Option<(i64, i64)> {
        self.limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Budget;
    use crate::page::Columns;
    use crate::row::LeafType;

    fn batch(keys: &[i64]) -> Batch<'_> {
        let mut columns = Columns::new(keys.len());
        columns.plain(LeafType::I64, keys).unwrap();
        columns.finish()
    }

    fn memory(bytes: usize) -> Memory {
        Memory::new(Budget::new(bytes), "test")
    }

    fn added(filter: &RuntimeFilter, keys: &[i64], memory: &Memory) {
        let limits = keys.iter().min().copied().zip(keys.iter().max().copied());
        filter.add(std::iter::once(batch(keys)), keys.len(), &[0], limits, memory);
    }

    #[test]
    fn filter_exists_after_all_tasks_have_added_keys() {
        let (filter, memory) = (RuntimeFilter::new(3, Some(10)), memory(1 << 24));
        added(&filter, &[7, 3], &memory);
        added(&filter, &[], &memory);
        assert!(filter.complete().is_none());
        added(&filter, &[900], &memory);
        let complete = filter.complete().unwrap();
        assert_eq!(complete.limits(), Some((3, 900)));
        let asked: Vec<i64> = (0..1_000).collect();
        let mut rows = Selection::default();
        rows.set(0..1_000);
        complete.select(&batch(&asked), &[0], &mut rows, &mut Vec::new());
        assert!([3, 7, 900].iter().all(|row| rows.rows().contains(row)) && rows.len() < 100, "{}", rows.len());
    }

    #[test]
    fn missing_keys_or_refused_memory_cancel_the_filter() {
        let (filter, ample) = (RuntimeFilter::new(2, Some(10)), memory(1 << 24));
        added(&filter, &[7], &ample);
        filter.give_up();
        added(&filter, &[8], &ample);
        assert!(filter.complete().is_none());
        let filter = RuntimeFilter::new(1, Some(1 << 20));
        added(&filter, &[7], &memory(1 << 16));
        assert!(filter.complete().is_none());
    }

    #[test]
    fn unknown_limits_of_some_keys_clear_all_limits() {
        let (filter, memory) = (RuntimeFilter::new(3, Some(10)), memory(1 << 24));
        added(&filter, &[7], &memory);
        filter.add(std::iter::once(batch(&[8])), 1, &[0], None, &memory);
        added(&filter, &[9], &memory);
        assert_eq!(filter.complete().unwrap().limits(), None);
    }
}
