//! Compares sorts with those of the standard library.

mod model;

use crate::page::RowWriter;
use crate::page::tests::*;
use crate::row::{LeafType, RowLayout};
use crate::sort::buffer::SortBuffer;
use crate::sort::order::OrderKey;
use std::sync::Arc;

pub(crate) const fn key(leaf: usize, descending: bool) -> OrderKey {
    OrderKey { leaf, descending }
}

fn sort(items: &[Item], order: &[OrderKey], keep: Option<usize>) -> Vec<Item> {
    let mut buffer = SortBuffer::new(layout(), order, &memory()).unwrap();
    for page in pages(items) {
        windows(&page.batch(), |input| buffer.add(input).unwrap());
    }
    assert_eq!(buffer.len(), items.len());
    match keep {
        Some(count) => buffer.keep_first(count).unwrap(),
        None => buffer.sort(),
    }
    let (mut out, mut found) = (writer(), Vec::new());
    while buffer.emit(&mut out).unwrap() {
        found.extend(out.take_sealed().flat_map(|page| read(&page.batch())));
    }
    out.seal();
    found.extend(out.take_sealed().flat_map(|page| read(&page.batch())));
    found
}

#[test]
fn sorts_by_text_then_number_descending() {
    let mut items = Random(40).items(8_000);
    let found = sort(&items, &[key(1, false), key(0, true), key(2, false), key(3, false), key(4, false)], None);
    items.sort_by(|left, right| {
        let (l, r) = ((&left.list, &left.bytes, left.small), (&right.list, &right.bytes, right.small));
        left.text.cmp(&right.text).then(right.key.cmp(&left.key)).then(l.cmp(&r))
    });
    assert_eq!(found, items);
}

#[test]
fn sorts_by_list_and_by_bytes_descending() {
    let mut items = Random(41).items(3_000);
    items.iter_mut().for_each(|item| item.list.iter_mut().for_each(|element| *element %= 3));
    let found = sort(&items, &[key(2, false), key(3, true), key(0, false), key(1, false)], None);
    items.sort_by(|left, right| {
        let (l, r) = ((left.key, &left.text), (right.key, &right.text));
        left.list.cmp(&right.list).then(right.bytes.cmp(&left.bytes)).then(l.cmp(&r))
    });
    assert_eq!(found, items);
}

#[test]
fn keeps_the_first_rows() {
    let mut items = Random(42).items(5_000);
    let order = [key(4, true), key(1, false), key(0, false)];
    let found = sort(&items, &order, Some(777));
    items.sort_by(|left, right| {
        right.small.cmp(&left.small).then_with(|| (&left.text, left.key).cmp(&(&right.text, right.key)))
    });
    items.truncate(777);
    assert_eq!(found, items);
    assert_eq!(sort(&items, &order, Some(10_000)), items);
    assert_eq!(sort(&[], &order, None), []);
}

/// Sorts values of one type, given and returned as bits.
fn sorted_bits(ty: LeafType, bits: &[u128], descending: bool) -> Vec<u128> {
    let layout = Arc::new(RowLayout::full([ty]));
    let mut writer = RowWriter::new(layout.clone(), memory());
    let rows: Vec<_> = bits.iter().map(|&bits| [crate::row::Datum::Fixed(bits)]).collect();
    rows.iter().for_each(|row| writer.append_datums(row).unwrap());
    writer.seal();
    let mut buffer = SortBuffer::new(layout.clone(), [key(0, descending)], &memory()).unwrap();
    for page in writer.take_sealed() {
        windows(&page.batch(), |input| buffer.add(input).unwrap());
    }
    buffer.sort();
    let mut out = RowWriter::new(layout, memory());
    while buffer.emit(&mut out).unwrap() {}
    out.seal();
    let pages: Vec<_> = out.take_sealed().collect();
    pages
        .iter()
        .flat_map(|page| (0..page.rows()).map(|row| page.batch().leaf_bits(0, row)).collect::<Vec<_>>())
        .collect()
}

#[test]
fn numbers_of_each_width_are_in_order() {
    let mut random = Random(43);
    let numbers: Vec<u128> = (0..2_000)
        .map(|_| (u128::from(random.next()) << 64 | u128::from(random.next())) >> random.below(128))
        .chain([0, 1, u128::MAX, 1 << 127, (1 << 127) - 1])
        .collect();
    macro_rules! check {
        ($($ty:ty: $leaf:ident)*) => {$({
            let mut values: Vec<$ty> = numbers.iter().map(|&number| number as $ty).collect();
            let bits: Vec<u128> = values.iter().map(|value| value.to_le_bytes()).map(widened).collect();
            let found = |descending| -> Vec<$ty> {
                sorted_bits(LeafType::$leaf, &bits, descending).into_iter().map(|bits| bits as $ty).collect()
            };
            values.sort();
            assert_eq!(found(false), values, stringify!($leaf));
            values.reverse();
            assert_eq!(found(true), values, stringify!($leaf));
        })*};
    }
    check!(u8: U8 u16: U16 u32: U32 u64: U64 u128: U128 i8: I8 i16: I16 i32: I32 i64: I64 i128: I128);
}

