//! What a program knows of a flow's size, for the estimates behind it. Nothing happens to the rows.

use crate::error::{Error, Result};
use crate::plan::{Operator, SizeHint, Table};
use crate::row::Schema;
use crate::statistics::Relation;
use crate::strategy::Role;

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

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        inputs[0].with_rows(self.rows as f64)
    }

    fn size_hint(&self) -> Option<SizeHint> {
        Some(SizeHint::Rows(self.rows))
    }

    fn role(&self) -> Role {
        Role::Project((0..self.schema.leaves().len()).collect())
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        Ok(inputs[0].clone())
    }
}

/// What stands in the place of a hint that cannot be right about a filter.
pub struct WrongSelectivity {
    /// The records.
    pub schema: Schema,
    /// The share that the program says.
    pub share: f64,
}

impl Operator for WrongSelectivity {
    fn name(&self) -> &'static str {
        "expect_selectivity"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn check(&self) -> Result<()> {
        let share = self.share;
        Err(Error::Plan(if (0.0..=1.0).contains(&share) {
            "`expect_selectivity` says which share of the records a filter keeps, and stands behind none that only keeps or drops records: write it right \
             behind a `filter`, or say how many records there are, `.expect_rows(…)`"
                .to_owned()
        } else {
            format!("a filter keeps a share of the records between 0 and 1, and not {share}")
        }))
    }

    fn role(&self) -> Role {
        Role::Project((0..self.schema.leaves().len()).collect())
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        Ok(inputs[0].clone())
    }
}
