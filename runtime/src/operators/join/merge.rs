//! Merge joins: the strategy and the driver, for all kinds of joins and semi-joins.
//!
//! **A merge join is asked for.** Plans have no properties that say what is in order, and over rows in any other order a hash join does less. The
//! hint names it; no cost does.

use crate::error::Result;
use crate::join::{JoinEmitter, SortMergeJoin};
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::MERGE_BYTES;
use crate::operators::common::both_sorted_seconds;
use crate::page::Input;
use crate::strategy::{Cursor, Driver, DriverFactory, Planning, Progress, Round, Strategy};

use super::{JoinParts, by_hint};

/// The strategy of a join that is merged: `factory` is told the side that is expected to be smaller.
pub(crate) fn merge_strategy(
    planning: &Planning<'_>,
    keys: &[Vec<usize>; 2],
    factory: impl FnOnce(usize) -> DriverFactory,
) -> Strategy {
    let smaller = usize::from(planning.inputs[1].bytes() <= planning.inputs[0].bytes());
    planning.both_by_key(keys, factory(smaller), both_sorted_seconds(planning))
}

impl JoinParts {
    /// The driver of a merge join, which makes tables of one side.
    pub(crate) fn merge(&self, name: &str, build: usize) -> DriverFactory {
        let JoinParts { sides, emitter, layout, emitter_bytes } = self.clone();
        let create = move |context: &TaskContext| {
            let joining = SortMergeJoin::new(sides.clone(), build, context)?;
            Ok(MergeJoinDriver { joining, emitter: emitter(context)? })
        };
        // Nothing but a hint chooses it.
        let factory = DriverFactory::new(format!("{name}, external sort of both{}", by_hint(true)), create);
        factory.emitting(layout).spilling_beyond(MERGE_BYTES + emitter_bytes)
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
