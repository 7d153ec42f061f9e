//! Groups against a `HashMap`.

use std::collections::HashMap;

use super::super::group_table::{GroupTable, Groups};
use super::*;

/// The state: the key's leaves, then a count and a sum.
const STATE: [LeafType; 4] = [LeafType::U64, LeafType::Text, LeafType::U64, LeafType::U64];

fn table(key: &[usize]) -> GroupTable {
    let layout = GroupTable::layout_of(STATE.to_vec(), &LeafSet::all(STATE.len()));
    GroupTable::new(layout, key, &memory()).unwrap()
}

/// Counts the items of each group, and adds up `small`.
fn aggregate(table: &mut GroupTable, key: &[usize], items: &[Item]) {
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
type Group = (u64, String, u64, u64);

fn drained(table: &mut GroupTable) -> Vec<Group> {
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

fn expected<K: std::hash::Hash + Eq>(items: &[Item], key: impl Fn(&Item) -> K) -> Vec<Group> {
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
    assert_eq!(table.state_of(&groups, 0).rows(), 0);
}

/// Replaces each item's group by a row with a text of the item's, in a table keyed by number.
fn replace_all(table: &mut GroupTable, model: &mut HashMap<u64, Group>, items: &[Item]) {
    let mut groups = Groups::default();
    for page in pages(items) {
        windows(&page.batch(), |input| {
            table.probe(input, &[0], &[(0, 0), (1, 1)], &mut groups).unwrap();
            let items = read(input.batch());
            for (position, &row) in input.selection().rows().iter().enumerate() {
                let item = &items[row as usize];
                let before = table.state_of(&groups, position).leaf_bits(2, 0) as u64;
                let state = (item.key, item.text.repeat(2), before + 1, 7);
                let mut writer = RowWriter::new(table.layout().clone(), memory());
                let written = writer.visit(|mut leaves, mut claims| {
                    let (key, text) = (leaves.plain::<u64>(), leaves.text());
                    let (count, sum) = (leaves.plain::<u64>(), leaves.plain::<u64>());
                    let row = claims.claim(text.heap_bytes(&state.1)).unwrap();
                    key.write(row, state.0);
                    text.write(row, &state.1, &mut claims);
                    count.write(row, state.2);
                    sum.write(row, state.3);
                });
                written.unwrap();
                writer.seal();
                let page = writer.take_sealed().next().unwrap();
                table.replace(&mut groups, position, &page.batch()).unwrap();
                let group = model.entry(item.key).or_default();
                *group = (state.0, state.1, group.2 + 1, 7);
            }
        });
        table.compact().unwrap();
    }
}

#[test]
fn replaced_groups_keep_their_last_row() {
    let mut items = Random(22).items(9_000);
    items.iter_mut().for_each(|item| item.key %= 300);
    let (mut table, mut model) = (table(&[0]), HashMap::new());
    replace_all(&mut table, &mut model, &items);
    let mut expected: Vec<_> = model.into_values().collect();
    expected.sort();
    assert_eq!((table.len(), drained(&mut table)), (expected.len(), expected));
}

#[test]
fn a_row_that_is_not_there_replaces_nothing() {
    let items = Random(23).items(1);
    let mut table = table(&[0]);
    let mut groups = Groups::default();
    windows(&pages(&items)[0].batch(), |input| {
        table.probe(input, &[0], &[(0, 0), (1, 1)], &mut groups).unwrap();
    });
    let empty = super::super::columns::Columns::new(0).finish();
    table.replace(&mut groups, 0, &empty).unwrap();
    assert_eq!(drained(&mut table), [(items[0].key, items[0].text.clone(), 0, 0)]);
}
