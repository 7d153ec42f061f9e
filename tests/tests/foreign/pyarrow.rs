//! Parquet files written by pyarrow.

use std::collections::BTreeMap;

use dataflow::prelude::*;
use runtime::row::LeafType as L;

use super::{
    Home, Item, LONG, NOON, failed, home, is_thousand, item, micros, owned, path, read, refused, without_case,
    without_path,
};

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
        f16: Option<f32>,
        f32: Option<f32>,
        f64: Option<f64>,
        flag: Option<bool>,
    }
    let least = Numbers {
        i8: Some(i8::MIN),
        i16: Some(i16::MIN),
        i32: Some(i32::MIN),
        i64: Some(i64::MIN),
        u8: Some(0),
        u16: Some(0),
        u32: Some(0),
        u64: Some(0),
        f16: Some(0.5),
        f32: Some(0.25),
        f64: Some(0.1),
        flag: Some(true),
    };
    let most = Numbers {
        i8: Some(i8::MAX),
        i16: Some(i16::MAX),
        i32: Some(i32::MAX),
        i64: Some(i64::MAX),
        u8: Some(u8::MAX),
        u16: Some(u16::MAX),
        u32: Some(u32::MAX),
        u64: Some(u64::MAX),
        f16: Some(-2.0),
        f32: Some(f32::INFINITY),
        f64: Some(-1e300),
        flag: Some(false),
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
        f16: None,
        f32: None,
        f64: None,
        flag: None,
    };
    assert_eq!(read::<Numbers>("pyarrow_numbers"), [least, none, most]);
}

#[test]
fn half_floats_as_doubles() {
    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    struct Half {
        f16: Option<f64>,
    }
    let found: Vec<_> = read::<Half>("pyarrow_numbers").into_iter().map(|half| half.f16).collect();
    assert_eq!(found, [Some(0.5), None, Some(-2.0)]);
}

#[test]
fn texts_and_bytes() {
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Texts {
        plain: Option<String>,
        large: Option<String>,
        view: Option<String>,
        dictionary: Option<String>,
        binary: Option<Vec<u8>>,
        large_binary: Option<Vec<u8>>,
        fixed: Option<Vec<u8>>,
        uuid: Option<Vec<u8>>,
    }
    let row = |text: Option<&str>, bytes: Option<&[u8]>, fixed: Option<&[u8]>, uuid: Option<Vec<u8>>| Texts {
        plain: text.map(str::to_owned),
        large: text.map(str::to_owned),
        view: text.map(str::to_owned),
        dictionary: text.map(str::to_owned),
        binary: bytes.map(<[u8]>::to_vec),
        large_binary: bytes.map(<[u8]>::to_vec),
        fixed: fixed.map(<[u8]>::to_vec),
        uuid,
    };
    let expected = [
        row(Some("a"), Some(b"\x00\xff"), Some(b"abc"), Some((0..16).collect())),
        row(None, None, None, None),
        row(Some(LONG), Some(b""), Some(b"\x00\x01\x02"), Some(vec![0; 16])),
    ];
    assert_eq!(read::<Texts>("pyarrow_texts"), expected);
}

#[test]
fn json_is_refused() {
    assert_eq!(
        refused("pyarrow_texts", "json", L::Text),
        "pyarrow_texts.parquet: column `json`: expected String, found JSON, which is not supported; write it as a text"
    );
}

#[test]
fn dates_and_times() {
    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    struct Times {
        date32: Option<Date>,
        date64: Option<Date>,
        seconds: Option<Timestamp>,
        millis: Option<Timestamp>,
        micros: Option<Timestamp>,
        zoned: Option<Timestamp>,
    }
    let (day, before) = (Date::from_days(19_782), Date::from_days(-1));
    let row = |day, seconds: Option<i64>, millis: Option<i64>, both: Option<i64>| Times {
        date32: day,
        date64: day,
        seconds: seconds.and_then(micros),
        millis: millis.and_then(micros),
        micros: both.and_then(micros),
        zoned: both.and_then(micros),
    };
    let expected = [
        row(Some(day), Some(NOON), Some(NOON + 123_000), Some(NOON + 123_456)),
        row(None, None, None, None),
        row(Some(before), Some(-1_000_000), Some(-1000), Some(-1)),
    ];
    assert_eq!(read::<Times>("pyarrow_times"), expected);
}

