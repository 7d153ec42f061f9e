//! Parquet files written by pyarrow, Polars and DuckDB: the result of reading each of their types,
//! and the errors for unsupported types. `tests/foreign/make.py` writes the files. The table in
//! `docs/formats.md` names these tests.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "tests")]

mod duckdb;
mod polars;
mod pyarrow;

use dataflow::prelude::*;
use dataflow::{ParquetOptions, Timestamp};
use runtime::row::{LeafType, SchemaBuilder, Shape};
use runtime::source::{Scan, Source as _};

/// A text of more than twelve bytes, which is stored outside of its slot.
const LONG: &str = "größer als zwölf Bytes";

/// 2024-02-29T12:30:00Z, in microseconds.
const NOON: i64 = 1_709_209_800_000_000;

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    name: String,
    count: u32,
}

#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Home {
    zip: Option<u32>,
    city: Option<String>,
}

fn item(name: &str, count: u32) -> Item {
    Item { name: name.to_owned(), count }
}

fn home(zip: u32, city: &str) -> Home {
    Home { zip: Some(zip), city: Some(city.to_owned()) }
}

fn micros(micros: i64) -> Option<Timestamp> {
    Some(Timestamp::from_micros(micros))
}

fn owned(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn path(file: &str) -> String {
    format!("{}/foreign/{file}.parquet", env!("CARGO_MANIFEST_DIR"))
}

/// Returns the records of a file after checking that both engines read the same.
fn read<T: Record + PartialEq + std::fmt::Debug>(file: &str) -> Vec<T> {
    let found = tests::embedded().read_parquet::<T>(path(file)).unwrap().collect().unwrap();
    let local = tests::local(2).read_parquet::<T>(path(file)).unwrap().collect().unwrap();
    // Row groups arrive in any order.
    let sorted = |records: &[T]| {
        let mut shown: Vec<String> = records.iter().map(|record| format!("{record:?}")).collect();
        shown.sort();
        shown
    };
    assert!(sorted(&local) == sorted(&found), "{file}");
    found
}

/// The error for reading a column into a leaf of an incompatible type. It comes before the first
/// record.
fn refused(file: &str, column: &'static str, ty: LeafType) -> String {
    let field = |builder: &mut SchemaBuilder| builder.field(column, |b| b.optional(|b| b.leaf(ty)));
    let schema = SchemaBuilder::build(|b| Shape::Record { name: "One", fields: vec![field(b)] });
    let source = formats::parquet(&path(file), &schema).unwrap();
    let scan = Scan { live: [0, 1].into_iter().collect(), bounds: Vec::new() };
    without_path(source.splits(&scan).err().unwrap().to_string())
}

/// The error of a job that reads a file.
fn failed<T: Record>(file: &str) -> String {
    match tests::embedded().read_parquet::<T>(path(file)).and_then(|flow| flow.collect()) {
        Ok(_) => panic!("{file} was read"),
        Err(error) => without_path(error.to_string()),
    }
}

fn without_path(message: String) -> String {
    let folder = format!("{}/foreign/", env!("CARGO_MANIFEST_DIR"));
    message.split_once(&folder).map_or(message.clone(), |(_, rest)| rest.to_owned())
}

#[derive(Record, Clone, Debug, PartialEq)]
struct Thousand {
    id: i64,
    word: String,
}

/// Checks a file of a thousand rows that is written with one of the codecs.
fn is_thousand(file: &str) {
    let found: Vec<Thousand> = read(file);
    let expected = (0..1000).map(|id| Thousand { id, word: format!("word {}", id % 10) });
    assert!(found.iter().cloned().eq(expected), "{file}");
}

fn without_case() -> ParquetOptions {
    ParquetOptions { ignore_case: true, ..ParquetOptions::default() }
}
