//! Any records, written into pages and read back: the same, whichever leaves are alive.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::type_complexity, reason = "helpers of tests")]

mod support;

use dataflow::{Record, Value};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use runtime::row::LeafSet;
use runtime::value::{Date, Decimal, Timestamp};

/// A field of each kind.
#[derive(Record, Clone, Debug, PartialEq)]
struct Everything {
    flag: bool,
    letter: char,
    integers: (i8, i16, i32, i64, i128),
    naturals: (u8, u16, u32, u64, u128),
    floats: (f32, f64),
    values: (Date, Timestamp, Decimal<2>, Decimal<18>),
    text: String,
    bytes: Vec<u8>,
    lists: (Vec<u16>, Vec<u64>, Vec<i128>, Vec<f64>, Vec<Date>, Vec<Decimal<4>>),
    place: Place,
    maybe: Option<(Place, Option<u8>)>,
    maybe_text: Option<String>,
    maybe_list: Option<Vec<u32>>,
}

#[derive(Record, Clone, Debug, PartialEq)]
struct Place {
    name: String,
    point: Option<Point>,
}

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Point {
    x: i32,
    y: i32,
}

/// Texts around the length that fits a slot, and now and then one that fits no page.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => "\\PC{0,16}",
        5 => "[a-c]{10,14}",
        1 => (0_usize..100_000).prop_map(|length| "long".repeat(length / 4)),
    ]
}

fn place() -> impl Strategy<Value = Place> {
    let point = (any::<i32>(), any::<i32>()).prop_map(|(x, y)| Point { x, y });
    (text(), option::of(point)).prop_map(|(name, point)| Place { name, point })
}

fn date() -> impl Strategy<Value = Date> {
    any::<i32>().prop_map(Date::from_days)
}

fn decimal<const SCALE: u8>() -> impl Strategy<Value = Decimal<SCALE>> {
    any::<i64>().prop_map(Decimal::from_scaled)
}

fn everything() -> impl Strategy<Value = Everything> {
    // Floats without NaN, which equals nothing.
    let integers = any::<((i8, i16, i32, i64, i128), (u8, u16, u32, u64, u128))>();
    let plain = (any::<bool>(), any::<char>(), integers, (-1e30_f32..1e30, -1e300_f64..1e300));
    let instant = any::<i64>().prop_map(Timestamp::from_micros);
    let values = (date(), instant, decimal(), decimal());
    let lists = (
        vec(any::<u16>(), 0..40),
        vec(any::<u64>(), 0..5),
        vec(any::<i128>(), 0..4),
        vec(-1.0..1.0, 0..5),
        vec(date(), 0..3),
        vec(decimal(), 0..3),
    );
    let slots = (text(), vec(any::<u8>(), 0..30), lists, place());
    let maybe = (option::of((place(), any::<Option<u8>>())), option::of(text()), option::of(vec(any::<u32>(), 0..4)));
    (plain, values, slots, maybe).prop_map(|(plain, values, slots, maybe)| {
        let (flag, letter, (integers, naturals), floats) = plain;
        let (text, bytes, lists, place) = slots;
        let (maybe, maybe_text, maybe_list) = maybe;
        Everything {
            flag,
            letter,
            integers,
            naturals,
            floats,
            values,
            text,
            bytes,
            lists,
            place,
            maybe,
            maybe_text,
            maybe_list,
        }
    })
}

fn read_back<R: Record, V: Value<Record = R>>(values: &[V], live: &LeafSet) -> Vec<R> {
    support::pages(values, live).iter().flat_map(|page| support::read(&page.batch())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn records_read_back(records in vec(everything(), 0..40)) {
        prop_assert_eq!(read_back(&records, &support::all::<Everything>()), records);
    }

    #[test]
    fn twins_read_back(records in vec(everything(), 0..10)) {
        let twins: Vec<_> = records.iter().map(Value::twin).collect();
        prop_assert_eq!(read_back(&twins, &support::all::<Everything>()), records.clone());
        prop_assert_eq!(twins.into_iter().map(Everything::from).collect::<Vec<_>>(), records);
    }

    /// A row of some leaves holds what a row of all leaves holds there, and nothing where a leaf is dead.
    #[test]
    fn live_leaves_are_those_of_the_whole_row(records in vec(everything(), 1..6), live in any::<u64>()) {
        let count = support::all::<Everything>().len();
        prop_assert!(count <= 64);
        let live: LeafSet = (0..count).filter(|leaf| live >> leaf & 1 == 1).collect();
        let (all, some) = (support::all::<Everything>(), &support::pages(&records, &live));
        let whole = support::pages(&records, &all);
        let values = |pages: &[runtime::page::Page], leaf: usize| -> Vec<(u128, Vec<u8>)> {
            let of_page = |page: &runtime::page::Page| {
                let batch = page.batch();
                let rows = 0..batch.rows();
                rows.map(|row| (batch.leaf_bits(leaf, row), batch.leaf_bytes(leaf, row).to_vec())).collect::<Vec<_>>()
            };
            pages.iter().flat_map(of_page).collect()
        };
        for leaf in 0..count {
            let expected = if live.contains(leaf) { values(&whole, leaf) } else { vec![(0, Vec::new()); records.len()] };
            prop_assert_eq!(values(some, leaf), expected, "leaf {}", leaf);
        }
    }
}
