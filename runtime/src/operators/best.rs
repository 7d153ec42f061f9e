//! The first record of each group in an order: `min_by`, `max_by`.
//!
//! The order is that of the fields that were named, then of all others, so it has one answer, whatever the tasks and whoever comes first.
//! A group is one row in a hash table, which gives way to better ones; the sending side does the same before it ships.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::page::{GroupTable, Groups, Input, OrderKey};
use crate::plan::{Operator, Table, row_bytes};
use crate::row::{Datum, LeafSet, RowLayout, Schema};
use crate::strategy::{Answer, Cursor, Driver, DriverFactory, Estimate, Planning, Round, Ship, Strategy, Way};

use super::{HASH_SECONDS, combiner_bytes, grouped, names, order};

/// Keeps the record of each group that comes first in an order.
pub struct Best {
    /// For EXPLAIN: `min_by`.
    pub word: &'static str,
    /// The records.
    pub schema: Schema,
    /// The key's leaves; none where everything is one group.
    pub key: Vec<usize>,
    /// The order's leading leaves; records that agree in them are ordered by all leaves, ascending.
    pub order: Vec<OrderKey>,
}

impl Best {
    /// The leading leaves, then the others, those of the key left out: a group agrees in them.
    fn whole_order(&self) -> Vec<OrderKey> {
        let named = order::leaves(&self.order);
        let is_left = |leaf: &usize| !named.contains(*leaf) && !self.key.contains(leaf);
        let rest = (0..self.schema.leaves().len()).filter(is_left);
        self.order.iter().copied().chain(rest.map(|leaf| OrderKey { leaf, descending: false })).collect()
    }
}

impl Operator for Best {
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
            Arc::new(BestFactory { word: self.word, layout: layout.clone(), key, order, combine })
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

struct BestFactory {
    word: &'static str,
    layout: Arc<RowLayout>,
    key: Vec<usize>,
    order: Vec<OrderKey>,
    combine: bool,
}

impl DriverFactory for BestFactory {
    fn name(&self) -> String {
        format!("{} {}", if self.combine { "combine" } else { "hash" }, self.word)
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(self.layout.clone())
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        Ok(Box::new(BestDriver {
            table: GroupTable::new(self.layout.clone(), self.key.clone(), &context.memory)?,
            groups: Groups::default(),
            key: self.key.clone(),
            copied: (0..self.layout.types().len()).map(|leaf| (leaf, leaf)).collect(),
            order: self.order.clone(),
            most_bytes: self.combine.then(|| combiner_bytes(context)),
        }))
    }
}

struct BestDriver {
    table: GroupTable,
    groups: Groups,
    key: Vec<usize>,
    copied: Vec<(usize, usize)>,
    order: Vec<OrderKey>,
    /// A combiner gives up its groups beyond this.
    most_bytes: Option<usize>,
}

impl BestDriver {
    fn flush(&mut self, out: &mut Outputs) -> Result<()> {
        self.table.drain()?.into_iter().for_each(|page| out.pages().push_sealed(page));
        Ok(())
    }
}

impl Driver for BestDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        self.table.probe(input, &self.key, &self.copied, &mut self.groups)?;
        self.table.keep_best(input, &self.groups, &self.order)?;
        self.table.compact()?;
        if self.most_bytes.is_some_and(|most| self.table.bytes() > most) {
            self.flush(out)?;
        }
        Ok(Answer::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        self.flush(out)?;
        Ok(Answer::Done)
    }
}