/// Nanoseconds are rounded down to microseconds.
#[test]
fn nanoseconds() {
    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    struct Nanos {
        nanos: Option<Timestamp>,
        zoned_nanos: Option<Timestamp>,
    }
    let row = |at: Option<Timestamp>| Nanos { nanos: at, zoned_nanos: at };
    assert_eq!(read::<Nanos>("pyarrow_times"), [row(micros(NOON + 123_456)), row(None), row(micros(-1))]);
}

/// Read as microseconds since midnight.
#[test]
fn times_of_day() {
    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    struct Clock {
        time32: Option<i64>,
        time32_seconds: Option<i64>,
        time64: Option<i64>,
        time64_nanos: Option<i64>,
    }
    let row = |time32, time32_seconds, time64| Clock { time32, time32_seconds, time64, time64_nanos: time64 };
    let expected = [
        row(Some(45_000_123_000), Some(45_000_000_000), Some(45_000_123_456)),
        row(None, None, None),
        row(Some(0), Some(0), Some(0)),
    ];
    assert_eq!(read::<Clock>("pyarrow_times"), expected);
    assert_eq!(
        refused("pyarrow_times", "time64", L::Timestamp),
        "pyarrow_times.parquet: column `time64`: expected Timestamp, found a time of day; read it into an i64, which is then the \
         microseconds since midnight"
    );
}

/// Read as the stored number, in the writer's unit, which the file does not contain.
#[test]
fn durations() {
    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    struct Lasting {
        duration: Option<i64>,
    }
    let found: Vec<_> = read::<Lasting>("pyarrow_times").into_iter().map(|row| row.duration).collect();
    assert_eq!(found, [Some(90_061_001), None, Some(-5)]);
}

#[test]
fn decimals() {
    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    struct Decimals {
        d32: Option<Decimal<2>>,
        d64: Option<Decimal<4>>,
        d128: Option<Decimal<10>>,
        d256: Option<Decimal<3>>,
    }
    let row = |d32: i64, d64: i64, d128: i64, d256: i64| Decimals {
        d32: Some(Decimal::from_scaled(d32)),
        d64: Some(Decimal::from_scaled(d64)),
        d128: Some(Decimal::from_scaled(d128)),
        d256: Some(Decimal::from_scaled(d256)),
    };
    let none = Decimals { d32: None, d64: None, d128: None, d256: None };
    let first = row(1_234_567, 1_234_567_890_123_456, i64::MAX, 12_345);
    assert_eq!(read::<Decimals>("pyarrow_decimals"), [first, none, row(-1, -1, -1, -1)]);
}

#[test]
fn decimals_as_integers_and_fixed_bytes() {
    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    struct AsWritten {
        int32: Option<Decimal<2>>,
        int64: Option<Decimal<2>>,
        flba: Option<Decimal<2>>,
    }
    let found: Vec<_> = read::<AsWritten>("pyarrow_decimals_as_integers")
        .into_iter()
        .map(|row| (row.int32, row.int64, row.flba))
        .collect();
    let of = |value| Some(Decimal::from_scaled(value));
    let large = 123_456_789_012_345_678;
    assert_eq!(found, [(of(123_456_789), of(large), of(large)), (None, None, None), (of(-1), of(-1), of(-1))]);
}

/// Each value is checked. A value that exceeds 64 bits ends the job with an error that names its
/// row and column.
#[test]
fn decimals_that_are_too_large() {
    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    struct TooLarge {
        too_large: Option<Decimal<10>>,
    }
    assert_eq!(
        failed::<TooLarge>("pyarrow_decimals"),
        "pyarrow_decimals.parquet, row group 0, row 2: column `too_large`: expected Decimal<10>, found the unscaled value \
         9223372036854775808, which is too large"
    );
    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    struct FarTooLarge {
        far_too_large: Option<Decimal<3>>,
    }
    assert_eq!(
        failed::<FarTooLarge>("pyarrow_decimals"),
        format!(
            "pyarrow_decimals.parquet, row group 0, row 2: column `far_too_large`: expected Decimal<3>, found the unscaled value \
             1{}, which is too large",
            "0".repeat(43)
        )
    );
    assert_eq!(
        refused("pyarrow_decimals", "d128", L::Decimal(2)),
        "pyarrow_decimals.parquet: column `d128`: expected Decimal<2>, found a decimal of 38 digits, 10 of them after the point, which \
         would be cut; use Decimal<10>"
    );
    assert_eq!(
        refused("pyarrow_decimals", "fine", L::Decimal(18)),
        "pyarrow_decimals.parquet: column `fine`: expected Decimal<18>, found a decimal of 38 digits, 20 of them after the point; a \
         Decimal has at most 18"
    );
}

