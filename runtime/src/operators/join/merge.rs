//! Merge joins: the strategy and the driver, for all kinds of joins and semi-joins.
//!
//! **A merge join is asked for.** Plans have no properties that say what is in order, and over rows in any other order a hash join does less. The
//! hint names it; no cost does.

use std::sync::Arc;

use crate::error::Result;
use crate::join::{JoinEmitter, Side, SortMergeJoin};
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::MERGE_BYTES;
use crate::operators::{HASH_SECONDS, ROW_SECONDS, SHIP_SECONDS};
use crate::page::Input;
use crate::row::RowLayout;
use crate::strategy::{Cursor, Driver, DriverFactory, Planning, Progress, Round, Ship, Strategy, Way};

use super::by_hint;

/// The strategy of a join that is merged: `factory` is told the side that is expected to be smaller.
pub(crate) fn merge_strategy(
    planning: &Planning<'_>,
    keys: &[Vec<usize>; 2],
    factory: impl FnOnce(usize) -> MergeJoin,
) -> Strategy {
    let is_alone = planning.input_tasks.iter().all(|&tasks| tasks == 1);
    let tasks = if is_alone { 1 } else { planning.tasks };
    let ship = |side: usize| if is_alone { Ship::Forward } else { Ship::Hash(keys[side].clone()) };
    let sorting = |rows: f64| rows * (rows.max(2.0).log2() * HASH_SECONDS + ROW_SECONDS);
    let shipping = |bytes: f64| if is_alone { 0.0 } else { bytes * SHIP_SECONDS * 2.0 };
    let cost = planning.inputs.iter().map(|input| sorting(input.rows) + shipping(input.bytes())).sum::<f64>();
    let smaller = usize::from(planning.inputs[1].bytes() <= planning.inputs[0].bytes());
    Strategy {
        ways: [0, 1].map(|side| Way::ship(ship(side))).into(),
        driver: Arc::new(factory(smaller)),
        tasks,
        streamed: 0,
        cost: cost / tasks as f64,
    }
}

/// What a task makes of rows and tables.
pub(crate) type AnswersFactory = Box<dyn Fn(&TaskContext) -> Result<Box<dyn JoinEmitter + Send>> + Send + Sync>;

/// Makes drivers of merge joins.
pub(crate) struct MergeJoin {
    /// For EXPLAIN.
    pub(crate) name: &'static str,
    pub(crate) sides: [Side; 2],
    /// The side of which tables are made.
    pub(crate) build: usize,
    pub(crate) emitter: AnswersFactory,
    pub(crate) layout: Arc<RowLayout>,
}

impl DriverFactory for MergeJoin {
    fn name(&self) -> String {
        // Nothing but a hint chooses it.
        format!("{}, external sort of both{}", self.name, by_hint(true))
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(self.layout.clone())
    }

    fn minimum_bytes(&self) -> Option<usize> {
        Some(MERGE_BYTES)
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let joining = SortMergeJoin::new(self.sides.clone(), self.build, context)?;
        Ok(Box::new(MergeJoinDriver { joining, emitter: (self.emitter)(context)? }))
    }
}

struct MergeJoinDriver {
    joining: SortMergeJoin,
    emitter: Box<dyn JoinEmitter + Send>,
}

impl Driver for MergeJoinDriver {
    /// What is taken of an input, `join::merge` knows.
    fn on_batch(&mut self, port: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        self.joining.on_batch(&mut *self.emitter, port, input, out)
    }

    fn on_round_end(&mut self, port: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        self.joining.on_end(&mut *self.emitter, port, out)
    }

    fn revoke(&mut self, _: usize) -> Result<()> {
        self.joining.revoke();
        Ok(())
    }

    fn settle(&mut self) -> Result<Progress> {
        self.joining.settle_sorters()
    }
}
