//! The generator of programs, the oracle, and the code that runs them. It is compiled with the
//! tests, and as a library for batches of programs.

#![allow(
    missing_docs,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    reason = "tests, and a library"
)]

mod child;
pub mod coverage;
mod data;
mod draw;
mod edit;
mod entry;
mod expression;
mod flow;
mod generator;
mod given;
mod growing;
mod kills;
pub mod program;
pub mod read;
pub mod records;
mod report;
pub mod run;
mod shrink;
mod sink;
mod snapshots;
pub mod spec;
mod types;
mod value;
mod watchdog;
mod way;
mod word;
pub mod words;

pub use child::run_task;
pub use coverage::Coverage;
pub use edit::{Edit, parse, text as edits_text};
pub use entry::Entry;
pub use given::{Declare, Given, Reader};
pub use program::Program;
pub use report::{FAILURES, Failed, listed};
pub use run::check;
pub use shrink::size;
pub use spec::{Spec, spec};

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

/// Runs the programs of a table from index `first` on. Returns the reports of failed ones.
pub fn run_all(programs: &[(Spec, Declare)], first: usize) -> Vec<String> {
    let entries =
        programs.iter().enumerate().skip(first).map(|(number, listed)| Entry::new(number, listed, Vec::new()));
    let failure = |entry: Entry| check(&entry).err().map(|failure| report::failed(&entry, failure.way, failure.error));
    entries.filter_map(failure).collect()
}

/// Runs each variant in the way in which the original program failed, and lists those with the same
/// kind of error.
pub fn run_variants(tasks: &[Failed]) {
    for task in tasks {
        let tries = if task.way.is_steady() { 3 } else { 5 };
        if shrink::fails(task.number, &task.edits, task.way, &task.kind, tries).is_some() {
            report::list(task);
        }
    }
}
