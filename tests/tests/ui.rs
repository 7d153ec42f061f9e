//! One program for each mistake, and what the compiler says to it.
//!
//! Each mistake must give one message, at the user's own words. After a change that is meant,
//! `TRYBUILD=overwrite cargo test -p tests --test ui` writes the new messages.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

/// Mistakes that the compiler finds in two places, of which none can be made to depend on the other.
const FOUND_TWICE: [&str; 4] = [
    // A crate has one macro of a name, and this path is the inline one's. The function remains as it is, and its words are looked at.
    "attribute_by_its_path",
    // The accumulator is held against the trait of accumulators at the value, and where the aggregate is complete: the trait is implemented for whatever
    // has the right parts, so that no type of a slot can be asked of it alone.
    "fold_accumulator_is_no_record",
    "fold_accumulator_with_text",
    // The closure's value is no record, and the function says that its flow is of such.
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
