//! Jobs in less memory than their data takes.

use std::fmt::Debug;

use dataflow::prelude::*;
use dataflow::{Env, Options, ProgressWhen, Report, Result};
use runtime::error::Error;

use crate::{Folder, Random, local};

/// A record with a key, a number to add up, and a text.
#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub struct Item {
    pub key: u64,
    pub value: i64,
    pub text: String,
}

/// The distribution of an input's keys and the size of its texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Some thousand equally frequent keys.
    Uniform,
    /// A few keys are frequent, many are rare.
    Zipf,
    /// Nearly all records have the same key.
    OneHot,
    /// Each record has its own key.
    Distinct,
    /// Like `Distinct`, sorted.
    Sorted,
    /// Like `Sorted`, in descending order.
    Reversed,
    /// Like `Uniform`, with some records of many pages.
    Huge,
}

impl Shape {
    /// All shapes.
    pub const ALL: [Shape; 7] =
        [Shape::Uniform, Shape::Zipf, Shape::OneHot, Shape::Distinct, Shape::Sorted, Shape::Reversed, Shape::Huge];

    /// Creates `rows` records.
    #[must_use]
    pub fn items(self, rows: u64, seed: u64) -> Vec<Item> {
        let mut random = Random(seed);
        let item = |row: u64| {
            let key = match self {
                Shape::Uniform | Shape::Huge => random.below(3_000),
                Shape::Zipf => {
                    let most = random.below(16);
                    random.below(1 << most)
                }
                Shape::OneHot => u64::from(random.below(1_000) == 0) * (1 + random.below(50)),
                Shape::Distinct => row.wrapping_mul(0x9E37_79B9_7F4A_7C15),
                Shape::Sorted => row,
                Shape::Reversed => rows - row,
            };
            let letters = match self {
                Shape::Huge if random.below(400) == 0 => 150_000 + random.below(200_000),
                _ => random.below(60),
            };
            let text = format!("{row:x}").repeat(letters as usize / 4);
            Item { key, value: random.below(1_000_000) as i64 - 500_000, text }
        };
        (0..rows).map(item).collect()
    }
}

/// The memory that a test gives to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scarcity {
    /// More than enough.
    Ample,
    /// A fraction of the data: its bytes divided by this number.
    Part(usize),
    /// The minimum memory of the plan.
    Minimum,
}

impl Scarcity {
    /// All levels, from ample to minimum.
    pub const ALL: [Scarcity; 5] =
        [Scarcity::Ample, Scarcity::Part(4), Scarcity::Part(16), Scarcity::Part(64), Scarcity::Minimum];

    /// Runs a job over files of records with this much memory. If its plan and its largest record
    /// need more, runs it with that minimum. Results are written to a file, since they may not fit
    /// in memory.
    pub fn run<T: Record>(
        self,
        inputs: &[Vec<Item>],
        parallelism: usize,
        job: impl Fn(&[DataSet<Item>]) -> DataSet<T>,
    ) -> (Vec<T>, Report) {
        let folder = Folder::default();
        let input = |number: usize| folder.join(&format!("input-{number}.rows"));
        let ample = local(2);
        for (number, items) in inputs.iter().enumerate() {
            ample.collection(items).unwrap().write_native(input(number));
        }
        ample.run().unwrap();
        let data_bytes: usize = inputs.iter().flatten().map(|item| 32 + item.text.len()).sum();
        let output = folder.join("output.rows");
        let run = |memory_bytes: usize| -> Result<Report> {
            let env = with_memory(parallelism, memory_bytes);
            let flows: Result<Vec<_>> = (0..inputs.len()).map(|number| env.read_native(input(number))).collect();
            job(&flows?).write_native(&output);
            env.run()
        };
        let wanted = match self {
            Scarcity::Ample => 2 << 30,
            Scarcity::Part(parts) => data_bytes / parts,
            Scarcity::Minimum => 0,
        };
        let least = match run(1) {
            Err(error) => match error.cause() {
                Error::TooLittleMemory { need, .. } => *need,
                _ => panic!("{error}"),
            },
            Ok(_) => panic!("a byte was enough"),
        };
        // The minimum counts records that fit a page. `docs/memory.md` states the addition for
        // larger records.
        let largest = inputs.iter().flatten().map(|item| item.text.len()).max().unwrap_or(0);
        let besides = if largest < 32 << 10 { 0 } else { 16 * largest * parallelism };
        let report = run(wanted.max(least + besides));
        let report = report.unwrap_or_else(|error| panic!("{self:?}, parallelism {parallelism}: {error}"));
        (local(1).read_native(&output).unwrap().collect().unwrap(), report)
    }
}

/// Creates an environment with this much memory. With two tasks, spilled data is compressed.
#[must_use]
pub fn with_memory(parallelism: usize, memory_bytes: usize) -> Env {
    let (progress, compress_spilled) = (ProgressWhen::Never, parallelism == 2);
    Env::new(Options { parallelism, memory_bytes, compress_spilled, progress, ..Options::default() })
}

/// Compares sequences with a short message.
pub fn same_sequence<T: PartialEq + Debug>(what: &str, actual: &[T], expected: &[T]) {
    let differs = actual.iter().zip(expected).enumerate().find(|(_, (left, right))| left != right);
    assert!(
        differs.is_none() && actual.len() == expected.len(),
        "{what}: {} records for {}; the first that differs: {differs:.500?}",
        actual.len(),
        expected.len()
    );
}
