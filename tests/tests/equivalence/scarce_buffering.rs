//! Operators that buffer all or some records, in less memory than the records take.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use dataflow::prelude::*;
use proptest::prelude::*;
use runtime::error::Error;
use tests::{Folder, Item, PARALLELISM, Random, Scarcity, Shape, local, same_records, same_sequence, with_memory};

use crate::{cases, grouped};

/// Sorts the records of each task, and numbers them in that order.
#[dataflow]
fn ranked(items: DataSet<Item>) -> DataSet<(u64, Item)> {
    items.sort_partition(|i| (desc(i.key), i.text)).zip_with_index()
}

/// Each task except the first buffers its part.
#[dataflow]
fn numbered(items: DataSet<Item>) -> DataSet<Item> {
    items.rebalance().zip_with_index().filter(|n| n.0 < 1_000_000).map(|(_, item)| item)
}

/// The task, and its sorted records.
#[dataflow]
fn in_ranges(items: DataSet<Item>) -> DataSet<(u64, Item)> {
    items
        .partition_by_range(|i| (desc(i.key), i.text))
        .sort_partition(|i| (desc(i.key), i.text))
        .map_with(|task| task.index as u64, |task, i| (*task, i))
}

#[dataflow]
fn first_of_groups(items: DataSet<Item>, count: usize) -> DataSet<Item> {
    items.group_by(|i| i.key).top(count, |i| (desc(i.value), i.text))
}

#[dataflow]
fn first(items: DataSet<Item>, count: usize) -> DataSet<Item> {
    items.top(count, |i| (desc(i.value), i.text, i.key))
}

#[dataflow]
fn some(items: DataSet<Item>, count: usize, seed: u64) -> DataSet<Item> {
    items.sample_n(count, seed)
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

/// Few records, more than tasks buffer without spilling, and more than memory holds.
fn counts() -> impl Strategy<Value = usize> {
    prop::sample::select(vec![1, 3, 1_000, 20_000, 50_000])
}

fn by_key_and_text(left: &Item, right: &Item) -> Ordering {
    right.key.cmp(&left.key).then_with(|| left.text.cmp(&right.text))
}

fn by_value(left: &Item, right: &Item) -> Ordering {
    right.value.cmp(&left.value).then_with(|| left.text.cmp(&right.text)).then(left.key.cmp(&right.key))
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 0, ..cases(4) })]
    #[test]
    fn ranks_are_equal_in_any_memory((shape, seed, scarcity, parallelism) in scarce_inputs()) {
        let items = shape.items(ROWS, seed);
        let (mut found, _) = scarcity.run(std::slice::from_ref(&items), parallelism, |flows| ranked(flows[0].clone()));
        found.sort_by_key(|&(number, _)| number);
        let (numbers, found): (Vec<u64>, Vec<Item>) = found.into_iter().unzip();
        same_sequence(&format!("{shape:?}"), &numbers, &(0..ROWS).collect::<Vec<_>>());
        let ends = found.windows(2).filter(|pair| by_key_and_text(&pair[0], &pair[1]).is_gt()).count();
        prop_assert!(ends < parallelism, "{shape:?}: {} sequences in {parallelism} tasks", ends + 1);
        same_records(&format!("{shape:?}"), found, items);
    }

    #[test]
    fn ranges_are_equal_in_any_memory((shape, seed, scarcity, parallelism) in scarce_inputs()) {
        let items = shape.items(ROWS, seed);
        let (found, _) = scarcity.run(std::slice::from_ref(&items), parallelism, |flows| in_ranges(flows[0].clone()));
        let mut tasks: BTreeMap<u64, Vec<Item>> = BTreeMap::new();
        for (task, item) in found {
            tasks.entry(task).or_default().push(item);
        }
        let found: Vec<Item> = tasks.into_values().flatten().collect();
        let disorder = found.windows(2).find(|pair| by_key_and_text(&pair[0], &pair[1]).is_gt());
        prop_assert!(disorder.is_none(), "{:.500}", format!("{shape:?} {disorder:?}"));
        same_records(&format!("{shape:?}"), found, items);
    }

    #[test]
    fn first_of_groups_is_equal_in_any_memory((shape, seed, scarcity, parallelism) in scarce_inputs(), count in counts()) {
        // Records of many pages, exchanged between 4 tasks, exceed the memory reserved for pages.
        // Such a job may fail.
        prop_assume!(shape != Shape::Huge || parallelism < 4);
        let items = shape.items(ROWS, seed);
        let (found, _) =
            scarcity.run(std::slice::from_ref(&items), parallelism, |flows| first_of_groups(flows[0].clone(), count));
        let of_group = |mut group: Vec<&Item>| {
            group.sort_by(|left, right| by_value(left, right));
            group.into_iter().take(count).cloned().collect::<Vec<_>>()
        };
        let expected = grouped(&items, |item| item.key).into_values().flat_map(of_group).collect();
        same_records(&format!("{shape:?}, {count}"), found, expected);
    }

    #[test]
    fn first_is_equal_in_any_memory((shape, seed, scarcity, parallelism) in scarce_inputs(), count in counts()) {
        let mut items = shape.items(ROWS, seed);
        let (found, _) = scarcity.run(std::slice::from_ref(&items), parallelism, |flows| first(flows[0].clone(), count));
        items.sort_by(by_value);
        items.truncate(count);
        same_sequence(&format!("{shape:?}, {count}"), &found, &items);
    }

    #[test]
    fn samples_are_drawn_in_any_memory((shape, seed, scarcity, parallelism) in scarce_inputs(), count in counts()) {
        // The value is the record's number, so that a record drawn twice is detected.
        let mut items = shape.items(ROWS, seed);
        items.iter_mut().zip(0..).for_each(|(item, number)| item.value = number);
        let (mut found, _) = scarcity.run(std::slice::from_ref(&items), parallelism, |flows| some(flows[0].clone(), count, seed));
        prop_assert_eq!(found.len(), count);
        found.sort_by_key(|item| item.value);
        let expected: Vec<Item> = found.iter().map(|item| items[item.value as usize].clone()).collect();
        same_sequence(&format!("{shape:?}, {count}"), &found, &expected);
        prop_assert!(found.windows(2).all(|pair| pair[0].value < pair[1].value));
    }
}

