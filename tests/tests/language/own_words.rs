//! Valid programs that look like mistakes: the program's own words, shared values, branches without
//! a value.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use dataflow::prelude::*;
use tests::on_each_engine;

use crate::{pair, texts};

/// Words of other libraries, defined by the program. The macro reports such words only if they are
/// undefined.
trait Words {
    fn limit(&self, count: usize) -> Self;
    fn take(&self, count: usize) -> Self;
    fn unique(self) -> Self;
}

impl<T: Record> Words for DataSet<T> {
    fn limit(&self, count: usize) -> Self {
        self.first(count)
    }

    fn take(&self, count: usize) -> Self {
        self.first(count)
    }

    fn unique(self) -> Self {
        self.distinct()
    }
}

#[dataflow]
fn some(words: DataSet<String>) -> DataSet<String> {
    words.unique().sort(|word| word).limit(3).take(2)
}

#[test]
fn words_of_the_program_take_precedence() {
    on_each_engine(|_, env| {
        let words = env.collection(["d", "b", "d", "a", "c"]).unwrap();
        assert_eq!(some(words).collect().unwrap(), texts(["a", "b"]));
    });
}

/// A set behind a lock: `insert` changes a value that all tasks share.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<HashSet<String>>>);

impl Shared {
    fn insert(&self, word: &str) -> bool {
        self.0.lock().unwrap().insert(word.to_owned())
    }
}

#[dataflow]
fn noted(words: DataSet<String>, seen: Shared) -> DataSet<u64> {
    words.map(|word| {
        seen.insert(word);
        word.len() as u64
    })
}

/// A closure may change its own copy of a collection.
#[dataflow]
fn letters(words: DataSet<String>, mut marks: Vec<String>) -> DataSet<String> {
    marks.push("!".to_owned());
    words.map(|word| {
        let mut marks = marks.clone();
        marks.insert(0, word.to_owned());
        marks.concat()
    })
}

#[test]
fn shared_or_copied_values_may_be_changed() {
    on_each_engine(|_, env| {
        let words = env.collection(["to", "be"]).unwrap();
        let seen = Shared::default();
        assert_eq!(noted(words.clone(), seen.clone()).collect().unwrap(), [2, 2]);
        assert_eq!(seen.0.lock().unwrap().len(), 2);
        let mut letters = letters(words, Vec::new()).collect().unwrap();
        letters.sort();
        assert_eq!(letters, texts(["be!", "to!"]));
    });
}

#[dataflow]
fn by_length(words: DataSet<String>) -> DataSet<(Option<u64>, u64)> {
    words.group_by(|word| if word.len() > 1 { Some(word.len() as u64) } else { None }).count().sort(|count| count.0)
}

#[dataflow]
fn by_initial(words: DataSet<String>) -> DataSet<((Option<char>, u64), u64)> {
    let counts = words.group_by(|word| match word.len() as u64 {
        1 => (None, 1),
        length => (word.chars().next(), length),
    });
    counts.count().sort(|count| count.0.1)
}

#[test]
fn none_in_a_key_has_the_other_branchs_type() {
    on_each_engine(|_, env| {
        let words = env.collection(["a", "to", "b", "to"]).unwrap();
        let mut lengths = by_length(words.clone()).collect().unwrap();
        lengths.sort();
        assert_eq!(lengths, [(None, 2), (Some(2), 2)]);
        assert_eq!(by_initial(words).collect().unwrap(), [((None, 1), 2), ((Some('t'), 2), 2)]);
    });
}

#[deny(for_loops_over_fallibles)]
#[dataflow]
fn counted(words: DataSet<(String, Option<u64>)>) -> DataSet<u64> {
    words.flat_map(|word| word.1)
}

#[test]
fn flat_map_accepts_an_option() {
    on_each_engine(|_, env| {
        let words = env.collection([pair("to", Some(2u64)), pair("be", None)]).unwrap();
        assert_eq!(counted(words).collect().unwrap(), [2]);
    });
}

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Point {
    x: i64,
    y: i64,
}

/// Parameters with explicit types, as closures see them: plain records by value, texts borrowed.
#[dataflow]
fn typed(points: DataSet<Point>, words: DataSet<String>) -> DataSet<(i64, String)> {
    let kept = points.filter(|point: Point| point.x > 0 && point.y > 0).filter(|point: Point| point.x < 9);
    let sums = kept.map(|point: Point| point.x + point.y).filter(|sum: i64| sum > 2).map(|sum: i64| sum + 1);
    let words = words.filter(|word: &str| !word.is_empty()).map(|word: &str| (word.len() as i64, word));
    sums.join(words).on(|sum| sum, |word| word.0).map(|sum: i64, (_, word): (i64, &str)| (sum, word))
}

#[test]
fn parameters_may_have_explicit_types() {
    on_each_engine(|_, env| {
        let points = env.collection([Point { x: 1, y: 2 }, Point { x: 0, y: 4 }, Point { x: 1, y: 1 }]).unwrap();
        let words = env.collection(["", "four", "to"]).unwrap();
        assert_eq!(typed(points, words).collect().unwrap(), [(4, "four".to_owned())]);
    });
}