fn widened<const WIDTH: usize>(bytes: [u8; WIDTH]) -> u128 {
    let mut wide = [0; 16];
    wide[..WIDTH].copy_from_slice(&bytes);
    u128::from_le_bytes(wide)
}

#[test]
fn floats_are_in_total_order_with_nan_last_and_zeros_equal() {
    let mut random = Random(44);
    let edges =
        [0.0, -0.0, 1.0, -1.0, f64::MAX, f64::MIN, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -f64::NAN, 5e-324];
    let mut values: Vec<f64> = (0..1_000).map(|_| f64::from_bits(random.next())).chain(edges).collect();
    let bits: Vec<u128> = values.iter().map(|value| value.to_bits().into()).collect();
    let found: Vec<f64> =
        sorted_bits(LeafType::F64, &bits, false).into_iter().map(|bits| f64::from_bits(bits as u64)).collect();
    let plain = |value: f64| if value.is_nan() { f64::NAN.abs() } else { value + 0.0 };
    values.sort_by(|left, right| plain(*left).total_cmp(&plain(*right)));
    let bits = |values: Vec<f64>| values.into_iter().map(|value| plain(value).to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(found), bits(values));
}

#[test]
fn groups_of_two_sides_are_paired_by_key() {
    use std::collections::BTreeMap;
    let (left, mut right) = (Random(45).items(4_000), Random(46).items(3_000));
    // Texts with equal first halves, and keys that only one side has.
    right.iter_mut().for_each(|item| item.key += 3);
    let sorted = |items: &[Item], order: [OrderKey; 3]| {
        let mut buffer = SortBuffer::new(layout(), order, &memory()).unwrap();
        for page in pages(items) {
            windows(&page.batch(), |input| buffer.add(input).unwrap());
        }
        buffer.sort();
        buffer
    };
    let buffers = [
        sorted(&left, [key(1, false), key(0, false), key(4, false)]),
        sorted(&right, [key(1, false), key(0, false), key(4, true)]),
    ];
    let mut expected: BTreeMap<(String, u64), [usize; 2]> = BTreeMap::new();
    for (side, items) in [left, right].iter().enumerate() {
        items.iter().for_each(|item| expected.entry((item.text.clone(), item.key)).or_default()[side] += 1);
    }
    let (mut from, mut found) = ([0, 0], Vec::new());
    loop {
        let ends = SortBuffer::next_groups([&buffers[0], &buffers[1]], from, [buffers[0].len(), buffers[1].len()], 2);
        if ends == from {
            break;
        }
        found.push([ends[0] - from[0], ends[1] - from[1]]);
        from = ends;
    }
    assert_eq!(found, expected.into_values().collect::<Vec<_>>());
    assert!(found.iter().any(|sizes| sizes[0] > 0 && sizes[1] > 0) && found.iter().any(|sizes| sizes[0] == 0));
}

#[test]
fn visits_rows_unsorted_then_sorted() {
    let mut items = Random(44).items(8_000);
    let mut buffer = SortBuffer::new(layout(), [key(0, false), key(1, false)], &memory()).unwrap();
    for page in pages(&items) {
        windows(&page.batch(), |input| buffer.add(input).unwrap());
    }
    let seen = |buffer: &SortBuffer| {
        buffer.visit(|mut leaves, rows| {
            let (keys, texts) = (leaves.plain::<u64>(), leaves.text());
            assert!(rows.get(rows.len()).is_none());
            let read = |position| rows.get(position).map(|row| (keys.read(row), texts.read(row).to_owned()));
            (0..rows.len()).filter_map(read).collect::<Vec<_>>()
        })
    };
    let expected = |items: &[Item]| items.iter().map(|item| (item.key, item.text.clone())).collect::<Vec<_>>();
    assert_eq!(seen(&buffer), expected(&items));
    buffer.sort();
    items.sort_by(|left, right| (left.key, &left.text).cmp(&(right.key, &right.text)));
    assert_eq!(seen(&buffer), expected(&items));
}

#[test]
fn frozen_rows_are_read_by_several_threads() {
    let items = Random(43).items(5_000);
    let mut buffer = SortBuffer::new(layout(), [], &memory()).unwrap();
    for page in pages(&items) {
        windows(&page.batch(), |input| buffer.add(input).unwrap());
    }
    let stored = std::sync::Arc::new(buffer.freeze());
    assert!(stored.len() == items.len() && !stored.is_empty());
    let keys = |stored: &crate::sort::frozen::FrozenRows| {
        let keys = stored.visit(|mut leaves, rows| {
            let (key, text) = (leaves.plain::<u64>(), leaves.text());
            (0..rows.len())
                .filter_map(|row| rows.get(row))
                .map(|row| (key.read(row), text.read(row).to_owned()))
                .collect()
        });
        let keys: Vec<_> = keys.unwrap();
        keys
    };
    let expected: Vec<_> = items.iter().map(|item| (item.key, item.text.clone())).collect();
    let threads: Vec<_> = (0..3)
        .map(|_| {
            std::thread::spawn({
                let stored = stored.clone();
                move || keys(&stored)
            })
        })
        .collect();
    drop(stored);
    for thread in threads {
        assert!(thread.join().unwrap() == expected);
    }
}
