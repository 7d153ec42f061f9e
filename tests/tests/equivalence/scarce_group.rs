//! Operators with one row per group, in less memory than the groups take.

use std::collections::{BTreeMap, BTreeSet};

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Item, PARALLELISM, Scarcity, Shape, same_records, same_sequence};

use crate::{cases, grouped};

type Measures = (u64, u64, i64, i64, i64, i64);

#[dataflow]
fn measures(items: DataSet<Item>) -> DataSet<Measures> {
    items.group_by(|i| i.key).aggregate(|g| {
        let bits = g.fold(0i64, |bits, i| *bits ^= i.value, |bits, other| *bits ^= other);
        (g.key, g.count(), g.sum(|i| i.value), g.min(|i| i.value), g.max(|i| i.value), bits)
    })
}

#[dataflow]
fn averages(items: DataSet<Item>) -> DataSet<(String, u64, i64)> {
    items.group_by(|i| i.text).aggregate(|g| (g.key, g.count(), (g.avg(|i| i.value) * 1000.0).round() as i64))
}

#[dataflow]
fn distinct(items: DataSet<Item>) -> DataSet<(u64, String)> {
    items.map(|i| (i.key, i.text)).distinct()
}

/// The longest text of each group, between brackets. A replaced record needs a different number of
/// bytes.
#[dataflow]
fn longest(items: DataSet<Item>) -> DataSet<Item> {
    items.group_by(|i| i.key).reduce(|a, b| Item {
        key: a.key,
        value: a.value + b.value,
        text: if (a.text.len(), a.text) < (b.text.len(), b.text) { b.text.to_owned() } else { a.text.to_owned() },
    })
}

/// Texts that grow with each record.
#[dataflow]
fn joined(items: DataSet<Item>) -> DataSet<Item> {
    items.group_by(|i| i.key / 8).reduce(|a, b| Item {
        key: a.key,
        value: a.value + b.value,
        text: format!("{}{}", a.text, b.text),
    })
}

#[dataflow]
fn least(items: DataSet<Item>) -> DataSet<Item> {
    items.group_by(|i| i.key).min_by(|i| (i.text, i.value))
}

#[dataflow]
fn firsts(items: DataSet<Item>) -> DataSet<Item> {
    items.group_by(|i| (i.key, i.value % 2)).first(2)
}

/// Distinct counts next to every other kind of state, which must count each record once.
#[dataflow]
fn counted(items: DataSet<Item>) -> DataSet<(u64, u64, Measures)> {
    items.group_by(|i| i.key / 2).aggregate(|g| {
        let bits = g.fold(-1i64, |bits, i| *bits ^= i.value, |bits, other| *bits ^= !other);
        let values = g.count_distinct(|i| i.value);
        (g.key, values, (g.key, g.count(), g.sum(|i| i.value), g.min(|i| i.value), g.max(|i| i.value), bits))
    })
}

/// The end of the text, which is null in every third record. The record is hardly larger than its
/// text.
#[derive(Record, Clone, Debug, PartialEq)]
struct Marked {
    key: u64,
    text: String,
    mark: Option<String>,
}

/// Distinct counts of nullable values of several kinds: groups, texts, marks, pairs of both. Also a
/// value that the whole group shares.
type Kinds = (u64, u64, u64, u64, u64, f64, Option<String>);

fn end(text: &str) -> &str {
    &text[text.len().saturating_sub(14)..]
}

#[dataflow]
fn kinds(items: DataSet<Item>) -> DataSet<Kinds> {
    let marked = items.map(|i| Marked {
        key: i.key % 5_000,
        text: i.text.to_owned(),
        mark: (i.value % 3 != 0).then(|| end(i.text).to_owned()),
    });
    marked.group_by(|m| m.key).aggregate(|g| {
        (
            g.key,
            g.count_distinct(|m| m.text),
            g.count_distinct(|m| m.mark),
            g.count_distinct(|m| (m.mark, m.key)),
            g.count_distinct(|m| m.key),
            g.avg(|m| m.text.len() as f64),
            g.first(|m| m.mark),
        )
    })
}

#[dataflow]
fn all_values(items: DataSet<Item>) -> DataSet<(u64, u64, i64)> {
    items.aggregate(|g| (g.count_distinct(|i| i.text), g.count_distinct(|i| i.key), g.sum(|i| i.value)))
}

const ROWS: u64 = 60_000;

/// An input's shape and seed, the memory, and the parallelism.
fn scarce_inputs() -> impl Strategy<Value = (Shape, u64, Scarcity, usize)> {
    (
        prop::sample::select(Shape::ALL.to_vec()),
        any::<u64>(),
        prop::sample::select(Scarcity::ALL.to_vec()),
        prop::sample::select(PARALLELISM.to_vec()),
    )
}

