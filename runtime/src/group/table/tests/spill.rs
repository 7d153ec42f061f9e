//! Group tables whose parts leave, and whose memory ends.

use crate::group::table::combine::Combined;
use crate::group::table::groups::Groups;
use crate::group::table::parting::PartSet;
use crate::group::table::tests::table::{Group, STATE, aggregate, combine, drained, expected, table};
use crate::group::table::{GroupTable, GrowthPolicy};
use crate::memory::{Budget, Memory};
use crate::page::tests::*;
use crate::page::{Batch, Input, Page, Selection};
use crate::row::LeafSet;

/// Takes some parts out of a table; what is in their pages is added to `gone`, but for replaced
/// rows.
fn evict(table: &mut GroupTable, parts: &PartSet, gone: &mut Vec<Group>) {
    for (part, pages) in table.evict(parts) {
        assert!(parts[part]);
        let mut live = Vec::new();
        for page in pages {
            windows(&page.batch(), |input| {
                table.store.live_rows(input, &mut live);
                gone.extend(live.iter().map(|&row| group_of(input.batch(), row as usize)));
            });
        }
    }
}

fn group_of(batch: &Batch<'_>, row: usize) -> Group {
    let text = String::from_utf8(batch.leaf_bytes(1, row).to_vec()).unwrap();
    (batch.leaf_bits(0, row) as u64, text, batch.leaf_bits(2, row) as u64, batch.leaf_bits(3, row) as u64)
}

/// Sums of rows that may be states of one group.
fn merged(groups: Vec<Group>) -> Vec<Group> {
    let mut sums: std::collections::BTreeMap<u64, Group> = std::collections::BTreeMap::new();
    for group in groups {
        let sum = sums.entry(group.0).or_insert_with(|| (group.0, group.1.clone(), 0, 0));
        (sum.2, sum.3) = (sum.2 + group.2, sum.3 + group.3);
    }
    sums.into_values().collect()
}

#[test]
fn keys_of_evicted_parts_open_new_groups() {
    parts_leave(40_000, 9_000, 0, false);
    // With 150,000 groups, each part has its own index.
    parts_leave(300_000, 150_000, 0, true);
    parts_leave(300_000, 150_000, 1, true);
}

fn parts_leave(rows: usize, keys: u64, level: u32, are_indexed: bool) {
    let mut items = Random(23).items(rows);
    items
        .iter_mut()
        .for_each(|item| (item.key, item.text) = (item.key % keys, (item.key % keys).to_string().repeat(4)));
    let (mut table, mut gone, mut random) = (table(&[0]), Vec::new(), Random(24));
    if level > 0 {
        table = table.at_level(level).unwrap();
    }
    let mut have_index = false;
    for chunk in items.chunks(rows / 5) {
        aggregate(&mut table, &[0], chunk);
        table.split().unwrap();
        let before = (table.len(), table.bytes());
        let parts = std::array::from_fn(|_| random.below(3) == 0);
        let freed: usize = (0..parts.len()).filter(|&part| parts[part]).map(|part| table.freed_by(part)).sum();
        let rows_of = |table: &GroupTable, part| table.store.part_bytes(part).0 + table.store.part_bytes(part).1;
        have_index |= (0..parts.len()).any(|part| table.freed_by(part) > rows_of(&table, part));
        let open: usize = (0..parts.len()).filter(|&part| parts[part]).map(|part| table.store.part_bytes(part).1).sum();
        evict(&mut table, &parts, &mut gone);
        assert!(table.len() < before.0);
        assert_eq!(table.bytes() + freed - open, before.1, "open pages are not the table's");
        for part in (0..parts.len()).filter(|&part| parts[part]) {
            assert_eq!((table.store.part_bytes(part), table.freed_by(part)), ((0, 0), 0));
        }
    }
    assert_eq!(have_index, are_indexed);
    evict(&mut table, &[true; 16], &mut gone);
    assert_eq!((table.len(), table.bytes(), drained(&mut table)), (0, 0, Vec::new()));
    assert!(gone.len() as u64 > keys);
    assert_eq!(merged(gone), expected(&items, |item| item.key));
}

