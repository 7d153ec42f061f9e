//! Where the window of a record begins.

use crate::error::Result;
use crate::plan::{Operator, Table};
use crate::row::{Datum, HiddenLeaf, LeafSet, Schema};
use crate::strategy::{Role, TumblingWindows};

/// Puts behind records where their window begins.
pub struct WindowStart {
    /// The records, with that behind them.
    pub schema: Schema,
    /// The windows.
    pub windows: TumblingWindows,
}

impl Operator for WindowStart {
    fn name(&self) -> &'static str {
        "window"
    }

    fn details(&self) -> String {
        format!("of {:?}", std::time::Duration::from_micros(self.windows.micros.unsigned_abs()))
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reads(&self, _: usize, live: &LeafSet) -> LeafSet {
        let own = self.schema.leaves().len() - 1;
        let mut reads: LeafSet = live.iter().filter(|&leaf| leaf < own).collect();
        reads.insert(self.windows.time);
        reads
    }

    fn needs_hidden(&self) -> Option<(usize, HiddenLeaf)> {
        Some((self.windows.time, HiddenLeaf::EventTime))
    }

    fn role(&self) -> Role {
        Role::WindowStart(self.windows, self.schema.leaves().len().saturating_sub(1))
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let with_start = |row: &Vec<Datum>| {
            let start = self.windows.start_of(row[self.windows.time].bits() as u64 as i64);
            row.iter().cloned().chain([Datum::Fixed(u128::from(start as u64))]).collect()
        };
        Ok(Table { types: self.schema.types(), rows: inputs[0].rows.iter().map(with_start).collect() })
    }
}
