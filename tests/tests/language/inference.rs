//! The limits of inference. What a closure gives is emitted where it is made, so nothing that comes after it says of
//! which type it is: where a value does not say so by itself, it is written out.

use dataflow::Result;
use dataflow::prelude::*;

use crate::support::{on_each_engine, sorted};

/// A number without a type is an `i32`, or an `f64` with a point, as everywhere in Rust where nothing else decides.
#[dataflow]
fn plain_literals(words: DataSet<String>) -> DataSet<(String, i32, f64)> {
    words.map(|word| (word, 1, 0.5))
}

/// Any other type is written behind the number.
#[dataflow]
fn typed_literals(words: DataSet<String>) -> DataSet<(String, u64)> {
    words
        .map(|word| (word, 1u64))
        .group_by(|pair| pair.0)
        .sum(|pair| pair.1)
}

#[test]
fn literals_say_their_type() -> Result<()> {
    on_each_engine(|env| {
        let words = env.collection(["a", "a"])?;
        assert_eq!(plain_literals(words.clone()).collect()?[0], ("a".to_owned(), 1, 0.5));
        assert_eq!(typed_literals(words).collect()?, [("a".to_owned(), 2)]);
        Ok(())
    })
}

/// Each branch is emitted by itself, so a `None` says what is missing.
#[dataflow]
fn typed_none(words: DataSet<String>) -> DataSet<(String, Option<u64>)> {
    words.map(|word| match word.parse::<u64>() {
        Ok(number) => (word, Some(number)),
        Err(_) => (word, None::<u64>),
    })
}

/// Inside of one expression the other branch says it.
#[dataflow]
fn plain_none(words: DataSet<String>) -> DataSet<(String, Option<u64>)> {
    words.map(|word| (word, if word.is_empty() { None } else { Some(word.len() as u64) }))
}

#[test]
fn none_says_its_type() -> Result<()> {
    on_each_engine(|env| {
        let words = env.collection(["7", ""])?;
        let (empty, seven) = (("".to_owned(), None), ("7".to_owned(), Some(7)));
        assert_eq!(sorted(&typed_none(words.clone()))?, [empty.clone(), seven]);
        assert_eq!(sorted(&plain_none(words))?, [empty, ("7".to_owned(), Some(1))]);
        Ok(())
    })
}

/// A struct's fields have types, so nothing has to be written out.
#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    points: u64,
    bonus: Option<u64>,
}

#[dataflow]
fn in_a_struct(numbers: DataSet<u64>) -> DataSet<Score> {
    numbers.map(|n| {
        if n > 1 {
            Score {
                points: 1,
                bonus: Some(n),
            }
        } else {
            Score { points: 0, bonus: None }
        }
    })
}

#[test]
fn a_struct_says_the_types() -> Result<()> {
    on_each_engine(|env| {
        let scores = sorted(&in_a_struct(env.collection([1u64, 2])?))?;
        assert_eq!(
            scores,
            [
                Score { points: 0, bonus: None },
                Score {
                    points: 1,
                    bonus: Some(2)
                }
            ]
        );
        Ok(())
    })
}

/// The same for what is collected, parsed or converted: its type is written where it is made.
#[dataflow]
fn typed_conversions(words: DataSet<String>) -> DataSet<(String, u64)> {
    words
        .map(|word| (word.chars().rev().collect::<String>(), word.len() as u64))
        .filter_map(|(word, length)| Some((word, u64::from(word.parse::<u32>().ok()?) + length)))
}

#[test]
fn conversions_say_their_type() -> Result<()> {
    on_each_engine(|env| {
        let words = env.collection(["21", "b"])?;
        assert_eq!(typed_conversions(words).collect()?, [("12".to_owned(), 14)]);
        Ok(())
    })
}
