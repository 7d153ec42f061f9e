//! Parquet files written by Polars.

use dataflow::prelude::*;
use runtime::row::LeafType as L;

use super::{Home, Item, LONG, NOON, home, is_thousand, item, micros, owned, read, refused};

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
        flag: Option<bool>,
        decimal: Option<Decimal<4>>,
    }
    let some = Numbers {
        i8: Some(i8::MIN),
        i16: Some(i16::MIN),
        i32: Some(i32::MIN),
        i64: Some(i64::MIN),
        u8: Some(u8::MAX),
        u16: Some(u16::MAX),
        u32: Some(u32::MAX),
        u64: Some(u64::MAX),
        f32: Some(0.25),
        f64: Some(0.1),
        flag: Some(true),
        decimal: Some(Decimal::from_scaled(123_456)),
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
        flag: None,
        decimal: None,
    };
    assert_eq!(read::<Numbers>("polars_values"), [some, none]);
}

/// Categories and enums are written as texts. An enum reads those that are its variants.
#[test]
fn texts_categories_and_enums() {
    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    enum Choice {
        #[record(name = "red")]
        Red,
        #[record(name = "blue")]
        Blue,
    }
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Texts {
        text: Option<String>,
        binary: Option<Vec<u8>>,
        category: Option<String>,
        choice: Option<Choice>,
        nothing: Option<i64>,
    }
    let some = Texts {
        text: owned(LONG),
        binary: Some(vec![0, 0xff]),
        category: owned("red"),
        choice: Some(Choice::Blue),
        nothing: None,
    };
    let none = Texts { text: None, binary: None, category: None, choice: None, nothing: None };
    assert_eq!(read::<Texts>("polars_values"), [some, none]);
    assert_ne!(Choice::Red, Choice::Blue);
}

/// A time of day is read as microseconds since midnight. A duration is read as the stored number,
/// in the writer's unit.
#[test]
fn dates_and_times() {
    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    struct Times {
        date: Option<Date>,
        millis: Option<Timestamp>,
        micros: Option<Timestamp>,
        nanos: Option<Timestamp>,
        zoned: Option<Timestamp>,
        time: Option<i64>,
        duration: Option<i64>,
    }
    let some = Times {
        date: Some(Date::from_days(19_782)),
        millis: micros(NOON + 123_000),
        micros: micros(NOON + 123_456),
        nanos: micros(NOON + 123_456),
        zoned: micros(NOON + 123_456),
        time: Some(45_000_123_456),
        duration: Some(86_400_000_005),
    };
    let none = Times { date: None, millis: None, micros: None, nanos: None, zoned: None, time: None, duration: None };
    assert_eq!(read::<Times>("polars_values"), [some, none]);
}

#[test]
fn lists_and_structs() {
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Nested {
        list: Option<Vec<i64>>,
        holes: Vec<Option<i64>>,
        array: Vec<i32>,
        words: Vec<String>,
        home: Option<Home>,
        items: Vec<Item>,
        nested: Option<Vec<Vec<i64>>>,
    }
    let expected = [
        Nested {
            list: Some(vec![1, 2]),
            holes: vec![Some(1), None],
            array: vec![1, 2],
            words: vec!["a".to_owned(), LONG.to_owned()],
            home: Some(home(7, "York")),
            items: vec![item("tea", 2), item("salt", 1)],
            nested: Some(vec![vec![1], vec![]]),
        },
        Nested { list: None, holes: vec![], array: vec![3, 4], words: vec![], home: None, items: vec![], nested: None },
    ];
    assert_eq!(read::<Nested>("polars_values"), expected);
}

#[test]
fn integers_of_128_bits() {
    assert_eq!(
        refused("polars_wide", "i128", L::I64),
        "polars_wide.parquet: column `i128`: expected i64, found strings of 16 bytes; read it into a Vec<u8>"
    );
}

#[test]
fn codecs() {
    for codec in ["uncompressed", "snappy", "gzip", "brotli", "zstd", "lz4"] {
        is_thousand(&format!("polars_codec_{codec}"));
    }
}
