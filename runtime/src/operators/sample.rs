//! A random share of all records.
//!
//! Each record draws a number from the seed, its task and its position in the task. So the same
//! records in the same tasks and order give the same sample. A record's content does not change its
//! chance.

use crate::error::{Error, Result};
use crate::kernel::{Outputs, TaskContext};
use crate::page::{Input, Selection};
use crate::plan::{Operator, Table, unchanged};
use crate::row::Schema;
use crate::statistics::Relation;
use crate::strategy::{Cursor, Driver, DriverFactory, Planning, Progress, RowOrder, Strategy, Work};

/// The numbers that the records of a task draw.
pub(super) struct Draws {
    stream: u64,
    position: u64,
}

impl Draws {
    /// The numbers of one task.
    pub(super) fn new(seed: u64, subtask: usize) -> Self {
        Draws { stream: mix(seed ^ mix(subtask as u64 + 1)), position: 0 }
    }

    /// The number of the next record.
    pub(super) fn next(&mut self) -> u64 {
        self.position += 1;
        mix(self.stream.wrapping_add(self.position.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }
}

/// The finalizer of SplitMix64: each bit of the result depends on all bits. Source: Steele, Lea,
/// Flood, *Fast Splittable Pseudorandom Number Generators*.
fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// Keeps each record with the same probability.
pub struct Sample {
    /// The records.
    pub schema: Schema,
    /// The probability, from 0 to 1.
    pub fraction: f64,
    /// Different seeds give different samples.
    pub seed: u64,
}

impl Sample {
    /// Records that draw a smaller number are kept.
    fn limit(&self) -> u128 {
        (self.fraction * (1u128 << 64) as f64) as u128
    }
}

impl Operator for Sample {
    fn name(&self) -> &'static str {
        "sample"
    }

    fn details(&self) -> String {
        self.fraction.to_string()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn forwards(&self, _: usize) -> Option<Vec<Option<usize>>> {
        Some(unchanged(&self.schema))
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        inputs[0].with_rows(inputs[0].rows * self.fraction)
    }

    fn check(&self) -> Result<()> {
        if (0.0..=1.0).contains(&self.fraction) {
            return Ok(());
        }
        Err(Error::Plan(format!(
            "a sample is a share between 0 and 1 of all records, not {}; `sample_n` takes a number of records",
            self.fraction
        )))
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let (limit, seed) = (self.limit(), self.seed);
        let draw = move |context: &TaskContext| Ok(SampleDriver { limit, draws: Draws::new(seed, context.subtask) });
        let driver = DriverFactory::new("draw", draw).in_order(RowOrder::Kept);
        vec![planning.forwarded(driver, Work::rows(planning.inputs[0].rows))]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let mut draws = Draws::new(self.seed, 0);
        let mut sample = inputs[0].clone();
        sample.rows.retain(|_| u128::from(draws.next()) < self.limit());
        Ok(sample)
    }
}

struct SampleDriver {
    limit: u128,
    draws: Draws,
}

impl Driver for SampleDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let mut rows = Selection::default();
        rows.set(input.selection().rows().iter().copied().filter(|_| u128::from(self.draws.next()) < self.limit));
        out.pass(rows);
        Ok(Progress::Done)
    }
}
