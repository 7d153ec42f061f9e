//! The size of a flow as the program states it, for estimates. The rows are not changed.

use crate::error::{Error, Result};
use crate::plan::{Operator, SizeHint, Table};
use crate::row::Schema;
use crate::statistics::Relation;
use crate::strategy::{InPlace, Role};

/// The same records, with their number as the program states it.
pub struct ExpectRows {
    /// The records.
    pub schema: Schema,
    /// The number of records.
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
        Role::InPlace(InPlace::Project((0..self.schema.leaves().len()).collect()))
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        Ok(inputs[0].clone())
    }
}

/// A wrong selectivity hint. The plan is rejected.
pub struct WrongSelectivity {
    /// The records.
    pub schema: Schema,
    /// The share that the program states.
    pub share: f64,
    /// Whether the input is a filter: its closure has effects, so the plan must have it once.
    pub follows_filter: bool,
}

impl Operator for WrongSelectivity {
    fn name(&self) -> &'static str {
        "expect_selectivity"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn check(&self) -> Result<()> {
        Err(Error::Plan(match (self.share, self.follows_filter) {
            (share, _) if !(0.0..=1.0).contains(&share) => {
                format!("a filter keeps a share of the records between 0 and 1, and not {share}")
            }
            (_, true) => "`expect_selectivity` needs a filter without effects, and this filter's closure changes \
                 something outside, such as an accumulator: write the number of records, `.expect_rows(…)`"
                .to_owned(),
            (_, false) => "`expect_selectivity` is the share of records that a filter keeps, and the operator before \
                 it is no filter: write it directly after a `filter`, or write the number of records, `.expect_rows(…)`"
                .to_owned(),
        }))
    }

    fn role(&self) -> Role {
        Role::InPlace(InPlace::Project((0..self.schema.leaves().len()).collect()))
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        Ok(inputs[0].clone())
    }
}
