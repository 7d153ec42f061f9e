//! The engine's own cases.
//!
//! One file a suite; each case is a [`Case`] in [`CASES`]. A suite without an entry here has no row `ours`.

mod tpch;
mod word_count;

use dataflow::{Env, Options, ProgressWhen};

use crate::answer::Case;
use crate::error::Error;

/// Every case the engine answers.
pub(crate) static CASES: &[Case] = &[
    Case { suite: "word_count", name: "word_count", run: word_count::run },
    Case { suite: "tpch", name: "q1", run: tpch::q1 },
    Case { suite: "tpch", name: "q3", run: tpch::q3 },
    Case { suite: "tpch", name: "q6", run: tpch::q6 },
];

/// An environment of so many tasks, otherwise as users have it.
fn env(parallelism: usize) -> Env {
    Env::new(Options { parallelism, progress: ProgressWhen::Never, ..Options::default() })
}

/// The engine's error as the benchmark's.
fn failed(error: dataflow::Error) -> Error {
    Error::Case(error.to_string())
}
