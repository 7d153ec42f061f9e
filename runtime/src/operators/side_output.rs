//! The rows of an operator's side output.

use crate::error::Result;
use crate::plan::{Operator, Table};
use crate::row::Schema;
use crate::strategy::{InPlace, Role};

/// The rows that its input emits at its [side output](Operator::has_side_output).
pub struct SideOutput {
    /// The word of the program for them: `late`.
    pub word: &'static str,
    /// The records. They have the schema of the operator's other output.
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

    /// Empty: late records depend on the order of arrival, and here all records arrive before any
    /// window ends.
    fn reference(&self, _: &[Table]) -> Result<Table> {
        Ok(Table::new(self.schema.types()))
    }
}
