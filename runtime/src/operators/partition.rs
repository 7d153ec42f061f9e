//! Exchanges records between tasks as the program specifies.
//!
//! Later operators that need the rows of a key in one task then need no exchange of their own. An
//! example is a grouping by the same fields or more.

use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{ChainFactory, Outputs};
use crate::page::Input;
use crate::plan::{Operator, Reads, Table, unchanged};
use crate::row::{LeafSet, LeafType, RowLayout, Schema};
use crate::sort::OrderKey;
use crate::strategy::{Cursor, Driver, DriverFactory, InputEdge, Planning, Progress, Recovery, Ship, Strategy, Work};

use super::chain::{self, run_over};
use super::common::{names, numbered_layout};
use super::{order, range};

/// The same records, in tasks that the program chooses.
pub struct Partition {
    /// The records.
    pub schema: Schema,
    /// How the task of a record is selected.
    pub by: PartitionBy,
}

/// How the task of a record is selected.
pub enum PartitionBy {
    /// In turn.
    Turn,
    /// By the hash of these leaves.
    Key(Vec<usize>),
    /// By an order: the records of a task come before those of the next task.
    Range(Vec<OrderKey>),
    /// By a number that the program computes.
    Number {
        /// Emits each record with one more leaf: the number, a `u64`.
        chain: ChainFactory,
        /// The leaves that the number is computed from.
        reads: Reads,
    },
}

impl Operator for Partition {
    fn name(&self) -> &'static str {
        match self.by {
            PartitionBy::Turn => "rebalance",
            PartitionBy::Key(_) => "partition_by",
            PartitionBy::Range(_) => "partition_by_range",
            PartitionBy::Number { .. } => "partition_with",
        }
    }

    fn details(&self) -> String {
        match &self.by {
            PartitionBy::Key(key) => names(&self.schema, key),
            PartitionBy::Range(order) => order::describe(&self.schema, order),
            PartitionBy::Turn | PartitionBy::Number { .. } => String::new(),
        }
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reads(&self, _: usize, live: &LeafSet) -> LeafSet {
        let mut reads = live.clone();
        match &self.by {
            PartitionBy::Turn => {}
            PartitionBy::Key(key) => reads.extend_from(&key.iter().copied().collect()),
            PartitionBy::Range(order) => reads.extend_from(&order::leaves(order)),
            PartitionBy::Number { reads: number, .. } => reads.extend_from(&number.of(&self.schema)),
        }
        reads
    }

    fn lets_filters_pass(&self, _: usize) -> Option<Vec<Option<usize>>> {
        // A filter would change the records that a closure with effects is called with.
        (!self.has_effects()).then(|| unchanged(&self.schema))
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let edge = match &self.by {
            _ if planning.tasks == 1 && planning.input_tasks() == 1 && !self.has_effects() => {
                InputEdge::ship(Ship::Forward)
            }
            PartitionBy::Turn => InputEdge::ship(Ship::Rebalance),
            PartitionBy::Key(key) => InputEdge::ship(Ship::Hash(key.clone())),
            PartitionBy::Range(order) => self
                .numbered(&self.reads(0, planning.live), |layout| range::driver(layout, order.clone(), planning.tasks)),
            PartitionBy::Number { chain, .. } => self.numbered(planning.live, |layout| chain::driver(chain, layout)),
        };
        let pass =
            DriverFactory::new("pass on", |_| Ok(PassDriver)).stopping_early(true).recovering(Recovery::Stateless);
        vec![planning.of_one(edge, pass, planning.tasks, Work::default())]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        if let PartitionBy::Number { chain, reads } = &self.by {
            // There is one task. The closure runs for its errors and effects.
            let types = [self.schema.types(), vec![LeafType::U64]].concat();
            run_over(chain, &inputs[0], &reads.of(&self.schema), types)?;
        }
        Ok(inputs[0].clone())
    }
}

impl Partition {
    /// Whether the closure has effects. It then runs once for each record, also in a job of one
    /// task.
    fn has_effects(&self) -> bool {
        matches!(&self.by, PartitionBy::Number { chain, .. } if chain.has_effects())
    }

    /// Sends rows by a number that a driver on the sending side computes.
    fn numbered(&self, live: &LeafSet, driver: impl FnOnce(Arc<RowLayout>) -> DriverFactory) -> InputEdge {
        let (layout, number) = numbered_layout(&self.schema, live);
        InputEdge::through(driver(layout), Work::default(), Ship::Number(number))
    }
}

/// Passes all rows.
struct PassDriver;

impl Driver for PassDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        out.pass(input.selection().clone());
        Ok(Progress::Done)
    }
}
