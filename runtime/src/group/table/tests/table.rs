//! Groups against a `HashMap`.

use std::collections::HashMap;

use crate::group::table::GroupTable;
use crate::group::table::combine::Combined;
use crate::group::table::groups::Groups;
use crate::page::tests::*;
use crate::page::{Input, Page, RowWriter, Selection};
use crate::row::{LeafSet, LeafType};

/// The state: the key's leaves, then a count and a sum.
pub(crate) const STATE: [LeafType; 4] = [LeafType::U64, LeafType::Text, LeafType::U64, LeafType::U64];

pub(crate) fn table(key: &[usize]) -> GroupTable {
    let layout = GroupTable::layout_of(STATE.to_vec(), &LeafSet::all(STATE.len()));
    GroupTable::new(layout, key, &memory()).unwrap()
}

/// Counts the items of each group, and adds up `small`.
pub(crate) fn aggregate(table: &mut GroupTable, key: &[usize], items: &[Item]) {
    let mut groups = Groups::default();
    for page in pages(items) {
        windows(&page.batch(), |input| {
            table.probe(input, key, &[(0, 0), (1, 1)], &mut groups).unwrap();
            table.visit(input, &groups, |mut leaves, mut states, rows| {
                leaves.plain::<u64>();
                leaves.text();
                leaves.list::<u64>();
                leaves.bytes();
                let small = leaves.plain::<u16>();
                states.skip(2);
                let (count, sum) = (states.plain::<u64>().unwrap(), states.plain::<u64>().unwrap());
                for (row, state) in rows.iter() {
                    count.set(state, count.get(state) + 1);
                    sum.set(state, sum.get(state) + u64::from(small.read(row)));
                }
            });
        });
    }
}

