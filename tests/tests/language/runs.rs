//! Record-at-a-time operators: what stands in a row runs as one function.

use dataflow::Result;
use dataflow::prelude::*;

use crate::support::{on_each_engine, sorted, texts};

const LINES: [&str; 4] = ["To be", "or not to be", "# a comment", "x"];

#[dataflow]
fn words_of_long_lines(lines: DataSet<String>) -> DataSet<(String, u64)> {
    lines
        .filter(|line| line.len() > 3)
        .map(|line| line.to_lowercase())
        .filter(|line| !line.starts_with('#'))
        .flat_map(|line| line.split_whitespace().map(|word| (word, word.len() as u64)))
}

#[test]
fn a_run_lends_what_its_closures_make() -> Result<()> {
    on_each_engine(|env| {
        let words = words_of_long_lines(env.collection(LINES)?);
        let found = sorted(&words)?
            .into_iter()
            .map(|(word, length)| format!("{word}{length}"));
        assert_eq!(found.collect::<Vec<_>>(), ["be2", "be2", "not3", "or2", "to2", "to2"]);
        Ok(())
    })
}

/// The branches give a borrowed text, an owned one and another borrowed one.
#[dataflow]
fn marked(lines: DataSet<String>) -> DataSet<String> {
    lines.map(|line| match line.len() {
        1 => "one letter",
        2..6 => line.to_uppercase(),
        _ => {
            let trimmed = line.trim_start_matches('#');
            trimmed.trim()
        }
    })
}

#[test]
fn branches_may_give_different_types_of_one_record() -> Result<()> {
    on_each_engine(|env| {
        let expected = texts(["TO BE", "a comment", "one letter", "or not to be"]);
        assert_eq!(sorted(&marked(env.collection(LINES)?))?, expected);
        Ok(())
    })
}

#[dataflow]
fn first_words(lines: DataSet<String>) -> DataSet<String> {
    lines
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(first, rest)| if rest.is_empty() { None } else { Some(first) })
}

#[test]
fn filter_map_keeps_what_is_some() -> Result<()> {
    on_each_engine(|env| {
        assert_eq!(sorted(&first_words(env.collection(LINES)?))?, texts(["#", "To", "or"]));
        Ok(())
    })
}

#[dataflow]
fn early(numbers: DataSet<u64>) -> DataSet<u64> {
    numbers.map(|n| {
        if n > 2 {
            return 0;
        }
        n * 10
    })
}

#[test]
fn a_closure_may_return_early() -> Result<()> {
    on_each_engine(|env| {
        assert_eq!(sorted(&early(env.collection([1u64, 2, 3])?))?, [0, 10, 20]);
        Ok(())
    })
}

#[dataflow]
fn divisors(numbers: DataSet<(u64, u64)>) -> DataSet<u64> {
    numbers
        .filter(|(n, by)| by != 0 && n % by == 0)
        .filter(|pair| pair.1 != 1 && pair.0 / pair.1 < 100)
        .map(|(n, by)| n / by)
}

#[test]
fn later_conditions_rely_on_earlier_ones() -> Result<()> {
    on_each_engine(|env| {
        let numbers = env.collection([(8u64, 2u64), (8, 0), (9, 2), (9, 1), (1000, 2)])?;
        assert_eq!(divisors(numbers).collect()?, [4]);
        Ok(())
    })
}

fn is_short(word: &str) -> bool {
    word.len() < 4
}

#[dataflow]
fn short_words(words: DataSet<String>) -> DataSet<String> {
    words.filter(is_short).map(str::to_uppercase)
}

#[test]
fn a_function_stands_for_a_closure() -> Result<()> {
    on_each_engine(|env| {
        assert_eq!(sorted(&short_words(env.collection(["one", "four"])?))?, texts(["ONE"]));
        Ok(())
    })
}
