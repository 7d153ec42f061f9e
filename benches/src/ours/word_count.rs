//! Counting words.

use dataflow::prelude::*;

use super::{env, failed};
use crate::answer::{Answer, Case, Resources};
use crate::error::Result;
use crate::workspace::Paths;

#[derive(Record, Clone, Debug, PartialEq)]
struct WordCount {
    word: String,
    count: u64,
}

#[dataflow]
fn word_count(lines: DataSet<String>) -> DataSet<WordCount> {
    lines
        .flat_map(|line| line.words().map(|word| WordCountRef { word, count: 1 }))
        .group_by(|w| w.word)
        .sum(|w| w.count)
}

/// Counts the words of the suite's text.
pub(super) fn run(_: &Case, paths: &Paths, resources: &Resources) -> Result<Answer> {
    let env = env(resources);
    let lines = env.read_text(paths.text.to_string_lossy()).map_err(failed)?;
    let counts = word_count(lines).records().map_err(failed)?;
    Ok(Answer::new(counts.len() as u64, move |out| {
        let mut result = Ok(());
        counts.for_each(|w| {
            if result.is_ok() {
                result = writeln!(out, "{}\t{}", w.word, w.count);
            }
        });
        result
    }))
}
