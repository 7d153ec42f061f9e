//! What a program knows of a flow's size, for the estimates behind it. Nothing happens to the rows.

use crate::error::Result;
use crate::plan::{Operator, Table};
use crate::row::Schema;
use crate::strategy::{Estimate, Role};

/// The same records, of which there are said to be so many.
pub struct ExpectRows {
    /// The records.
    pub schema: Schema,
    /// How many.
    pub rows: u64,
}

impl Operator for ExpectRows {
    fn name(&self) -> &'static str {
        "expect_rows"
    }

    fn details(&self) -> String {
        self.rows.to_string()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn rows(&self, _: &[Estimate]) -> f64 {
        self.rows as f64
    }

    fn role(&self) -> Role {
        Role::Project((0..self.schema.leaves().len()).collect())
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        Ok(inputs[0].clone())
    }
}
