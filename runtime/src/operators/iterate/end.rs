//! Where a loop ends.

use crate::error::Result;
use crate::plan::{Operator, Table};
use crate::row::{LeafSet, Schema};
use crate::strategy::{LoopId, Role};

/// What a loop gives. At run time it is an output of the loop's beginning.
pub struct LoopEnd {
    /// The records.
    pub schema: Schema,
    /// The loop.
    pub loop_id: LoopId,
    /// Rounds.
    pub rounds: u32,
}

impl Operator for LoopEnd {
    fn name(&self) -> &'static str {
        "end of iterate"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    /// What comes back has all fields.
    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        LeafSet::all(self.schema.leaves().len())
    }

    fn role(&self) -> Role {
        Role::LoopEnd(self.loop_id, self.rounds)
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        Ok(inputs[0].clone())
    }
}
