//! The limits of type inference. A closure's value is emitted where it is computed, so later code
//! does not determine its type. If the value does not determine it either, the type is written out.

use dataflow::prelude::*;
use tests::{on_each_engine, same_on_all_engines};

use crate::pair;

/// A number without a type is an `i32`, or an `f64` with a point, as elsewhere in Rust.
#[dataflow]
fn plain_literals(words: DataSet<String>) -> DataSet<(String, i32, f64)> {
    words.map(|word| (word, 1, 0.5))
}

/// Other types are written as a suffix.
#[dataflow]
fn typed_literals(words: DataSet<String>) -> DataSet<(String, u64)> {
    words.map(|word| (word, 1u64)).group_by(|pair| pair.0).sum(|pair| pair.1)
}

#[test]
fn literals_determine_their_type() {
    on_each_engine(|engine, env| {
        let found = plain_literals(env.collection(["a"]).unwrap()).collect().unwrap();
        assert_eq!(found, [("a".to_owned(), 1, 0.5)], "{engine}");
    });
    same_on_all_engines(vec![pair("a", 2)], |env| typed_literals(env.collection(["a", "a"])?).collect());
}

/// A `None` states the missing type if nothing else does.
#[dataflow]
fn typed_none(words: DataSet<String>) -> DataSet<(String, Option<u64>)> {
    words.map(|word| match word.parse::<u64>() {
        Ok(number) => (word, Some(number)),
        Err(_) => (word, None::<u64>),
    })
}

/// Inside of one expression the other branch determines it.
#[dataflow]
fn plain_none(words: DataSet<String>) -> DataSet<(String, Option<u64>)> {
    words.map(|word| (word, if word.is_empty() { None } else { Some(word.len() as u64) }))
}

/// A branch's `None` has the type of another branch, also inside of a tuple, in a `Some`, and after
/// a join.
#[dataflow]
fn none_in_a_branch(words: DataSet<String>) -> DataSet<(String, Option<u64>)> {
    let measured = words.map(|word| if word.is_empty() { (word, None) } else { (word, Some(word.len() as u64)) });
    let kept = measured.filter_map(|(word, length)| match length {
        Some(2) => None,
        None => Some((word, None)),
        Some(length) => Some((word, Some(length + 1))),
    });
    kept.join(words).on(|pair| pair.0, |word| word).map(|(word, length), _| match length {
        Some(length) if length > 2 => (word, Some(length)),
        _ => (word, None),
    })
}

/// The same in an aggregate of a group.
#[dataflow]
fn none_of_groups(words: DataSet<String>) -> DataSet<(String, Option<u64>)> {
    words.group_by(|word| word).aggregate(|g| {
        let count = g.count();
        if count > 1 { (g.key, Some(count)) } else { (g.key, None) }
    })
}

#[test]
fn none_has_the_type_of_other_branches() {
    let words = ["", "ab", "abc"];
    same_on_all_engines(vec![pair("", None), pair("abc", Some(4))], |env| {
        none_in_a_branch(env.collection(words)?).collect()
    });
    let words = ["a", "b", "a"];
    same_on_all_engines(vec![pair("a", Some(2)), pair("b", None)], |env| {
        none_of_groups(env.collection(words)?).collect()
    });
}

#[test]
fn a_typed_none_determines_its_type() {
    let words = ["7", ""];
    same_on_all_engines(vec![pair("", None), pair("7", Some(7))], |env| typed_none(env.collection(words)?).collect());
    same_on_all_engines(vec![pair("", None), pair("7", Some(1))], |env| plain_none(env.collection(words)?).collect());
}

/// A struct's fields have types, so no type has to be written out.
#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    points: u64,
    bonus: Option<u64>,
}

#[dataflow]
fn in_a_struct(numbers: DataSet<u64>) -> DataSet<Score> {
    numbers.map(|n| if n > 1 { Score { points: 1, bonus: Some(n) } } else { Score { points: 0, bonus: None } })
}

#[test]
fn a_struct_determines_the_types() {
    let scores = vec![Score { points: 0, bonus: None }, Score { points: 1, bonus: Some(2) }];
    same_on_all_engines(scores, |env| in_a_struct(env.collection([1u64, 2])?).collect());
}

/// The same for collected, parsed and converted values: their type is written where they are
/// computed.
#[dataflow]
fn typed_conversions(words: DataSet<String>) -> DataSet<(String, u64)> {
    words
        .map(|word| (word.chars().rev().collect::<String>(), word.len() as u64))
        .filter_map(|(word, length)| Some((word, u64::from(word.parse::<u32>().ok()?) + length)))
}

#[test]
fn conversions_state_their_type() {
    same_on_all_engines(vec![pair("12", 14)], |env| typed_conversions(env.collection(["21", "b"])?).collect());
}