#[test]
fn lists() {
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Lists {
        full: Vec<i32>,
        maybe: Option<Vec<i32>>,
        fixed: Vec<f32>,
        words: Option<Vec<String>>,
        bytes: Option<Vec<Vec<u8>>>,
        days: Option<Vec<Date>>,
        flags: Option<Vec<bool>>,
    }
    let words = vec!["a".to_owned(), LONG.to_owned()];
    let expected = [
        Lists {
            full: vec![1, 2],
            maybe: Some(vec![1, 2]),
            fixed: vec![0.5, 1.5],
            words: Some(words),
            bytes: Some(vec![vec![0xff]]),
            days: Some(vec![Date::from_days(19_782)]),
            flags: Some(vec![true, false]),
        },
        Lists { full: vec![], maybe: None, fixed: vec![2.5, 3.5], words: None, bytes: None, days: None, flags: None },
        Lists {
            full: vec![3],
            maybe: Some(vec![]),
            fixed: vec![4.5, 5.5],
            words: Some(vec![]),
            bytes: Some(vec![]),
            days: Some(vec![]),
            flags: Some(vec![]),
        },
    ];
    assert_eq!(read::<Lists>("pyarrow_lists"), expected);
}

#[test]
fn lists_with_nulls() {
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Holes {
        holes: Option<Vec<Option<i32>>>,
        large: Option<Vec<Option<i64>>>,
        word_holes: Option<Vec<Option<String>>>,
        nested: Option<Vec<Option<Vec<i64>>>>,
        nothing: Option<Vec<Option<Date>>>,
    }
    let expected = [
        Holes {
            holes: Some(vec![Some(1), None]),
            large: Some(vec![Some(1), None]),
            word_holes: Some(vec![owned("a"), None]),
            nested: Some(vec![Some(vec![1, 2]), Some(vec![]), None]),
            nothing: Some(vec![None, None]),
        },
        Holes { holes: None, large: None, word_holes: None, nested: None, nothing: None },
        Holes {
            holes: Some(vec![None]),
            large: Some(vec![]),
            word_holes: Some(vec![]),
            nested: Some(vec![]),
            nothing: Some(vec![]),
        },
    ];
    assert_eq!(read::<Holes>("pyarrow_lists"), expected);
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Strict {
        holes: Option<Vec<i32>>,
    }
    assert_eq!(
        failed::<Strict>("pyarrow_lists"),
        "pyarrow_lists.parquet, row group 0, row 0: column `holes`: expected Vec<i32>, found a null in a list; make it a Vec of Option"
    );
}

#[test]
fn lists_of_structs() {
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Loose {
        name: Option<String>,
        count: Option<u32>,
    }
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Items {
        items: Option<Vec<Item>>,
        item_holes: Option<Vec<Option<Loose>>>,
    }
    let items = vec![item("tea", 2), item("salt", 1)];
    let loose = vec![Some(Loose { name: None, count: Some(2) }), None];
    let expected = [
        Items { items: Some(items), item_holes: Some(loose) },
        Items { items: None, item_holes: None },
        Items { items: Some(vec![]), item_holes: Some(vec![]) },
    ];
    assert_eq!(read::<Items>("pyarrow_lists"), expected);
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Strict {
        item_holes: Option<Vec<Loose>>,
    }
    assert_eq!(
        failed::<Strict>("pyarrow_lists"),
        "pyarrow_lists.parquet, row group 0: column `item_holes[]`: found a null among 2 values; make the list's element an Option"
    );
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Other {
        nam: String,
    }
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Misspelt {
        items: Option<Vec<Other>>,
    }
    assert_eq!(
        failed::<Misspelt>("pyarrow_lists"),
        "pyarrow_lists.parquet: there is no column `items[].nam`; did you mean `name`?"
    );
}

