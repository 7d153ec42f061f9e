//! Merge joins: the strategy and the driver, for all kinds of joins and semi-joins.
//!
//! Chosen if the rows are in the order of the keys, or by a hint. For other rows, a hash join does
//! less work.

use crate::error::Result;
use crate::join::{JoinEmitter, SortMergeJoin};
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::MERGE_BYTES;
use crate::page::Input;
use crate::row::OrderKey;
use crate::strategy::{Cursor, Driver, DriverFactory, Planning, Progress, Revocable, Round, RowOrder, Strategy};

use super::{JoinParts, by_hint};

/// The strategies of a merge join. `factory` receives the side that is estimated to be smaller.
pub(crate) fn merge_strategies(
    planning: &Planning<'_>,
    keys: &[Vec<usize>; 2],
    factory: &dyn Fn(usize) -> DriverFactory,
) -> Vec<Strategy> {
    let orders = keys.each_ref().map(|key| OrderKey::ascending(key).collect());
    let smaller = usize::from(planning.inputs[1].bytes() <= planning.inputs[0].bytes());
    planning.both_by_key(keys, &orders, &|| factory(smaller))
}

impl JoinParts {
    /// The driver of a merge join that builds tables of the side `build`. `emits_pairs` is whether
    /// it emits pairs only. These are in the order of the keys.
    pub(crate) fn merge(&self, name: &str, build: usize, is_hinted: bool, emits_pairs: bool) -> DriverFactory {
        let JoinParts { sides, emitter, layout, emitter_bytes } = self.clone();
        let create = move |context: &TaskContext| {
            let joining = SortMergeJoin::new(sides.clone(), build, context)?;
            Ok(MergeJoinDriver { joining, emitter: emitter(context)? })
        };
        let order = match emits_pairs {
            true => RowOrder::Of(OrderKey::ascending(&self.sides[0].key).collect()),
            false => RowOrder::Lost,
        };
        let factory = DriverFactory::new(format!("{name}, external sort of both{}", by_hint(is_hinted)), create);
        factory.in_order(order).emitting(layout).spilling_beyond(MERGE_BYTES + emitter_bytes)
    }
}

struct MergeJoinDriver {
    joining: SortMergeJoin,
    emitter: Box<dyn JoinEmitter + Send>,
}

impl Driver for MergeJoinDriver {
    /// The cursor is not used: [`SortMergeJoin`] counts the input rows that it has taken.
    fn on_batch(&mut self, port: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        self.joining.on_batch(&mut *self.emitter, port, input, out)
    }

    fn on_round_end(&mut self, port: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        self.joining.on_end(&mut *self.emitter, port, out)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for MergeJoinDriver {
    fn revoke(&mut self, _: usize) -> Result<()> {
        self.joining.revoke();
        Ok(())
    }

    fn continue_revoking(&mut self) -> Result<Progress> {
        self.joining.continue_revoking()
    }
}
