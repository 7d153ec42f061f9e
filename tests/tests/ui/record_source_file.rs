//! The path of a row's file is a text.

use dataflow::prelude::*;

#[derive(Record, Clone, Copy)]
struct Reading {
    #[record(source_file)]
    file: u64,
    value: i64,
}

fn main() {}
