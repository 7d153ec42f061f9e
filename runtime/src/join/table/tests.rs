//! Compares joins with a nested loop over a `HashMap`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::join::table::pairs::Pairs;
use crate::join::table::{JoinTable, SharedTable};
use crate::memory::limits::PAGE_BYTES;
use crate::memory::{Budget, Memory};
use crate::page::RowWriter;
use crate::page::tests::*;
use crate::row::{LeafSet, LeafType, RowLayout};

fn table(items: &[Item], live: &LeafSet, key: &[usize]) -> JoinTable {
    let mut table = unbuilt(items, live, key);
    table.build().unwrap();
    table
}

fn unbuilt(items: &[Item], live: &LeafSet, key: &[usize]) -> JoinTable {
    let mut table = JoinTable::new(TYPES.to_vec(), live, key, &memory()).unwrap();
    for page in pages(items) {
        windows(&page.batch(), |input| table.add(input).unwrap());
    }
    assert_eq!(table.len(), items.len());
    table
}

/// Key and text of both sides, for each pair.
fn joined(table: &JoinTable, probe: &[Item], key: &[usize]) -> Vec<(u64, String, u64, String)> {
    let (mut found, mut pairs) = (Vec::new(), Pairs::default());
    for page in pages(probe) {
        windows(&page.batch(), |input| {
            table.probe(input, key, &mut pairs);
            let mut from = 0;
            loop {
                let more = table.next_pairs(input, &mut from, &mut pairs);
                table.row_pairs(input, &pairs, false).visit(|mut left, mut right, rows| {
                    let (left_key, left_text) = (left.plain::<u64>(), left.text());
                    let (right_key, right_text) = (right.plain::<u64>(), right.text());
                    for pair in 0..rows.len() {
                        let (l, r) = rows.get(pair);
                        let (left_text, right_text) = (left_text.read(l).to_owned(), right_text.read(r).to_owned());
                        found.push((left_key.read(l), left_text, right_key.read(r), right_text));
                    }
                });
                if !more {
                    break;
                }
            }
        });
    }
    found.sort();
    found
}

fn expected<K: std::hash::Hash + Eq>(
    probe: &[Item],
    built: &[Item],
    key: impl Fn(&Item) -> K,
) -> Vec<(u64, String, u64, String)> {
    let mut by_key: HashMap<K, Vec<&Item>> = HashMap::new();
    built.iter().for_each(|item| by_key.entry(key(item)).or_default().push(item));
    let mut found = Vec::new();
    for left in probe {
        for right in by_key.get(&key(left)).into_iter().flatten() {
            found.push((left.key, left.text.clone(), right.key, right.text.clone()));
        }
    }
    found.sort();
    found
}

fn two_sides() -> [Vec<Item>; 2] {
    let mut random = Random(30);
    [2_000, 5_000].map(|count| {
        let mut items = random.items(count);
        items.iter_mut().for_each(|item| item.key %= 800);
        items
    })
}

#[test]
fn pairs_rows_of_equal_number() {
    // Close together, across a change of sign and of the highest bit, and far apart.
    for number in [|key| key, |key: u64| key.wrapping_sub(300), |key| key ^ 1 << 63, |key| key * 1_000_003] {
        let sides = two_sides();
        let [built, probe] = sides.map(|items| items.into_iter().map(|item| Item { key: number(item.key), ..item }));
        let (built, probe): (Vec<Item>, Vec<Item>) = (built.collect(), probe.collect());
        let table = table(&built, &all_leaves(), &[0]);
        assert_eq!(joined(&table, &probe, &[0]), expected(&probe, &built, |item| item.key));
    }
}

/// Rows of one key are in pages that different threads index, with few keys mostly at the same
/// time.
#[test]
fn several_threads_index_one_table() {
    for (keys, probes, number) in [(40_000, 2_000, 1), (40_000, 2_000, 1_000_003), (3, 2, 1_000_003 << 20)] {
        let item = |row: u64| Item { key: row * 7 % keys * number, text: format!("row {row}"), ..Item::default() };
        let built: Vec<Item> = (0..40_000).map(item).collect();
        let probe: Vec<Item> = (0..probes).map(|row| item(row * 19)).collect();
        for key in [&[0][..], &[1, 0]] {
            let table = SharedTable::new(unbuilt(&built, &all_leaves(), key)).unwrap();
            let by_key = number == 1 && key.len() == 1;
            assert_eq!(table.index_next(), !by_key, "{keys} keys");
            assert_eq!(table.table().is_some(), by_key, "a page alone is not all");
            std::thread::scope(|threads| {
                for _ in 0..4 {
                    threads.spawn(|| while table.index_next() {});
                }
            });
            let found = joined(table.table().unwrap(), &probe, key);
            let expected = match key.len() {
                1 => expected(&probe, &built, |item| (item.key, String::new())),
                _ => expected(&probe, &built, |item| (item.key, item.text.clone())),
            };
            assert!(found == expected, "{} pairs for {}, {keys} keys", found.len(), expected.len());
        }
    }
}

#[test]
fn pairs_rows_of_equal_text_and_number() {
    let [mut built, mut probe] = two_sides();
    built.truncate(1_000);
    probe.truncate(1_000);
    built.iter_mut().chain(&mut probe).for_each(|item| item.key %= 3);
    let table = table(&built, &all_leaves(), &[1, 0]);
    assert_eq!(joined(&table, &probe, &[1, 0]), expected(&probe, &built, |item| (item.text.clone(), item.key)));
}

