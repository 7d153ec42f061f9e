//! The end of a loop.

use crate::error::Result;
use crate::plan::{LoopOperator, LoopOperatorPart, Operator, Table};
use crate::row::{LeafSet, Schema};
use crate::strategy::{InPlace, LoopId, Role};

/// The result of a loop. At run time it is an output of the loop's beginning, or of its solution
/// set.
pub struct LoopEnd {
    /// The records.
    pub schema: Schema,
    /// The records of a round.
    pub workset: Schema,
    /// The loop.
    pub loop_id: LoopId,
    /// The most rounds.
    pub rounds: u32,
}

impl Operator for LoopEnd {
    fn name(&self) -> &'static str {
        "end of iterate"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The rows of the next round need all fields.
    fn reads(&self, input: usize, _: &LeafSet) -> LeafSet {
        let schema = if input == 0 { &self.workset } else { &self.schema };
        LeafSet::all(schema.leaves().len())
    }

    fn as_loop(&self) -> Option<LoopOperator> {
        Some(LoopOperator { loop_id: self.loop_id, part: LoopOperatorPart::End { rounds: self.rounds } })
    }

    fn role(&self) -> Role {
        Role::InPlace(InPlace::LoopResult)
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        Ok(inputs[0].clone())
    }
}
