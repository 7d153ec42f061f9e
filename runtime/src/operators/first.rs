//! The first records of all records, or of each group: any of them, or the first ones in an order.
//! Each task drops others before it sends its rows.

mod of_groups;

use crate::error::Result;
use crate::kernel::Outputs;
use crate::page::{Input, Selection};
use crate::plan::{Operator, Table};
use crate::row::{LeafSet, Schema};
use crate::sort::OrderKey;
use crate::statistics::Relation;
use crate::strategy::{Cursor, Demand, Driver, DriverFactory, Grouping, Planning, Progress, Strategy, Work};

use super::common::{filters_on_key, group_bytes, grouped, layout, of_each};
use super::{order, top};

/// The `count` first records of each group.
pub struct First {
    /// The records.
    pub schema: Schema,
    /// The key's leaves. Empty: all records are one group.
    pub key: Vec<usize>,
    /// The number of records.
    pub count: usize,
    /// The order. Without a key, the records are emitted in it. If it is empty, any `count` records
    /// pass. These are the first ones if the input has one task.
    pub order: Vec<OrderKey>,
}

impl Operator for First {
    fn name(&self) -> &'static str {
        if self.order.is_empty() { "first" } else { "top" }
    }

    fn details(&self) -> String {
        let by = if self.order.is_empty() { "" } else { " by " };
        let order = order::describe(&self.schema, &self.order);
        format!("{}{}{by}{order}", self.count, of_each(&self.schema, &self.key))
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reads(&self, _: usize, live: &LeafSet) -> LeafSet {
        let mut reads = order::leaves(&self.order);
        self.key.iter().for_each(|&leaf| reads.insert(leaf));
        reads.extend_from(live);
        reads
    }

    fn lets_filters_pass(&self, _: usize) -> Option<Vec<Option<usize>>> {
        Some(filters_on_key(&self.key, &self.schema))
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        inputs[0].first_of(&self.key, self.count)
    }

    fn has_choice(&self) -> bool {
        !self.key.is_empty()
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let layout = layout(&self.schema, &self.reads(0, planning.live));
        if !self.order.is_empty() {
            return top::strategies(layout, &self.key, self.count, &self.order, planning);
        }
        if self.key.is_empty() {
            let grouping = Grouping {
                driver: &|_| limit(self.count),
                combiner: Some(&|| limit(self.count)),
                key_of_combined: &[],
                of_row: Work::default(),
                counts: 0,
                sorts_by: &[],
                kept_bytes: 0.0,
            };
            return planning.by_key(&[], &grouping);
        }
        let (key, types) = (self.key.clone(), self.schema.types());
        let first = of_groups::FirstOfGroups { key, types, count: self.count as u64 };
        let grouping = Grouping {
            driver: &|_| first.driver(layout.clone()),
            combiner: Some(&|| first.combiner()),
            key_of_combined: &self.key,
            of_row: Work::lookups(1.0),
            counts: 0,
            sorts_by: &[],
            kept_bytes: group_bytes(planning),
        };
        planning.by_key(&self.key, &grouping)
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let mut output = Table::new(inputs[0].types.clone());
        for mut rows in grouped(&inputs[0], &self.key) {
            rows.sort_by(|left, right| order::compare(&self.schema, &self.order, left, right));
            output.rows.extend(rows.into_iter().take(self.count).cloned());
        }
        Ok(output)
    }
}

/// Passes `count` rows. Then its task stops the operators before it.
fn limit(count: usize) -> DriverFactory {
    DriverFactory::new("limit", move |_| Ok(LimitDriver { left: count })).stopping_early(true)
}

struct LimitDriver {
    left: usize,
}

impl Driver for LimitDriver {
    fn demand(&self) -> Demand {
        Demand { is_satisfied: self.left == 0, ..Demand::ALL }
    }

    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let mut rows = Selection::default();
        rows.set(input.selection().rows().iter().copied().take(self.left));
        self.left -= rows.len();
        out.pass(rows);
        Ok(Progress::Done)
    }
}
