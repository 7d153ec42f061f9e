//! Every operator, on every engine and parallelism, compared with plain iterators over owned
//! structs.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod accumulators;
mod aggregate;
mod chain;
mod co_group;
mod combine_group;
mod composed;
mod computed_keys;
mod enums;
mod files;
mod floats;
mod fold;
mod folders;
mod group;
mod group_records;
mod iterate;
mod join;
mod join_hints;
mod join_memory;
mod map_partition;
mod measures;
mod merge_join;
mod lists;
mod memory;
mod order;
mod outer_join;
mod partition;
mod persist;
mod reduce;
mod reduce_group;
mod reversal;
mod results;
mod sample;
mod scarce_branches;
mod scarce_buffering;
mod scarce_group;
mod scarce_loops;
mod scarce_measures;
mod scarce_shared;
mod scarce_sort;
mod semi_join;
mod set;
mod sharing;
mod sums;
mod task_state;
mod with_all;
mod zip;

use std::collections::BTreeMap;

use proptest::prelude::ProptestConfig;

/// Runs few cases with many records each, because each case runs on five engines.
fn cases(count: u32) -> ProptestConfig {
    ProptestConfig { cases: count, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() }
}

/// Groups records for the reference results.
fn grouped<T, K: Ord>(records: &[T], key: impl Fn(&T) -> K) -> BTreeMap<K, Vec<&T>> {
    let mut groups: BTreeMap<K, Vec<&T>> = BTreeMap::new();
    records.iter().for_each(|record| groups.entry(key(record)).or_default().push(record));
    groups
}
