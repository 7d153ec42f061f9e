//! The operators, one file each: facts for the planner, strategies, drivers, and what the operator means.
//!
//! To add one: its file here, its line in this list, its typed method in `dataflow`, its page in the docs. Nothing else names
//! a concrete operator.

mod aggregate;
mod min_max_by;
mod chain;
mod co_group;
mod distinct;
mod distinct_count;
mod expect;
mod filter;
mod first;
mod fold;
mod group_first;
mod group_reduce;
mod group_top;
mod join;
mod keyed;
mod keys;
mod order;
mod partition;
mod persist;
mod range;
mod reduce;
mod sample;
mod sample_n;
mod scan;
mod semi_join;
mod sink;
mod sort;
mod queued_rows;
mod top;
mod union;
mod project;
mod map_partition;
mod with_all;
mod write_file;
mod write_folders;
mod write_together;
mod zip;

pub use aggregate::Aggregate;
pub use chain::{Expansion, MapChain};
pub use co_group::CoGroup;
pub use distinct::{distinct, distinct_by};
pub use expect::ExpectRows;
pub use filter::Filter;
pub use first::First;
pub use fold::{Fold, Merge, StateLeaf};
pub use group_first::GroupFirst;
pub use group_reduce::GroupReduce;
pub use group_top::GroupTop;
pub use join::{Join, JoinHint, JoinKind, JoinShip, Nulls};
pub use keyed::Keyed;
pub use map_partition::MapPartition;
pub use min_max_by::MinMaxBy;
pub use partition::{Partition, PartitionBy};
pub use persist::Persist;
pub use project::Project;
pub use reduce::KeyedReduce;
pub use sample::Sample;
pub use sample_n::SampleN;
pub use scan::{Pages, ScanSource};
pub use semi_join::SemiJoin;
pub use sink::{Collect, Collector};
pub use sort::{Sort, Within};
pub use top::Top;
pub use union::Union;
pub use with_all::WithAll;
pub use write_file::WriteFile;
pub use write_folders::WriteFolders;
pub use zip::{Numbers, Zip};

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::Result;
use crate::kernel::TaskContext;
use crate::page::{self, Batch, Input};
use crate::plan::Table;
use crate::row::{Datum, LeafSet, RowLayout, Schema};

/// Cost of one row that is hashed and looked up, in seconds. Relative weights are what matters.
pub(crate) const HASH_SECONDS: f64 = 12e-9;
/// Cost of one row that a closure sees.
pub(crate) const ROW_SECONDS: f64 = 3e-9;
/// Cost of one byte that is copied to another task.
pub(crate) const SHIP_SECONDS: f64 = 0.5e-9;
/// Cost of one byte that goes to disk and comes back: it is written, checked twice, read, and waits.
pub(crate) const SPILL_SECONDS: f64 = 4e-9;

/// The part of a job's budget, split among tasks, that one combiner may hold.
const COMBINER_SHARE: usize = 8;

/// Bytes that a combiner may hold before it ships what it has and begins anew.
pub(crate) fn combiner_bytes(context: &TaskContext) -> usize {
    context.memory.budget().limit_bytes() / COMBINER_SHARE / context.subtasks.max(1)
}

/// Calls `f` for each window of a batch.
pub(crate) fn windows(batch: &Batch<'_>, f: impl FnMut(&Input<'_>) -> Result<()>) -> Result<()> {
    page::windows(batch, f)
}

/// The rows of each group, in the order in which groups and rows come: what a key means.
pub(crate) fn grouped<'t>(table: &'t Table, key: &[usize]) -> Vec<Vec<&'t Vec<Datum>>> {
    let mut numbers: HashMap<Vec<&Datum>, usize> = HashMap::new();
    let mut groups: Vec<Vec<&Vec<Datum>>> = Vec::new();
    for row in &table.rows {
        let number = *numbers.entry(key.iter().map(|&leaf| &row[leaf]).collect()).or_insert(groups.len());
        match groups.get_mut(number) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

/// What a filter may know where groups of records give records of the same kind: the leaves of the key, which the whole group shares.
pub(crate) fn of_key(key: &[usize], schema: &Schema) -> Vec<Option<usize>> {
    (0..schema.leaves().len()).map(|leaf| key.contains(&leaf).then_some(leaf)).collect()
}

/// The layout of a schema's live leaves.
pub(crate) fn layout(schema: &Schema, live: &LeafSet) -> Arc<RowLayout> {
    Arc::new(RowLayout::new(schema.types(), live))
}

/// The names of leaves, for EXPLAIN.
pub(crate) fn names(schema: &Schema, leaves: &[usize]) -> String {
    let mut paths: Vec<&str> = leaves
        .iter()
        .filter_map(|&leaf| schema.leaves().get(leaf))
        .map(|leaf| if leaf.path.is_empty() { "record" } else { leaf.path.as_str() })
        .collect();
    // An `Option` has a leaf for its value and one that says whether there is one.
    paths.dedup();
    paths.join(", ")
}