#[derive(Record, Clone, Debug, PartialEq)]
struct Person {
    name: String,
    home: Option<Home>,
    tags: Option<Vec<String>>,
}

fn ada() -> Person {
    Person { name: "Ada".to_owned(), home: Some(home(7, "York")), tags: Some(vec!["a".to_owned(), "b".to_owned()]) }
}

#[test]
fn structs() {
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Nested {
        home: Option<Home>,
        person: Option<Person>,
        people: Option<Vec<Person>>,
    }
    let bob = |tags| Person { name: "Bob".to_owned(), home: None, tags };
    let expected = [
        Nested { home: Some(home(7, "York")), person: Some(ada()), people: Some(vec![ada(), bob(Some(vec![]))]) },
        Nested { home: Some(Home { zip: None, city: None }), person: Some(bob(None)), people: Some(vec![]) },
        Nested { home: None, person: None, people: None },
    ];
    assert_eq!(read::<Nested>("pyarrow_nested"), expected);
}

#[test]
fn maps() {
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Maps {
        counts: Option<BTreeMap<String, i64>>,
        gaps: Option<BTreeMap<i32, Option<String>>>,
        homes: Option<BTreeMap<String, Home>>,
        baskets: Option<BTreeMap<String, Vec<Item>>>,
    }
    let expected = [
        Maps {
            counts: Some([("a".to_owned(), 1), ("b".to_owned(), 2)].into()),
            gaps: Some([(1, None), (2, owned("two"))].into()),
            homes: Some([("x".to_owned(), home(1, "A"))].into()),
            baskets: Some([("x".to_owned(), vec![item("tea", 2), item("salt", 1)])].into()),
        },
        Maps {
            counts: Some(BTreeMap::new()),
            gaps: Some(BTreeMap::new()),
            homes: Some(BTreeMap::new()),
            baskets: Some(BTreeMap::new()),
        },
        Maps { counts: None, gaps: None, homes: None, baskets: None },
    ];
    assert_eq!(read::<Maps>("pyarrow_nested"), expected);
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Pairs {
        twice: Option<Vec<(String, i64)>>,
    }
    let twice = vec![("a".to_owned(), 1), ("a".to_owned(), 2)];
    let expected = [Pairs { twice: Some(twice) }, Pairs { twice: Some(vec![]) }, Pairs { twice: None }];
    assert_eq!(read::<Pairs>("pyarrow_nested"), expected);
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Twice {
        twice: Option<BTreeMap<String, i64>>,
    }
    assert_eq!(
        failed::<Twice>("pyarrow_nested"),
        "pyarrow_nested.parquet, row group 0, row 0: column `twice`: the key `a` stands twice in its map; read it into a Vec of pairs"
    );
}

/// A map of which only the presence is read is still decoded with keys and values.
#[test]
fn whether_a_map_is_there() {
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Maps {
        counts: Option<BTreeMap<String, i64>>,
    }
    #[dataflow]
    fn there(maps: DataSet<Maps>) -> DataSet<bool> {
        maps.map(|m| m.counts.is_some())
    }
    let maps = tests::embedded().read_parquet::<Maps>(path("pyarrow_nested")).unwrap();
    assert_eq!(there(maps).collect().unwrap(), [true, true, false]);
}

#[test]
fn columns_of_nulls() {
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Nothing {
        nothing: Option<String>,
    }
    assert_eq!(read::<Nothing>("pyarrow_nested"), vec![Nothing { nothing: None }; 3]);
    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    struct Strict {
        nothing: i64,
    }
    assert_eq!(
        failed::<Strict>("pyarrow_nested"),
        "pyarrow_nested.parquet, row group 0: column `nothing`: found 3 nulls among 3 rows; make the record's field an Option"
    );
}

#[test]
fn int96() {
    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    struct Moment {
        moment: Option<Timestamp>,
    }
    let found: Vec<_> = read::<Moment>("pyarrow_int96").into_iter().map(|row| row.moment).collect();
    assert_eq!(found, [micros(NOON + 123_456), None, micros(-1)]);
}

