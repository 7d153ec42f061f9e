//! Lists of records and maps in Parquet: memory and damage, with every codec.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, ListBuilder, MapBuilder, StringBuilder, StructBuilder};
use arrow_array::{ArrayRef, Int32Array, NullArray, RecordBatch, TimestampNanosecondArray};
use arrow_schema::{DataType, Field};
use formats::parquet;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::{WriterProperties, WriterVersion};
use runtime::error::Result;
use runtime::memory::{Budget, Memory};
use runtime::row::{LeafType as L, Schema, SchemaBuilder, Shape};
use runtime::source::Source;
use support::{Rows, TestFile, drive, drive_splits, message, scan_all};

/// Lists of records that contain lists, a map, and a column of nulls.
fn columns(rows: i64) -> Vec<(&'static str, ArrayRef)> {
    let item = [Field::new("name", DataType::Utf8, true), Field::new("count", DataType::Int64, true)];
    let builders: Vec<Box<dyn arrow_array::builder::ArrayBuilder>> =
        vec![Box::new(StringBuilder::new()), Box::new(Int64Builder::new())];
    let mut items = ListBuilder::new(StructBuilder::new(item.to_vec(), builders));
    let mut holes = ListBuilder::new(ListBuilder::new(Int64Builder::new()));
    let mut counts = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    for row in 0..rows {
        for n in 0..row % 4 {
            let item = items.values();
            item.field_builder::<StringBuilder>(0).unwrap().append_value(format!("a name of some length {n}"));
            item.field_builder::<Int64Builder>(1).unwrap().append_option((n > 0).then_some(row));
            item.append(true);
            holes.values().values().append_option((n != 1).then_some(n));
            holes.values().append(n != 2);
            counts.keys().append_value(format!("key {n}"));
            counts.values().append_option((n != 1).then_some(row));
        }
        items.append(row % 5 != 4);
        holes.append(true);
        counts.append(row % 5 != 3).unwrap();
    }
    vec![
        ("items", Arc::new(items.finish()) as ArrayRef),
        ("holes", Arc::new(holes.finish())),
        ("counts", Arc::new(counts.finish())),
        ("nothing", Arc::new(NullArray::new(rows as usize))),
        ("at", Arc::new(TimestampNanosecondArray::from_iter_values((0..rows).map(|row| row * 999 - 7)))),
    ]
}

