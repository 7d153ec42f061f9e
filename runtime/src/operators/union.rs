//! Bag union: the records of all inputs, with duplicates.

use crate::error::Result;
use crate::plan::{Operator, Table, unchanged};
use crate::row::Schema;
use crate::statistics::Relation;
use crate::strategy::{InPlace, Role};

/// All records of all inputs.
pub struct Union(
    /// The records.
    pub Schema,
);

impl Operator for Union {
    fn name(&self) -> &'static str {
        "union"
    }

    fn schema(&self) -> &Schema {
        &self.0
    }

    fn lets_filters_pass(&self, _: usize) -> Option<Vec<Option<usize>>> {
        Some(unchanged(&self.0))
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        Relation::union(inputs, &self.0)
    }

    fn role(&self) -> Role {
        Role::InPlace(InPlace::Union)
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let rows = inputs.iter().flat_map(|input| input.rows.iter().cloned()).collect();
        Ok(Table { types: self.0.types(), rows })
    }
}
