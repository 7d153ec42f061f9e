//! The table of words.

mod each_record;
mod exchanges;
mod groups;
mod joins;
mod keys;
mod loops;
mod measures;
mod time;
mod whole;

use std::rc::Rc;

use super::flow::Updates;
use super::value::Value;
use super::word::Word;

/// All words, in the order of their files.
pub fn all() -> Vec<&'static Word> {
    let files = [
        each_record::WORDS,
        exchanges::WORDS,
        groups::WORDS,
        joins::WORDS,
        loops::WORDS,
        measures::WORDS,
        time::WORDS,
        whole::WORDS,
    ];
    files.into_iter().flatten().collect()
}

/// Updates with the first fields as key, followed by one that only grows.
pub fn updates_of_first(fields: usize) -> Updates {
    Updates { key: Rc::new(move |values: &[Value]| values[..fields].to_vec()), growing: Some(fields) }
}