fn file(columns: &[(&'static str, ArrayRef)], properties: WriterProperties) -> Vec<u8> {
    let columns = columns.iter().map(|(name, array)| (*name, array.clone(), true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// The record of these columns.
fn schema() -> Schema {
    let optional = |ty| move |b: &mut SchemaBuilder| b.optional(|b| b.leaf(ty));
    let item = SchemaBuilder::build(|b| Shape::Record {
        name: "Item",
        fields: vec![b.field("name", |b| b.leaf(L::Text)), b.field("count", optional(L::I64))],
    });
    let hole = SchemaBuilder::build(|b| b.optional(|b| b.list(SchemaBuilder::build(optional(L::I64)))));
    let entry = SchemaBuilder::build(|b| Shape::Record {
        name: "",
        fields: vec![b.field("0", |b| b.leaf(L::Text)), b.field("1", optional(L::I64))],
    });
    SchemaBuilder::build(|b| Shape::Record {
        name: "Nested",
        fields: vec![
            b.field("items", |b| b.optional(|b| b.list(item))),
            b.field("holes", |b| b.list(hole)),
            b.field("counts", |b| b.optional(|b| b.map(entry))),
            b.field("nothing", optional(L::U16)),
            b.field("at", |b| b.leaf(L::Timestamp)),
        ],
    })
}

fn read(path: &str) -> Result<Rows> {
    drive(&parquet(path, &schema())?)
}

fn codecs() -> [Compression; 5] {
    let (gzip, zstd) = (Compression::GZIP(Default::default()), Compression::ZSTD(Default::default()));
    [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::LZ4_RAW, gzip, zstd]
}

fn properties(codec: Compression, version: WriterVersion) -> WriterProperties {
    WriterProperties::builder().set_compression(codec).set_writer_version(version).build()
}

/// For each codec and both versions of pages: damages every other byte, and truncates the file at
/// some lengths.
#[test]
fn damaged_lists_and_maps_never_cause_a_panic() {
    let columns = columns(9);
    let (mut errors, mut rows) = (0, 0);
    for (turn, codec) in codecs().into_iter().enumerate() {
        let version = if turn % 2 == 0 { WriterVersion::PARQUET_1_0 } else { WriterVersion::PARQUET_2_0 };
        let whole = file(&columns, properties(codec, version));
        let damaged = TestFile::new("damaged.parquet", &whole);
        assert_eq!(read(damaged.path()).unwrap().len(), 9, "{codec}");
        for at in (turn % 2..whole.len()).step_by(2) {
            let mut bytes = whole.clone();
            bytes[at] ^= [0xff, 0x01, 0x80, 0x10, 0x02][(at + turn) % 5];
            std::fs::write(damaged.path(), bytes).unwrap();
            match std::panic::catch_unwind(|| read(damaged.path())) {
                Ok(Ok(found)) => rows += found.len(),
                Ok(Err(_)) => errors += 1,
                Err(_) => panic!("byte {at} of {} in {codec}: a panic", whole.len()),
            }
            if at % 7 == turn {
                std::fs::write(damaged.path(), &whole[..at]).unwrap();
                assert!(read(damaged.path()).is_err(), "cut at byte {at} in {codec}");
            }
        }
    }
    assert!(errors > 0 && rows > 0, "{errors} {rows}");
}

/// A few bytes of a file may be a list of millions of equal values. Memory for it is reserved
/// before it is built.
#[test]
fn memory_for_lists_is_reserved_before_decoding() {
    let mut numbers = ListBuilder::new(Int64Builder::new());
    numbers.values().append_nulls(1_000_000);
    numbers.append(true);
    let bytes =
        file(&[("numbers", Arc::new(numbers.finish()))], properties(Compression::SNAPPY, WriterVersion::PARQUET_1_0));
    assert!(bytes.len() < 10_000, "{}", bytes.len());
    let file = TestFile::new("long.parquet", bytes);
    let item = SchemaBuilder::build(|b| b.optional(|b| b.leaf(L::I64)));
    let schema = SchemaBuilder::build(|b| b.list(item));
    let source = parquet(file.path(), &schema).unwrap();
    let scan = scan_all(&source);
    let splits = source.splits(&scan).unwrap().splits;
    let small = Memory::new(Budget::new(32 << 20), "scan");
    let error = message(drive_splits(&source, &scan, &splits, &small), &file);
    assert!(error.starts_with("out of memory: scan needs "), "{error}");
    let enough = Budget::new(512 << 20);
    let rows = drive_splits(&source, &scan, &splits, &Memory::new(enough.clone(), "scan")).unwrap();
    assert_eq!((rows.len(), enough.used_bytes()), (1, 0));
}

/// The error names the missing field of a list's records, and the fields that they have.
#[test]
fn missing_columns_of_lists_are_named() {
    let file = TestFile::new("data.parquet", file(&columns(9), WriterProperties::default()));
    let list = |name: &'static str, item: Schema| {
        SchemaBuilder::build(|b| Shape::Record { name: "One", fields: vec![b.field(name, |b| b.list(item))] })
    };
    let error_of = |schema: Schema| message(parquet(file.path(), &schema).and_then(|source| drive(&source)), &file);
    let of = |name: &'static str, ty| {
        SchemaBuilder::build(|b| Shape::Record { name: "Item", fields: vec![b.field(name, |b| b.leaf(ty))] })
    };
    assert_eq!(
        error_of(list("items", of("number", L::I64))),
        "data.parquet: there is no column `items[].number`; the columns are `name`, `count`"
    );
    assert_eq!(
        error_of(list("items", of("name", L::I64))),
        "data.parquet: column `items[].name`: expected i64, found Utf8 (BYTE_ARRAY)"
    );
    assert_eq!(
        error_of(list("at", of("name", L::I64))),
        "data.parquet: column `at`: expected Vec<Item { name: i64 }>, found Timestamp(ns) (INT64)"
    );
    assert_eq!(
        error_of(list("holes", of("name", L::I64))),
        "data.parquet: column `holes[]`: expected a group of columns, found INT64"
    );
    assert_eq!(
        error_of(list("items", of("name", L::Text))),
        "data.parquet, row group 0: column `items`: found a null among 9 rows; make the record's field an Option"
    );
}

/// The error names the row of a bad number in a list of records.
#[test]
fn bad_values_in_lists_are_errors_with_their_row() {
    let mut lists = ListBuilder::new(Int64Builder::new());
    for row in 0..5 {
        (0..row).for_each(|n| lists.values().append_value(if row == 3 && n == 2 { 300 } else { n }));
        lists.append(true);
    }
    let columns: [(&str, ArrayRef); 2] =
        [("l", Arc::new(lists.finish())), ("n", Arc::new(Int32Array::from_iter_values([0, 1, 2, 3, -4])))];
    let file = TestFile::new("data.parquet", file(&columns, WriterProperties::default()));
    let item = SchemaBuilder::build(|b| b.optional(|b| b.leaf(L::U8)));
    let list = SchemaBuilder::build(|b| Shape::Record { name: "One", fields: vec![b.field("l", |b| b.list(item))] });
    assert_eq!(
        message(parquet(file.path(), &list).and_then(|source| drive(&source)), &file),
        "data.parquet, row group 0, row 3: column `l[]`: expected u8, found 300"
    );
    let number =
        SchemaBuilder::build(|b| Shape::Record { name: "One", fields: vec![b.field("n", |b| b.leaf(L::U32))] });
    assert_eq!(
        message(parquet(file.path(), &number).and_then(|source| drive(&source)), &file),
        "data.parquet, row group 0, row 4: column `n`: expected u32, found -4"
    );
}
