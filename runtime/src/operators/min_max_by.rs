//! The first record of each group in an order: `min_by`, `max_by`.
//!
//! The order is that of the fields that were named, then of all others, so it has one answer, whatever the tasks and whoever comes first.
//! A group is one row in a hash table, which gives way to better ones; the sending side does the same before it ships.

use std::sync::Arc;

use crate::error::Result;
use crate::group::{GroupTable, GroupUpdate, Groups, Rows, UnplacedRows, probe};
use crate::kernel::TaskContext;
use crate::page::{Input, Selection};
use crate::plan::{Operator, Table};
use crate::row::{Datum, LeafSet, LeafType, RowLayout, Schema};
use crate::sort::OrderKey;
use crate::statistics::Relation;
use crate::strategy::{Grouping, Planning, Strategy, Work};

use super::common::{defined, final_aggregate, group_bytes, grouped, of_each, of_key, pre_aggregate};
use super::order;
use super::updates::{States, UpdatesByKey};

/// Keeps the record of each group that comes first in an order.
pub struct MinMaxBy {
    /// For EXPLAIN: `min_by`.
    pub word: &'static str,
    /// The records.
    pub schema: Schema,
    /// The key's leaves; none where everything is one group.
    pub key: Vec<usize>,
    /// The order's leading leaves. Records that agree in them are ordered by all other leaves, ascending, with nulls
    /// last.
    pub order: Vec<OrderKey>,
    /// The source texts of a computed key, and of a computed order.
    pub closures: Vec<&'static str>,
}

impl MinMaxBy {
    /// The leading leaves, then the others, those of the key left out: a group agrees in them.
    fn whole_order(&self) -> Vec<OrderKey> {
        let named = order::leaves(&self.order);
        let is_left = |leaf: &usize| !named.contains(*leaf) && !self.key.contains(leaf);
        let rest = (0..self.schema.leaves().len()).filter(is_left);
        // Valid is 1: nulls come last, as in the named order.
        let ascending = |leaf: usize| OrderKey { leaf, descending: self.schema.leaves()[leaf].ty == LeafType::Valid };
        self.order.iter().copied().chain(rest.map(ascending)).collect()
    }

    /// Gives a task its update and table.
    fn open(&self, layout: &Arc<RowLayout>) -> impl Fn(&TaskContext) -> Result<(MinMaxByUpdate, GroupTable)> + use<> {
        let (layout, key, update) = (layout.clone(), self.key.clone(), self.update());
        move |context| Ok((update(), GroupTable::new(layout.clone(), key.clone(), &context.memory)?))
    }

    /// Gives a task its update.
    fn update(&self) -> impl Fn() -> MinMaxByUpdate + Send + Sync + use<> {
        let (leaves, key, order) = (self.schema.leaves().len(), self.key.clone(), self.whole_order());
        move || MinMaxByUpdate {
            groups: Groups::default(),
            found: Selection::default(),
            key: key.clone(),
            copied: (0..leaves).map(|leaf| (leaf, leaf)).collect(),
            order: order.clone(),
        }
    }
}

impl Operator for MinMaxBy {
    fn name(&self) -> &'static str {
        self.word
    }

    fn details(&self) -> String {
        let order = order::describe(&self.schema, &self.order);
        order + &of_each(&self.schema, &self.key)
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        LeafSet::all(self.schema.leaves().len())
    }

    fn lets_filters_pass(&self, _: usize) -> Option<Vec<Option<usize>>> {
        Some(of_key(&self.key, &self.schema))
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        inputs[0].grouped(&self.key, &of_key(&self.key, &self.schema))
    }

    fn has_choice(&self) -> bool {
        !self.key.is_empty()
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let layout = GroupTable::layout_of(self.schema.types(), &LeafSet::all(self.schema.leaves().len()));
        let grouping = Grouping {
            driver: &|_| final_aggregate(format!("hash {}", self.word), layout.clone(), 0, self.open(&layout)),
            combiner: Some(&|| pre_aggregate(format!("combine {}", self.word), layout.clone(), self.open(&layout))),
            key_of_combined: &self.key,
            of_row: Work::lookups(1.0),
            counts: 0,
            sorts_by: &[],
            kept_bytes: group_bytes(planning),
        };
        planning.by_key(&self.key, &grouping)
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

impl UpdatesByKey for MinMaxBy {
    fn definition(&self) -> String {
        format!("{} {}", self.word, defined(&self.details(), &self.closures))
    }

    fn updating(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let update = self.update();
        let states = States::of_records(&self.schema, &self.key);
        let states = States { spec: states.spec.defined_as(self.definition()), ..states };
        let driver = states.driver(self.word, planning, move |_| Ok(update()));
        let work = Work::lookups(planning.inputs[0].rows).in_tables(group_bytes(planning), planning.tasks);
        vec![planning.by_key_group(&self.key, driver, work)]
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
