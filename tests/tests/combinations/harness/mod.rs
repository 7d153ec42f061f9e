//! The generator of programs, the oracle, and what runs them. It is compiled with the tests, and as a library for batches of programs.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    reason = "tests, and a library"
)]

pub mod coverage;
mod data;
mod draw;
mod expression;
mod flow;
mod generator;
mod given;
mod growing;
pub mod program;
pub mod records;
pub mod run;
mod snapshots;
mod types;
mod value;
mod watchdog;
mod word;
pub mod words;

pub use coverage::Coverage;
pub use given::{Declare, Given, Reader};
pub use program::{Program, Spec, spec};
pub use run::check;

/// The text of programs, and of a table of them.
pub fn text(programs: &[Program]) -> String {
    let mut text = "// Written by the generator: see `harness`.\n\n".to_owned();
    let mut table = String::new();
    for (number, program) in programs.iter().enumerate() {
        text += &program.registered(&format!("p{number}"));
        text.push('\n');
        table += &format!("    ({}, run_p{number}),\n", program.spec_text());
    }
    text + &format!("pub(crate) fn all() -> Vec<(Spec, Declare)> {{\n    vec![\n{table}    ]\n}}\n")
}

/// Runs programs; what went wrong.
pub fn run_all(programs: Vec<(Spec, Declare)>) -> Vec<String> {
    let mut failures = Vec::new();
    for (number, (spec, declare)) in programs.into_iter().enumerate() {
        let program = Program::of(&spec);
        if let Err(failure) = check(&format!("p{number}"), &program, declare) {
            eprintln!("{failure}\n");
            failures.push(failure);
        }
    }
    failures
}
