//! `reduce`: records of fixed size, and records whose texts are replaced by texts of other lengths.

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Reading, inputs, on_each_engine, same_on_all_engines, small_inputs};

use crate::{cases, grouped};

#[dataflow]
fn totals(readings: DataSet<Reading>) -> DataSet<Reading> {
    readings.group_by(|r| r.key).reduce(|a, b| Reading {
        key: a.key,
        value: a.value.max(b.value),
        count: a.count + b.count,
    })
}

/// The greatest text and the greatest optional text of the group. The closure is associative and
/// commutative, so the result is unique.
#[dataflow]
fn notes(notes: DataSet<(u32, String, Option<String>)>) -> DataSet<(u32, String, Option<String>)> {
    notes.group_by(|n| n.0).reduce(|a, b| (a.0, if a.1 < b.1 { b.1 } else { a.1 }, a.2.max(b.2)))
}

#[dataflow]
fn joined_texts(words: DataSet<(u32, String)>) -> DataSet<(u32, String)> {
    // Each step creates a text that is longer than both inputs.
    words.group_by(|w| w.0).reduce(|a, b| (a.0, format!("{}{}", a.1, b.1)))
}

#[dataflow]
fn total(readings: DataSet<Reading>) -> DataSet<Reading> {
    let all = readings.reduce(|a, b| Reading {
        key: a.key.max(b.key),
        value: a.value.min(b.value),
        count: a.count + b.count,
    });
    all.filter(|r| r.count > 0)
}

#[dataflow]
fn greatest(notes: DataSet<(u64, String, Option<String>)>) -> DataSet<(u64, String, Option<String>)> {
    notes.reduce(|a, b| (a.0 + b.0, if a.1 < b.1 { b.1 } else { a.1 }, a.2.max(b.2)))
}

fn expected_totals(readings: &[Reading]) -> Vec<Reading> {
    let total = |group: Vec<&Reading>| Reading {
        key: group[0].key,
        value: group.iter().map(|r| r.value).max().unwrap(),
        count: group.len() as u64,
    };
    grouped(readings, |r| r.key).into_values().map(total).collect()
}

proptest! {
    #![proptest_config(cases(5))]

    #[test]
    fn records_of_fixed_size_are_reduced(input in inputs()) {
        let readings = input.readings();
        same_on_all_engines(expected_totals(&readings), |env| totals(env.collection(&readings)?).collect());
    }

    #[test]
    fn reduce_without_a_key_returns_one_record_or_none(input in inputs()) {
        let readings = input.readings();
        let all = readings.iter().copied().reduce(|a, b| Reading {
            key: a.key.max(b.key),
            value: a.value.min(b.value),
            count: a.count + b.count,
        });
        same_on_all_engines(all.into_iter().collect(), |env| total(env.collection(&readings)?).collect());
    }

    #[test]
    fn texts_are_reduced_without_a_key(input in inputs()) {
        let sales = input.sales();
        let records: Vec<_> = sales.iter().map(|s| (s.id, s.name.clone(), s.note.clone())).collect();
        let all = records.iter().cloned().reduce(|a, b| (a.0 + b.0, a.1.max(b.1), a.2.max(b.2)));
        same_on_all_engines(all.into_iter().collect(), |env| greatest(env.collection(&records)?).collect());
    }

    #[test]
    fn texts_replace_shorter_and_longer_ones(input in inputs()) {
        let sales = input.sales();
        let records: Vec<_> = sales.iter().map(|s| (s.key, s.name.clone(), s.note.clone())).collect();
        let greatest = |group: Vec<&(u32, String, Option<String>)>| {
            let (names, notes) = (group.iter().map(|n| &n.1), group.iter().map(|n| &n.2));
            (group[0].0, names.max().unwrap().clone(), notes.max().unwrap().clone())
        };
        let expected = grouped(&records, |n| n.0).into_values().map(greatest).collect();
        same_on_all_engines(expected, |env| notes(env.collection(&records)?).collect());
    }

    #[test]
    fn texts_may_grow(input in small_inputs()) {
        let words: Vec<(u32, String)> = input.readings().iter().map(|r| (r.key % 3, "x".repeat(r.key as usize))).collect();
        let all = |group: Vec<&(u32, String)>| (group[0].0, group.iter().map(|w| w.1.as_str()).collect::<String>());
        let expected = grouped(&words, |w| w.0).into_values().map(all).collect();
        same_on_all_engines(expected, |env| joined_texts(env.collection(&words)?).collect());
    }
}

#[dataflow]
fn key_changed(readings: DataSet<(u32, u64)>) -> DataSet<(u32, u64)> {
    readings.group_by(|r| r.0).reduce(|a, b| (a.0 + 1, a.1 + b.1))
}

/// Each record with its key needs a page of its own: results outgrow the page that they are first
/// written to.
#[test]
fn records_larger_than_a_page_are_reduced() {
    let words: Vec<(u32, String)> = (0..40).map(|n| (n % 3, "y".repeat(1_000 * n as usize))).collect();
    let expected =
        grouped(&words, |w| w.0).into_iter().map(|(key, group)| (key, group.iter().map(|w| w.1.as_str()).collect()));
    same_on_all_engines(expected.collect(), |env| joined_texts(env.collection(&words)?).collect());
}

#[dataflow]
fn longest_notes(notes: DataSet<(String, Option<String>)>) -> DataSet<(String, Option<String>)> {
    notes.group_by(|n| n.0).reduce(|a, b| if b.1 > a.1 { b } else { a })
}

/// Rows of groups move, and their keys move with them.
#[test]
fn groups_are_found_after_their_rows_moved() {
    let note = |n: u64| (!n.is_multiple_of(7)).then(|| "n".repeat((n * n % 23) as usize));
    let notes: Vec<(String, Option<String>)> =
        (0..9_000u64).map(|n| (format!("a key of more than twelve bytes {}", n % 90), note(n))).collect();
    let greatest = |(key, group): (String, Vec<&(String, Option<String>)>)| {
        (key, group.iter().map(|n| n.1.clone()).max().unwrap())
    };
    let expected = grouped(&notes, |n| n.0.clone()).into_iter().map(greatest).collect();
    same_on_all_engines(expected, |env| longest_notes(env.collection(&notes)?).collect());
}

#[test]
fn a_closure_that_changes_the_key_ends_the_job() {
    on_each_engine(|engine, env| {
        let readings = env.collection([(1u32, 2u64), (1, 3)]).unwrap();
        let error = key_changed(readings).collect().unwrap_err().to_string();
        assert!(error.contains("must keep the key") && error.contains("reduce"), "{engine}: {error}");
    });
}
