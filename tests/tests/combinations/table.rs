//! The generator has every word of the macro's table.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::harness::words;

const SINK: &str = "a result: `harness/sink.rs`";

/// Words that the table of words does not contain, and the reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("collect", SINK),
    ("print", "writes to standard output: `tests/outputs`"),
    ("show", "writes to standard output: `tests/outputs`"),
    ("in_folders_by", SINK),
    ("write_csv", SINK),
    ("write_csv_with", "options of a format: `tests/files`"),
    ("write_json", SINK),
    ("write_binary", SINK),
    ("write_native", SINK),
    ("write_parquet", SINK),
    ("write_parquet_with", "options of a format: `tests/files`"),
    ("write_text", SINK),
    ("write_to", "connectors of a program: `examples/own-connector`"),
];

/// The words of the macro's table, from its rows: `row("map", …`.
fn words_of_the_language() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dataflow-macros/src/operators/table.rs");
    let text = fs::read_to_string(path).unwrap();
    let rows = text.split("row(\"").skip(1);
    rows.map(|row| row.split('"').next().unwrap().to_owned()).collect()
}

/// The methods of a folder in `dataflow` whose names have a prefix.
fn methods(folder: &str, prefix: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dataflow/src").join(folder);
    let files = fs::read_dir(folder).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()));
    let names = |text: String| -> Vec<String> {
        let methods = text.split("pub fn ").skip(1).filter(|method| method.starts_with(prefix));
        methods.map(|method| method.split(['<', '(']).next().unwrap().to_owned()).collect()
    };
    files.filter_map(Result::ok).flat_map(names).collect()
}

/// `write_lines` belongs to collected records.
#[test]
fn the_language_has_every_source_and_sink() {
    let language = words_of_the_language();
    let sinks = methods("flow", "write_");
    let missing: Vec<_> = sinks.iter().filter(|word| *word != "write_lines" && !language.contains(*word)).collect();
    assert!(sinks.len() > 8 && missing.is_empty(), "add rows to the macro's table: {missing:?}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dataflow-macros/src/operators/sources.rs");
    let words = fs::read_to_string(path).unwrap();
    let words: BTreeSet<&str> = words.split(|char: char| !char.is_alphanumeric() && char != '_').collect();
    let sources = methods("env", "read_");
    let missing: Vec<_> = sources.iter().filter(|word| !words.contains(word.as_str())).collect();
    assert!(sources.len() > 8 && missing.is_empty(), "add the sources to the macro's list: {missing:?}");
}

#[test]
fn the_generator_has_every_word_of_the_language() {
    let covered = words::all().into_iter().flat_map(|word| word.covers).copied();
    let covered: BTreeSet<&str> = covered.chain(EXCEPTIONS.iter().map(|(word, _)| *word)).collect();
    let language = words_of_the_language();
    let missing: Vec<_> = language.iter().filter(|word| !covered.contains(word.as_str())).collect();
    assert!(missing.is_empty(), "add these words to `harness/words`, or to the exceptions: {missing:?}");
    let unknown: Vec<_> = covered.into_iter().filter(|word| !language.contains(*word)).collect();
    assert!(unknown.is_empty(), "the language has no such words: {unknown:?}");
}
