//! Compares pages byte by byte with the files in `golden/`, and reads them back.
//!
//! A difference means that pages of other processes can no longer be read. If the new layout is
//! intended, increase `LAYOUT_VERSION`, change `docs/layout.md`, and write the files with
//! `UPDATE_GOLDEN=1 cargo test --test layout`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod composed;
mod dump;
#[path = "../support/mod.rs"]
mod support;

use std::path::PathBuf;

use dataflow::{Record, Value};
use runtime::row::LeafSet;
use runtime::value::{Date, Decimal, Timestamp};

use dump::{check, check_live, dump};

#[derive(Record, Clone, Debug, PartialEq)]
struct Order {
    number: u32,
    customer: String,
    placed: Date,
    paid: Option<Decimal<2>>,
    items: Vec<u64>,
}

/// The example of `docs/layout.md`, which shows this file.
#[test]
fn documentation_shows_the_golden_page() {
    let order = |number, customer: &str, placed: &str, paid, items: &[u64]| Order {
        number,
        customer: customer.to_owned(),
        placed: placed.parse().unwrap(),
        paid,
        items: items.to_owned(),
    };
    let paid = Some("19.90".parse().unwrap());
    let ada = order(7, "Ada Lovelace, London", "2024-02-29", paid, &[1, 256]);
    check("order", &[ada, order(8, "Bob", "1970-01-01", None, &[])]);
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let golden = std::fs::read_to_string(root.join("tests/golden/order.hex")).unwrap();
    let documentation = std::fs::read_to_string(root.join("../docs/layout.md")).unwrap_or_default();
    assert!(
        documentation.contains(&format!("```text\n{golden}```\n")),
        "docs/layout.md shows other bytes than:\n{golden}"
    );
}

#[derive(Record, Clone, Debug, PartialEq)]
struct WordCount {
    word: String,
    count: u64,
}

fn word(word: &str, count: u64) -> WordCount {
    WordCount { word: word.to_owned(), count }
}

#[test]
fn texts_are_inline_up_to_twelve_bytes() {
    let words = ["", "to", "twelve bytes", "thirteen byte", "größer als zwölf", "αβγδεζ"];
    check("texts", &words.map(|text| word(text, text.len() as u64)));
}

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Numbers {
    byte: u8,
    small: i8,
    short: u16,
    signed_short: i16,
    letter: char,
    word: u32,
    signed_word: i32,
    float: f32,
    long: u64,
    signed_long: i64,
    double: f64,
    wide: u128,
    signed_wide: i128,
    flag: bool,
}

#[test]
fn numbers_are_placed_by_descending_width() {
    let first = Numbers {
        byte: 0x11,
        small: -2,
        short: 0x2233,
        signed_short: -3,
        letter: 'ß',
        word: 0x4455_6677,
        signed_word: -4,
        float: 1.5,
        long: 0x8899_aabb_ccdd_eeff,
        signed_long: -5,
        double: -0.5,
        wide: 0x0123_4567_89ab_cdef_0011_2233_4455_6677,
        signed_wide: -6,
        flag: true,
    };
    let largest = Numbers { letter: char::MAX, double: f64::MAX, signed_wide: i128::MIN, flag: false, ..first };
    check("numbers", &[first, largest]);
}

#[derive(Record, Clone, Copy, Debug, PartialEq)]
struct Days {
    day: Date,
    instant: Timestamp,
    price: Decimal<2>,
    rate: Decimal<18>,
}

#[test]
fn dates_and_decimals_are_stored_as_integers() {
    let first = Days {
        day: "2024-02-29".parse().unwrap(),
        instant: "2024-02-29T12:34:56.5Z".parse().unwrap(),
        price: "901.00".parse().unwrap(),
        rate: "0.000000000000000001".parse().unwrap(),
    };
    let before_the_epoch =
        Days { day: Date::from_days(-1), instant: Timestamp::from_micros(-1), price: -first.price, ..first };
    check("days", &[first, before_the_epoch]);
}