#[test]
fn flavour_of_spark() {
    #[derive(Record, Clone, Copy, Debug, PartialEq)]
    struct Moment {
        moment: Option<Timestamp>,
        an_id: i64,
    }
    let found: Vec<_> =
        read::<Moment>("pyarrow_flavour_spark").into_iter().map(|row| (row.moment, row.an_id)).collect();
    assert_eq!(found, [(micros(NOON + 123_456), 1), (None, 2), (micros(NOON + 123_456), 3)]);
}

#[test]
fn names_without_case() {
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Order {
        orderkey: i64,
        #[record(name = "KUNDE")]
        customer: Home,
    }
    let read = |options| tests::embedded().read_parquet_with::<Order>(path("pyarrow_case"), options).unwrap().collect();
    assert_eq!(read(without_case()).unwrap(), [Order { orderkey: 1, customer: home(7, "York") }]);
    let error = without_path(read(dataflow::ParquetOptions::default()).unwrap_err().to_string());
    assert_eq!(error, "pyarrow_case.parquet: there is no column `orderkey` (i64); did you mean `OrderKey`?");
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Ambiguous {
        note: String,
    }
    let found =
        tests::embedded().read_parquet_with::<Ambiguous>(path("pyarrow_case"), without_case()).unwrap().collect();
    assert_eq!(
        without_path(found.unwrap_err().to_string()),
        "pyarrow_case.parquet: the field `note` could be `note` or `NOTE`, which differ in the case of letters only; read without \
         `ignore_case`"
    );
}

#[test]
fn row_groups_pages_and_codecs() {
    #[derive(Record, Clone, Debug, PartialEq)]
    struct WithItems {
        id: i64,
        items: Vec<Item>,
    }
    let files = ["row_groups", "pages", "checksums"].map(|name| format!("pyarrow_{name}"));
    let codecs = ["none", "snappy", "gzip", "brotli", "zstd", "lz4"].map(|name| format!("pyarrow_codec_{name}"));
    for file in files.iter().chain(&codecs) {
        is_thousand(file);
        let expected = (0..1000).map(|id| WithItems { id, items: vec![item("x", id as u32); id as usize % 3] });
        assert!(read::<WithItems>(file).into_iter().eq(expected), "{file}");
    }
}

#[test]
fn encodings() {
    #[derive(Record, Clone, Debug, PartialEq)]
    struct Encoded {
        delta: Option<i64>,
        delta_small: Option<i32>,
        lengths: Option<String>,
        prefixes: Option<String>,
        split: Option<f64>,
        split32: Option<f32>,
        split_int: Option<i32>,
        runs: Option<bool>,
        plain: Option<i64>,
    }
    let none = Encoded {
        delta: None,
        delta_small: None,
        lengths: None,
        prefixes: None,
        split: None,
        split32: None,
        split_int: None,
        runs: None,
        plain: None,
    };
    let expected = [
        Encoded {
            delta: Some(5),
            delta_small: Some(5),
            lengths: owned("a"),
            prefixes: owned("abc"),
            split: Some(0.1),
            split32: Some(0.5),
            split_int: Some(1),
            runs: Some(true),
            plain: Some(1),
        },
        none,
        Encoded {
            delta: Some(1 << 62),
            delta_small: Some(1 << 30),
            lengths: owned(LONG),
            prefixes: owned("abd"),
            split: Some(-2.5),
            split32: Some(-2.5),
            split_int: Some(-2),
            runs: Some(false),
            plain: Some(2),
        },
        Encoded {
            delta: Some(-7),
            delta_small: Some(-7),
            lengths: owned(""),
            prefixes: owned("ab"),
            split: Some(1e300),
            split32: Some(1e30),
            split_int: Some(3),
            runs: Some(true),
            plain: Some(3),
        },
    ];
    assert_eq!(read::<Encoded>("pyarrow_encodings"), expected);
}

#[test]
fn no_rows() {
    #[derive(Record, Clone, Debug, PartialEq)]
    struct WithItems {
        id: i64,
        items: Vec<Item>,
    }
    assert_eq!(read::<WithItems>("pyarrow_empty"), []);
}
