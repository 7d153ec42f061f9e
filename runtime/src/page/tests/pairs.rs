//! Tests of pairs of records: copied into joined rows, and mapped to pairs of other records.

use super::*;
use crate::page::{PairSource, RowPairs};

/// Items on one page.
fn page(seed: u64, count: usize) -> (Vec<Item>, Page) {
    let items = Random(seed).items(count);
    let mut pages = pages(&items);
    pages.truncate(1);
    let page = pages.pop().unwrap();
    (items[..page.rows()].to_vec(), page)
}

fn rows(random: &mut Random, count: usize, of: usize) -> Vec<usize> {
    (0..count).map(|_| random.below(of)).collect()
}

/// Copies all pairs into pages of left and right leaves. Each call resumes where a page was closed.
fn copied(pairs: &RowPairs<'_>) -> Vec<Page> {
    let layout = Arc::new(RowLayout::full([TYPES, TYPES].concat()));
    let mut writer = RowWriter::new(layout, memory());
    let (mut at, mut found) = (0, Vec::new());
    while at < pairs.len() {
        let end = writer.append_pairs(pairs, at, TYPES.len()).unwrap();
        assert!(end > at && (end == pairs.len() || writer.has_sealed()), "{at} to {end}");
        at = end;
        found.extend(writer.take_sealed());
    }
    writer.seal();
    found.extend(writer.take_sealed());
    found
}

/// The records of one side, whose leaves begin at `first`.
fn side(pages: &[Page], first: usize) -> Vec<Item> {
    let leaves: Vec<_> = TYPES.into_iter().enumerate().map(|(leaf, ty)| (Some(first + leaf), ty)).collect();
    pages.iter().flat_map(|page| read(&page.batch().arranged(&leaves))).collect()
}

#[test]
fn pairs_are_copied_for_both_stored_sides() {
    for is_stored_left in [false, true] {
        let ((left, left_page), (right, right_page)) = (page(20, 900), page(21, 700));
        let mut random = Random(22);
        let chosen = [rows(&mut random, 5_000, left.len()), rows(&mut random, 5_000, right.len())];
        let pages = {
            let (mut batches, mut numbers) =
                ([left_page.batch(), right_page.batch()], [&chosen[0][..], &chosen[1][..]]);
            if is_stored_left {
                batches.reverse();
                numbers.reverse();
            }
            // SAFETY: the rows are rows of their batches.
            copied(&unsafe { RowPairs::new(batches, numbers, is_stored_left) })
        };
        // The old pages are freed and overwritten, so the copies must not point into them.
        drop((left_page, right_page));
        let other = super::pages(&vec![Item { text: "#".repeat(1_000), ..Item::default() }; 2_000]);
        assert!(pages.len() > 3);
        let expected = |items: &[Item], rows: &[usize]| rows.iter().map(|&row| items[row].clone()).collect::<Vec<_>>();
        assert_eq!(side(&pages, 0), expected(&left, &chosen[0]));
        assert_eq!(side(&pages, TYPES.len()), expected(&right, &chosen[1]));
        drop(other);
    }
}

#[test]
fn pairs_without_heap_bytes_are_copied_in_segments() {
    let small = |key: u64| Item { key, small: key as u16, text: "short".to_owned(), ..Item::default() };
    let items: Vec<Item> = (0..300).map(small).collect();
    let source = pages(&items);
    let (one, other) = (source[0].batch(), source[0].batch());
    let mut random = Random(23);
    let chosen = [rows(&mut random, 4_000, 300), rows(&mut random, 4_000, 300)];
    let pages = copied(&RowPairs::checked(one, other, &chosen).unwrap());
    for (number, rows) in chosen.iter().enumerate() {
        let expected: Vec<Item> = rows.iter().map(|&row| items[row].clone()).collect();
        assert_eq!(side(&pages, number * TYPES.len()), expected);
    }
}

/// The keys and texts of pairs whose sides have these two leaves.
fn seen(pairs: &RowPairs<'_>) -> Vec<[(u64, String); 2]> {
    pairs.visit(|mut left, mut right, pairs| {
        let (left_key, left_text) = (left.plain::<u64>(), left.text());
        let (right_key, right_text) = (right.plain::<u64>(), right.text());
        let record = |position: usize| {
            let (left, right) = pairs.get(position);
            [
                (left_key.read(left), left_text.read(left).to_owned()),
                (right_key.read(right), right_text.read(right).to_owned()),
            ]
        };
        (0..pairs.len()).map(record).collect()
    })
}

#[test]
fn pairs_are_mapped_to_other_records() {
    let ((left, left_page), (right, right_page), (made, made_page)) = (page(24, 200), page(25, 200), page(26, 60));
    let mut random = Random(27);
    let chosen = [rows(&mut random, 100, left.len()), rows(&mut random, 100, right.len())];
    let pairs = RowPairs::checked(left_page.batch(), right_page.batch(), &chosen).unwrap();
    let made_batch = made_page.batch();
    let count = made.len().min(50);
    let (numbers, leaves): (Vec<usize>, _) =
        ((0..count).collect(), [(Some(0), LeafType::U64), (Some(1), LeafType::Text)]);
    let of = |item: &Item| (item.key, item.text.clone());

    // Left records from the right side, and right records from the batch, from the tenth pair on.
    let range = 10..10 + count;
    let other = pairs.mapped(
        range.clone(),
        [(PairSource::Side(1), &leaves), (PairSource::Batch(&made_batch), &leaves)],
        &numbers,
    );
    let expected: Vec<_> =
        range.zip(0..).map(|(pair, row): (usize, usize)| [of(&right[chosen[1][pair]]), of(&made[row])]).collect();
    assert_eq!(seen(&other), expected);
    // Both records are parts of one side. Unused leaves are dead.
    let nowhere = [(None, LeafType::U64), (Some(1), LeafType::Text)];
    let other = pairs.mapped(0..100, [(PairSource::Side(0), &nowhere), (PairSource::Side(0), &leaves)], &numbers);
    let expected = |row: &usize| [(0, left[*row].text.clone()), of(&left[*row])];
    assert_eq!(seen(&other), chosen[0].iter().map(expected).collect::<Vec<_>>());
}

#[test]
fn pairs_out_of_range_are_not_mapped() {
    let ((_, one), (_, other)) = (page(28, 20), page(29, 20));
    let chosen = [vec![3, 4, 5], vec![6, 7, 8]];
    let pairs = RowPairs::checked(one.batch(), other.batch(), &chosen).unwrap();
    let (batch, leaves) = (other.batch(), [(Some(0), LeafType::U64), (Some(1), LeafType::Text)]);
    let beyond = [batch.rows(), 0, 1];
    let len = |range, of, numbers: &[usize]| {
        pairs.mapped(range, [(PairSource::Side(0), &leaves[..]), (of, &leaves[..])], numbers).len()
    };
    assert_eq!(len(0..3, PairSource::Side(1), &[]), 3);
    assert_eq!(len(1..4, PairSource::Side(1), &[]), 0, "there are three pairs");
    assert_eq!(len(0..3, PairSource::Batch(&batch), &[0, 1]), 0, "two numbers for three pairs");
    assert_eq!(len(0..3, PairSource::Batch(&batch), &beyond), 0, "a row that the batch has not");
    assert_eq!(len(0..2, PairSource::Batch(&batch), &[0, 1]), 2);
}
