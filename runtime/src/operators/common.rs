//! Helpers that several operators use: estimates, layouts, names, and drivers of groupings.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::Result;
use crate::group::{Combiner, FinalAggregate, GroupTable, GroupUpdate, HybridHashAggregation, PreAggregate};
use crate::kernel::TaskContext;
use crate::memory::limits;
use crate::plan::Table;
use crate::row::{Datum, Leaf, LeafSet, LeafType, RowLayout, Schema};
use crate::strategy::{DriverFactory, Planning};

/// Bytes of an index for each row of a table, in addition to the row: a link, and a slot or two.
pub(crate) const INDEX_BYTES: f64 = 24.0;

/// Estimated bytes of a table with one row for each row of the output.
pub(crate) fn group_bytes(planning: &Planning<'_>) -> f64 {
    planning.output.rows * (planning.output.row_bytes + INDEX_BYTES)
}

/// Bytes that a combiner may hold before it sends its groups and starts over.
pub(crate) fn combiner_bytes(context: &TaskContext) -> usize {
    context.memory.budget().limit_bytes() / limits::COMBINER_SHARE / context.subtasks.max(1)
}

/// A combiner: on the sending side, folds the rows of each group of a task in a bounded part of the
/// budget. `open` creates the update and the table of a task.
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

/// Folds the rows of each group in the group's task. `update_bytes` is the number of bytes that
/// stay free for the update. `open` creates the update and the table of a task.
pub(crate) fn final_aggregate<U: GroupUpdate + 'static>(
    name: impl Into<String>,
    layout: Arc<RowLayout>,
    update_bytes: usize,
    open: impl Fn(&TaskContext) -> Result<(U, GroupTable)> + Send + Sync + 'static,
) -> DriverFactory {
    let create = move |context: &TaskContext| {
        let (update, table) = open(context)?;
        Ok(FinalAggregate { update, grouping: HybridHashAggregation::new(table, update_bytes, context) })
    };
    DriverFactory::new(name, create).waiting_for_end().emitting(layout).spilling_beyond(limits::GROUP_BYTES)
}

/// The rows of each group, for reference implementations. Groups are in the order of their first
/// rows, and rows in the order of the table.
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

/// The result of [`Operator::lets_filters_pass`](crate::plan::Operator::lets_filters_pass) for an
/// operator that groups records and emits records of the same kind. All records of a group have the
/// same values in the leaves of the key.
pub(crate) fn filters_on_key(key: &[usize], schema: &Schema) -> Vec<Option<usize>> {
    (0..schema.leaves().len()).map(|leaf| key.contains(&leaf).then_some(leaf)).collect()
}

/// The layout of a schema's live leaves.
pub(crate) fn layout(schema: &Schema, live: &LeafSet) -> Arc<RowLayout> {
    Arc::new(RowLayout::new(schema.types(), live))
}

/// The layout of a schema's live leaves, followed by a `u64`, and the number of that leaf. Readers
/// of records find their leaves at the same numbers, and do not read further.
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
    // An `Option` has two leaves of one name: its value and its validity.
    names.dedup();
    names.join(", ")
}

/// The definition of a state, see
/// [`Operator::state_definition`](crate::plan::Operator::state_definition). `by` describes its key,
/// and `closures` are texts of the program.
pub(crate) fn defined(by: &str, closures: &[&str]) -> String {
    let closures: Vec<String> = closures.iter().map(|text| format!("`{text}`")).collect();
    if closures.is_empty() { by.to_owned() } else { format!("{by}: {}", closures.join(", ")) }
}

/// For EXPLAIN, after the description of an operator: ` of each customer`. Empty without a key.
pub(crate) fn of_each(schema: &Schema, key: &[usize]) -> String {
    if key.is_empty() { String::new() } else { format!(" of each {}", names(schema, key)) }
}

/// For EXPLAIN: `by customer`. Empty without a key.
pub(crate) fn by_key(schema: &Schema, key: &[usize]) -> String {
    if key.is_empty() { String::new() } else { format!("by {}", names(schema, key)) }
}
