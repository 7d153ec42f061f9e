//! Reads the results of programs.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use dataflow::Result;
use dataflow::prelude::*;

use super::value::{Flat, Row, Value};

pub fn rows<T: Flat>(records: &[T]) -> Vec<Row> {
    let row = |record: &T| {
        let mut values = Vec::new();
        record.put(&mut values);
        Row::of(values)
    };
    records.iter().map(row).collect()
}

/// Returns `true` if a path is a folder without files, which an empty result creates.
fn is_empty(path: &str) -> bool {
    path.ends_with('/') && !has_files(Path::new(path))
}

fn has_files(path: &Path) -> bool {
    match fs::read_dir(path) {
        Ok(entries) => entries.into_iter().any(|entry| has_files(&entry.unwrap().path())),
        Err(_) => path.is_file(),
    }
}

macro_rules! readers {
    ($($name:ident, $read:ident;)*) => {$(
        pub fn $name<T: Record + Flat>(env: &Env, path: &str) -> Result<Vec<Row>> {
            if is_empty(path) {
                return Ok(Vec::new());
            }
            Ok(rows(&env.$read::<T>(path)?.collect()?))
        }
    )*};
}

readers! {
    native, read_native;
    csv, read_csv;
    json, read_json;
    parquet, read_parquet;
    binary, read_binary;
}

/// Reads a value from each line. A line without a value becomes a text that no result has.
pub fn text<T: FromStr + Flat>(env: &Env, path: &str) -> Result<Vec<Row>> {
    if is_empty(path) {
        return Ok(Vec::new());
    }
    let value = |line: String| match line.parse::<T>() {
        Ok(value) => rows(&[value]).remove(0),
        Err(_) => Row::of(vec![Value::Text(format!("no value: {line}").into())]),
    };
    Ok(env.read_text(path)?.collect()?.into_iter().map(value).collect())
}

/// For results that are in memory.
pub fn nothing(_: &Env, _: &str) -> Result<Vec<Row>> {
    Ok(Vec::new())
}
