//! Operators on single records: consecutive ones run as one function.

use dataflow::prelude::*;
use tests::same_on_all_engines;

use crate::{pair, texts};

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
fn fused_closures_lend_their_values_to_the_next() {
    let words = [("be", 2), ("be", 2), ("not", 3), ("or", 2), ("to", 2), ("to", 2)];
    let words = words.map(|(word, length)| pair(word, length));
    same_on_all_engines(words.into(), |env| words_of_long_lines(env.collection(LINES)?).collect());
}

/// The branches return a borrowed text, an owned one and another borrowed one.
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
fn branches_may_return_different_types_of_one_record() {
    let expected = texts(["TO BE", "a comment", "one letter", "or not to be"]);
    same_on_all_engines(expected, |env| marked(env.collection(LINES)?).collect());
}

#[dataflow]
fn first_words(lines: DataSet<String>) -> DataSet<String> {
    lines
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(first, rest)| if rest.is_empty() { None } else { Some(first) })
}

#[test]
fn filter_map_keeps_some_values() {
    same_on_all_engines(texts(["#", "To", "or"]), |env| first_words(env.collection(LINES)?).collect());
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
fn a_closure_may_return_early() {
    same_on_all_engines(vec![0, 10, 20], |env| early(env.collection([1u64, 2, 3])?).collect());
}

#[dataflow]
fn divisors(numbers: DataSet<(u64, u64)>) -> DataSet<u64> {
    numbers
        .filter(|(n, by)| by != 0 && n % by == 0)
        .filter(|pair| pair.1 != 1 && pair.0 / pair.1 < 100)
        .map(|(n, by)| n / by)
}

#[test]
fn later_conditions_rely_on_earlier_ones() {
    let pairs = [(8u64, 2u64), (8, 0), (9, 2), (9, 1), (1000, 2)];
    same_on_all_engines(vec![4], |env| divisors(env.collection(pairs)?).collect());
}

fn is_short(word: &str) -> bool {
    word.len() < 4
}

#[dataflow]
fn short_words(words: DataSet<String>) -> DataSet<String> {
    words.filter(is_short).map(str::to_uppercase)
}

#[test]
fn a_function_can_replace_a_closure() {
    same_on_all_engines(texts(["ONE"]), |env| short_words(env.collection(["one", "four"])?).collect());
}
