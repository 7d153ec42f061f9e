//! Binary files: plain values, back to back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::sync::Arc;

use formats::{BinaryFormat, binary, compressed_by_name};
use proptest::prelude::*;
use runtime::row::{Datum, LeafType as L, Physical, Schema, SchemaBuilder};
use runtime::source::TableSource as _;
use runtime::source::{Format, Scan, Source};
use support::values::{TYPES, rows};
use support::{TestFile, drive, drive_scan, encode, message, record, scan_all};

fn pairs() -> Schema {
    record(&[("key", L::I64), ("value", L::F64)])
}

fn plain() -> Schema {
    let fields: Vec<_> = TYPES.iter().copied().filter(|(_, ty)| ty.physical() != Physical::Slot).collect();
    record(&[fields.as_slice(), &[("i128", L::I128), ("last", L::U8)]].concat())
}

fn failing(bytes: &[u8], schema: &Schema, name: &str) -> String {
    let file = TestFile::new(name, bytes);
    message(binary(file.path(), schema).and_then(|source| drive(&source)), &file)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn records_are_read_as_they_were_written(rows in rows(&plain(), 0..300)) {
        let schema = plain();
        let bytes = encode(&BinaryFormat, &schema, &rows).unwrap();
        let width: usize = schema.types().iter().map(|ty| ty.width()).sum();
        prop_assert_eq!(bytes.len(), rows.len() * width);
        let file = TestFile::new("x.bin", &bytes);
        let source = binary(file.path(), &schema).unwrap().with_split_bytes(1000);
        prop_assert_eq!(source.statistics(&Scan::default()).rows, Some(rows.len() as f64));
        prop_assert_eq!(drive(&source).unwrap(), rows.clone());
        for name in ["x.bin.gz", "x.bin.zst"] {
            let format = compressed_by_name(Arc::new(BinaryFormat), name);
            let file = TestFile::new(name, encode(&*format, &schema, &rows).unwrap());
            prop_assert_eq!(drive(&binary(file.path(), &schema).unwrap()).unwrap(), rows.clone());
        }
    }
}

#[test]
fn bytes_are_those_of_a_packed_struct() {
    let rows = vec![vec![Datum::Fixed(1), Datum::Fixed(0.5_f64.to_bits().into())]];
    let bytes = encode(&BinaryFormat, &pairs(), &rows).unwrap();
    assert_eq!(bytes, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f]);
    assert_eq!(BinaryFormat.extension(), "bin");
}

#[test]
fn large_files_are_read_by_splits_and_leaves() {
    // 13 bytes per record, so chunks and splits of any size would end within records.
    let schema = record(&[("a", L::U8), ("b", L::U64), ("c", L::U32)]);
    let count = 300_000_u32;
    let bytes: Vec<u8> = (0..count)
        .flat_map(|n| [&[n as u8][..], &u64::from(n).to_le_bytes(), &(n / 2).to_le_bytes()].concat())
        .collect();
    let row = |n: u32, live: &[usize]| -> Vec<Datum> {
        let values = [u128::from(n as u8), n.into(), (n / 2).into()];
        (0..3).map(|leaf| Datum::Fixed(if live.contains(&leaf) { values[leaf] } else { 0 })).collect()
    };
    let compressed = zstd::stream::encode_all(bytes.as_slice(), 1).unwrap();
    for file in [TestFile::new("x.bin", &bytes), TestFile::new("x.bin.zst", compressed)] {
        let source = binary(file.path(), &schema).unwrap();
        for live in [&[0, 1, 2][..], &[1], &[]] {
            let scan = Scan { live: live.iter().copied().collect(), bounds: Vec::new() };
            let read = drive_scan(&source, &scan).unwrap();
            assert_eq!(read.len(), count as usize);
            assert!(read.iter().zip(0..).all(|(found, n)| *found == row(n, live)), "{live:?}");
        }
    }
    let file = TestFile::new("x.bin", &bytes);
    let source = binary(file.path(), &schema).unwrap();
    let splits = source.splits(&scan_all(&source)).unwrap().splits;
    assert!(splits.len() > 2 && splits.iter().all(|split| split.range.start % 13 == 0), "{splits:?}");
}

#[test]
fn partial_last_records_are_errors() {
    let expected = "x.bin, byte 32: 8 bytes are left over behind the last record, as one of Test { key: i64, value: f64 } has 16 bytes; \
                    the file was cut, or holds other records";
    assert_eq!(failing(&[0; 40], &pairs(), "x.bin"), expected);
    let compressed = zstd::stream::encode_all([0; 40].as_slice(), 1).unwrap();
    assert_eq!(
        failing(&compressed, &pairs(), "x.bin.zst"),
        expected.replace("x.bin, byte 32", "x.bin.zst, byte 32 of what the file holds")
    );
    assert_eq!(drive(&binary(TestFile::new("x.bin", "").path(), &pairs()).unwrap()).unwrap().len(), 0);
}

#[test]
fn invalid_values_are_errors_with_their_record() {
    let schema = record(&[("number", L::U16), ("open", L::Bool), ("letter", L::Char)]);
    let good = [1, 0, 1, b'x', 0, 0, 0];
    let mut bad = [good, good, good].concat();
    bad[16] = 2;
    let expected = "x.bin, record 3 (byte 16): column `open`: expected bool (a byte, 0 or 1), found the byte 2";
    assert_eq!(failing(&bad, &schema, "x.bin"), expected);
    bad[16] = 1;
    bad[11] = 0xd8;
    let expected = "x.bin, record 2 (byte 10): column `letter`: expected char (the number of a Unicode scalar value, in four bytes), \
                    found the number 0xd878";
    assert_eq!(failing(&bad, &schema, "x.bin"), expected);
    // The bytes of leaves that are not live are not checked.
    let file = TestFile::new("x.bin", &bad);
    let scan = Scan { live: [0].into_iter().collect(), bounds: Vec::new() };
    assert_eq!(drive_scan(&binary(file.path(), &schema).unwrap(), &scan).unwrap().len(), 3);
}

#[test]
fn records_without_fixed_width_are_refused() {
    let file = TestFile::new("x.bin", "");
    for (schema, reason) in [
        (
            record(&[("name", L::Text)]),
            "cannot read binary: the field `name` is a String, whose length varies; the native format holds it",
        ),
        (
            record(&[("n?", L::U8)]),
            "cannot read binary: the field `n` is an Option, which has no plain bytes; the native format holds it",
        ),
        (
            SchemaBuilder::build(|builder| builder.list(pairs())),
            "cannot read binary: the record is a Vec<Test { key: i64, value: f64 }>, whose length varies; JSON holds it",
        ),
    ] {
        assert_eq!(message(binary(file.path(), &schema).map(|_| ()), &file), reason);
        assert!(encode(&BinaryFormat, &schema, &Vec::new()).is_err());
    }
}
