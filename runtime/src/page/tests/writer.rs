//! Tests of writing rows: page ends, runs of several pages, reused pages.

use super::super::{FIRST_ROW, PAGE_BYTES};
use super::*;

#[test]
fn rows_read_back_over_many_pages() {
    let items = Random(1).items(20_000);
    let pages = pages(&items);
    assert!(pages.len() > 10);
    assert_eq!(read_all(&pages), items);
}

#[test]
fn a_page_may_be_filled_to_the_last_byte() {
    let width = layout().width();
    let room = PAGE_BYTES - FIRST_ROW - width;
    for (length, bytes) in [(room - 1, PAGE_BYTES), (room, PAGE_BYTES), (room + 1, 2 * PAGE_BYTES)] {
        let item = Item { text: "x".repeat(length), ..Item::default() };
        let pages = pages(&[item.clone(), item.clone()]);
        assert_eq!(pages.iter().map(|page| (page.rows(), page.bytes())).collect::<Vec<_>>(), [(1, bytes), (1, bytes)]);
        assert_eq!(read_all(&pages), [item.clone(), item]);
    }
}

/// A row finds its page by its own address, so no row may be after the first page of a run.
#[test]
fn rows_after_a_large_row_stay_in_the_first_page() {
    for length in [PAGE_BYTES - 300, PAGE_BYTES - 100, PAGE_BYTES, 2 * PAGE_BYTES - 200, 5 * PAGE_BYTES] {
        let large = Item { key: 1, text: "large".repeat(length / 5), ..Item::default() };
        let small = |key| Item { key, text: "a text for the heap".to_owned(), list: vec![key], ..Item::default() };
        let items: Vec<_> = std::iter::once(large).chain((2..3_000).map(small)).collect();
        assert_eq!(read_all(&pages(&items)), items, "{length}");
    }
}

#[test]
fn reused_large_run_holds_small_rows() {
    let mut writer = writer();
    write(&mut writer, &[Item { text: "x".repeat(3 * PAGE_BYTES), ..Item::default() }]);
    writer.seal();
    let large = writer.take_sealed().next().unwrap();
    writer.recycle(large);
    let items = Random(2).items(5_000);
    write(&mut writer, &items);
    writer.seal();
    let pages: Vec<_> = writer.take_sealed().collect();
    assert_eq!(read_all(&pages), items);
}

#[test]
fn recycled_page_is_the_same_memory() {
    let mut writer = writer();
    write(&mut writer, &Random(3).items(10));
    writer.seal();
    let page = writer.take_sealed().next().unwrap();
    let address = page.as_bytes().as_ptr();
    writer.recycle(page);
    let items = Random(4).items(10);
    write(&mut writer, &items);
    writer.seal();
    let page = writer.take_sealed().next().unwrap();
    assert_eq!((page.as_bytes().as_ptr(), read(&page.batch())), (address, items));
}

#[test]
fn page_with_readers_is_not_reused() {
    let mut writer = writer();
    let items = Random(5).items(10);
    write(&mut writer, &items);
    writer.seal();
    let page = writer.take_sealed().next().unwrap();
    writer.recycle(page.clone());
    write(&mut writer, &Random(6).items(10));
    assert_eq!(read(&page.batch()), items);
}

#[test]
fn lists_after_texts_are_aligned() {
    let items: Vec<_> = (0..2_000)
        .map(|index: u64| Item {
            key: index,
            text: "y".repeat(13 + index as usize % 17),
            list: (0..index % 7).collect(),
            bytes: vec![0xff; 13 + index as usize % 5],
            small: 0,
        })
        .collect();
    // A misaligned list would be read as an empty one.
    assert_eq!(read_all(&pages(&items)), items);
}

#[test]
fn dead_leaves_read_as_zeros() {
    let items = Random(7).items(500);
    let layout = Arc::new(RowLayout::new(TYPES, &[0, 2].into_iter().collect()));
    assert_eq!(layout.width(), 24);
    let mut writer = RowWriter::new(layout, memory());
    write(&mut writer, &items);
    writer.seal();
    let pages: Vec<_> = writer.take_sealed().collect();
    let kept = items.into_iter().map(|item| Item { key: item.key, list: item.list, ..Item::default() });
    assert_eq!(read_all(&pages), kept.collect::<Vec<_>>());
}

#[test]
fn refused_memory_is_an_error_without_a_row() {
    let memory = Memory::new(Budget::new(3 * PAGE_BYTES), "a small operator");
    let mut writer = RowWriter::new(layout(), memory.clone());
    let items = Random(8).items(10_000);
    let refused = writer.visit(|mut leaves, mut claims| {
        let (key, text) = (leaves.plain::<u64>(), leaves.text());
        for item in &items {
            let put = claims.put(text.heap_bytes(&item.text), |row, claims| {
                key.write(row, item.key);
                text.write(row, &item.text, claims);
            });
            if put.is_none() {
                return;
            }
        }
    });
    assert!(refused.unwrap_err().to_string().contains("a small operator"));
    drop(writer);
    assert_eq!(memory.budget().used_bytes(), 0);
}

#[test]
fn rows_take_the_estimated_bytes() {
    let mut random = Random(17);
    let mut items = random.items(3_000);
    items.iter_mut().step_by(300).for_each(|item| item.text = "long ".repeat(40_000));
    let (budget, most) = (Budget::new(1 << 30), 4 * PAGE_BYTES);
    let mut writer = RowWriter::new(layout(), Memory::new(budget.clone(), "test"));
    for page in pages(&items) {
        let (batch, mut rest) = (page.batch(), Selection::default());
        let mut next = 0;
        while next < batch.rows() {
            rest.set(next as u32..batch.rows() as u32);
            let (rows, bytes) = writer.fitting(&Input::new(&batch, &rest), None, most);
            assert!(rows > 0 && (bytes <= most || rows == 1));
            rest.truncate(rows);
            let before = budget.used_bytes();
            writer.append(&Input::new(&batch, &rest), None).unwrap();
            let taken = budget.used_bytes() - before;
            // The padding of lists depends on their place, and is at most as large as estimated.
            assert!(taken <= bytes && bytes - taken <= PAGE_BYTES, "{bytes} for {taken}");
            next += rows;
        }
    }
}
