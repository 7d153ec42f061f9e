//! The engine's own format.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::sync::Arc;

use formats::{NativeFormat, compressed_by_name, native};
use proptest::prelude::*;
use runtime::row::{Datum, LeafType as L, Schema, SchemaBuilder, Shape, Tag};
use runtime::source::TableSource as _;
use runtime::source::{Scan, Source};
use support::values::{everything, rows};
use support::{Rows, TestFile, drive, drive_scan, encode, message, record, scan_all, text};

static OLD: Tag = Tag { of: "Kind", variants: &["Open", "Paid"] };
static NEW: Tag = Tag { of: "Kind", variants: &["Held", "Paid", "Open"] };

fn people() -> (Schema, Rows) {
    let schema = record(&[("id", L::U32), ("name?", L::Text), ("kind", L::Tag(&OLD))]);
    let row = |id: u32| {
        let name = (!id.is_multiple_of(3)).then(|| format!("a name that is rather long: {id}"));
        vec![
            Datum::Fixed(id.into()),
            Datum::Fixed(u128::from(name.is_some())),
            text(name.as_deref().unwrap_or_default()),
            Datum::Fixed((id % 2).into()),
        ]
    };
    (schema, (0..7).map(row).collect())
}

fn read(bytes: &[u8], schema: &Schema, name: &str) -> Result<Rows, String> {
    let file = TestFile::new(name, bytes);
    match native(file.path(), schema).and_then(|source| drive(&source)) {
        Ok(rows) => Ok(rows),
        error => Err(message(error, &file)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn records_are_read_as_they_were_written(rows in rows(&everything(), 0..200)) {
        let schema = everything();
        let bytes = encode(&NativeFormat, &schema, &rows).unwrap();
        let file = TestFile::new("x.native", &bytes);
        let source = native(file.path(), &schema).unwrap();
        prop_assert_eq!(source.statistics(&Scan::default()).rows, Some(rows.len() as f64));
        prop_assert_eq!(drive(&source).unwrap(), rows.clone());
        for name in ["x.native.gz", "x.native.zst"] {
            let format = compressed_by_name(Arc::new(NativeFormat), name);
            prop_assert_eq!(read(&encode(&*format, &schema, &rows).unwrap(), &schema, name), Ok(rows.clone()));
        }
    }
}

#[test]
fn files_of_many_blocks_are_read_by_splits_and_leaves() {
    let schema = record(&[("n", L::U64), ("text", L::Text), ("bytes", L::Bytes)]);
    let long = "x".repeat(3 << 20);
    let row = |n: u64| {
        let name = if n == 30_000 { long.clone() } else { format!("the text of number {n}") };
        vec![Datum::Fixed(n.into()), text(&name), text(&name[..name.len().min(9)])]
    };
    let rows: Rows = (0..60_000).map(row).collect();
    let bytes = encode(&NativeFormat, &schema, &rows).unwrap();
    let file = TestFile::new("x.native", &bytes);
    let source = native(file.path(), &schema).unwrap().with_split_bytes(1 << 20);
    assert!(source.splits(&scan_all(&source)).unwrap().splits.len() > 3);
    assert!(drive(&source).unwrap() == rows);
    let numbers = Scan { live: [0].into_iter().collect(), bounds: Vec::new() };
    let found = drive_scan(&source, &numbers).unwrap();
    assert!(found.iter().zip(0_u128..).all(|(row, n)| row[0].bits() == n && row[1].bytes().is_empty()));
    let compressed = zstd::stream::encode_all(bytes.as_slice(), 1).unwrap();
    assert!(read(&compressed, &schema, "x.native.zst") == Ok(rows));
}

#[test]
fn every_damaged_byte_is_an_error() {
    let (schema, rows) = people();
    let bytes = encode(&NativeFormat, &schema, &rows).unwrap();
    for at in 0..bytes.len() {
        for flip in [1, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            let message = read(&damaged, &schema, "x.native").expect_err("an error");
            assert!(message.starts_with("x.native, byte "), "byte {at}: {message}");
        }
    }
}

#[test]
fn truncated_and_extended_files_are_errors() {
    let (schema, rows) = people();
    let bytes = encode(&NativeFormat, &schema, &rows).unwrap();
    for length in 0..bytes.len() {
        let message = read(&bytes[..length], &schema, "x.native").expect_err("an error");
        assert!(message.starts_with("x.native, byte "), "{length} bytes: {message}");
        let compressed = zstd::stream::encode_all(&bytes[..length], 1).unwrap();
        let message = read(&compressed, &schema, "x.native.zst").expect_err("an error");
        assert!(message.starts_with("x.native.zst, byte "), "{length} bytes: {message}");
    }
    let longer = [&bytes[..], &[0]].concat();
    let message = read(&longer, &schema, "x.native").unwrap_err();
    assert!(message.ends_with("the file is damaged: bytes follow the end"), "{message}");
    let compressed = zstd::stream::encode_all(longer.as_slice(), 1).unwrap();
    let message = read(&compressed, &schema, "x.native.zst").unwrap_err();
    assert!(message.ends_with("the file is damaged: bytes follow the end"), "{message}");
}

/// Returns a file with valid checksums and a changed body.
fn forged(schema: &Schema, rows: &Rows, change: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut bytes = encode(&NativeFormat, schema, rows).unwrap();
    let header = u32::from_le_bytes(bytes[8..12].try_into().unwrap()) as usize;
    let (begin, end) = (header + 32, bytes.len() - 32);
    change(&mut bytes[begin..end]);
    let checksum = xxhash_rust::xxh3::xxh3_64(&bytes[begin..end]);
    bytes[header + 16..header + 24].copy_from_slice(&checksum.to_le_bytes());
    let checksum = xxhash_rust::xxh3::xxh3_64(&bytes[header..header + 24]);
    bytes[header + 24..header + 32].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

#[test]
fn values_are_checked_even_with_valid_checksums() {
    for (ty, value, change, expected) in [
        (L::Text, text("äö"), 4_usize, "column `x`: expected UTF-8, found other bytes"),
        (L::Bool, Datum::Fixed(1), 0, "column `x`: expected bool (a byte, 0 or 1), found the byte 255"),
        (
            L::Tag(&OLD),
            Datum::Fixed(1),
            0,
            "column `x`: expected Kind (one of Open, Paid), a byte below 2, found the byte 255",
        ),
        (L::Bytes, text("ab"), 0, "the block is damaged: its columns are longer than it is"),
    ] {
        let schema = record(&[("x", ty)]);
        let bytes = forged(&schema, &vec![vec![value]], |body| body[change] = 0xff);
        let message = read(&bytes, &schema, "x.native").unwrap_err();
        assert!(message.ends_with(expected), "{ty}: {message}");
    }
    // Two texts of one byte each, whose bytes form one character.
    let schema = record(&[("x", L::Text)]);
    let bytes = forged(&schema, &vec![vec![text("ä")], vec![text("")]], |body| (body[0], body[4]) = (1, 1));
    let message = read(&bytes, &schema, "x.native").unwrap_err();
    assert!(message.contains("record 1 of the block: column `x`: expected UTF-8"), "{message}");
}

#[test]
fn columns_are_found_by_name() {
    let (schema, rows) = people();
    let bytes = encode(&NativeFormat, &schema, &rows).unwrap();
    let other = record(&[("kind", L::Tag(&NEW)), ("id?", L::U32)]);
    let expected = rows
        .iter()
        .map(|row| vec![Datum::Fixed(if row[3].bits() == 0 { 2 } else { 1 }), Datum::Fixed(1), row[0].clone()]);
    assert_eq!(read(&bytes, &other, "x.native"), Ok(expected.collect()));
}

#[test]
fn columns_that_do_not_fit_are_errors_before_reading() {
    let (schema, rows) = people();
    let bytes = encode(&NativeFormat, &schema, &rows).unwrap();
    static FEWER: Tag = Tag { of: "Kind", variants: &["Open"] };
    for (schema, expected) in [
        (record(&[("ID", L::U32)]), "x.native: there is no column `ID` (u32); did you mean `id`?"),
        (record(&[("id", L::I64)]), "x.native: column `id`: expected i64, found u32"),
        (
            record(&[("name", L::Text)]),
            "x.native: column `name` may be null in the file; make the record's field an Option",
        ),
        (
            record(&[("kind", L::Tag(&FEWER))]),
            "x.native: column `kind`: expected Kind (one of Open), found one that may be `Paid`",
        ),
        (record(&[("kind", L::Text)]), "x.native: column `kind`: expected String, found Kind (one of Open, Paid)"),
    ] {
        let file = TestFile::new("x.native", &bytes);
        let source = native(file.path(), &schema).unwrap();
        assert_eq!(message(source.splits(&scan_all(&source)).map(|_| ()), &file), expected);
        // Columns that are not read need not fit.
        assert_eq!(drive_scan(&source, &Scan::default()).unwrap().len(), rows.len());
    }
}

#[test]
fn options_of_records_are_read() {
    let home = |optional: bool| {
        let inner = |builder: &mut SchemaBuilder| Shape::Record {
            name: "Home",
            fields: vec![builder.field("zip", |builder| builder.leaf(L::U32))],
        };
        SchemaBuilder::build(|builder| Shape::Record {
            name: "Person",
            fields: vec![
                builder.field("home", |builder| if optional { builder.optional(inner) } else { inner(builder) }),
            ],
        })
    };
    let bytes = encode(&NativeFormat, &home(true), &vec![vec![Datum::Fixed(1), Datum::Fixed(7)]]).unwrap();
    let refused = "x.native: column `home` may be null in the file; make the record's field an Option";
    assert_eq!(read(&bytes, &home(false), "x.native"), Err(refused.to_owned()));
    let bytes = encode(&NativeFormat, &home(false), &vec![vec![Datum::Fixed(7)]]).unwrap();
    assert_eq!(read(&bytes, &home(true), "x.native"), Ok(vec![vec![Datum::Fixed(1), Datum::Fixed(7)]]));
}

#[test]
fn other_files_are_errors() {
    let schema = record(&[("id", L::U32)]);
    assert_eq!(
        read(b"", &schema, "x.native"),
        Err("x.native, byte 0: not a native file: it has only 0 bytes".to_owned())
    );
    let message = read(b"PAR1 and so on", &schema, "x.native").unwrap_err();
    assert_eq!(message, "x.native, byte 0: not a native file: expected `dfnf` at its start, found `PAR1`");
    let mut newer = encode(&NativeFormat, &schema, &Vec::new()).unwrap();
    newer[4] = 4;
    let message = read(&newer, &schema, "x.native").unwrap_err();
    assert_eq!(
        message,
        "x.native, byte 0: the file has version 4 of the native format, and this program reads 1 and 3"
    );
}
