//! Joins with a broadcast side, of which all tasks build one shared table, in ample and in little
//! memory.

use std::collections::HashMap;

use dataflow::prelude::*;
use tests::{Folder, Item, ItemRef, Scarcity, local, same_records, with_memory, within_two_minutes};

const SCARCITIES: [(Scarcity, usize); 7] = [
    (Scarcity::Ample, 1),
    (Scarcity::Ample, 2),
    (Scarcity::Ample, 4),
    (Scarcity::Part(2), 2),
    (Scarcity::Part(8), 4),
    (Scarcity::Minimum, 2),
    (Scarcity::Minimum, 4),
];

/// Number of different keys.
const KEYS: u64 = 9_000;

/// Number of rounds of the loop.
const ROUNDS: u32 = 3;

type Pair = (u64, i64, String);

#[dataflow]
fn inner(items: DataSet<Item>, others: DataSet<Item>) -> DataSet<Pair> {
    items.join(others).hint(BroadcastRight).on(|i| i.key, |o| o.key).map(|i, o| (i.key, i.value, o.text))
}

#[dataflow]
fn kept(items: DataSet<Item>, others: DataSet<Item>) -> DataSet<(u64, i64, Option<String>)> {
    let joined = items.left_join(others).hint(BroadcastRight).on(|i| i.key, |o| o.key);
    joined.map(|i, o| (i.key, i.value, o.map(|o| o.text)))
}

#[dataflow]
fn without(items: DataSet<Item>, others: DataSet<Item>) -> DataSet<Item> {
    items.anti_join(others).hint(BroadcastRight).on(|i| i.key, |o| o.key)
}

/// The grouping ships nothing: pairs are already in the task of their value.
#[dataflow]
fn grouped(items: DataSet<Item>, others: DataSet<Item>) -> DataSet<(i64, i64)> {
    let lying = items.partition_by(|i| i.value);
    let lengths =
        lying.join(others).hint(BroadcastRight).on(|i| i.key, |o| o.key).map(|i, o| (i.value, o.text.len() as i64));
    lengths.group_by(|p| p.0).sum(|p| p.1)
}

/// Two consecutive joins in each task, with tables of the same flow.
#[dataflow]
fn twice(items: DataSet<Item>, others: DataSet<Item>) -> DataSet<Pair> {
    let once = items.join(others).hint(BroadcastRight).on(|i| i.key, |o| o.key).map(|i, o| (i.key, i.value + o.value));
    once.join(others).hint(BroadcastRight).on(|i| i.0, |o| o.key).map(|i, o| (i.0, i.1, o.text))
}

#[dataflow]
fn stepped(items: DataSet<Item>, others: DataSet<Item>) -> DataSet<Item> {
    items.iterate(ROUNDS, |items| {
        let joined = items.join(others).hint(BroadcastRight).on(|i| i.key, |o| o.key);
        joined.map(|i, o| ItemRef { key: (i.key + 1) % KEYS, value: i.value + o.text.len() as i64, text: i.text })
    })
}

/// Small items, and one large item for each of most of their keys.
fn sides() -> [Vec<Item>; 2] {
    let small = (0..30_000).map(|row| Item { key: row * 7_919 % KEYS, value: row as i64, text: String::new() });
    let large = |key: u64| Item { key, value: key as i64, text: format!("{key:08x}").repeat(400) };
    [small.collect(), (0..KEYS).filter(|key| !key.is_multiple_of(5)).map(large).collect()]
}

/// Each item with the other item of its key.
fn with_partner<'i>(items: &'i [Item], others: &'i [Item]) -> impl Iterator<Item = (&'i Item, Option<&'i Item>)> {
    let by_key: HashMap<u64, &Item> = others.iter().map(|other| (other.key, other)).collect();
    items.iter().map(move |item| (item, by_key.get(&item.key).copied()))
}

