//! Combinations of words: random programs, over every kind of flow, on both engines, compared with plain loops over rows.
//!
//! A few are compiled with the tests. `cargo test -p tests --test combinations -- --ignored --nocapture` compiles and runs 3,000 more, in
//! batches, in `target/tests/combinations`. In the environment, `PROGRAMS` is their number and `SEED` the first seed.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod batch;
mod harness;
mod table;

use std::env;

use harness::{Coverage, Program};

/// Programs that are compiled with the tests.
const FEW: u64 = 40;

/// Programs of a batch.
const BATCH: u64 = 150;

#[allow(warnings, clippy::all, clippy::unwrap_used, reason = "generated")]
mod programs {
    use dataflow::accumulators::Count;
    use dataflow::prelude::*;
    use dataflow::{Accumulated, Result};

    use super::harness::records::*;
    use super::harness::{Declare, Given, Reader, Spec, spec};

    include!("programs.rs");
}

fn few() -> Vec<Program> {
    let mut coverage = Coverage::default();
    (0..FEW).map(|seed| coverage.next(seed)).collect()
}

#[test]
fn a_few_programs_give_what_loops_give() {
    let failures = harness::run_all(programs::all());
    assert!(failures.is_empty(), "{} programs are wrong: see above", failures.len());
}

/// `UPDATE_EXPECT=1` writes them.
#[test]
fn the_few_programs_are_those_of_the_generator() {
    expect_test::expect_file!["programs.rs"].assert_eq(&harness::text(&few()));
}

#[test]
#[ignore = "compiles for hours"]
fn many_programs_give_what_loops_give() {
    let number = |name: &str, default: u64| env::var(name).map_or(default, |text| text.parse().unwrap());
    let (programs, seed) = (number("PROGRAMS", 3_000), number("SEED", 1_000));
    let (mut coverage, mut wrong) = (Coverage::default(), Vec::new());
    for first in (seed..seed + programs).step_by(BATCH as usize) {
        let last = (first + BATCH).min(seed + programs);
        let batch = (first..last).map(|seed| coverage.next(seed)).collect::<Vec<_>>();
        if !batch::run(&batch).success() {
            wrong.push(format!("{first} to {last}"));
        }
        println!("seeds to {last}: {}", coverage.report());
    }
    println!("pairs of words that no program has:\n{}", coverage.uncovered());
    assert!(wrong.is_empty(), "programs of these seeds are wrong, or do not compile: {}", wrong.join(", "));
    assert!(coverage.has_enough_results(), "more than half of the results are empty");
}

#[test]
fn the_generator_covers_shares_and_pairs() {
    let mut coverage = Coverage::default();
    (0..100).for_each(|seed| drop(coverage.next(seed)));
    println!("{}", coverage.report());
    assert!(coverage.has_enough_results(), "more than half of the results are empty");
    assert!(coverage.has_all_shares(), "{}", coverage.report());
}
