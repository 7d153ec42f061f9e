//! The engine's own cases.
//!
//! One file per suite. Each case is a [`Case`] in [`CASES`]. A suite without an entry here has no
//! row `ours`.

mod grep;
mod h2o;
mod iterations;
mod sort;
mod stream;
mod tables;
mod tpch;
mod word_count;

use dataflow::{Env, Options, ProgressWhen};

use crate::answer::{Case, Resources};
use crate::error::Error;

macro_rules! cases {
    ($($suite:ident in $module:ident: $($name:ident)*;)*) => {
        &[$($(Case { suite: stringify!($suite), name: stringify!($name), run: $module::run }),*),*]
    };
}

/// Every case the engine answers.
pub(crate) static CASES: &[Case] = cases! {
    word_count in word_count: word_count;
    sort in sort: ample quarter sixteenth;
    memory in tables: sort group join;
    cliff in tables: sort group join;
    grep in grep: eighth quarter half once twice fourfold eightfold;
    h2o in h2o: q1 q2 q3 q4 q5 q6 q7 q8 q9 q10 j1 j2 j3 j4 j5
        q1_nulls q2_nulls q3_nulls q4_nulls q5_nulls q6_nulls q7_nulls q8_nulls q9_nulls q10_nulls j1_nulls j2_nulls j3_nulls j4_nulls j5_nulls
        q1_zipf q2_zipf q3_zipf q4_zipf q5_zipf q6_zipf q7_zipf q8_zipf q9_zipf q10_zipf j1_zipf j2_zipf j3_zipf j4_zipf j5_zipf;
    iterations in iterations: pagerank components components_grid empty empty_shuffle;
    stream in stream: memory log folder snapshot_5s snapshot_500ms;
    tpch in tpch: q1 q2 q3 q4 q5 q6 q7 q8 q9 q10 q11 q12 q13 q14 q15 q16 q17 q18 q19 q20 q21 q22;
};

/// An environment with these resources and otherwise default settings.
fn env(resources: &Resources) -> Env {
    Env::new(options(resources))
}

/// The settings of the environment.
fn options(resources: &Resources) -> Options {
    let defaults = Options::default();
    let memory_bytes = resources.memory_bytes.map_or(defaults.memory_bytes, |bytes| bytes as usize);
    let parallelism = resources.parallelism;
    Options { parallelism, memory_bytes, progress: ProgressWhen::Never, ..defaults }
}

/// Converts an error of the engine to one of the benchmark.
fn failed(error: dataflow::Error) -> Error {
    Error::of_case(error)
}
