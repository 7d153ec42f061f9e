//! Tests of pages with one owner, and of shared pages.

use super::*;

fn page(keys: [u64; 2]) -> Page {
    let mut writer = writer();
    write(&mut writer, &keys.map(|key| Item { key, text: format!("a text of its own, {key}"), ..Item::default() }));
    writer.seal();
    writer.take_sealed().next().unwrap()
}

fn read_keys(page: &Page) -> Vec<(u128, Vec<u8>)> {
    let batch = page.batch();
    (0..page.rows()).map(|row| (batch.leaf_bits(0, row), batch.leaf_bytes(1, row).to_vec())).collect()
}

#[test]
fn page_with_one_owner_is_written_in_place() {
    let page = page([1, 2]);
    let place = page.first_row();
    let mut page = page.try_into_mut().unwrap();
    page.map_leaves(&[0], |key| key + 10);
    let page = page.freeze();
    assert_eq!(page.first_row(), place);
    assert_eq!(read_keys(&page).iter().map(|(key, _)| *key).collect::<Vec<_>>(), [11, 12]);
}

#[test]
fn writing_a_shared_page_copies_it() {
    let (shared, budget) = (page([1, 2]), Budget::new(1 << 20));
    let before = read_keys(&shared);
    let refused = shared.clone().try_into_mut().unwrap_err();
    let mut copy = refused.into_mut(&Memory::new(budget.clone(), "copy")).unwrap();
    assert_eq!(budget.used_bytes(), copy.bytes());
    copy.map_leaves(&[0], |key| key + 10);
    let copy = copy.freeze();
    assert_ne!(copy.first_row(), shared.first_row());
    assert_eq!(read_keys(&shared), before);
    let expected: Vec<_> = before.into_iter().map(|(key, text)| (key + 10, text)).collect();
    assert_eq!(read_keys(&copy), expected);
    // The last handle needs no copy.
    let place = shared.first_row();
    assert_eq!(shared.into_mut(&Memory::new(Budget::new(0), "none")).unwrap().freeze().first_row(), place);
}

#[test]
fn copying_a_shared_page_fails_without_memory() {
    let shared = page([1, 2]);
    assert!(shared.clone().into_mut(&Memory::new(Budget::new(0), "none")).is_err());
    assert_eq!(read_keys(&shared)[1].0, 2);
}
