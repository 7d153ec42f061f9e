//! The rows that an operator sets aside.

use crate::error::Result;
use crate::plan::{Operator, Table};
use crate::row::Schema;
use crate::strategy::{InPlace, Role};

/// The rows that its input emits at its [side output](Operator::has_side_output).
pub struct SideOutput {
    /// The user's word for them: `late`.
    pub word: &'static str,
    /// The records, which are of the kind of those that are not set aside.
    pub schema: Schema,
}

impl Operator for SideOutput {
    fn name(&self) -> &'static str {
        self.word
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn role(&self) -> Role {
        Role::InPlace(InPlace::SideOutput)
    }

    /// What is set aside depends on when records come; in plain loops all of them are there.
    fn reference(&self, _: &[Table]) -> Result<Table> {
        Ok(Table::new(self.schema.types()))
    }
}
