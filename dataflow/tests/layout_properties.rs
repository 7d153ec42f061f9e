//! Property tests: records written into pages read back as the same records, for any set of live
//! leaves.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::type_complexity, reason = "helpers of tests")]

mod support;

use std::collections::{BTreeMap, HashMap};

use dataflow::{Record, Value};
use proptest::collection::{btree_map, hash_map, vec};
use proptest::option;
use proptest::prelude::*;
use runtime::page::{Batch, Input, RowWriter, Selection};
use runtime::row::LeafSet;
use runtime::value::{Date, Decimal, Timestamp};

/// Has a field of each kind.
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

#[derive(Record, Clone, Copy, Debug, PartialEq)]
enum Status {
    Open,
    Paid,
    Sent,
}

#[derive(Record, Clone, Debug, PartialEq)]
enum Event {
    Idle,
    Click { url: String, at: Timestamp },
    Moved(i16, Option<Place>),
    Changed(Status),
    Listed(Vec<u64>, Option<Status>),
}

/// Has enums in all positions.
#[derive(Record, Clone, Debug, PartialEq)]
struct Entry {
    number: u16,
    status: Status,
    event: Event,
    maybe: Option<Event>,
    pair: (Option<Status>, Event),
}

#[derive(Record, Clone, Debug, PartialEq)]
struct Pair<A, B> {
    first: A,
    second: Option<B>,
}

/// Nests arrays, boxes and generic records.
#[derive(Record, Clone, Debug, PartialEq)]
struct Composed {
    points: [Option<Point>; 3],
    texts: [String; 2],
    place: Box<Place>,
    maybe: Option<Box<Event>>,
    pairs: [Pair<u8, Pair<String, Status>>; 2],
    tuple: (Box<Status>, Pair<Event, Point>),
    words: (Vec<String>, Option<Vec<String>>),
}

#[derive(Record, Clone, Debug, PartialEq)]
struct Item {
    name: String,
    counts: Vec<u64>,
    event: Event,
    flags: Vec<bool>,
}

/// Has lists of all kinds of records.
#[derive(Record, Clone, Debug, PartialEq)]
struct Lists {
    items: Vec<Item>,
    pairs: Vec<(String, u64)>,
    maybe: Option<Vec<Option<String>>>,
    points: Vec<Point>,
    nested: Vec<Vec<Item>>,
    texts: Vec<Vec<String>>,
    small: (Vec<bool>, Vec<i8>, Vec<char>),
    enums: [Vec<Event>; 2],
    all: Vec<Pair<Vec<f64>, Vec<[Status; 2]>>>,
    map: BTreeMap<String, Item>,
    counts: Option<HashMap<u16, u64>>,
    maps: Vec<BTreeMap<(Option<u8>, String), Vec<Point>>>,
}

fn item() -> impl Strategy<Value = Item> {
    let parts = (text(), vec(any::<u64>(), 0..4), event(), vec(any::<bool>(), 0..20));
    parts.prop_map(|(name, counts, event, flags)| Item { name, counts, event, flags })
}

fn lists() -> impl Strategy<Value = Lists> {
    let point = any::<(i32, i32)>().prop_map(|(x, y)| Point { x, y });
    let texts = (option::of(vec(option::of(text()), 0..4)), vec(vec(text(), 0..3), 0..3));
    let records =
        (vec(item(), 0..4), vec(vec(item(), 0..3), 0..3), vec((text(), any::<u64>()), 0..4), vec(point, 0..9));
    let small = (vec(any::<bool>(), 0..20), vec(any::<i8>(), 0..20), vec(any::<char>(), 0..20));
    let point_again = any::<(i32, i32)>().prop_map(|(x, y)| Point { x, y });
    let key = (any::<Option<u8>>(), "[a-b]{0,2}");
    let maps = (
        btree_map(text(), item(), 0..4),
        option::of(hash_map(any::<u16>(), any::<u64>(), 0..9)),
        vec(btree_map(key, vec(point_again, 0..2), 0..5), 0..3),
    );
    let all = vec(pair(vec(-1.0..1.0, 0..3), vec([status(), status()], 0..3)), 0..3);
    (texts, records, small, [vec(event(), 0..3), vec(event(), 0..3)], all, maps).prop_map(
        |((maybe, texts), (items, nested, pairs, points), small, enums, all, (map, counts, maps))| Lists {
            items,
            pairs,
            maybe,
            points,
            nested,
            texts,
            small,
            enums,
            all,
            map,
            counts,
            maps,
        },
    )
}

fn pair<A: std::fmt::Debug, B: std::fmt::Debug>(
    first: impl Strategy<Value = A>,
    second: impl Strategy<Value = B>,
) -> impl Strategy<Value = Pair<A, B>> {
    (first, option::of(second)).prop_map(|(first, second)| Pair { first, second })
}

fn composed() -> impl Strategy<Value = Composed> {
    let point = || any::<(i32, i32)>().prop_map(|(x, y)| Point { x, y });
    let points = [option::of(point()), option::of(point()), option::of(point())];
    let pairs = || pair(any::<u8>(), pair(text(), status()));
    let parts =
        (points, [text(), text()], place(), option::of(event()), [pairs(), pairs()], status(), pair(event(), point()));
    let words = (vec(text(), 0..6), option::of(vec(text(), 0..3)));
    (parts, words).prop_map(|((points, texts, place, maybe, pairs, status, pair), words)| Composed {
        points,
        texts,
        place: Box::new(place),
        maybe: maybe.map(Box::new),
        pairs,
        tuple: (Box::new(status), pair),
        words,
    })
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![Just(Status::Open), Just(Status::Paid), Just(Status::Sent)]
}

