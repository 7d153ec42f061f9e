//! Parquet files written by DuckDB.

use std::collections::BTreeMap;

use dataflow::prelude::*;
use runtime::row::LeafType as L;

use super::{Home, Item, LONG, NOON, home, is_thousand, item, micros, owned, read, refused};

/// A `HUGEINT` is written as a `DOUBLE`.
#[test]
fn numbers() {
    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    struct Numbers {
        i8: Option<i8>,
        i16: Option<i16>,
        i32: Option<i32>,
        i64: Option<i64>,
        u8: Option<u8>,
        u16: Option<u16>,
        u32: Option<u32>,
        u64: Option<u64>,
        f32: Option<f32>,
        f64: Option<f64>,
        huge: Option<f64>,
        flag: Option<bool>,
        d4: Option<Decimal<1>>,
        d9: Option<Decimal<2>>,
        d18: Option<Decimal<4>>,
        d38: Option<Decimal<4>>,
    }
    let some = Numbers {
        i8: Some(i8::MIN),
        i16: Some(i16::MIN),
        i32: Some(i32::MIN),
        i64: Some(-i64::MAX),
        u8: Some(u8::MAX),
        u16: Some(u16::MAX),
        u32: Some(u32::MAX),
        u64: Some(u64::MAX),
        f32: Some(0.25),
        f64: Some(0.1),
        huge: Some(5.0),
        flag: Some(true),
        d4: Some(Decimal::from_scaled(15)),
        d9: Some(Decimal::from_scaled(123_456_789)),
        d18: Some(Decimal::from_scaled(123_456)),
        d38: Some(Decimal::from_scaled(123_456)),
    };
    let none = Numbers {
        i8: None,
        i16: None,
        i32: None,
        i64: None,
        u8: None,
        u16: None,
        u32: None,
        u64: None,
        f32: None,
        f64: None,
        huge: None,
        flag: None,
        d4: None,
        d9: None,
        d18: None,
        d38: None,
    };
    assert_eq!(read::<Numbers>("duckdb_values"), [some, none]);
}

/// An `ENUM` is written as a text, a `BIT` as a text of digits, a `UUID` as 16 bytes.
#[test]
fn texts_bytes_and_enums() {
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Texts {
        text: Option<String>,
        blob: Option<Vec<u8>>,
        choice: Option<String>,
        bits: Option<String>,
        uuid: Option<Vec<u8>>,
        nothing: Option<Date>,
    }
    let some = Texts {
        text: owned(LONG),
        blob: Some(vec![0, 0xff]),
        choice: owned("blue"),
        bits: owned("101"),
        uuid: Some((0..16).collect()),
        nothing: None,
    };
    let none = Texts { text: None, blob: None, choice: None, bits: None, uuid: None, nothing: None };
    assert_eq!(read::<Texts>("duckdb_values"), [some, none]);
}

#[test]
fn json_and_intervals_are_refused() {
    assert_eq!(
        refused("duckdb_values", "json", L::Text),
        "duckdb_values.parquet: column `json`: expected String, found JSON, which is not supported; write it as a text"
    );
    assert_eq!(
        refused("duckdb_values", "span", L::I64),
        "duckdb_values.parquet: column `span`: expected i64, found an interval, which no field can hold; write it as a text or as a number"
    );
}

#[test]
fn dates_and_times() {
    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    struct Times {
        day: Option<Date>,
        seconds: Option<Timestamp>,
        millis: Option<Timestamp>,
        micros: Option<Timestamp>,
        nanos: Option<Timestamp>,
        zoned: Option<Timestamp>,
        clock: Option<i64>,
    }
    let some = Times {
        day: Some(Date::from_days(19_782)),
        seconds: micros(NOON),
        millis: micros(NOON + 123_000),
        micros: micros(NOON + 123_456),
        nanos: micros(NOON + 123_456),
        zoned: micros(NOON + 123_456),
        clock: Some(45_000_123_456),
    };
    let none = Times { day: None, seconds: None, millis: None, micros: None, nanos: None, zoned: None, clock: None };
    assert_eq!(read::<Times>("duckdb_values"), [some, none]);
}

#[test]
fn lists_structs_and_maps() {
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Nested {
        list: Option<Vec<i64>>,
        holes: Option<Vec<Option<i64>>>,
        words: Option<Vec<String>>,
        pair: Option<Vec<i32>>,
        home: Option<Home>,
        items: Option<Vec<Item>>,
        counts: Option<BTreeMap<String, i64>>,
        nested: Option<Vec<Vec<i64>>>,
    }
    let some = Nested {
        list: Some(vec![1, 2]),
        holes: Some(vec![Some(1), None]),
        words: Some(vec!["a".to_owned(), "b".to_owned()]),
        pair: Some(vec![1, 2]),
        home: Some(home(7, "York")),
        items: Some(vec![item("tea", 2), item("salt", 1)]),
        counts: Some([("a".to_owned(), 1), ("b".to_owned(), 2)].into()),
        nested: Some(vec![vec![1, 2], vec![]]),
    };
    let none = Nested {
        list: None,
        holes: None,
        words: None,
        pair: None,
        home: None,
        items: None,
        counts: None,
        nested: None,
    };
    assert_eq!(read::<Nested>("duckdb_values"), [some, none]);
}

#[test]
fn codecs_and_versions() {
    for codec in ["uncompressed", "snappy", "gzip", "brotli", "zstd", "lz4", "lz4_raw"] {
        is_thousand(&format!("duckdb_codec_{codec}"));
    }
    is_thousand("duckdb_version_2");
}
