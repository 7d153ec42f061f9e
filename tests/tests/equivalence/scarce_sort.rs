//! Operators that sort, in less memory than their records take.

use std::collections::BTreeMap;

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Item, PARALLELISM, Scarcity, Shape, same_records, same_sequence};

use crate::{cases, grouped};

#[dataflow]
fn sorted(items: DataSet<Item>) -> DataSet<Item> {
    items.sort(|i| (desc(i.key), asc(i.value), desc(i.text)))
}

#[dataflow]
fn sorted_in_tasks(items: DataSet<Item>) -> DataSet<Item> {
    items.sort_partition(|i| (i.text, i.key, desc(i.value)))
}

/// The key, the count, and the sum of value times rank in the group's order.
#[dataflow]
fn summaries(items: DataSet<Item>) -> DataSet<(u64, u64, i64)> {
    items.group_by(|i| i.key).sorted_by(|i| (desc(i.value), i.text)).reduce_group(|g, out| {
        let (mut key, mut place, mut sum) = (0, 0u64, 0i64);
        for i in g {
            (key, place) = (i.key, place + 1);
            sum += i.value * (place % 1000) as i64;
        }
        out.emit((key, place, sum));
    })
}

/// Emits each record with the number of records in its group.
#[dataflow]
fn repeated(items: DataSet<Item>) -> DataSet<(u64, Item)> {
    items.group_by(|i| i.key).reduce_group(|g, out| {
        let count = g.len() as u64;
        for i in g {
            out.emit((count, i));
        }
    })
}

/// The key, the counts of both sides, and a checksum of their values. One side is sorted.
#[dataflow]
fn both(left: DataSet<Item>, right: DataSet<Item>) -> DataSet<(u64, u64, u64, i64)> {
    left.co_group(right).on(|l| l.key, |r| r.key).sorted_by(|l| l.value, |r| desc(r.text)).reduce_group(
        |lefts, rights, out| {
            let (mut key, counts, mut sum, mut place) = (0, (lefts.len() as u64, rights.len() as u64), 0i64, 0i64);
            for l in lefts {
                (key, place) = (l.key, place + 1);
                sum += l.value * (place % 1000);
            }
            for r in rights {
                key = r.key;
                sum += r.value;
            }
            out.emit((key, counts.0, counts.1, sum));
        },
    )
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

fn summary(group: &[&Item]) -> i64 {
    let mut group = group.to_vec();
    group.sort_by(|left, right| right.value.cmp(&left.value).then_with(|| left.text.cmp(&right.text)));
    group.iter().zip(1i64..).map(|(item, place)| item.value * (place % 1000)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 0, ..cases(10) })]
    #[test]
    fn records_are_sorted_in_any_memory((shape, seed, scarcity, parallelism) in scarce_inputs()) {
        let items = shape.items(ROWS, seed);
        let mut expected = items.clone();
        let (found, _) = scarcity.run(&[items], parallelism, |flows| sorted(flows[0].clone()));
        expected.sort_by(|l, r| r.key.cmp(&l.key).then(l.value.cmp(&r.value)).then_with(|| r.text.cmp(&l.text)));
        same_sequence(&format!("{shape:?}"), &found, &expected);
    }

    #[test]
    fn groups_are_complete_in_any_memory((shape, seed, scarcity, parallelism) in scarce_inputs()) {
        let items = shape.items(ROWS, seed);
        let (found, _) = scarcity.run(std::slice::from_ref(&items), parallelism, |flows| summaries(flows[0].clone()));
        let expected = grouped(&items, |item| item.key).into_iter().map(|(key, group)| (key, group.len() as u64, summary(&group)));
        same_records(&format!("{shape:?}"), found, expected.collect());
        let (found, _) = scarcity.run(std::slice::from_ref(&items), parallelism, |flows| repeated(flows[0].clone()));
        let expected = grouped(&items, |item| item.key).into_values();
        let expected = expected.flat_map(|group| group.iter().map(|&item| (group.len() as u64, item.clone())).collect::<Vec<_>>());
        same_records(&format!("{shape:?}"), found, expected.collect());
    }

    #[test]
    fn co_groups_are_complete_in_any_memory(
        (shape, seed, scarcity, parallelism) in scarce_inputs(),
        other in prop::sample::select(Shape::ALL.to_vec()),
    ) {
        let (left, right) = (shape.items(ROWS / 2, seed), other.items(ROWS / 2, seed ^ 1));
        let inputs = [left.clone(), right.clone()];
        let (found, _) = scarcity.run(&inputs, parallelism, |flows| both(flows[0].clone(), flows[1].clone()));
        let mut expected: BTreeMap<u64, (u64, u64, i64)> = BTreeMap::new();
        for (key, mut group) in grouped(&left, |item| item.key) {
            group.sort_by_key(|item| item.value);
            let sum = group.iter().zip(1i64..).map(|(item, place)| item.value * (place % 1000)).sum();
            expected.insert(key, (group.len() as u64, 0, sum));
        }
        for item in &right {
            let entry = expected.entry(item.key).or_default();
            *entry = (entry.0, entry.1 + 1, entry.2 + item.value);
        }
        let expected = expected.into_iter().map(|(key, (lefts, rights, sum))| (key, lefts, rights, sum));
        same_records(&format!("{shape:?}, {other:?}"), found, expected.collect());
    }
}

#[test]
fn tasks_sort_their_records_in_any_memory() {
    for parallelism in PARALLELISM {
        let items = Shape::Uniform.items(ROWS * parallelism as u64, 7);
        let (found, report) =
            Scarcity::Minimum.run(std::slice::from_ref(&items), parallelism, |flows| sorted_in_tasks(flows[0].clone()));
        same_records("sort_partition", found, items.clone());
        assert!(report.spilled_bytes() > 1 << 20, "{}", report.explain());
    }
}

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Pair {
    key: i64,
    value: f64,
}

#[dataflow]
fn sorted_pairs(pairs: DataSet<Pair>) -> DataSet<Pair> {
    pairs.sort(|p| p.key)
}

/// Records of fixed size are moved during the sort, and merged from many runs.
#[test]
fn pairs_are_sorted_in_any_memory() {
    const PAIRS: u64 = 4 << 20;
    let folder = tests::Folder::default();
    let path = folder.join("pairs.bin");
    let random =
        |row: u64| row.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17).wrapping_mul(0xD6E8_FEB8_6659_FD93) as i64;
    let bytes: Vec<u8> =
        (0..PAIRS).flat_map(|row| [random(row).to_le_bytes(), (row as f64).to_le_bytes()].concat()).collect();
    std::fs::write(&path, bytes).unwrap();
    for (parallelism, memory_bytes) in [(1, 14 << 20), (2, 22 << 20), (2, 30 << 20), (2, 48 << 20), (4, 48 << 20)] {
        let env = tests::with_memory(parallelism, memory_bytes);
        let out = folder.join("sorted.bin");
        sorted_pairs(env.read_binary(&path).unwrap()).write_binary(&out);
        let report = env.run().unwrap();
        assert!(report.spilled_bytes() > 16 << 20, "{}", report.explain());
        let written = std::fs::read(&out).unwrap();
        let keys: Vec<i64> =
            written.chunks_exact(16).map(|pair| i64::from_le_bytes(pair[..8].try_into().unwrap())).collect();
        assert!(keys.len() as u64 == PAIRS && keys.is_sorted(), "parallelism {parallelism}");
        let sum = keys.iter().fold(0i64, |sum, &key| sum.wrapping_add(key));
        assert_eq!(sum, (0..PAIRS).fold(0i64, |sum, row| sum.wrapping_add(random(row))));
    }
}
