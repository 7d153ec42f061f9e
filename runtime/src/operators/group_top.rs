//! The first records of each group in an order: rows are kept, and sorted by key and order now and then to drop what cannot be among them.
//!
//! The sending side does the same before it ships, so a group of which everybody has much is not one task's work alone.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::page::{Input, OrderKey, SortBuffer};
use crate::plan::{Operator, Table, row_bytes};
use crate::row::{LeafSet, RowLayout, Schema};
use crate::strategy::{Answer, Cursor, Driver, DriverFactory, Estimate, Planning, Round, Ship, Strategy, Way};

use super::{HASH_SECONDS, combiner_bytes, grouped, layout, names, order};

/// Rows that are kept at least before some are dropped.
const LEAST_ROWS: usize = 16 << 10;

/// The `count` first records of each group in an order.
pub struct GroupTop {
    /// The records.
    pub schema: Schema,
    /// The key's leaves.
    pub key: Vec<usize>,
    /// How many.
    pub count: usize,
    /// The order.
    pub order: Vec<OrderKey>,
}

impl Operator for GroupTop {
    fn name(&self) -> &'static str {
        "top"
    }

    fn details(&self) -> String {
        let (key, order) = (names(&self.schema, &self.key), order::describe(&self.schema, &self.order));
        format!("{} of each {key} by {order}", self.count)
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
        Some(super::of_key(&self.key, &self.schema))
    }

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        let rows = inputs.first().map_or(0.0, |input| input.rows);
        // Groups of ten, as where they are folded.
        let share = (self.count as f64 / 10.0).min(1.0);
        Estimate { rows: rows * share, row_bytes: row_bytes(&self.schema, live) }
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let rows = planning.inputs[0].rows;
        let layout = layout(&self.schema, &self.reads(0, planning.live));
        let factory = |combine| -> Arc<dyn DriverFactory> {
            let by_key = order::ascending(&self.key);
            let order = by_key.chain(self.order.iter().copied()).collect();
            Arc::new(TopFactory { layout: layout.clone(), count: self.count, leading: self.key.len(), order, combine })
        };
        let (way, tasks) = match planning.input_tasks[0] {
            1 => (Way::ship(Ship::Forward), 1),
            _ => (planning.combined(factory(true), Ship::Hash(self.key.clone())), planning.tasks),
        };
        let cost = rows * rows.max(2.0).log2() * HASH_SECONDS / tasks as f64;
        vec![Strategy { ways: vec![way], driver: factory(false), tasks, streamed: 0, cost }]
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

struct TopFactory {
    layout: Arc<RowLayout>,
    count: usize,
    leading: usize,
    order: Vec<OrderKey>,
    combine: bool,
}

impl DriverFactory for TopFactory {
    fn name(&self) -> String {
        format!("top {} of groups", self.count)
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(self.layout.clone())
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        Ok(Box::new(TopDriver {
            kept: SortBuffer::new(self.layout.clone(), self.order.clone(), &context.memory)?,
            count: self.count,
            leading: self.leading,
            most_rows: LEAST_ROWS,
            most_bytes: self.combine.then(|| combiner_bytes(context)),
        }))
    }
}

struct TopDriver {
    kept: SortBuffer,
    count: usize,
    /// Leaves of the key, which the order begins with.
    leading: usize,
    /// Beyond so many rows it is time to drop some.
    most_rows: usize,
    /// A combiner gives up its rows beyond this.
    most_bytes: Option<usize>,
}

impl TopDriver {
    /// Drops what cannot be among the first of its group. Sorting whenever the rows have doubled costs a constant per row.
    fn drop_rest(&mut self) -> Result<()> {
        self.kept.keep_first_of_groups(self.count, self.leading)?;
        self.most_rows = self.kept.len().saturating_mul(2).max(LEAST_ROWS);
        Ok(())
    }

    fn emit(&mut self, out: &mut Outputs) -> Result<Answer> {
        if self.kept.emit(out.pages())? {
            return Ok(Answer::Resume);
        }
        self.kept.clear();
        Ok(Answer::Done)
    }
}

impl Driver for TopDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        if *cursor == 0 {
            self.kept.add(input)?;
            if self.kept.len() > self.most_rows {
                self.drop_rest()?;
            }
            if self.most_bytes.is_none_or(|most| self.kept.bytes() <= most) {
                return Ok(Answer::Done);
            }
            self.drop_rest()?;
            *cursor = 1;
        }
        self.emit(out)
    }

    fn on_round_end(&mut self, _: usize, _: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        if *cursor == 0 {
            self.drop_rest()?;
            *cursor = 1;
        }
        self.emit(out)
    }
}