#[test]
fn one_key_may_have_more_partners_than_a_window() {
    let built = vec![Item { key: 1, text: "the same, and longer than a slot".to_owned(), ..Item::default() }; 3_000];
    let probe = [1, 2, 1].map(|key| Item { key, ..Item::default() });
    let table = table(&built, &all_leaves(), &[0]);
    assert_eq!(joined(&table, &probe, &[0]), expected(&probe, &built, |item| item.key));
}

#[test]
fn dead_leaves_of_the_built_side_are_not_kept() {
    let [built, probe] = two_sides();
    let table = table(&built, &[0].into_iter().collect(), &[0]);
    let mut built = built;
    built.iter_mut().for_each(|item| item.text.clear());
    assert_eq!(joined(&table, &probe, &[0]), expected(&probe, &built, |item| item.key));
}

#[test]
fn an_empty_side_pairs_nothing() {
    let probe = Random(31).items(10);
    assert_eq!(joined(&table(&[], &all_leaves(), &[0]), &probe, &[0]), []);
    assert_eq!(joined(&table(&probe, &all_leaves(), &[0]), &[], &[0]), []);
}

#[test]
fn large_table_is_probed_through_its_filter() {
    let item = |key| Item { key, text: key.to_string(), ..Item::default() };
    let built: Vec<Item> = (0..40_000).map(|key| item(key * 3)).collect();
    let table = table(&built, &all_leaves(), &[0]);
    // Most rows have no partner, then all have one (the filter is skipped), then most have none
    // again.
    let few = || (0..60_000).map(|key| item(key * 7 + 1));
    let probe: Vec<Item> = few().chain((0..60_000).map(|key| item(key % 40_000 * 3))).chain(few()).collect();
    assert_eq!(joined(&table, &probe, &[0]), expected(&probe, &built, |item| item.key));
}

#[test]
fn pages_move_from_one_table_to_another() {
    let [built, probe] = two_sides();
    let mut first = table(&built, &all_leaves(), &[0]);
    let mut second = JoinTable::new(TYPES.to_vec(), &all_leaves(), [0], &memory()).unwrap();
    let moved = first.take_pages();
    assert!(first.is_empty() && first.layout() == second.layout());
    moved.into_iter().for_each(|page| second.adopt(page).unwrap());
    assert_eq!(second.len(), built.len());
    second.build().unwrap();
    assert_eq!(joined(&second, &probe, &[0]), expected(&probe, &built, |item| item.key));
    assert_eq!(joined(&first, &probe, &[0]), []);
}

#[test]
fn pairs_are_invalid_after_pages_are_taken() {
    let items = two_sides()[0].clone();
    let mut table = table(&items, &all_leaves(), &[0]);
    let mut pairs = Pairs::default();
    let page = pages(&items[..10]).remove(0);
    windows(&page.batch(), |input| {
        table.probe(input, &[0], &mut pairs);
        assert!(pairs.matched(0));
        drop(table.take_pages());
        assert!(!table.next_pairs(input, &mut 0, &mut pairs) && pairs.is_empty());
    });
}

#[test]
fn pages_that_a_table_cannot_own_are_rejected() {
    let mut items = table(&two_sides()[0], &all_leaves(), &[0]);
    let mut other = JoinTable::new(TYPES.to_vec(), &all_leaves(), [0], &memory()).unwrap();
    let shared = items.take_pages().remove(0);
    assert!(other.adopt(shared.clone()).is_err());
    assert!(other.adopt(pages(&Random(1).items(3)).remove(0)).is_err(), "no hidden leaf");
    other.adopt(shared).unwrap();
    other.build().unwrap();
    let mut late = table(&two_sides()[1], &all_leaves(), &[0]);
    assert!(other.adopt(late.take_pages().remove(0)).is_err(), "built already");
}

#[test]
fn estimated_bytes_match_allocated_bytes() {
    let budget = Budget::new(1 << 30);
    let mut table = JoinTable::new(TYPES.to_vec(), &all_leaves(), [0], &Memory::new(budget.clone(), "table")).unwrap();
    for page in pages(&Random(5).items(20_000)) {
        windows(&page.batch(), |input| {
            let (before, estimated) = (budget.used_bytes(), table.bytes_for(input));
            table.add(input).unwrap();
            let taken = budget.used_bytes() - before;
            // Lists are padded for alignment, at most by a page.
            assert!(taken <= estimated && estimated - taken <= PAGE_BYTES, "{estimated} for {taken}");
        });
    }
    let (before, index) = (budget.used_bytes(), table.build_bytes(0));
    table.build().unwrap();
    assert_eq!((budget.used_bytes() - before, index), (index, JoinTable::index_bytes(table.len())));
}

/// Keys that are close together get a dense index, which is smaller. The estimate before `build`
/// reflects that.
#[test]
fn dense_keys_need_fewer_index_bytes() {
    let budget = Budget::new(1 << 30);
    let types = vec![LeafType::U64];
    let layout = Arc::new(RowLayout::full(types.clone()));
    let mut table = JoinTable::new(types, &LeafSet::all(1), [0], &Memory::new(budget.clone(), "table")).unwrap();
    let mut writer = RowWriter::new(layout, memory());
    for key in (0..100_000_u64).rev() {
        let written = writer.visit(|mut leaves, mut claims| {
            let keys = leaves.plain::<u64>();
            let put = claims.put(0, |new, _| {
                keys.write(new, 7_000 + key);
            });
            assert!(put.is_some());
        });
        written.unwrap();
    }
    writer.seal();
    for page in writer.take_sealed() {
        windows(&page.batch(), |input| table.add(input).unwrap());
    }
    let (before, index) = (budget.used_bytes(), table.build_bytes(0));
    table.build().unwrap();
    assert_eq!(budget.used_bytes() - before, index);
    assert!(index < JoinTable::index_bytes(table.len()) / 2, "four bytes a key, and a bit: {index}");
}