#[test]
fn a_broadcast_side_is_joined_in_any_memory() {
    within_two_minutes("a shared build side", || {
        let inputs = sides();
        let [items, others] = &inputs;
        for (scarcity, parallelism) in SCARCITIES {
            let what = format!("{scarcity:?}, {parallelism} tasks");
            let (found, report) = scarcity.run(&inputs, parallelism, |flows| inner(flows[0].clone(), flows[1].clone()));
            let pair = |(item, other): (&Item, Option<&Item>)| Some((item.key, item.value, other?.text.clone()));
            same_records(&what, found, with_partner(items, others).filter_map(pair).collect());
            assert_eq!(report.spilled_bytes() > 0, scarcity != Scarcity::Ample, "{what}");
            let (found, _) = scarcity.run(&inputs, parallelism, |flows| kept(flows[0].clone(), flows[1].clone()));
            let kept =
                |(item, other): (&Item, Option<&Item>)| (item.key, item.value, other.map(|other| other.text.clone()));
            same_records(&what, found, with_partner(items, others).map(kept).collect());
            let (found, _) = scarcity.run(&inputs, parallelism, |flows| without(flows[0].clone(), flows[1].clone()));
            let alone = with_partner(items, others).filter(|(_, other)| other.is_none()).map(|(item, _)| item.clone());
            same_records(&what, found, alone.collect());
            let (found, _) = scarcity.run(&inputs, parallelism, |flows| twice(flows[0].clone(), flows[1].clone()));
            let twice = |(item, other): (&Item, Option<&Item>)| {
                other.map(|other| (item.key, item.value + other.value, other.text.clone()))
            };
            same_records(&what, found, with_partner(items, others).filter_map(twice).collect());
        }
    });
}

#[test]
fn a_broadcast_side_serves_all_rounds_in_any_memory() {
    within_two_minutes("a shared build side in a loop", || {
        // The kept side exceeds a loop's minimum memory: its texts are about 23 MB.
        let length = |key: u64| 8 * (200 + key % 240);
        let item = |key: u64| Item { key, value: (key * 7 % 100) as i64, text: String::new() };
        let other = |key: u64| Item { text: format!("{key:08x}").repeat(length(key) as usize / 8), ..item(key) };
        let inputs = [(0..KEYS).map(item).collect(), (0..KEYS).map(other).collect()];
        let expected = |key: u64| {
            let lengths: u64 = (0..u64::from(ROUNDS)).map(|round| length((key + round) % KEYS)).sum();
            Item { key: (key + u64::from(ROUNDS)) % KEYS, value: item(key).value + lengths as i64, text: String::new() }
        };
        let expected: Vec<Item> = (0..KEYS).map(expected).collect();
        for (scarcity, parallelism) in SCARCITIES {
            let (found, report) =
                scarcity.run(&inputs, parallelism, |flows| stepped(flows[0].clone(), flows[1].clone()));
            let what = format!("{scarcity:?}, {parallelism} tasks");
            same_records(&what, found, expected.clone());
            assert_eq!(report.spilled_bytes() > 0, scarcity != Scarcity::Ample, "{what}");
        }
    });
}

/// The grouping ships nothing, so a pair must leave in the task in which its item arrived, even if
/// any task could join it.
#[test]
fn pairs_stay_in_their_items_task_if_required() {
    within_two_minutes("a shared build side before a grouping", || {
        let [mut items, others] = sides();
        // The items of a value have many keys.
        items.iter_mut().for_each(|item| item.value %= 100);
        let others: Vec<Item> = others.iter().chain(&others).cloned().collect();
        let mut expected: HashMap<i64, i64> = HashMap::new();
        for (item, other) in with_partner(&items, &others) {
            // Each other item occurs twice.
            other.into_iter().for_each(|o| *expected.entry(item.value).or_default() += 2 * o.text.len() as i64);
        }
        let folder = Folder::default();
        for parallelism in [2, 4] {
            let env = with_memory(parallelism, 100 << 20);
            let pairs = grouped(env.collection(&items).unwrap(), env.collection(&others).unwrap());
            pairs.write_native(folder.join("pairs"));
            assert!(env.explain().unwrap().contains("\n└─ sum by .0"), "a grouping that ships nothing");
            assert!(env.run().unwrap().spilled_bytes() > 0);
            let found = local(1).read_native(folder.join("pairs")).unwrap().collect().unwrap();
            same_records(&format!("{parallelism} tasks"), found, expected.clone().into_iter().collect());
        }
    });
}
