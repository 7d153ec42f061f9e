//! The guide, the operators' pages and the language agree: every word is explained, and every
//! program is run.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path)
}

/// The pages of the guide: file names and texts.
fn pages() -> Vec<(String, String)> {
    let pages = fs::read_dir(workspace("docs/guide")).unwrap().map(|entry| entry.unwrap().path());
    pages
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap()))
        .collect()
}

/// The operators: each word, and where in a chain it may occur.
fn operators() -> Vec<(String, String)> {
    let table = fs::read_to_string(workspace("dataflow-macros/src/operators/table.rs")).unwrap();
    let words = table.split("row(\"").skip(1).map(|row| row.split('"').next().unwrap());
    let stands = table.split("row(\"").skip(1).map(|row| row.split(", ").nth(1).unwrap());
    let operators: Vec<_> = words.zip(stands).map(|(word, stand)| (word.to_owned(), stand.to_owned())).collect();
    assert!(operators.len() > 90, "the table of operators was found");
    operators
}

/// The types of the builder API whose methods are the words at this place of a chain. A place that
/// is missing here has no types, and the test fails for it.
fn types_of(stand: &str) -> &'static [&'static str] {
    match stand {
        "Flow" => &["Flow"],
        "Grouped" => &["Grouped"],
        "Sorted" => &["SortedGroups"],
        "Join" => &["Join"],
        "SolutionJoin" => &["SolutionSides"],
        "Windowed" => &["Windowed"],
        "Joined" => &["Joined", "WithAll"],
        "KeyedFilter" => &["SemiJoin"],
        "CoGroup" => &["CoGroup"],
        "CoGrouped" => &["CoGroups"],
        _ => &[],
    }
}

/// The examples of a page, without the surrounding lines.
fn examples(page: &str) -> String {
    page.split("```").skip(1).step_by(2).collect()
}

/// rustdoc rejects links to missing methods, so a link is enough here.
/// `every_method_of_the_language_has_an_example` checks its target.
#[test]
fn every_operator_has_a_page() {
    let contents = fs::read_to_string(workspace("dataflow/src/operators/mod.rs")).unwrap();
    let missing: Vec<_> = operators()
        .into_iter()
        .filter(|(word, stand)| {
            let is_linked = |of: &&str| contents.contains(&format!("[`{word}`]({of}::{word})"));
            let page = fs::read_to_string(workspace(&format!("dataflow/src/operators/{word}.rs"))).unwrap_or_default();
            let is_page = contents.contains(&format!("pub mod {word};"))
                && contents.contains(&format!("[`{word}`]"))
                && examples(&page).contains(&format!(".{word}("))
                && (stand != "Joined" || page.contains("of the pairs of a join"));
            !is_page && !types_of(stand).iter().any(is_linked)
        })
        .collect();
    assert!(missing.is_empty(), "dataflow/src/operators/mod.rs does not lead to a page of {missing:?}");
}

#[test]
fn every_method_of_the_language_has_an_example() {
    let operators = operators();
    let folders = ["dataflow/src/flow", "dataflow/src/flow/measures"];
    let files = folders.iter().flat_map(|folder| fs::read_dir(workspace(folder)).unwrap());
    // The compiler rejects the methods of `words.rs`.
    let files = files.map(|entry| entry.unwrap().path()).filter(|path| path.is_file() && !path.ends_with("words.rs"));
    let texts: Vec<String> = files.map(|path| fs::read_to_string(path).unwrap()).collect();
    let methods: Vec<(&str, &str)> = texts
        .iter()
        .flat_map(|text| {
            // The text before a method's name, back to the previous item, is its documentation.
            let names = text.split("    pub fn ").skip(1).map(|after| after.split(['(', '<']).next().unwrap());
            names.zip(text.split("    pub fn ").map(|before| before.rsplit("\n    }\n").next().unwrap()))
        })
        .filter(|(name, docs)| operators.iter().any(|(word, _)| word == name) && !docs.contains("#[doc(hidden)]"))
        .collect();
    assert!(methods.len() > 80, "the methods were found");
    let without: Vec<_> = methods
        .iter()
        .filter(|(name, docs)| !examples(docs).contains(&format!(".{name}(")))
        .map(|(name, _)| name)
        .collect();
    assert!(without.is_empty(), "{without:?} have no example");
}

#[test]
fn every_operator_is_named_in_the_guide() {
    let operators = operators();
    let words = operators.iter().map(|(word, _)| word.as_str());
    let pages = pages();
    let named: Vec<&str> =
        pages.iter().flat_map(|(_, text)| text.split(|c: char| !(c.is_alphanumeric() || c == '_'))).collect();
    let missing: Vec<&str> = words.filter(|word| !named.contains(word)).collect();
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