fn measured(items: &[Item]) -> Vec<Measures> {
    let measure = |(key, group): (u64, Vec<&Item>)| {
        let values = || group.iter().map(|item| item.value);
        let bits = values().fold(0, |bits, value| bits ^ value);
        (key, group.len() as u64, values().sum(), values().min().unwrap(), values().max().unwrap(), bits)
    };
    grouped(items, |item| item.key).into_iter().map(measure).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 0, ..cases(8) })]
    #[test]
    fn aggregates_are_equal_in_any_memory((shape, seed, scarcity, parallelism) in scarce_inputs()) {
        let items = shape.items(ROWS, seed);
        let (found, _) = scarcity.run(std::slice::from_ref(&items), parallelism, |flows| measures(flows[0].clone()));
        same_records(&format!("{shape:?}"), found, measured(&items));
    }

    #[test]
    fn groups_by_text_are_equal_in_any_memory((shape, seed, scarcity, parallelism) in scarce_inputs()) {
        let items = shape.items(ROWS, seed);
        let (found, _) = scarcity.run(std::slice::from_ref(&items), parallelism, |flows| averages(flows[0].clone()));
        let average = |(text, group): (String, Vec<&Item>)| {
            let sum: i64 = group.iter().map(|item| item.value).sum();
            (text, group.len() as u64, (sum as f64 / group.len() as f64 * 1000.0).round() as i64)
        };
        let expected = grouped(&items, |item| item.text.clone()).into_iter().map(average);
        same_records(&format!("{shape:?}"), found, expected.collect());
        let (found, _) = scarcity.run(std::slice::from_ref(&items), parallelism, |flows| distinct(flows[0].clone()));
        let expected = grouped(&items, |item| (item.key, item.text.clone())).into_keys();
        same_records(&format!("{shape:?}"), found, expected.collect());
    }

    #[test]
    fn replaced_records_are_equal_in_any_memory((shape, seed, scarcity, parallelism) in scarce_inputs()) {
        let items = shape.items(ROWS / 2, seed);
        let (found, _) = scarcity.run(std::slice::from_ref(&items), parallelism, |flows| longest(flows[0].clone()));
        let longest = |(key, group): (u64, Vec<&Item>)| {
            let value = group.iter().map(|item| item.value).sum();
            Item { key, value, text: group.iter().map(|item| &item.text).max_by_key(|text| (text.len(), *text)).unwrap().clone() }
        };
        same_records(&format!("{shape:?}"), found, grouped(&items, |item| item.key).into_iter().map(longest).collect());
        let (found, _) = scarcity.run(std::slice::from_ref(&items), parallelism, |flows| least(flows[0].clone()));
        let least = |group: Vec<&Item>| group.into_iter().min_by_key(|item| (&item.text, item.value)).unwrap().clone();
        same_records(&format!("{shape:?}"), found, grouped(&items, |item| item.key).into_values().map(least).collect());
    }
}

fn different<'i, K: Ord>(group: &[&'i Item], value: impl Fn(&'i Item) -> Option<K>) -> u64 {
    group.iter().filter_map(|item| value(item)).collect::<BTreeSet<_>>().len() as u64
}

fn counted_of(items: &[Item]) -> Vec<(u64, u64, Measures)> {
    let count = |(key, group): (u64, Vec<&Item>)| {
        let values = || group.iter().map(|item| item.value);
        let (least, greatest) = (values().min().unwrap(), values().max().unwrap());
        let bits = values().fold(-1, |bits, value| bits ^ value);
        let measures = (key, group.len() as u64, values().sum(), least, greatest, bits);
        (key, different(&group, |item| Some(item.value)), measures)
    };
    grouped(items, |item| item.key / 2).into_iter().map(count).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 0, ..cases(6) })]
    #[test]
    fn distinct_counts_are_equal_in_any_memory((shape, seed, scarcity, parallelism) in scarce_inputs()) {
        let items = shape.items(ROWS / 2, seed);
        let (found, _) = scarcity.run(std::slice::from_ref(&items), parallelism, |flows| counted(flows[0].clone()));
        same_records(&format!("{shape:?}"), found, counted_of(&items));
    }

    #[test]
    fn distinct_counts_of_several_kinds_are_equal_in_any_memory((shape, seed, scarcity, parallelism) in scarce_inputs()) {
        let items = shape.items(ROWS / 4, seed);
        let input = std::slice::from_ref(&items);
        let (found, _) = scarcity.run(input, parallelism, |flows| kinds(flows[0].clone()));
        let groups = grouped(&items, |item| item.key % 5_000);
        let mut expected = Vec::new();
        for row in &found {
            let group = &groups[&row.0];
            let letters: usize = group.iter().map(|item| item.text.len()).sum();
            let texts = different(group, |item| Some(&item.text));
            let mark = |item: &&Item| (item.value % 3 != 0).then(|| end(&item.text).to_owned());
            let marks = different(group, |item| mark(&item));
            // The first mark depends on the order in which records arrive.
            let first = group.iter().map(mark).find(|mark| *mark == row.6).unwrap_or(Some("another".to_owned()));
            expected.push((row.0, texts, marks, marks, 1, letters as f64 / group.len() as f64, first));
        }
        same_sequence(&format!("{shape:?}"), &found, &expected);
        prop_assert_eq!(found.len(), groups.len());
        let (found, _) = scarcity.run(input, parallelism, |flows| all_values(flows[0].clone()));
        let all: Vec<&Item> = items.iter().collect();
        let sum = items.iter().map(|item| item.value).sum();
        let expected = (different(&all, |item| Some(&item.text)), different(&all, |item| Some(item.key)), sum);
        same_records(&format!("{shape:?}"), found, vec![expected]);
    }
}

