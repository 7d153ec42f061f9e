//! The engine's own cases.
//!
//! One file a suite; each case is a [`Case`] in [`CASES`]. A suite without an entry here has no row `ours`.

mod tpch;
mod word_count;

use dataflow::{Env, Options, ProgressWhen};

use crate::answer::Case;
use crate::error::Error;

macro_rules! cases {
    ($($suite:ident: $($name:ident)*;)*) => {
        &[$($(Case { suite: stringify!($suite), name: stringify!($name), run: $suite::run }),*),*]
    };
}

/// Every case the engine answers.
pub(crate) static CASES: &[Case] = cases! {
    word_count: word_count;
    tpch: q1 q2 q3 q4 q5 q6 q7 q8 q9 q10 q11 q12 q13 q14 q15 q16 q17 q18 q19 q20 q21 q22;
};

/// An environment of so many tasks, otherwise as users have it.
fn env(parallelism: usize) -> Env {
    Env::new(Options { parallelism, progress: ProgressWhen::Never, ..Options::default() })
}

/// The engine's error as the benchmark's.
fn failed(error: dataflow::Error) -> Error {
    Error::Case(error.to_string())
}
