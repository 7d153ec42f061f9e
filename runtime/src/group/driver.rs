//! Drivers that only group rows.

use crate::error::Result;
use crate::group::combiner::Combiner;
use crate::group::{GroupUpdate, HybridHashAggregation, Rows};
use crate::kernel::Outputs;
use crate::page::Input;
use crate::strategy::{Cursor, Driver, Progress, Revocable, Round};

/// Emits one row for each group, at the end of the round.
pub(crate) struct FinalAggregate<F> {
    pub(crate) update: F,
    pub(crate) grouping: HybridHashAggregation,
}

impl<F: GroupUpdate> Driver for FinalAggregate<F> {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.grouping.add(&mut self.update, input, Rows::New, cursor)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        self.grouping.finish(&mut self.update, out)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl<F: GroupUpdate> Revocable for FinalAggregate<F> {
    fn revoke(&mut self, bytes: usize) -> Result<()> {
        self.grouping.revoke(bytes)
    }
}

/// Combines rows, and emits one row for each group whenever the combiner is flushed.
pub(crate) struct PreAggregate<F> {
    pub(crate) update: F,
    pub(crate) combiner: Combiner,
}

impl<F: GroupUpdate> Driver for PreAggregate<F> {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        self.combiner.add(&mut self.update, input, out)?;
        Ok(Progress::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        self.combiner.flush(out)?;
        Ok(Progress::Done)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl<F: GroupUpdate> Revocable for PreAggregate<F> {
    fn revoke(&mut self, _: usize) -> Result<()> {
        self.combiner.release_memory();
        Ok(())
    }
}