#[test]
fn a_record_of_plain_leaves_is_written_in_place() {
    let items: Vec<Item> = (0..5_000).map(|n| Item { key: n % 600, small: n as u16, ..Item::default() }).collect();
    let (mut table, mut groups) = (table(&[0]), Groups::default());
    for page in pages(&items) {
        windows(&page.batch(), |input| {
            table.probe(input, &[0], &[(0, 0), (1, 1)], &mut groups).unwrap();
            table.visit(input, &groups, |mut leaves, mut states, rows| {
                leaves.skip(4);
                let small = leaves.plain::<u16>();
                assert!(states.record(2).is_none(), "a text among the leaves");
                let (mut read, mut written) = states.record(1).unwrap();
                let (mut read_last, mut written_last) = states.record(1).unwrap();
                assert!(states.record(1).is_none(), "behind the last leaf");
                let cursors = (read.plain::<u64>(), read_last.plain::<u64>());
                let sinks = (written.plain::<u64>(), written_last.plain::<u64>());
                // A record may not write what is behind its own leaves.
                let beyond = written.plain::<u64>();
                assert!(states.claims().is_some() && states.claims().is_none());
                for (row, state) in rows.iter() {
                    let (count, last) = (cursors.0.read(state.row()), cursors.1.read(state.row()));
                    assert_eq!(last + 600 * u64::from(count > 0), if count > 0 { small.read(row).into() } else { 0 });
                    sinks.0.write(state.in_place(), count + 1);
                    sinks.1.write(state.in_place(), small.read(row).into());
                    beyond.write(state.in_place(), 77);
                }
            });
        });
    }
    let found = table.drain().unwrap();
    let read = |page: &Page| -> Vec<[u128; 3]> {
        let batch = page.batch();
        (0..batch.rows()).map(|row| [0, 2, 3].map(|leaf| batch.leaf_bits(leaf, row))).collect()
    };
    let mut found: Vec<[u128; 3]> = found.iter().flat_map(read).collect();
    found.sort();
    let expected: Vec<[u128; 3]> = (0..600)
        .map(|key| [key, if key < 200 { 9 } else { 8 }, if key < 200 { 4_800 + key } else { 4_200 + key }])
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn rows_of_one_group_have_one_number_and_others_have_others() {
    let items: Vec<Item> = (0..300).map(|n| Item { key: n % 7, ..Item::default() }).collect();
    let (mut table, mut groups, mut numbers) = (table(&[0]), Groups::default(), Vec::new());
    let mut known = HashMap::new();
    for page in pages(&items) {
        let batch = page.batch();
        let mut odd = Selection::default();
        odd.set((0..batch.rows() as u32).filter(|row| row % 2 == 1));
        let input = Input::new(&batch, &odd);
        table.probe(&input, &[0], &[(0, 0)], &mut groups).unwrap();
        groups.numbers(&input, &mut numbers);
        let numbered = batch.with_numbers(&numbers);
        assert_eq!((numbered.rows(), numbered.leaf_count()), (batch.rows(), TYPES.len() + 1));
        for row in 0..batch.rows() {
            let (key, number) = (numbered.leaf_bits(0, row), numbered.leaf_bits(TYPES.len(), row));
            let expected = if row % 2 == 1 { *known.entry(key).or_insert(number) } else { 0 };
            assert_eq!(number, expected, "row {row}");
        }
        assert_eq!(batch.with_numbers(&numbers[..5]).rows(), 5);
    }
    let different: std::collections::HashSet<u128> = known.values().copied().collect();
    assert_eq!((known.len(), different.len()), (7, 7));
}

/// Key, text, count and sum of each group.
pub(crate) type Group = (u64, String, u64, u64);

pub(crate) fn drained(table: &mut GroupTable) -> Vec<Group> {
    let mut found = Vec::new();
    for page in table.drain().unwrap() {
        let batch = page.batch();
        found.extend((0..batch.rows()).map(|row| {
            let text = String::from_utf8(batch.leaf_bytes(1, row).to_vec()).unwrap();
            (batch.leaf_bits(0, row) as u64, text, batch.leaf_bits(2, row) as u64, batch.leaf_bits(3, row) as u64)
        }));
    }
    found.sort();
    found
}

pub(crate) fn expected<K: std::hash::Hash + Eq>(items: &[Item], key: impl Fn(&Item) -> K) -> Vec<Group> {
    let mut groups: HashMap<K, Group> = HashMap::new();
    for item in items {
        // The first row of a group gives the leaves that are not the key.
        let group = groups.entry(key(item)).or_insert_with(|| (item.key, item.text.clone(), 0, 0));
        group.2 += 1;
        group.3 += u64::from(item.small);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort();
    groups
}

#[test]
fn groups_by_number_text_and_both() {
    let mut random = Random(20);
    let mut items = random.items(30_000);
    items.iter_mut().for_each(|item| item.key %= 5_000);
    let mut by_number = table(&[0]);
    aggregate(&mut by_number, &[0], &items);
    assert_eq!(drained(&mut by_number), expected(&items, |item| item.key));
    let mut by_text = table(&[1]);
    aggregate(&mut by_text, &[1], &items);
    assert_eq!(drained(&mut by_text), expected(&items, |item| item.text.clone()));
    let mut by_both = table(&[1, 0]);
    aggregate(&mut by_both, &[1, 0], &items);
    assert_eq!(drained(&mut by_both), expected(&items, |item| (item.text.clone(), item.key)));
}

#[test]
fn without_a_key_there_is_one_group() {
    let items = Random(21).items(3_000);
    let mut all = table(&[]);
    aggregate(&mut all, &[], &items);
    assert_eq!(drained(&mut all), expected(&items, |_| ()));
}

#[test]
fn a_drained_table_is_empty_and_forgets_old_groups() {
    let items = Random(21).items(100);
    let mut table = table(&[0]);
    let mut groups = Groups::default();
    let page = &pages(&items)[0];
    let batch = page.batch();
    let mut selection = Selection::default();
    selection.fill(0..batch.rows());
    let input = Input::new(&batch, &selection);
    table.probe(&input, &[0], &[(0, 0)], &mut groups).unwrap();
    assert_eq!(groups.fresh().len(), table.len());
    drop(table.drain().unwrap());
    assert!(table.is_empty() && drained(&mut table).is_empty());
    assert_eq!(table.visit(&input, &groups, |_, _, rows| rows.len()), 0);
    assert!(table.combine(&input, &groups, |_, _, mut pairs| pairs.next().is_none()));
}

/// What an item makes of its group: its text twice, one more, and a seven.
fn replacing(group: &Group, key: u64, text: &str) -> Group {
    (key, text.repeat(2), group.2 + 1, 7)
}

/// Combines an input with its groups: for each item, what `made` gives for the count so far, its
/// key and its text. What came of the last.
pub(crate) fn combine(
    table: &mut GroupTable,
    input: &Input<'_>,
    groups: &Groups,
    made: impl Fn(u64, u64, &str) -> Vec<Group>,
) -> Combined {
    let mut scratch = RowWriter::new(table.layout().clone(), memory());
    let combined = scratch.visit(|mut sinks, mut claims| {
        let (key, text) = (sinks.plain::<u64>(), sinks.text());
        let (count, sum) = (sinks.plain::<u64>(), sinks.plain::<u64>());
        table.combine(input, groups, |mut stored, mut leaves, mut pairs| {
            stored.skip(2);
            let (before, item_key, item_text) = (stored.plain::<u64>(), leaves.plain::<u64>(), leaves.text());
            while let Some((group, item)) = pairs.next() {
                for made in made(before.read(group), item_key.read(item), item_text.read(item)) {
                    let put = claims.put(text.heap_bytes(&made.1), |row, claims| {
                        key.write(row, made.0);
                        text.write(row, &made.1, claims);
                        count.write(row, made.2);
                        sum.write(row, made.3);
                    });
                    assert!(put.is_some());
                }
                match pairs.settle(&mut claims).unwrap() {
                    Combined::Kept => {}
                    fault => return fault,
                }
            }
            Combined::Kept
        })
    });
    combined.unwrap()
}

#[test]
fn groups_keep_what_their_last_row_made() {
    let mut items = Random(22).items(9_000);
    items.iter_mut().for_each(|item| item.key %= 300);
    let mut table = table(&[0]);
    let mut groups = Groups::default();
    for page in pages(&items) {
        windows(&page.batch(), |input| {
            table.probe(input, &[0], &[(0, 0), (1, 1)], &mut groups).unwrap();
            let made = |count, key, text: &str| vec![replacing(&(key, String::new(), count, 0), key, text)];
            assert_eq!(combine(&mut table, input, &groups, made), Combined::Kept);
        });
        table.compact(false).unwrap();
    }
    let mut model: HashMap<u64, Group> = HashMap::new();
    for item in &items {
        let group = model.get(&item.key).map(|group| replacing(group, item.key, &item.text));
        model.insert(item.key, group.unwrap_or_else(|| (item.key, item.text.clone(), 0, 0)));
    }
    let mut expected: Vec<_> = model.into_values().collect();
    expected.sort();
    assert_eq!((table.len(), drained(&mut table)), (expected.len(), expected));
}

#[test]
fn what_is_not_one_row_of_the_same_key_replaces_nothing() {
    let items: Vec<Item> = ["a", "b"].map(|text| Item { key: 5, text: text.to_owned(), ..Item::default() }).into();
    let made = |copies: usize, key: u64| vec![(key, String::new(), 1, 1); copies];
    for (copies, key, fault) in [(0, 5, Combined::NotOne), (2, 5, Combined::NotOne), (1, 6, Combined::KeyChanged)] {
        let (mut table, mut groups) = (table(&[0]), Groups::default());
        windows(&pages(&items)[0].batch(), |input| {
            table.probe(input, &[0], &[(0, 0), (1, 1)], &mut groups).unwrap();
            assert_eq!(combine(&mut table, input, &groups, |_, _, _| made(copies, key)), fault);
        });
        assert_eq!(drained(&mut table), [(5, "a".to_owned(), 0, 0)]);
    }
}

/// Adds up the items' keys by text, and makes a text as long as the count of each: a kernel that
/// knows the first two leaves only.
fn combine_by_text(table: &mut GroupTable, input: &Input<'_>, groups: &Groups) -> Combined {
    let mut scratch = RowWriter::new(table.layout().clone(), memory());
    let combined = scratch.visit(|mut sinks, mut claims| {
        let (sum, made) = (sinks.plain::<u64>(), sinks.text());
        table.combine(input, groups, |mut stored, mut leaves, mut pairs| {
            let (before, before_text, key) = (stored.plain::<u64>(), stored.text(), leaves.plain::<u64>());
            while let Some((group, item)) = pairs.next() {
                let text = format!("{}+", before_text.read(group));
                let put = claims.put(made.heap_bytes(&text), |row, claims| {
                    sum.write(row, before.read(group).wrapping_add(key.read(item)));
                    made.write(row, &text, claims);
                });
                assert!(put.is_some());
                match pairs.settle(&mut claims).unwrap() {
                    Combined::Kept => {}
                    fault => return fault,
                }
            }
            Combined::Kept
        })
    });
    combined.unwrap()
}

#[test]
fn a_group_keeps_the_leaves_that_its_kernel_does_not_know() {
    let text =
        |n: u64| if n.is_multiple_of(2) { n.to_string() } else { format!("the long text of group {n}").repeat(3) };
    let items: Vec<Item> = (0..6_000).map(|n| Item { key: n, text: text(n % 50), ..Item::default() }).collect();
    let layout = GroupTable::layout_of(vec![LeafType::U64, LeafType::Text, LeafType::Text], &LeafSet::all(3));
    let mut table = GroupTable::new(layout, [2], &memory()).unwrap().keeping_from(2);
    let mut groups = Groups::default();
    for page in pages(&items) {
        windows(&page.batch(), |input| {
            table.probe(input, &[1], &[(0, 0), (1, 3), (2, 1)], &mut groups).unwrap();
            assert_eq!(combine_by_text(&mut table, input, &groups), Combined::Kept);
        });
        table.compact(false).unwrap();
    }
    let mut found: Vec<(String, u64, String)> = Vec::new();
    for page in table.drain().unwrap() {
        windows(&page.batch(), |input| {
            input.visit(|mut leaves, rows| {
                let (sum, made, key) = (leaves.plain::<u64>(), leaves.text(), leaves.text());
                let rows = (0..rows.len()).map(|position| rows.get(position));
                found.extend(rows.map(|row| (key.read(row).to_owned(), sum.read(row), made.read(row).to_owned())));
            });
        });
    }
    let sum = |group: u64| (0..6_000).filter(|n| n % 50 == group).sum();
    let mut expected: Vec<_> = (0..50).map(|group| (text(group), sum(group), "+".repeat(119))).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}