#[derive(Record, Clone, Debug, PartialEq)]
struct Home {
    zip: u32,
    city: String,
}

#[derive(Record, Clone, Debug, PartialEq)]
struct Person {
    name: String,
    home: Option<Home>,
    age: Option<u8>,
    pair: (u16, Option<Date>),
}

fn people() -> [Person; 2] {
    let home = Home { zip: 10_115, city: "Berlin, Hauptstadt".to_owned() };
    let day = "1906-12-09".parse().unwrap();
    [
        Person { name: "Grace Brewster Hopper".to_owned(), home: Some(home), age: Some(85), pair: (7, Some(day)) },
        Person { name: "Nobody".to_owned(), home: None, age: None, pair: (8, None) },
    ]
}

#[test]
fn none_is_stored_as_zero() {
    check("options", &people());
}

#[derive(Record, Clone, Debug, PartialEq)]
struct Lists {
    key: u32,
    longs: Vec<u64>,
    bytes: Vec<u8>,
    floats: Vec<f32>,
    small: Vec<i16>,
    days: Vec<Date>,
    prices: Option<Vec<Decimal<2>>>,
}

#[test]
fn lists_are_aligned_in_the_heap() {
    let full = Lists {
        key: 1,
        longs: vec![1, 2, u64::MAX],
        bytes: b"bytes longer than twelve".to_vec(),
        floats: vec![0.5],
        small: vec![-1, 0, 1],
        days: vec![Date::from_days(1), Date::from_days(-1)],
        prices: Some(vec![Decimal::from_scaled(-1)]),
    };
    let long = Lists { bytes: vec![0xff; 12], small: (-20..20).collect(), ..full.clone() };
    let empty = Vec::new;
    let none =
        Lists { key: 2, longs: empty(), bytes: vec![], floats: vec![], small: vec![], days: vec![], prices: None };
    check("lists", &[full, none, long]);
}

#[test]
fn dead_leaves_take_no_bytes() {
    // The leaves of `home.zip` with its validity and of `pair.1` without it, as a pipeline that
    // reads these two stores them.
    let live: LeafSet = [1, 2, 8].into_iter().collect();
    check_live("dead", &people(), &live);
    let page = &support::pages(&people(), &live)[0];
    let read: Vec<Person> = support::read(&page.batch());
    let zips: Vec<_> =
        read.iter().map(|person| person.home.as_ref().map(|home| (home.zip, home.city.as_str()))).collect();
    assert_eq!(zips, [Some((10_115, "")), None]);
    // Dead leaves read as zero, so a dead validity reads as `None`.
    assert!(read.iter().all(|person| person.name.is_empty() && person.age.is_none()));
    assert_eq!(read[0].pair, (0, None));
}

#[test]
fn large_record_starts_a_larger_page() {
    let long = "long text ".repeat(20_000);
    let pages = support::pages(&[word("before", 1), word(&long, 2), word("after", 3)], &support::all::<WordCount>());
    // The next record shares the page of the large one.
    let sizes: Vec<_> = pages.iter().map(|page| (page.bytes(), page.rows())).collect();
    assert_eq!(sizes, [(64 << 10, 1), (256 << 10, 2)]);
    let read: Vec<WordCount> = pages.iter().flat_map(|page| support::read(&page.batch())).collect();
    assert_eq!(read, [word("before", 1), word(&long, 2), word("after", 3)]);
}

#[test]
fn twins_and_tuples_of_parts_are_written_like_records() {
    let records = [word("to", 1), word("a longer word than that", 2)];
    let twins = records.each_ref().map(Value::twin);
    let live = support::all::<WordCount>();
    let dumps =
        [support::pages(&records, &live), support::pages(&twins, &live)].map(|pages| dump::<WordCount>(&pages[0]));
    assert_eq!(dumps[0], dumps[1]);
    let parts = [("to", 1_u64), ("a longer word than that", 2)];
    let read: Vec<(String, u64)> = support::read(&support::pages(&parts, &live)[0].batch());
    assert_eq!(read, parts.map(|(text, count)| (text.to_owned(), count)));
}
