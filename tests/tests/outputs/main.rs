//! Paths of outputs, and the files that a run leaves.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod ends;
mod exists;
mod paths;
mod pipes;
mod shared;
mod together;

use std::path::Path;
use std::process::Command;

use dataflow::prelude::*;
use dataflow::{CsvOptions, Report, Result};
use tests::{Folder, embedded, local};

/// Both engines with their names.
fn engines() -> [(&'static str, Env); 2] {
    [("embedded", embedded()), ("local", local(2))]
}

#[dataflow]
fn failing(numbers: DataSet<u64>) -> DataSet<u64> {
    numbers.try_map(|n| if n < u64::MAX { Err("the first record was seen") } else { Ok(n) })
}

/// The error for a path before the first record, which is equal on both engines.
fn refused(path: &str) -> String {
    let [first, second] = engines().map(|(_, env)| {
        failing(env.collection([1u64, 2]).unwrap()).write_csv(path);
        env.run().unwrap_err().to_string()
    });
    assert_eq!(first, second);
    first
}

/// Writes numbers as CSV without a header.
fn write(env: &Env, path: &str, numbers: std::ops::Range<u64>) -> Result<Report> {
    let options = CsvOptions { header: false, ..CsvOptions::default() };
    env.collection(numbers)?.write_csv_with(path, options);
    env.run()
}

/// The lines that [`write`] writes.
fn lines(numbers: std::ops::Range<u64>) -> String {
    numbers.map(|n| format!("{n}\n")).collect()
}

/// Returns `true` if two texts have the same lines in any order. Tasks write in any order.
fn same_lines(left: &str, right: &str) -> bool {
    let [mut left, mut right] = [left, right].map(|text| text.lines().collect::<Vec<_>>());
    left.sort_unstable();
    right.sort_unstable();
    left == right
}

/// The program of these tests, as a command.
fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_outputs"));
    command.args(["--parallelism", "2", "--progress", "never"]).args(args);
    command
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn folder() -> Folder {
    Folder::default()
}
