//! Combinations of words: random programs, over every kind of flow, on both engines, compared with
//! plain loops over rows.
//!
//! `cargo test` runs 40.
//! `cargo test -p tests --test combinations -- --ignored --nocapture many_programs`
//! compiles and runs 3,000 more in batches, in `target/tests/combinations`. The environment
//! variables `PROGRAMS` and `SEED` set their number and the first seed.
//!
//! A failing program is shrunk while it fails with the same kind of error. First records and
//! options are dropped, with a process for each try (`harness/shrink.rs`). Then words are dropped,
//! with a batch for all variants of a round (`words.rs`). The report shows the smallest program.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod batch;
mod harness;
mod table;
mod words;

use std::env;

use harness::{Coverage, Program, Spec};

/// Number of programs that are compiled with the tests.
const FEW: u64 = 40;

/// Number of programs in a batch.
const BATCH: u64 = 150;

#[allow(warnings, clippy::all, clippy::unwrap_used, reason = "generated")]
mod programs {
    use dataflow::accumulators::Count;
    use dataflow::prelude::*;
    use dataflow::{Accumulated, Result};

    use super::harness::records::*;
    use super::harness::{Declare, Given, Reader, Spec, read, spec};

    include!("programs.rs");
}

fn few() -> Vec<Program> {
    let mut coverage = Coverage::default();
    (0..FEW).map(|seed| coverage.next(seed)).collect()
}

/// Runs the program of a child process. Does nothing in the process of the tests.
#[test]
fn child() {
    harness::run_task(&programs::all());
}

#[test]
fn a_few_programs_match_plain_loops() {
    let failures = harness::run_all(&programs::all(), 0);
    assert!(failures.is_empty(), "{} programs are wrong: see above", failures.len());
}

/// `UPDATE_EXPECT=1` writes them.
#[test]
fn the_few_programs_equal_the_generators_output() {
    expect_test::expect_file!["programs.rs"].assert_eq(&harness::text(&few()));
}

#[test]
#[ignore = "compiles for hours"]
fn many_programs_match_plain_loops() {
    let number = |name: &str, default: u64| env::var(name).map_or(default, |text| text.parse().unwrap());
    let (programs, seed) = (number("PROGRAMS", 3_000), number("SEED", 1_000));
    let (mut coverage, mut wrong) = (Coverage::default(), Vec::new());
    for first in (seed..seed + programs).step_by(BATCH as usize) {
        let last = (first + BATCH).min(seed + programs);
        let batch = (first..last).map(|seed| coverage.next(seed)).collect::<Vec<_>>();
        let outcome = batch::run(&batch);
        if !outcome.is_whole {
            wrong.push(format!("{first} to {last}, which do not compile, or do not run to their end"));
        }
        if !outcome.failed.is_empty() {
            wrong.extend(outcome.failed.iter().map(|failed| format!("seed {}", first + failed.number as u64)));
            words::shrink(&batch, outcome.failed);
        }
        println!("seeds to {last}: {}", coverage.report());
    }
    println!("pairs of words that no program has:\n{}", coverage.uncovered());
    assert!(wrong.is_empty(), "programs are wrong: {}", wrong.join(", "));
    assert!(coverage.has_enough_results(), "more than half of the results are empty");
}

#[test]
fn program_changes_round_trip_as_text_and_shrink() {
    let mut tried = 0;
    for program in few() {
        for edit in harness::Edit::of_words(&program) {
            let spec = Spec { edits: vec![edit.clone()], ..program.spec.clone() };
            assert_eq!(harness::parse(&harness::edits_text(&spec.edits)), spec.edits);
            let smaller = Program::of(&spec);
            assert!(smaller.weight() < program.weight(), "{edit:?} of\n{}", program.function("p"));
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried} changes");
}

/// A change that makes a right program wrong would hide the real fault.
#[test]
#[ignore = "compiles for minutes"]
fn changed_programs_match_plain_loops() {
    let changed = |program: Program| {
        let edits = harness::Edit::of_words(&program).into_iter();
        edits.map(move |edit| Program::of(&Spec { edits: vec![edit], ..program.spec.clone() }))
    };
    let outcome = batch::run(&few().into_iter().flat_map(changed).step_by(3).collect::<Vec<_>>());
    assert!(outcome.is_whole, "they do not compile, or do not run to their end");
    assert!(outcome.failed.is_empty(), "{} programs are wrong: see above", outcome.failed.len());
}

#[test]
fn the_generator_covers_shares_and_pairs() {
    let mut coverage = Coverage::default();
    (0..100).for_each(|seed| drop(coverage.next(seed)));
    println!("{}", coverage.report());
    assert!(coverage.has_enough_results(), "more than half of the results are empty");
    assert!(coverage.has_all_shares(), "{}", coverage.report());
}
