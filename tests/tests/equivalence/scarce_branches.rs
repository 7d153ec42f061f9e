//! Branches of one flow that join again, in less memory than one of them buffers.

use dataflow::prelude::*;
use proptest::prelude::*;
use tests::{Item, PARALLELISM, Scarcity, Shape, same_records, within_two_minutes};

use crate::{cases, grouped};

/// Not a scan any more, so that a fork after it stays a fork: its records are computed once.
#[dataflow]
fn computed(items: DataSet<Item>) -> DataSet<Item> {
    items.map(|i| i)
}

/// One branch waits until the other has read all records.
#[dataflow]
fn with_count(items: DataSet<Item>) -> DataSet<(Item, u64)> {
    let counts = items.group_by(|i| i.key).count();
    items.join(counts).on(|i| i.key, |c| c.0).map(|i, c| (i, c.1))
}

/// Three branches, one through a filter that the fork evaluates. A union of two of them joins the
/// third.
#[dataflow]
fn halves_with_their_like(items: DataSet<Item>) -> DataSet<(u64, i64, String)> {
    let (low, high) = (items.filter(|i| i.value < 1_000), items.filter(|i| i.value >= 1_000));
    items.rebalance().join(low.union(high)).on(|l| l.value, |r| r.value).map(|l, r| (l.key, r.value, r.text))
}

/// A sorted branch joins an unsorted one.
#[dataflow]
fn with_rank(items: DataSet<Item>) -> DataSet<(u64, Item)> {
    let sorted = items.sort(|i| (desc(i.key), asc(i.value)));
    let ranks = sorted.zip_with_index().map(|(rank, item)| (rank, item.value));
    sorted.join(ranks).on(|s| s.value, |r| r.1).map(|s, r| (r.0, s))
}

const ROWS: u64 = 40_000;

/// Items whose value is their number.
fn numbered(shape: Shape, rows: u64, seed: u64) -> Vec<Item> {
    let mut items = shape.items(rows, seed);
    items.iter_mut().zip(0..).for_each(|(item, number)| item.value = number);
    items
}

/// An input's shape and seed, the memory, and the parallelism.
fn scarce_inputs() -> impl Strategy<Value = (Shape, u64, Scarcity, usize)> {
    (
        prop::sample::select(Shape::ALL.to_vec()),
        any::<u64>(),
        prop::sample::select(Scarcity::ALL.to_vec()),
        prop::sample::select(PARALLELISM.to_vec()),
    )
}

fn counted(items: &[Item]) -> Vec<(Item, u64)> {
    let counts = grouped(items, |item| item.key);
    items.iter().map(|item| (item.clone(), counts[&item.key].len() as u64)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 0, ..cases(3) })]
    #[test]
    fn a_waiting_branch_is_buffered_in_any_memory((shape, seed, scarcity, parallelism) in scarce_inputs()) {
        let items = numbered(shape, ROWS, seed);
        let job = |flows: &[DataSet<Item>]| with_count(computed(flows[0].clone()));
        let (found, _) = scarcity.run(std::slice::from_ref(&items), parallelism, job);
        same_records(&format!("{shape:?}"), found, counted(&items));
    }

    #[test]
    fn branches_join_in_any_memory((shape, seed, scarcity, parallelism) in scarce_inputs()) {
        let items = numbered(shape, ROWS, seed);
        let job = |flows: &[DataSet<Item>]| halves_with_their_like(computed(flows[0].clone()));
        let (found, _) = scarcity.run(std::slice::from_ref(&items), parallelism, job);
        same_records(&format!("{shape:?}"), found, items.into_iter().map(|i| (i.key, i.value, i.text)).collect());
    }

    #[test]
    fn a_buffered_branch_keeps_its_order_in_any_memory((shape, seed, scarcity, parallelism) in scarce_inputs()) {
        let mut items = numbered(shape, ROWS, seed);
        let (found, _) = scarcity.run(std::slice::from_ref(&items), parallelism, |flows| with_rank(flows[0].clone()));
        items.sort_by_key(|item| (std::cmp::Reverse(item.key), item.value));
        same_records(&format!("{shape:?}"), found, (0..).zip(items).collect());
    }
}

#[test]
fn records_of_a_waiting_branch_are_spilled() {
    within_two_minutes("meeting branches", || {
        for (shape, longer, parallelism) in [(Shape::Uniform, 20, 1), (Shape::Uniform, 60, 4), (Shape::Huge, 1, 1)] {
            let mut items = numbered(shape, ROWS, 7);
            items.iter_mut().for_each(|item| item.text = item.text.repeat(longer));
            // Few groups, so that nothing else in the plan exceeds its minimum memory.
            let job = |flows: &[DataSet<Item>]| with_count(computed(flows[0].clone()));
            let (found, report) = Scarcity::Minimum.run(std::slice::from_ref(&items), parallelism, job);
            same_records(&format!("{shape:?}"), found, counted(&items));
            let plan = report.explain();
            let spools = |line: &str| line.contains("chain, spool") && line.contains(" in ") && line.contains("part");
            assert!(plan.lines().any(spools), "{shape:?}, {parallelism}: {plan}");
        }
    });
}