#[test]
fn rows_of_a_part_agree_at_its_level_and_differ_at_the_next() {
    let items: Vec<Item> = (0..30_000).map(|key| Item { key, ..Item::default() }).collect();
    let mut first = table(&[0]);
    aggregate(&mut first, &[0], &items);
    first.split().unwrap();
    let mut parts = [false; 16];
    parts[3] = true;
    let pages = first.evict(&parts).pop().unwrap().1;
    let rows: usize = pages.iter().map(Page::rows).sum();
    assert!((1_500..2_300).contains(&rows), "{rows}");
    for (level, spread) in [(0, false), (1, true), (2, true)] {
        let (mut second, mut groups) = (first.at_level(level).unwrap(), Groups::default());
        for page in &pages {
            windows(&page.batch(), |input| second.probe(input, &[0], &[(0, 0)], &mut groups).unwrap());
        }
        assert_eq!(second.len(), rows);
        let taken = (0..16).filter(|&part| second.store.part_bytes(part).1 > 0).count();
        assert_eq!(taken, if spread { 16 } else { 1 }, "level {level}");
    }
}

#[test]
fn replaced_rows_leave_with_their_pages_and_are_told() {
    replaced_rows_leave(false);
    replaced_rows_leave(true);
}

fn replaced_rows_leave(compacts: bool) {
    let mut items = Random(25).items(6_000);
    items.iter_mut().for_each(|item| item.key %= 200);
    let (mut table, mut groups, mut gone) = (table(&[0]), Groups::default(), Vec::new());
    for (round, page) in pages(&items).iter().enumerate() {
        windows(&page.batch(), |input| {
            table.probe(input, &[0], &[(0, 0), (1, 1)], &mut groups).unwrap();
            let made = |count, key, text: &str| vec![(key, text.repeat(2), count + 1, 0)];
            assert_eq!(combine(&mut table, input, &groups, made), Combined::Kept);
        });
        if round == 2 {
            table.split().unwrap();
        }
    }
    let length = table.len();
    if compacts {
        assert!(table.compact(true).unwrap() && !table.compact(true).unwrap());
    }
    evict(&mut table, &[true; 16], &mut gone);
    gone.sort();
    let rows = gone.len();
    gone.dedup_by_key(|group| group.0);
    assert_eq!((rows, gone.len()), (length, length));
}

#[test]
fn rows_without_room_are_missed_and_the_others_found() {
    let items: Vec<Item> = (0..4_000).map(|n| Item { key: n * 7 % 3_000, small: 1, ..Item::default() }).collect();
    let budget = Budget::new(1 << 20);
    let memory = Memory::new(budget, "test");
    let layout = GroupTable::layout_of(STATE.to_vec(), &LeafSet::all(STATE.len()));
    let mut table = GroupTable::new(layout, [0], &memory).unwrap().growing(GrowthPolicy::IfIdle);
    let (mut groups, mut missed, mut found, mut held) = (Groups::default(), 0, 0, None);
    for page in pages(&items) {
        windows(&page.batch(), |input| {
            table.probe(input, &[0], &[(0, 0), (1, 1)], &mut groups).unwrap();
            let places =
                table.visit(&Input::new(input.batch(), &Selection::default()), &groups, |_, _, rows| rows.len());
            assert_eq!(places, 0, "groups of another input");
            let is_missed = |position: &u32| groups.missed().binary_search(position).is_ok();
            let mut rest = Selection::default();
            rest.set(
                (0..input.len() as u32)
                    .filter(|position| !is_missed(position))
                    .map(|at| input.selection().rows()[at as usize]),
            );
            let rest = Input::new(input.batch(), &rest);
            table.visit(&rest, &groups, |mut leaves, states, rows| {
                let (key, stored) = (leaves.plain::<u64>(), {
                    let mut states = states;
                    states.plain::<u64>().unwrap()
                });
                assert_eq!(rows.len(), rest.len());
                assert!(rows.iter().all(|(row, group)| key.read(row) == stored.get(group)));
            });
            assert!(groups.fresh().iter().all(|&fresh| (fresh as usize) < rest.len()));
            (missed, found) = (missed + groups.missed().len(), found + rest.len());
            // No memory is left from here on.
            held.get_or_insert_with(|| {
                memory.reserve(memory.budget().limit_bytes() - memory.budget().used_bytes()).unwrap()
            });
        });
    }
    assert_eq!(missed + found, 4_000);
    assert!(missed > 1_000 && found > 1_000, "{missed} and {found}");
}
