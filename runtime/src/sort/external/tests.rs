use std::sync::Arc;

use proptest::prelude::*;

use crate::error::Result;
use crate::kernel::TaskContext;
use crate::memory::limits::{INDEX_BYTES, SORT_BYTES};
use crate::memory::{Budget, Memory};
use crate::page::{Page, RowWriter, windows};
use crate::row::{LeafSet, LeafType, RowLayout};
use crate::sort::external::sorter::Sorter;
use crate::sort::external::total::{TotalOrderRendezvous, TotalOrderSorter};
use crate::sort::order::OrderKey;
use crate::sort::small_rows::SharedSplitters;
use crate::strategy::Progress;

/// A number, and about the length of a text.
type Item = (i64, usize);

fn layout() -> Arc<RowLayout> {
    Arc::new(RowLayout::new(vec![LeafType::I64, LeafType::Text], &LeafSet::all(2)))
}

fn order() -> Vec<OrderKey> {
    [0, 1].map(|leaf| OrderKey { leaf, descending: leaf == 1 }).to_vec()
}

fn text((number, length): Item) -> String {
    format!("{number} ").repeat(length / 4 + 1)
}

fn unlimited() -> Memory {
    Memory::new(Budget::new(1 << 34), "test")
}

fn pages(items: &[Item]) -> Vec<Page> {
    let mut writer = RowWriter::new(layout(), unlimited());
    for &item in items {
        let text = text(item);
        writer
            .visit(|mut leaves, mut claims| {
                let (number, words) = (leaves.plain::<i64>(), leaves.text());
                claims.put(words.heap_bytes(&text), |row, claims| {
                    number.write(row, item.0);
                    words.write(row, &text, claims);
                });
            })
            .unwrap();
    }
    writer.seal();
    writer.take_sealed().collect()
}

fn rows(page: &Page) -> Vec<(i64, String)> {
    let batch = page.batch();
    let text = |row| String::from_utf8(batch.leaf_bytes(1, row).to_vec()).unwrap();
    (0..page.rows()).map(|row| (batch.leaf_bits(0, row) as i64, text(row))).collect()
}

/// The items, sorted with `budget` in addition to the minimum memory, and the metrics.
fn sorted(items: &[Item], budget: &Arc<Budget>) -> (Vec<(i64, String)>, Arc<crate::metrics::OperatorMetrics>) {
    let context = TaskContext {
        memory: Memory::spilling(budget.clone(), "sort", SORT_BYTES),
        ..TaskContext::alone(Memory::new(budget.clone(), "pages"))
    };
    let mut sorter = Sorter::new(layout(), order(), &context).unwrap();
    for page in pages(items) {
        windows(&page.batch(), |input| -> Result<()> {
            let mut cursor = 0;
            while sorter.add(input, &mut cursor)? != Progress::Done {}
            Ok(())
        })
        .unwrap();
    }
    while sorter.finish().unwrap() != Progress::Done {}
    let (mut out, mut found) = (RowWriter::new(layout(), unlimited()), Vec::new());
    loop {
        let progress = sorter.emit(&mut out).unwrap();
        if progress == Progress::Done {
            out.seal();
        }
        found.extend(out.take_sealed().flat_map(|page| rows(&page)));
        if progress == Progress::Done {
            break;
        }
    }
    drop(sorter);
    let metrics = context.metrics.clone();
    drop(context);
    assert_eq!(budget.used_bytes(), 0, "all memory goes back");
    (found, metrics)
}

fn expected(items: &[Item]) -> Vec<(i64, String)> {
    let mut expected: Vec<(i64, String)> = items.iter().map(|&item| (item.0, text(item))).collect();
    expected.sort_by(|left, right| left.0.cmp(&right.0).then_with(|| right.1.cmp(&left.1)));
    expected
}

