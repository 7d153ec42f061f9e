//! The guide and the language know of each other: every word is explained, and every program is run.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path)
}

/// The pages: names of files, and their texts.
fn pages() -> Vec<(String, String)> {
    let pages = fs::read_dir(workspace("docs/guide")).unwrap().map(|entry| entry.unwrap().path());
    pages
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap()))
        .collect()
}

#[test]
fn every_operator_is_named_in_the_guide() {
    let table = fs::read_to_string(workspace("dataflow-macros/src/operators.rs")).unwrap();
    let words: Vec<&str> = table.split("row(\"").skip(1).map(|row| row.split('"').next().unwrap()).collect();
    assert!(words.len() > 90, "the table of operators was found");
    let pages = pages();
    let named: Vec<&str> =
        pages.iter().flat_map(|(_, text)| text.split(|c: char| !(c.is_alphanumeric() || c == '_'))).collect();
    let missing: Vec<&str> = words.into_iter().filter(|word| !named.contains(word)).collect();
    assert!(missing.is_empty(), "the guide does not name {missing:?}");
}

#[test]
fn every_program_in_the_guide_is_run() {
    let doctests = fs::read_to_string(workspace("dataflow/src/lib.rs")).unwrap();
    for (page, text) in pages() {
        assert!(!text.contains("```rust") || doctests.contains(&format!("\"{page}\"")), "{page} is not run");
    }
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let pages = pages();
    let (_, contents) = pages.iter().find(|(page, _)| page == "README.md").unwrap();
    for (page, _) in pages.iter().filter(|(page, _)| page != "README.md") {
        assert!(contents.contains(&format!("({page})")), "{page}");
    }
}