/// Few groups with many values, and many groups whose states are evicted before their values
/// arrive.
#[test]
fn distinct_counts_spill_in_little_memory() {
    for (shape, parallelism) in [(Shape::OneHot, 2), (Shape::Sorted, 1), (Shape::Distinct, 4)] {
        let items = shape.items(ROWS * 2 * parallelism as u64, 7);
        let (found, report) =
            Scarcity::Minimum.run(std::slice::from_ref(&items), parallelism, |flows| counted(flows[0].clone()));
        same_records(&format!("{shape:?}"), found, counted_of(&items));
        assert!(report.spilled_bytes() > 1 << 20, "{}", report.explain());
        assert!(report.explain().to_string().contains(" parts"), "{}", report.explain());
    }
}

#[test]
fn two_records_per_group_pass_in_any_memory() {
    for (shape, parallelism) in Shape::ALL.into_iter().zip(PARALLELISM.into_iter().cycle()) {
        let items = shape.items(ROWS, 11);
        let groups = grouped(&items, |item| (item.key, item.value % 2));
        for scarcity in [Scarcity::Ample, Scarcity::Minimum] {
            let (found, _) = scarcity.run(std::slice::from_ref(&items), parallelism, |flows| firsts(flows[0].clone()));
            for (key, passed) in grouped(&found, |item| (item.key, item.value % 2)) {
                assert_eq!(passed.len(), groups[&key].len().min(2), "{shape:?} in {scarcity:?}");
                assert!(passed.iter().all(|item| groups[&key].contains(item)), "{shape:?} in {scarcity:?}");
            }
            let expected: usize = groups.values().map(|group| group.len().min(2)).sum();
            assert_eq!(found.len(), expected, "{shape:?} in {scarcity:?}");
        }
    }
}

#[test]
fn groups_spill_in_little_memory() {
    for parallelism in PARALLELISM {
        // Each task has its own minimum memory, so more tasks hold more records.
        let items = Shape::Distinct.items(ROWS * 2 * parallelism as u64, 7);
        let (found, report) =
            Scarcity::Minimum.run(std::slice::from_ref(&items), parallelism, |flows| measures(flows[0].clone()));
        same_records("measures", found, measured(&items));
        assert!(report.spilled_bytes() > 1 << 20, "{}", report.explain());
    }
}

/// Texts of one group grow to some hundred kilobytes. The number of times that the closure runs
/// does not matter.
#[test]
fn records_grow_in_little_memory() {
    let items: Vec<Item> = Shape::Sorted.items(8_000, 3);
    let mut expected: BTreeMap<u64, (i64, Vec<u8>)> = BTreeMap::new();
    for item in &items {
        let group = expected.entry(item.key / 8).or_default();
        group.0 += item.value;
        group.1.extend(item.text.bytes());
    }
    expected.values_mut().for_each(|group| group.1.sort_unstable());
    for parallelism in PARALLELISM {
        let (found, _) =
            Scarcity::Minimum.run(std::slice::from_ref(&items), parallelism, |flows| joined(flows[0].clone()));
        let found = found.into_iter().map(|item| {
            let mut text = item.text.into_bytes();
            text.sort_unstable();
            (item.key / 8, (item.value, text))
        });
        assert!(found.collect::<BTreeMap<_, _>>() == expected, "parallelism {parallelism}");
    }
}