fn event() -> impl Strategy<Value = Event> {
    let click = |(url, at)| Event::Click { url, at: Timestamp::from_micros(at) };
    prop_oneof![
        Just(Event::Idle),
        (text(), any::<i64>()).prop_map(click),
        (any::<i16>(), option::of(place())).prop_map(|(by, to)| Event::Moved(by, to)),
        status().prop_map(Event::Changed),
        (vec(any::<u64>(), 0..4), option::of(status())).prop_map(|(list, status)| Event::Listed(list, status)),
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    let parts = (any::<u16>(), status(), event(), option::of(event()), option::of(status()), event());
    parts.prop_map(|(number, status, event, maybe, first, second)| Entry {
        number,
        status,
        event,
        maybe,
        pair: (first, second),
    })
}

/// Texts around the length that fits a slot, and sometimes one that is larger than a page.
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
    // NaN is left out, because it does not equal itself.
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

/// Returns the leaves of all rows, in the form in which they are compared and hashed.
fn bytes_of<R: Record>(pages: &[runtime::page::Page]) -> Vec<Vec<(u128, Vec<u8>)>> {
    let of_page = |page: &runtime::page::Page| {
        let batch = page.batch();
        let leaf = |row, leaf| (batch.leaf_bits(leaf, row), batch.leaf_bytes(leaf, row).to_vec());
        let row = |row| (0..R::LEAVES).map(|index| leaf(row, index)).collect();
        (0..page.rows()).map(row).collect::<Vec<_>>()
    };
    pages.iter().flat_map(of_page).collect()
}

/// Reads the rows of a batch and emits them unchanged.
fn emit_unchanged<R: Record>(batch: &Batch<'_>) -> Vec<runtime::page::Page> {
    let (mut writer, mut selection) =
        (RowWriter::new(support::layout::<R>(&support::all::<R>()), support::memory()), Selection::default());
    selection.fill(0..batch.rows());
    Input::new(batch, &selection).visit(|mut leaves, rows| {
        let cursor = R::cursor(&mut leaves);
        let twins: Vec<_> = rows.iter().map(|row| R::at(cursor, row)).collect();
        support::write(&mut writer, &twins);
    });
    writer.seal();
    writer.take_sealed().collect()
}

/// Writes the rows of a batch leaf by leaf, as boxed values. The writer checks their form.
fn write_leaf_by_leaf<R: Record>(batch: &Batch<'_>) -> Vec<runtime::page::Page> {
    let mut writer = RowWriter::new(support::layout::<R>(&support::all::<R>()), support::memory());
    let types = R::schema().types();
    for row in 0..batch.rows() {
        let datums: Vec<_> = types.iter().enumerate().map(|(leaf, &ty)| batch.datum(leaf, ty, row)).collect();
        writer.append_datums(&datums).unwrap();
    }
    writer.seal();
    writer.take_sealed().collect()
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

    #[test]
    fn enums_read_back(entries in vec(entry(), 0..40)) {
        prop_assert_eq!(read_back(&entries, &support::all::<Entry>()), entries.clone());
        let twins: Vec<_> = entries.iter().map(Value::twin).collect();
        prop_assert_eq!(read_back(&twins, &support::all::<Entry>()), entries);
    }

    #[test]
    fn arrays_boxes_and_generic_records_read_back(records in vec(composed(), 0..20)) {
        prop_assert_eq!(read_back(&records, &support::all::<Composed>()), records.clone());
        let twins: Vec<_> = records.iter().map(Value::twin).collect();
        prop_assert_eq!(read_back(&twins, &support::all::<Composed>()), records);
    }

    #[test]
    fn lists_of_records_read_back(records in vec(lists(), 0..12)) {
        prop_assert_eq!(read_back(&records, &support::all::<Lists>()), records.clone());
        let twins: Vec<_> = records.iter().map(Value::twin).collect();
        prop_assert_eq!(read_back(&twins, &support::all::<Lists>()), records.clone());
        // As stored rows, and leaf by leaf.
        let pages = support::pages(&records, &support::all::<Lists>());
        for page in &pages {
            let again = [emit_unchanged::<Lists>(&page.batch()), write_leaf_by_leaf::<Lists>(&page.batch())];
            let expected = bytes_of::<Lists>(std::slice::from_ref(page));
            prop_assert_eq!(again.map(|pages| bytes_of::<Lists>(&pages)), [expected.clone(), expected]);
        }
    }

    /// Keys are compared as bytes, so equal values must have equal bytes, whatever the memory
    /// contained before.
    #[test]
    fn equal_enums_have_equal_leaves(left in vec(event(), 1..8), right in vec(event(), 1..8)) {
        let leaves = |events: &[Event]| -> Vec<Vec<(u128, Vec<u8>)>> {
            bytes_of::<Event>(&support::pages(events, &support::all::<Event>()))
        };
        let (left_leaves, right_leaves) = (leaves(&left), leaves(&right));
        for (left, left_leaves) in left.iter().zip(&left_leaves) {
            for (right, right_leaves) in right.iter().zip(&right_leaves) {
                prop_assert_eq!(left == right, left_leaves == right_leaves, "{:?}, {:?}", left, right);
            }
        }
    }

    /// A live leaf has the same value as in a full row. A dead leaf has none.
    #[test]
    fn live_leaves_equal_those_of_a_full_row(records in vec(everything(), 1..6), live in any::<u64>()) {
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
