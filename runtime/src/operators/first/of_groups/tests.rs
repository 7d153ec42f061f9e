use std::collections::BTreeMap;

use super::*;
use crate::memory::{Budget, Memory};
use crate::page::{Page, RowWriter, windows};

fn layout() -> Arc<RowLayout> {
    Arc::new(RowLayout::full([LeafType::Text]))
}

fn page(texts: &[&str]) -> Page {
    let mut writer = RowWriter::new(layout(), Memory::new(Budget::new(1 << 30), "rows"));
    for text in texts {
        let written = writer.visit(|mut leaves, mut claims| {
            let words = leaves.text();
            let put = claims.put(words.heap_bytes(text), |new, claims| {
                words.write(new, text, claims);
            });
            assert!(put.is_some());
        });
        written.unwrap();
    }
    writer.seal();
    let mut pages: Vec<Page> = writer.take_sealed().collect();
    assert_eq!(pages.len(), 1, "a large row's page takes small ones, too");
    pages.remove(0)
}

/// The number of records of each key that pass, by the key's first letter.
fn passing(page: &Page, count: u64, memory_bytes: usize) -> BTreeMap<u8, usize> {
    let budget = Budget::new(memory_bytes);
    let memory = Memory::spilling(budget.clone(), "first", limits::GROUP_BYTES);
    let factory = FirstOfGroups { key: vec![0], types: vec![LeafType::Text], count }.driver(layout());
    let context = TaskContext::alone(memory);
    let mut driver = factory.create(&context).unwrap();
    let mut out = Outputs::new(RowWriter::new(layout(), Memory::new(Budget::new(1 << 30), "output")));
    let mut passed = BTreeMap::new();
    let mut note = |page: &Page, row| *passed.entry(page.batch().leaf_bytes(0, row)[0]).or_default() += 1;
    windows(&page.batch(), |input| -> Result<()> {
        let mut cursor = 0;
        loop {
            let progress = driver.on_batch(0, input, &mut cursor, &mut out)?;
            out.take_passed().into_iter().for_each(|rows| rows.rows().iter().for_each(|&row| note(page, row as usize)));
            if progress == Progress::Done {
                return Ok(());
            }
        }
    })
    .unwrap();
    let mut cursor = 0;
    loop {
        let progress = driver.on_round_end(0, Round { number: 1 }, &mut cursor, &mut out).unwrap();
        if progress == Progress::Done {
            out.pages().seal();
        }
        out.pages().take_sealed().for_each(|page| (0..page.rows()).for_each(|row| note(&page, row)));
        if progress == Progress::Done {
            return passed;
        }
    }
}

/// If the first key is too large for the free memory, the table is made for the record of another
/// key. Records of that key in the same window must be counted too.
#[test]
fn no_extra_rows_pass_if_a_key_finds_no_room() {
    for large_bytes in (50_000..1_000_000).step_by(50_000) {
        let large = "a".repeat(large_bytes);
        let page = page(&[&large, "k", "k", "l", "k", "l"]);
        for count in [1, 2] {
            let passed = passing(&page, count, limits::GROUP_BYTES / 8 * 9);
            let expected = BTreeMap::from([(b'a', 1), (b'k', 3.min(count as usize)), (b'l', 2.min(count as usize))]);
            assert_eq!(passed, expected, "{large_bytes} bytes, first {count}");
        }
    }
}
