//! The start of a record's window.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::plan::{Operator, Table};
use crate::row::{Datum, HiddenLeaf, LeafSet, Schema};
use crate::strategy::{InPlace, Role, TumblingWindows};

/// Adds the start of the window to records.
pub struct WindowStart {
    /// The records, followed by the start of their window.
    pub schema: Schema,
    /// The windows.
    pub windows: TumblingWindows,
    /// The length of a window, as the program states it.
    pub length: Duration,
}

impl Operator for WindowStart {
    fn name(&self) -> &'static str {
        "window"
    }

    fn details(&self) -> String {
        format!("of {:?}", self.length)
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

    fn check(&self) -> Result<()> {
        let length = self.length;
        match i64::try_from(length.as_micros()) {
            Ok(1..) => Ok(()),
            Ok(_) => Err(Error::Plan(format!(
                "a window is at least a microsecond long, and not {length:?}: write its length as in `Tumbling::of(mins(1))`"
            ))),
            Err(_) => Err(Error::Plan(format!(
                "windows of {length:?} are longer than all of time, some 292,000 years from 1970 in either direction: count without a window, or write a shorter one, \
                 as in `Tumbling::of(hours(24))`"
            ))),
        }
    }

    fn needs_hidden(&self) -> Option<(usize, HiddenLeaf)> {
        Some((self.windows.time, HiddenLeaf::EventTime))
    }

    fn role(&self) -> Role {
        Role::InPlace(InPlace::WindowStart(self.windows, self.schema.leaves().len().saturating_sub(1)))
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let with_start = |row: &Vec<Datum>| {
            let time = row[self.windows.time].bits() as u64 as i64;
            self.windows.check(time)?;
            let start = Datum::Fixed(u128::from(self.windows.start_of(time) as u64));
            Ok(row.iter().cloned().chain([start]).collect())
        };
        Ok(Table { types: self.schema.types(), rows: inputs[0].rows.iter().map(with_start).collect::<Result<_>>()? })
    }
}
