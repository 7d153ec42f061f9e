//! What operators share: work, layouts, names, and the drivers of a grouping.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::Result;
use crate::group::{Combiner, FinalAggregate, GroupTable, GroupUpdate, HybridHashAggregation, PreAggregate};
use crate::kernel::TaskContext;
use crate::memory::limits;
use crate::plan::Table;
use crate::row::{Datum, Leaf, LeafSet, LeafType, RowLayout, Schema};
use crate::strategy::{DriverFactory, Planning};

/// What a table keeps for a row beside its leaves: a link, and a slot or two.
pub(crate) const INDEX_BYTES: f64 = 24.0;

/// What groups of so many rows keep: those that a grouping gives.
pub(crate) fn group_bytes(planning: &Planning<'_>) -> f64 {
    planning.output.rows * (planning.output.row_bytes + INDEX_BYTES)
}

/// Bytes that a combiner may hold before it ships what it has and begins anew.
pub(crate) fn combiner_bytes(context: &TaskContext) -> usize {
    context.memory.budget().limit_bytes() / limits::COMBINER_SHARE / context.subtasks.max(1)
}

/// On the sending side, folds the rows of each group that a task has, in a bounded part of the
/// budget. `open` gives a task its update and table.
pub(crate) fn pre_aggregate<U: GroupUpdate + 'static>(
    name: impl Into<String>,
    layout: Arc<RowLayout>,
    open: impl Fn(&TaskContext) -> Result<(U, GroupTable)> + Send + Sync + 'static,
) -> DriverFactory {
    let create = move |context: &TaskContext| {
        let (update, table) = open(context)?;
        Ok(PreAggregate { update, combiner: Combiner::new(table, combiner_bytes(context)) })
    };
    DriverFactory::new(name, create).waiting_for_end().emitting(layout).spilling_beyond(limits::COMBINE_BYTES)
}

/// Folds the rows of each group, all of which come to one task; `aside` bytes are for the update.
/// `open` gives a task its update and table.
pub(crate) fn final_aggregate<U: GroupUpdate + 'static>(
    name: impl Into<String>,
    layout: Arc<RowLayout>,
    aside: usize,
    open: impl Fn(&TaskContext) -> Result<(U, GroupTable)> + Send + Sync + 'static,
) -> DriverFactory {
    let create = move |context: &TaskContext| {
        let (update, table) = open(context)?;
        Ok(FinalAggregate { update, grouping: HybridHashAggregation::new(table, aside, context) })
    };
    DriverFactory::new(name, create).waiting_for_end().emitting(layout).spilling_beyond(limits::GROUP_BYTES)
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

/// What a filter may know where groups of records give records of the same kind: the leaves of the
/// key, which the whole group shares.
pub(crate) fn of_key(key: &[usize], schema: &Schema) -> Vec<Option<usize>> {
    (0..schema.leaves().len()).map(|leaf| key.contains(&leaf).then_some(leaf)).collect()
}

/// The layout of a schema's live leaves.
pub(crate) fn layout(schema: &Schema, live: &LeafSet) -> Arc<RowLayout> {
    Arc::new(RowLayout::new(schema.types(), live))
}

/// The layout of a schema's live leaves, and of a `u64` behind all of its leaves: whoever reads
/// records finds their leaves where they were, and does not look further. Gives the number's leaf,
/// too.
pub(crate) fn numbered_layout(schema: &Schema, live: &LeafSet) -> (Arc<RowLayout>, usize) {
    let mut types = schema.types();
    let number = types.len();
    types.push(LeafType::U64);
    let mut written = live.clone();
    written.insert(number);
    (Arc::new(RowLayout::new(types, &written)), number)
}

/// The names of leaves, for EXPLAIN.
pub(crate) fn names(schema: &Schema, leaves: &[usize]) -> String {
    let mut names: Vec<_> = leaves.iter().filter_map(|&leaf| schema.leaves().get(leaf)).map(Leaf::name).collect();
    // An `Option` has a leaf for its value and one that says whether there is one.
    names.dedup();
    names.join(", ")
}

/// The definition of a state, see
/// [`Operator::state_definition`](crate::plan::Operator::state_definition): its key, and closures as
/// the program writes them.
pub(crate) fn defined(by: &str, closures: &[&str]) -> String {
    let closures: Vec<String> = closures.iter().map(|text| format!("`{text}`")).collect();
    if closures.is_empty() { by.to_owned() } else { format!("{by}: {}", closures.join(", ")) }
}

/// For EXPLAIN, after the description of an operator: ` of each customer`; empty without a key.
pub(crate) fn of_each(schema: &Schema, key: &[usize]) -> String {
    if key.is_empty() { String::new() } else { format!(" of each {}", names(schema, key)) }
}

/// For EXPLAIN: `by customer`. Nothing where there is no key.
pub(crate) fn by_key(schema: &Schema, key: &[usize]) -> String {
    if key.is_empty() { String::new() } else { format!("by {}", names(schema, key)) }
}
