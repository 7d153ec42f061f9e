//! Tests of copying rows between pages.

use super::*;

/// Copies the chosen rows of some pages through a writer.
fn copied(pages: &[Page], choose: impl Fn(usize) -> Vec<u32>) -> Vec<Page> {
    let mut writer = writer();
    let mut selection = Selection::default();
    for page in pages {
        let batch = page.batch();
        selection.set(choose(batch.rows()));
        writer.append(&Input::new(&batch, &selection), None).unwrap();
    }
    writer.seal();
    writer.take_sealed().collect()
}

#[test]
fn slots_point_into_their_new_pages() {
    let items = Random(10).items(10_000);
    let source = pages(&items);
    let copies = copied(&source, |rows| (0..rows as u32).collect());
    // The old pages are freed and overwritten, so the copies must not point into them.
    let bounds: Vec<_> = source.iter().map(Page::rows).collect();
    drop(source);
    let other = pages(&vec![Item { text: "#".repeat(1_000), ..Item::default() }; 5_000]);
    assert_eq!(read_all(&copies), items);
    assert_eq!(bounds.iter().sum::<usize>(), items.len());
    drop(other);
}

#[test]
fn rows_are_copied_in_selection_order() {
    let items = Random(11).items(3_000);
    let source = pages(&items);
    let copies = copied(&source, |rows| (0..rows as u32).rev().filter(|row| row % 3 != 0).collect());
    let expected = source.iter().flat_map(|page| {
        let items = read(&page.batch());
        (0..items.len()).rev().filter(|row| row % 3 != 0).map(move |row| items[row].clone()).collect::<Vec<_>>()
    });
    assert_eq!(read_all(&copies), expected.collect::<Vec<_>>());
}

#[test]
fn large_rows_are_copied_between_small_ones() {
    let mut items = Random(12).items(400);
    for index in [0, 7, 8, 200, 399] {
        items[index].text = "large".repeat(14_000 + index);
    }
    let source = pages(&items);
    assert_eq!(read_all(&copied(&source, |rows| (0..rows as u32).collect())), items);
}

#[test]
fn leaves_can_be_reordered() {
    let items = Random(13).items(1_000);
    let layout = Arc::new(RowLayout::full([LeafType::Text, LeafType::U16, LeafType::U64]));
    let mut writer = RowWriter::new(layout, memory());
    for page in pages(&items) {
        windows(&page.batch(), |input| writer.append(input, Some(&[1, 4, 0])).unwrap());
    }
    writer.seal();
    let mut found = Vec::new();
    for page in writer.take_sealed() {
        windows(&page.batch(), |input| {
            input.visit(|mut leaves, rows| {
                let (text, small, key) = (leaves.text(), leaves.plain::<u16>(), leaves.plain::<u64>());
                let rows = (0..rows.len()).map(|position| rows.get(position));
                found.extend(rows.map(|row| (text.read(row).to_owned(), small.read(row), key.read(row))));
            });
        });
    }
    assert_eq!(found, items.into_iter().map(|item| (item.text, item.small, item.key)).collect::<Vec<_>>());
}

/// Old bytes of a page must not be read as a value, and above all not as a text.
#[test]
fn a_leaf_without_a_source_is_zero() {
    drop(pages(&Random(14).items(2_000)));
    let layout = Arc::new(RowLayout::full([LeafType::U64, LeafType::Text, LeafType::U16]));
    let mut writer = RowWriter::new(layout, memory());
    for page in pages(&Random(15).items(100)) {
        // Leaf 3 is bytes, which need not be UTF-8. There is no leaf 9.
        windows(&page.batch(), |input| writer.append(input, Some(&[0, 3, 9])).unwrap());
    }
    writer.seal();
    for page in writer.take_sealed() {
        let batch = page.batch();
        for row in 0..batch.rows() {
            assert_eq!((batch.leaf_bytes(1, row), batch.leaf_bits(2, row)), (&b""[..], 0));
        }
    }
}
