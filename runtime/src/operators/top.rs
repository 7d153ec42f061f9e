//! The first records in an order: of all, or of each group. Each task keeps its own before they are shipped.
//!
//! Of all records they are merged from sorted runs, page by page, however many they are; of groups they are sorted by key and order, and most of
//! the others are dropped before: see [`of_groups`].

mod cutoff;
mod of_groups;

use crate::error::Result;
use crate::plan::{Operator, Table};
use crate::row::{LeafSet, Schema};
use crate::sort::OrderKey;
use crate::statistics::Relation;
use crate::strategy::{Grouping, Planning, Strategy, Work};

use super::common::{group_bytes, grouped, layout, of_each, of_key};
use super::{order, sorted_rows};

/// The `count` first records of each group in an order; of all records they are in order.
pub struct Top {
    /// The records.
    pub schema: Schema,
    /// The key's leaves; none where everything is one group.
    pub key: Vec<usize>,
    /// How many.
    pub count: usize,
    /// The order.
    pub order: Vec<OrderKey>,
}

impl Operator for Top {
    fn name(&self) -> &'static str {
        "top"
    }

    fn details(&self) -> String {
        let order = order::describe(&self.schema, &self.order);
        format!("{}{} by {order}", self.count, of_each(&self.schema, &self.key))
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
        Some(of_key(&self.key, &self.schema))
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        inputs[0].first_of(&self.key, self.count)
    }

    fn has_choice(&self) -> bool {
        !self.key.is_empty()
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let layout = layout(&self.schema, &self.reads(0, planning.live));
        if self.key.is_empty() {
            let driver = || sorted_rows::first(layout.clone(), self.count, self.order.clone());
            let grouping = Grouping {
                driver: &|_| driver(),
                combiner: Some(&driver),
                key_of_combined: &[],
                of_row: Work::rows(1.0),
                counts: 0,
                sorts_by: &[],
                kept_bytes: group_bytes(planning),
            };
            return planning.by_key(&[], &grouping);
        }
        let by_key = OrderKey::ascending(&self.key).chain(self.order.iter().copied()).collect();
        let top = of_groups::TopOfGroups { layout, count: self.count, leading: self.key.len(), order: by_key };
        let grouping = Grouping {
            driver: &|combined| top.driver(!combined),
            combiner: Some(&|| top.combiner()),
            key_of_combined: &self.key,
            of_row: Work::rows(1.0),
            counts: 0,
            sorts_by: &top.order,
            kept_bytes: planning.inputs[0].bytes(),
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