#[test]
fn records_that_do_not_fit_are_spilled() {
    let items = Shape::Uniform.items(3 * ROWS, 7);
    let one_group = Shape::OneHot.items(3 * ROWS, 7);
    for parallelism in PARALLELISM {
        let spills = |what: &str, items: &[Item], job: &dyn Fn(&[DataSet<Item>]) -> DataSet<Item>| {
            let (_, report) = Scarcity::Minimum.run(&[items.to_vec()], parallelism, job);
            assert!(report.spilled_bytes() > 0, "{what}, {parallelism}: {}", report.explain());
        };
        if parallelism > 1 {
            spills("zip_with_index", &items, &|flows| numbered(flows[0].clone()));
        }
        spills("top of groups", &one_group, &|flows| first_of_groups(flows[0].clone(), 150_000));
        spills("top", &items, &|flows| first(flows[0].clone(), 150_000));
        spills("sample_n", &items, &|flows| some(flows[0].clone(), 150_000, 1));
    }
}

#[test]
fn parquet_is_written_in_little_memory() {
    // Incompressible texts: one row group would hold all of them.
    let mut random = Random(7);
    let mut item = |key| {
        let text = (0..64).map(|_| format!("{:016x}", random.below(u64::MAX))).collect();
        Item { key, value: 0, text }
    };
    let items: Vec<Item> = (0..40_000).map(&mut item).collect();
    let folder = Folder::default();
    let (input, output) = (folder.join("items.rows"), folder.join("items.parquet"));
    let ample = local(2);
    ample.collection(&items).unwrap().write_native(&input);
    ample.run().unwrap();
    for parallelism in PARALLELISM {
        let write = |memory_bytes: usize| {
            let env = with_memory(parallelism, memory_bytes);
            env.read_native::<Item>(&input).unwrap().write_parquet(&output);
            env.run()
        };
        let least = match write(1).unwrap_err().cause() {
            Error::TooLittleMemory { need, .. } => *need,
            error => panic!("{error}"),
        };
        write(least).unwrap();
        same_records("parquet", local(1).read_parquet(&output).unwrap().collect().unwrap(), items.clone());
    }
}
