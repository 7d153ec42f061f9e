//! Joins against a nested loop over a `HashMap`.

use std::collections::HashMap;

use super::super::join_table::JoinTable;
use super::super::pairs::Pairs;
use super::*;

fn table(items: &[Item], live: &LeafSet, key: &[usize]) -> JoinTable {
    let mut table = JoinTable::new(TYPES.to_vec(), live, key, &memory()).unwrap();
    for page in pages(items) {
        windows(&page.batch(), |input| table.add(input).unwrap());
    }
    assert_eq!(table.len(), items.len());
    table.build().unwrap();
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
                table.visit(input, &pairs, false, |mut left, mut right, rows| {
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
    let [built, probe] = two_sides();
    let table = table(&built, &all_leaves(), &[0]);
    assert_eq!(joined(&table, &probe, &[0]), expected(&probe, &built, |item| item.key));
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
fn a_large_table_is_asked_through_its_filter() {
    let item = |key| Item { key, text: key.to_string(), ..Item::default() };
    let built: Vec<Item> = (0..40_000).map(|key| item(key * 3)).collect();
    let table = table(&built, &all_leaves(), &[0]);
    // Most rows have no partner, then all have one (the filter is given up meanwhile), then most have none again.
    let few = || (0..60_000).map(|key| item(key * 7 + 1));
    let probe: Vec<Item> = few().chain((0..60_000).map(|key| item(key % 40_000 * 3))).chain(few()).collect();
    assert_eq!(joined(&table, &probe, &[0]), expected(&probe, &built, |item| item.key));
}