fn items(rows: usize, key: impl Fn(u64) -> i64) -> Vec<Item> {
    let number = |row: usize| key((row as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20);
    (0..rows).map(|row| (number(row), row % 50)).collect()
}

#[test]
fn rows_that_fit_stay_in_memory() {
    let items = items(20_000, |random| random as i64);
    let (found, metrics) = sorted(&items, &Budget::new(64 << 20));
    assert_eq!(found, expected(&items));
    assert_eq!(metrics.spilled_bytes.get(), 0);
}

#[test]
fn many_runs_are_merged_in_several_passes() {
    // The minimum memory: eight runs in one merge.
    let items = items(400_000, |random| random as i64);
    let (found, metrics) = sorted(&items, &Budget::new(SORT_BYTES));
    assert!(found == expected(&items));
    assert!(metrics.spilled_parts.get() > 20 && metrics.passes.get() > 2, "{metrics:?}");
}

/// A merge needs one page of each run and a few more.
#[test]
fn rows_are_merged_once_with_a_page_per_run() {
    let items = items(250_000, |random| random as i64);
    let bytes = 2 * SORT_BYTES;
    let (found, metrics) = sorted(&items, &Budget::new(bytes + bytes / 15));
    assert!(found == expected(&items));
    let runs = metrics.spilled_parts.get();
    assert!(runs > 14 && metrics.passes.get() == 2, "{metrics:?}");
}

#[test]
fn large_rows_are_sorted_in_little_memory() {
    for letters in [5_000, 10_000, 30_000, 50_000] {
        let items: Vec<Item> = (0..600).map(|row| (row * 7 % 600, letters)).collect();
        for bytes in [SORT_BYTES, 4 << 20] {
            let (found, _) = sorted(&items, &Budget::new(bytes + bytes / 15));
            assert!(found == expected(&items), "{letters} letters, {bytes} bytes");
        }
    }
}

/// An average is no bound for rows that share a page.
#[test]
fn page_sized_rows_are_sorted_among_small_ones() {
    let items: Vec<Item> = (0..10_040).map(|row| (row, if row < 40 { 40_000 } else { 90 })).rev().collect();
    for bytes in [SORT_BYTES, 4 << 20, 16 << 20] {
        let (found, _) = sorted(&items, &Budget::new(bytes + bytes / 15));
        assert!(found == expected(&items), "{bytes} bytes");
    }
}

#[test]
fn rows_larger_than_the_minimum_memory_are_sorted() {
    let items: Vec<Item> = (0..40).map(|row| (row * 7 % 40, 600_000)).collect();
    let (found, metrics) = sorted(&items, &Budget::new(16 << 20));
    assert!(found == expected(&items));
    assert!(metrics.spilled_bytes.get() > 0);
}

/// The rows that each of `tasks` tasks emits, sorted with a budget of this number of bytes for each
/// task. After some rounds, memory of the first task is revoked.
fn sorted_by_tasks(
    of: (&Arc<RowLayout>, &[OrderKey]),
    pages: Vec<Page>,
    (tasks, bytes): (usize, usize),
    revoked_after: Option<usize>,
) -> (Vec<Vec<Page>>, u64) {
    sorted_with_rendezvous(Arc::new(TotalOrderRendezvous::of(tasks)), of, pages, (tasks, bytes), revoked_after)
}

/// Two rendezvous of `tasks` tasks. In the second, even few rows are spread while they are added.
fn rendezvous_pair(tasks: usize) -> [Arc<TotalOrderRendezvous>; 2] {
    [
        TotalOrderRendezvous::of(tasks),
        TotalOrderRendezvous::with_splitters(tasks, SharedSplitters::with_min_bytes(200 << 10)),
    ]
    .map(Arc::new)
}

/// As [`sorted_by_tasks`], with a given rendezvous.
fn sorted_with_rendezvous(
    rendezvous: Arc<TotalOrderRendezvous>,
    of: (&Arc<RowLayout>, &[OrderKey]),
    pages: Vec<Page>,
    (tasks, bytes): (usize, usize),
    revoked_after: Option<usize>,
) -> (Vec<Vec<Page>>, u64) {
    sorted_with_assignment(&rendezvous, of, pages, &vec![bytes; tasks], |page| page % tasks, revoked_after)
}

/// As [`sorted_by_tasks`], with a budget for each task. `task_of` assigns pages to tasks.
fn sorted_with_assignment(
    rendezvous: &Arc<TotalOrderRendezvous>,
    (layout, order): (&Arc<RowLayout>, &[OrderKey]),
    pages: Vec<Page>,
    bytes: &[usize],
    task_of: impl Fn(usize) -> usize,
    revoked_after: Option<usize>,
) -> (Vec<Vec<Page>>, u64) {
    let tasks = bytes.len();
    let budgets: Vec<_> = bytes.iter().map(|&bytes| Budget::new(bytes + INDEX_BYTES)).collect();
    let contexts: Vec<_> = (budgets.iter().enumerate())
        .map(|(subtask, budget)| {
            let memory = Memory::spilling(budget.clone(), "sort", SORT_BYTES + INDEX_BYTES);
            let alone = TaskContext::alone(Memory::new(budget.clone(), "pages"));
            TaskContext { memory, ..alone.as_task(subtask, tasks) }
        })
        .collect();
    let sorter = |context| TotalOrderSorter::new(layout.clone(), order, rendezvous.clone(), context).unwrap();
    let mut sorters: Vec<_> = contexts.iter().map(sorter).collect();
    for (number, page) in pages.into_iter().enumerate() {
        let task = task_of(number);
        windows(&page.batch(), |input| -> Result<()> {
            let mut cursor = 0;
            while sorters[task].add(input, &mut cursor)? != Progress::Done {}
            Ok(())
        })
        .unwrap();
    }
    let mut emitted = vec![Vec::new(); tasks];
    let mut outs: Vec<_> = (0..tasks).map(|_| RowWriter::new(layout.clone(), unlimited())).collect();
    let mut left: Vec<_> = (0..tasks).collect();
    let mut rounds = 0;
    while !left.is_empty() {
        rounds += 1;
        if revoked_after == Some(rounds) {
            contexts[0].memory.revoke_handle().unwrap().ask(1);
        }
        left.retain(|&task| {
            if contexts[task].memory.revoke_requested() > 0 {
                sorters[task].revoke();
            }
            let done = sorters[task].emit(&mut outs[task]).unwrap() == Progress::Done;
            if done {
                outs[task].seal();
            }
            emitted[task].extend(outs[task].take_sealed());
            !done
        });
    }
    // The rendezvous lives as long as the plan.
    assert!(budgets.iter().all(|budget| budget.used_bytes() == 0), "all memory goes back");
    (emitted, contexts.iter().map(|context| context.metrics.spilled_bytes.get()).sum())
}

/// Small rows after a large one do not fit a page of their own.
#[test]
fn ranges_split_pages_of_large_rows() {
    let items: Vec<Item> =
        (0..300_000i64).map(|row| (row * 7_919 % 300_007, if row % 20_011 == 0 { 180_000 } else { 8 })).collect();
    for (tasks, bytes) in [(2, 64 << 20), (3, 64 << 20), (5, 16 << 20)] {
        let (emitted, _) = sorted_by_tasks((&layout(), &order()), pages(&items), (tasks, bytes), None);
        let found: Vec<_> = emitted.iter().flatten().flat_map(rows).collect();
        assert_eq!(found.len(), items.len(), "{tasks} tasks");
        assert!(found == expected(&items), "{tasks} tasks");
    }
}

/// Long texts with equal prefixes are in one range. Texts before and after them are in others.
#[test]
fn ranges_are_cut_at_prefixes_of_long_texts() {
    let length = |row: usize| [20, 250, 256, 260, 700, 5_000][row * 7 % 6] + row % 40;
    let items: Vec<Item> = (0..9_000).map(|row| ((row * 31 % 5) as i64, length(row))).collect();
    for (of, descending) in [([0, 1], [false, true]), ([1, 0], [false, false]), ([1, 0], [true, false])] {
        let order = [0, 1].map(|place| OrderKey { leaf: of[place], descending: descending[place] });
        let mut expected: Vec<(i64, String)> = items.iter().map(|&item| (item.0, text(item))).collect();
        expected.sort_by(|left, right| {
            let leaves = order.iter().map(|key| match (key.leaf, key.descending) {
                (0, _) => left.0.cmp(&right.0),
                (_, false) => left.1.cmp(&right.1),
                (_, true) => right.1.cmp(&left.1),
            });
            leaves.reduce(|first, second| first.then(second)).unwrap()
        });
        for (tasks, bytes) in [(2, SORT_BYTES), (3, SORT_BYTES), (3, 4 << 20), (3, 64 << 20)] {
            let (emitted, spilled) = sorted_by_tasks((&layout(), &order), pages(&items), (tasks, bytes), None);
            let found: Vec<_> = emitted.iter().flatten().flat_map(rows).collect();
            assert!(found == expected, "{order:?}, {tasks} tasks, {bytes} bytes");
            assert!(emitted.iter().all(|pages| !pages.is_empty()), "{order:?}: each task has a range");
            assert_eq!(spilled > 0, bytes < 64 << 20);
        }
    }
}

#[test]
fn index_of_runs_is_reserved_until_it_ends() {
    let budget = Budget::new(64 << 20);
    let context = TaskContext::alone(Memory::spilling(budget.clone(), "sort", SORT_BYTES + INDEX_BYTES));
    let mut sorter = Sorter::new(layout(), order(), &context).unwrap();
    let before = budget.used_bytes();
    sorter.index_runs().unwrap();
    assert_eq!(budget.used_bytes(), before + INDEX_BYTES);
    sorter.end_index();
    assert_eq!(budget.used_bytes(), before);
}

/// The minimum memory suffices to merge two runs, but not to also hold rows in memory.
#[test]
fn rows_in_memory_leave_memory_for_the_merge() {
    for rows in (12_000..20_000).step_by(250) {
        let items = items(rows, |random| random as i64);
        let (found, _) = sorted(&items, &Budget::new(SORT_BYTES));
        assert!(found == expected(&items), "{rows} rows");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn rows_are_sorted_in_any_memory(
        rows in 0usize..60_000,
        distinct in prop::sample::select(vec![1i64, 7, 1 << 40]),
        shape in 0..3,
        budget in prop::sample::select(vec![SORT_BYTES, 2 * SORT_BYTES, 4 << 20, 64 << 20]),
    ) {
        let mut items = items(rows, |random| random as i64 % distinct);
        match shape {
            1 => items.sort(),
            2 => items.sort_by(|left, right| right.cmp(left)),
            _ => {}
        }
        let (found, _) = sorted(&items, &Budget::new(budget));
        prop_assert!(found == expected(&items));
    }
}

fn pair_layout() -> Arc<RowLayout> {
    Arc::new(RowLayout::new(vec![LeafType::I64, LeafType::F64], &LeafSet::all(2)))
}

/// `rows` pairs: a key computed from the row's number, and the number.
fn pairs(rows: u64, key: impl Fn(u64) -> i64) -> Vec<Page> {
    let mut writer = RowWriter::new(pair_layout(), unlimited());
    for row in 0..rows {
        writer
            .visit(|mut leaves, mut claims| {
                let (number, other) = (leaves.plain::<i64>(), leaves.plain::<f64>());
                claims.put(0, |new, _| {
                    number.write(new, key(row));
                    other.write(new, row as f64);
                });
            })
            .unwrap();
    }
    writer.seal();
    writer.take_sealed().collect()
}

fn keys_and_rows(page: &Page) -> Vec<(i64, u64)> {
    let batch = page.batch();
    (0..page.rows())
        .map(|row| (batch.leaf_bits(0, row) as i64, f64::from_bits(batch.leaf_bits(1, row) as u64) as u64))
        .collect()
}

/// Tasks share buckets if all have all rows in memory. The rows of all tasks are then in one order.
#[test]
fn tasks_emit_one_total_order() {
    let order = [OrderKey { leaf: 0, descending: true }];
    let random = |row: u64| row.wrapping_mul(0x9E37_79B9_7F4A_7C15) as i64;
    let keys: [&dyn Fn(u64) -> i64; 6] = [
        &random,
        &|row| random(row) >> 50,
        &|row| if row % 9 == 0 { random(row) } else { 5 },
        &|row| 1 << (random(row) as u64 % 60),
        &|row| row as i64,
        &|_| 7,
    ];
    for (tasks, bytes, rows) in
        [(2, 64 << 20, 400_000), (3, 64 << 20, 300_000), (4, 64 << 20, 3), (3, 3 << 20, 300_000)]
    {
        let cases = keys.iter().enumerate().flat_map(|key| rendezvous_pair(tasks).map(|rendezvous| (key, rendezvous)));
        for ((number, key), rendezvous) in cases {
            let of = (&pair_layout(), &order[..]);
            let (emitted, _) = sorted_with_rendezvous(rendezvous, of, pairs(rows, key), (tasks, bytes), None);
            let mut found: Vec<_> = emitted.iter().flatten().flat_map(keys_and_rows).collect();
            assert!(found.is_sorted_by_key(|&(key, _)| std::cmp::Reverse(key)), "keys {number}, {tasks} tasks");
            let most = emitted.iter().map(|pages| pages.iter().map(Page::rows).sum::<usize>()).max().unwrap();
            let is_random = number == 0 && rows > 3;
            assert!(!is_random || most * tasks < rows as usize * 3 / 2, "{most} rows in one of {tasks} tasks");
            found.sort_unstable_by_key(|&(_, row)| row);
            assert!(found == (0..rows).map(|row| (key(row), row)).collect::<Vec<_>>(), "keys {number}, {tasks} tasks");
        }
    }
}

/// One task estimates the bounds of the keys. One has too few rows for it, some of them out of
/// these bounds. One has none.
#[test]
fn tasks_with_few_rows_share_estimated_buckets() {
    let order = [OrderKey { leaf: 0, descending: false }];
    let of = (&pair_layout(), &order[..]);
    for distance in [0, 1 << 40] {
        let random = |row: u64| (row.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as i64;
        let key = move |row: u64| match row {
            ..8_000 if row % 3 < 2 => random(row) + distance * (1 - 2 * (row % 3) as i64),
            _ => random(row),
        };
        let rendezvous = Arc::new(TotalOrderRendezvous::with_splitters(3, SharedSplitters::with_min_bytes(200 << 10)));
        let task_of = |page| if page < 2 { 1 } else { 2 };
        let (emitted, spilled) =
            sorted_with_assignment(&rendezvous, of, pairs(400_000, key), &[64 << 20; 3], task_of, None);
        let rows = |pages: &Vec<Page>| pages.iter().map(Page::rows).sum::<usize>();
        assert!(emitted.iter().all(|pages| rows(pages) > 100_000), "a third each: {:?}", emitted.iter().map(rows));
        let mut found: Vec<_> = emitted.iter().flatten().flat_map(keys_and_rows).collect();
        assert!(found.is_sorted() && spilled == 0);
        found.sort_unstable_by_key(|&(_, row)| row);
        assert!(found == (0..400_000).map(|row| (key(row), row)).collect::<Vec<_>>(), "{distance} beside");
    }
}

/// A task merges its range of all runs. It has memory for fewer pages than a task with more memory
/// has runs.
#[test]
fn task_with_little_memory_merges_many_runs() {
    let order = [OrderKey { leaf: 0, descending: false }];
    let key = |row: u64| row.wrapping_mul(0x9E37_79B9_7F4A_7C15) as i64;
    let of = (&pair_layout(), &order[..]);
    for (first_pages, little) in [(5, SORT_BYTES), (0, SORT_BYTES / 15 * 16)] {
        let task_of = |page| usize::from(page >= first_pages);
        let budgets = [little, 3 * SORT_BYTES];
        let (emitted, _) = sorted_with_assignment(
            &Arc::new(TotalOrderRendezvous::of(2)),
            of,
            pairs(2_800_000, key),
            &budgets,
            task_of,
            None,
        );
        let found: Vec<_> = emitted.iter().flatten().flat_map(keys_and_rows).collect();
        assert!(found.is_sorted() && found.len() == 2_800_000, "{first_pages} pages in {little} bytes");
    }
}

/// A task that has added all its rows frees their memory on request while others still add rows.
#[test]
fn waiting_task_spills_on_request() {
    let order = [OrderKey { leaf: 0, descending: false }];
    let key = |row: u64| row.wrapping_mul(0x9E37_79B9_7F4A_7C15) as i64;
    let (emitted, spilled) = sorted_by_tasks((&pair_layout(), &order), pairs(400_000, key), (2, 64 << 20), Some(2));
    let found: Vec<_> = emitted.iter().flatten().flat_map(keys_and_rows).collect();
    assert!(found.is_sorted() && found.len() == 400_000);
    assert!((3 << 20..4 << 20).contains(&spilled), "half of the rows: {spilled}");
}

/// The memory of shared buckets is freed after all tasks have stopped using it. So a request to
/// one task must reach all.
#[test]
fn shared_buckets_are_spilled_together() {
    let order = [OrderKey { leaf: 0, descending: false }];
    let key = |row: u64| row.wrapping_mul(0x9E37_79B9_7F4A_7C15) as i64;
    let cases = [(2, None), (2, Some(8)), (3, Some(8)), (3, Some(1000))];
    let cases = cases.into_iter().flat_map(|case| rendezvous_pair(case.0).map(|rendezvous| (case, rendezvous)));
    for ((tasks, revoked_after), rendezvous) in cases {
        let of = (&pair_layout(), &order[..]);
        let (emitted, spilled) =
            sorted_with_rendezvous(rendezvous, of, pairs(400_000, key), (tasks, 64 << 20), revoked_after);
        let found: Vec<_> = emitted.iter().flatten().flat_map(keys_and_rows).collect();
        assert!(found.is_sorted() && found.len() == 400_000, "{tasks} tasks, asked after {revoked_after:?}");
        let is_spilled = revoked_after.is_some_and(|rounds| rounds < 100);
        let expected = if is_spilled { 4 << 20..7 << 20 } else { 0..1 };
        assert!(expected.contains(&spilled), "{spilled} bytes of {tasks} tasks, asked after {revoked_after:?}");
    }
}

/// Rows that are moved free their memory in another way. A few outlying keys make many small
/// buckets.
#[test]
fn pairs_are_sorted_in_any_memory() {
    let random = |row: u64| row.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let skewed =
        |row: u64| if row.is_multiple_of(10) { (random(row) >> 1 >> (random(row ^ 1) % 63)) as i64 } else { 0 };
    let keys: [&dyn Fn(u64) -> i64; 3] =
        [&|row| random(row) as i64, &skewed, &|row| if row.is_multiple_of(3) { -skewed(row) } else { skewed(row) }];
    for key in keys {
        sort_pairs_in_any_memory(key);
    }
}

fn sort_pairs_in_any_memory(key: &dyn Fn(u64) -> i64) {
    let (layout, order) = (pair_layout(), [OrderKey { leaf: 0, descending: false }]);
    let (unlimited, pages) = (unlimited(), pairs(1_500_000, key));
    let at_the_end = [SORT_BYTES, 2 << 20, 5 << 20, 12 << 20, 20 << 20, 64 << 20].map(|bytes| (bytes, usize::MAX));
    let as_they_come = [(12 << 20, 1 << 20), (20 << 20, 3 << 20), (64 << 20, 1 << 20)];
    for (bytes, from_bytes) in at_the_end.into_iter().chain(as_they_come) {
        let budget = Budget::new(bytes);
        let context = TaskContext {
            memory: Memory::spilling(budget.clone(), "sort", SORT_BYTES),
            ..TaskContext::alone(Memory::new(budget.clone(), "pages"))
        };
        let splitters = Arc::new(SharedSplitters::with_min_bytes(from_bytes));
        let mut sorter = Sorter::over(splitters, layout.clone(), order, &context).unwrap();
        for page in &pages {
            windows(&page.batch(), |input| -> Result<()> {
                let mut cursor = 0;
                while sorter.add(input, &mut cursor)? != Progress::Done {}
                Ok(())
            })
            .unwrap();
        }
        while sorter.finish().unwrap() != Progress::Done {}
        let (mut out, mut last) = (RowWriter::new(layout.clone(), unlimited.clone()), i64::MIN);
        let mut seen = vec![false; 1_500_000];
        loop {
            let progress = sorter.emit(&mut out).unwrap();
            if progress == Progress::Done {
                out.seal();
            }
            for page in out.take_sealed() {
                for (number, row) in keys_and_rows(&page) {
                    assert!(number >= last && number == key(row), "{bytes}");
                    last = number;
                    assert!(!std::mem::replace(&mut seen[row as usize], true), "{bytes}");
                }
            }
            if progress == Progress::Done {
                break;
            }
        }
        assert!(seen.iter().all(|seen| *seen), "{bytes}");
    }
}
