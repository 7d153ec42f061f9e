//! The first record of each group in an order: `min_by`, `max_by`.
//!
//! The order is that of the fields that were named, then of all others, so it has one answer, whatever the tasks and whoever comes first.
//! A group is one row in a hash table, which gives way to better ones; the sending side does the same before it ships.

use std::sync::Arc;

use crate::error::Result;
use crate::group::{
    Combiner, FinalAggregate, GroupTable, GroupUpdate, Groups, HybridHashAggregation, PreAggregate, Rows, UnplacedRows,
    probe,
};
use crate::kernel::TaskContext;
use crate::memory::limits;
use crate::page::{Input, Selection};
use crate::plan::{Operator, Table, row_bytes};
use crate::row::{Datum, LeafSet, RowLayout, Schema};
use crate::sort::OrderKey;
use crate::strategy::{Driver, DriverFactory, Estimate, Planning, Ship, Strategy, Way};

use super::{HASH_SECONDS, combiner_bytes, grouped, names, order};

/// Keeps the record of each group that comes first in an order.
pub struct MinMaxBy {
    /// For EXPLAIN: `min_by`.
    pub word: &'static str,
    /// The records.
    pub schema: Schema,
    /// The key's leaves; none where everything is one group.
    pub key: Vec<usize>,
    /// The order's leading leaves; records that agree in them are ordered by all leaves, ascending.
    pub order: Vec<OrderKey>,
}

impl MinMaxBy {
    /// The leading leaves, then the others, those of the key left out: a group agrees in them.
    fn whole_order(&self) -> Vec<OrderKey> {
        let named = order::leaves(&self.order);
        let is_left = |leaf: &usize| !named.contains(*leaf) && !self.key.contains(leaf);
        let rest = (0..self.schema.leaves().len()).filter(is_left);
        self.order.iter().copied().chain(rest.map(|leaf| OrderKey { leaf, descending: false })).collect()
    }
}

impl Operator for MinMaxBy {
    fn name(&self) -> &'static str {
        self.word
    }

    fn details(&self) -> String {
        let order = order::describe(&self.schema, &self.order);
        if self.key.is_empty() { order } else { format!("{order} of each {}", names(&self.schema, &self.key)) }
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        LeafSet::all(self.schema.leaves().len())
    }

    fn lets_filters_pass(&self, _: usize) -> Option<Vec<Option<usize>>> {
        Some(super::of_key(&self.key, &self.schema))
    }

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        let rows = inputs.first().map_or(0.0, |input| input.rows);
        let groups = if self.key.is_empty() { 0.0 } else { rows / 10.0 };
        Estimate { rows: groups.max(rows.min(1.0)), row_bytes: row_bytes(&self.schema, live) }
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let layout = GroupTable::layout_of(self.schema.types(), &LeafSet::all(self.schema.leaves().len()));
        let factory = |combine| -> Arc<dyn DriverFactory> {
            let (key, order) = (self.key.clone(), self.whole_order());
            Arc::new(MinMaxByFactory { word: self.word, layout: layout.clone(), key, order, combine })
        };
        let cost = planning.inputs[0].rows * HASH_SECONDS;
        let (way, tasks) = match planning.input_tasks[0] {
            1 => (Way::ship(Ship::Forward), 1),
            _ if self.key.is_empty() => (planning.combined(factory(true), Ship::Gather), 1),
            _ => (planning.combined(factory(true), Ship::Hash(self.key.clone())), planning.tasks),
        };
        vec![Strategy { ways: vec![way], driver: factory(false), tasks, streamed: 0, cost: cost / tasks as f64 }]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let whole = self.whole_order();
        let best = |group: Vec<&Vec<Datum>>| {
            group.into_iter().min_by(|left, right| order::compare(&self.schema, &whole, left, right)).cloned()
        };
        let rows = grouped(&inputs[0], &self.key).into_iter().filter_map(best).collect();
        Ok(Table { types: inputs[0].types.clone(), rows })
    }
}

struct MinMaxByFactory {
    word: &'static str,
    layout: Arc<RowLayout>,
    key: Vec<usize>,
    order: Vec<OrderKey>,
    combine: bool,
}

impl DriverFactory for MinMaxByFactory {
    fn name(&self) -> String {
        format!("{} {}", if self.combine { "combine" } else { "hash" }, self.word)
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(self.layout.clone())
    }

    fn minimum_bytes(&self) -> Option<usize> {
        Some(if self.combine { limits::COMBINE_BYTES } else { limits::GROUP_BYTES })
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let table = GroupTable::new(self.layout.clone(), self.key.clone(), &context.memory)?;
        let update = MinMaxByUpdate {
            groups: Groups::default(),
            found: Selection::default(),
            key: self.key.clone(),
            copied: (0..self.layout.types().len()).map(|leaf| (leaf, leaf)).collect(),
            order: self.order.clone(),
        };
        Ok(if self.combine {
            Box::new(PreAggregate { update, combiner: Combiner::new(table, combiner_bytes(context)) })
        } else {
            Box::new(FinalAggregate { update, grouping: HybridHashAggregation::new(table, 0, context) })
        })
    }
}

/// A group's state is its best record so far.
struct MinMaxByUpdate {
    groups: Groups,
    found: Selection,
    key: Vec<usize>,
    copied: Vec<(usize, usize)>,
    order: Vec<OrderKey>,
}

impl GroupUpdate for MinMaxByUpdate {
    fn key(&self, _: Rows) -> &[usize] {
        &self.key
    }

    fn add(&mut self, table: &mut GroupTable, input: &Input<'_>, _: Rows, left: &mut UnplacedRows) -> Result<()> {
        let by = (&self.key[..], &self.copied[..]);
        let found = probe(table, input, by, &mut self.groups, &mut self.found, left)?;
        table.keep_best(&found, &self.groups, &self.order)?;
        left.uncombined(table, &found, &self.groups);
        table.compact(false)?;
        Ok(())
    }
}
