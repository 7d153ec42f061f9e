//! Bag union: all inputs' records, duplicates kept.

use crate::error::Result;
use crate::plan::{Operator, Table, row_bytes, unchanged};
use crate::row::{LeafSet, Schema};
use crate::strategy::{Estimate, Role};

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

    fn reads(&self, _: usize, live: &LeafSet) -> LeafSet {
        live.clone()
    }

    fn lets_filters_pass(&self, _: usize) -> Option<Vec<Option<usize>>> {
        Some(unchanged(&self.0))
    }

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        Estimate { rows: inputs.iter().map(|input| input.rows).sum(), row_bytes: row_bytes(&self.0, live) }
    }

    fn role(&self) -> Role {
        Role::Union
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let rows = inputs.iter().flat_map(|input| input.rows.iter().cloned()).collect();
        Ok(Table { types: self.0.types(), rows })
    }
}
