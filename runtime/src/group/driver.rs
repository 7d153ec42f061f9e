//! Drivers that only group.

use crate::error::Result;
use crate::group::combiner::Combiner;
use crate::group::{GroupUpdate, HybridHashAggregation, Rows};
use crate::kernel::Outputs;
use crate::page::Input;
use crate::strategy::{Answer, Cursor, Driver, Round};

/// Rows in, a row for each group out.
pub(crate) struct FinalAggregate<F> {
    pub(crate) folding: F,
    pub(crate) grouping: HybridHashAggregation,
}

impl<F: GroupUpdate> Driver for FinalAggregate<F> {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, _: &mut Outputs) -> Result<Answer> {
        self.grouping.add(&mut self.folding, input, Rows::New, cursor)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        self.grouping.finish(&mut self.folding, out)
    }

    fn revoke(&mut self, bytes: usize) -> Result<()> {
        self.grouping.revoke(bytes)
    }
}

/// Rows in, a row for each group out, again and again: each time for the rows since.
pub(crate) struct PreAggregate<F> {
    pub(crate) folding: F,
    pub(crate) combiner: Combiner,
}

impl<F: GroupUpdate> Driver for PreAggregate<F> {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        self.combiner.add(&mut self.folding, input, out)?;
        Ok(Answer::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        self.combiner.flush(out)?;
        Ok(Answer::Done)
    }

    fn revoke(&mut self, _: usize) -> Result<()> {
        self.combiner.give_up();
        Ok(())
    }
}
