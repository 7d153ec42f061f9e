//! One program for each mistake, and the compiler's message.
//!
//! Each mistake must give one message, at the user's own words. After an intended change,
//! `TRYBUILD=overwrite cargo test -p tests --test ui` records the new messages.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

/// Mistakes that the compiler reports at two places, of which neither can be suppressed.
const FOUND_TWICE: [&str; 4] = [
    // A crate has one macro of a name, and this path is the inline macro. The function stays
    // unexpanded, and its words are checked.
    "attribute_by_its_path",
    // The accumulator is checked against its trait at the value, and again where the aggregate is
    // complete. The trait has a blanket implementation, so it cannot be checked for one slot's type
    // only.
    "fold_accumulator_is_no_record",
    "fold_accumulator_with_text",
    // The closure's value is no record, and the function's signature needs a flow of records.
    "record_without_derive",
];

#[test]
fn mistakes_are_reported_as_recorded() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

#[test]
fn mistakes_have_one_message_each() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
    let recorded = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for path in recorded.filter(|path| path.extension().is_some_and(|extension| extension == "stderr")) {
        let mistake = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let messages = text.lines().filter(|line| line.starts_with("error") || line.starts_with("warning"));
        let expected = if FOUND_TWICE.contains(&mistake.as_str()) { 2 } else { 1 };
        assert_eq!(messages.count(), expected, "{mistake}");
    }
}
