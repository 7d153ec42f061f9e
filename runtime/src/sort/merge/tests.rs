//! Compares merges with sorts of all rows.

use std::sync::Arc;

use crate::page::tests::*;
use crate::page::{Page, RowWriter};
use crate::row::{LeafType, RowLayout};
use crate::sort::buffer::tests::key;
use crate::sort::merge::{Merge, MergeStep};
use crate::sort::order::OrderKey;

/// Pages of at most `rows` items each.
fn pages_of(items: &[Item], rows: usize) -> Vec<Page> {
    items.chunks(rows.max(1)).flat_map(pages).collect()
}

/// Merges streams of pages until all have ended.
fn merge(streams: Vec<Vec<Page>>, order: &[OrderKey]) -> Vec<Item> {
    let mut merge = Merge::new(layout(), order, streams.len()).unwrap();
    let mut streams: Vec<_> = streams.into_iter().map(Vec::into_iter).collect();
    for (stream, pages) in streams.iter_mut().enumerate() {
        merge.feed(stream, pages.next());
    }
    let (mut out, mut found) = (writer(), Vec::new());
    loop {
        match merge.run(&mut out).unwrap() {
            MergeStep::Full => assert!(out.has_sealed()),
            MergeStep::Needs(stream) => merge.feed(stream, streams[stream].next()),
            MergeStep::Done => break,
        }
        found.extend(out.take_sealed().flat_map(|page| read(&page.batch())));
    }
    out.seal();
    found.extend(out.take_sealed().flat_map(|page| read(&page.batch())));
    found
}

fn in_order(left: &Item, right: &Item) -> std::cmp::Ordering {
    left.text.cmp(&right.text).then(right.small.cmp(&left.small)).then(left.key.cmp(&right.key))
}

/// The order of `in_order`.
const ORDER: [OrderKey; 3] = [key(1, false), key(4, true), key(0, false)];

#[test]
fn merging_streams_equals_sorting_all_rows() {
    let mut random = Random(60);
    for (streams, rows) in [(0, 0), (1, 300), (2, 500), (3, 1), (5, 400), (8, 90), (17, 60), (64, 20), (256, 12)] {
        let (mut all, mut fed) = (Vec::new(), Vec::new());
        for stream in 0..streams {
            // Every third stream is empty or has pages of one row.
            let rows = if stream % 3 == 2 && stream % 2 == 0 { 0 } else { random.below(2 * rows + 1) };
            let mut items = random.items(rows);
            items.iter_mut().for_each(|item| (item.small, item.key) = (item.small % 8, item.key % 4));
            items.sort_by(in_order);
            fed.push(pages_of(&items, if stream % 3 == 1 { 1 } else { 1 + random.below(100) }));
            all.extend(items);
        }
        // Stable: equal rows are in the order of their streams.
        all.sort_by(in_order);
        assert!(merge(fed, &ORDER) == all, "{streams} streams");
    }
}

#[test]
fn invalid_pages_and_layouts_fail_the_merge() {
    let other = Arc::new(RowLayout::full([LeafType::U64]));
    let page = pages(&Random(61).items(1)).remove(0);
    assert!(Merge::new(other.clone(), [key(1, false)], 1).is_err());
    let mut merge = Merge::new(other.clone(), [key(0, false)], 1).unwrap();
    merge.feed(0, Some(page.clone()));
    assert!(merge.run(&mut RowWriter::new(other.clone(), memory())).is_err());
    let mut merge = Merge::new(layout(), ORDER, 1).unwrap();
    merge.feed(0, Some(page.clone()));
    assert!(merge.run(&mut RowWriter::new(other, memory())).is_err());
    let mut merge = Merge::new(layout(), ORDER, 1).unwrap();
    merge.feed(0, Some(page.clone()));
    merge.feed(0, Some(page.clone()));
    assert!(merge.run(&mut writer()).is_err());
    let mut merge = Merge::new(layout(), ORDER, 1).unwrap();
    merge.feed(1, Some(page));
    assert!(merge.run(&mut writer()).is_err());
}
