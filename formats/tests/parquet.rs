//! Parquet files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, ListBuilder};
use arrow_array::{
    ArrayRef, BinaryArray, Decimal128Array, Float32Array, Int32Array, RecordBatch, StringArray,
    TimestampMillisecondArray, TimestampNanosecondArray,
};
use formats::{ParquetFormat, parquet};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use proptest::prelude::*;
use runtime::error::Result;
use runtime::memory::{Budget, Memory};
use runtime::row::{Datum, Element, LeafType as L, Schema, SchemaBuilder, Shape};
use runtime::source::TableSource as _;
use runtime::source::{Bound, Comparison, Format, SAMPLE_ROWS, Scan, Source};
use support::values::{everything, rows};
use support::{
    Rows, TestFile, collect, drive, drive_scan, drive_splits, encode, encode_part, memory, message, record, scan_all,
    text,
};

fn write(schema: &Schema, rows: &Rows) -> TestFile {
    TestFile::new("data.parquet", encode(&ParquetFormat::default(), schema, rows).unwrap())
}

fn read(file: &TestFile, schema: &Schema) -> Result<Rows> {
    drive(&parquet(file.path(), schema)?)
}

fn fixed(value: i64) -> Datum {
    Datum::Fixed(u128::from(value as u64))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn every_type_is_read_as_it_was_written(rows in rows(&everything(), 0..40)) {
        let file = write(&everything(), &rows);
        prop_assert_eq!(read(&file, &everything()).unwrap(), rows);
    }
}

/// Three row groups of orders.
fn orders() -> (Schema, Rows) {
    let schema = record(&[("id", L::U64), ("name", L::Text), ("price", L::Decimal(2)), ("ratio?", L::F64)]);
    let row = |id: i64| {
        let ratio =
            if id % 7 == 0 { [fixed(0), fixed(0)] } else { [fixed(1), Datum::Fixed((id as f64).to_bits().into())] };
        let [valid, ratio] = ratio;
        vec![fixed(id), text(&format!("order number {id}")), fixed(id * 100 - 5_000_000), valid, ratio]
    };
    (schema, (0..300_000).map(row).collect())
}

#[test]
fn row_groups_are_splits_and_bounds_skip_them() {
    let (schema, rows) = orders();
    let file = write(&schema, &rows);
    let source = parquet(file.path(), &schema).unwrap();
    assert_eq!(source.splits(&scan_all(&source)).unwrap().splits.len(), 3);
    assert_eq!(source.statistics(&scan_all(&source)).rows, Some(300_000.0));
    assert_eq!(drive(&source).unwrap(), rows);
    let group = 1 << 17;
    let left = |leaf: usize, comparison, value: Datum| {
        let mut scan = scan_all(&source);
        scan.bounds.push(Bound { leaf, comparison, value });
        let found = drive_scan(&source, &scan).unwrap();
        assert_eq!(source.statistics(&scan).rows, Some(found.len() as f64));
        found.len()
    };
    assert_eq!(left(0, Comparison::Less, fixed(group)), group as usize);
    assert_eq!(left(0, Comparison::LessOrEqual, fixed(group)), 2 * group as usize);
    assert_eq!(left(0, Comparison::Greater, fixed(299_999)), 0);
    assert_eq!(left(0, Comparison::GreaterOrEqual, fixed(299_999)), 300_000 - 2 * group as usize);
    assert_eq!(left(0, Comparison::Equal, fixed(group)), group as usize);
    assert_eq!(left(2, Comparison::Less, fixed(-4_999_999)), group as usize);
    assert_eq!(left(1, Comparison::Greater, text("z")), 0);
    // The first group has nulls, which have the value zero. NaN may be in any group, and is above
    // every number.
    assert_eq!(left(4, Comparison::Less, fixed(0)), 0);
    assert_eq!(left(4, Comparison::LessOrEqual, fixed(0)), 300_000);
    assert_eq!(left(4, Comparison::Greater, Datum::Fixed(1e9_f64.to_bits().into())), 300_000);
}

/// A reader holds a whole row group, compressed and decoded.
#[test]
fn row_groups_of_wide_rows_end_at_16_mib() {
    const LENGTH: usize = 1 << 20;
    let schema = record(&[("b", L::Bytes)]);
    let mut random = 1_u64;
    // Bytes that do not compress.
    let mut bytes = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random.to_le_bytes()
    };
    let mut row = || {
        let long: Vec<u8> = std::iter::repeat_with(&mut bytes).take(LENGTH / 8).flatten().collect();
        vec![Datum::Bytes(long.into())]
    };
    let rows: Rows = std::iter::repeat_with(&mut row).take(48).collect();
    let mut encoder = ParquetFormat::default().encoder(&schema, &memory()).unwrap();
    let mut file = Vec::new();
    rows.chunks(1).for_each(|row| encode_part(&mut *encoder, &schema, row, &mut file).unwrap());
    encoder.finish().unwrap();
    file.append(encoder.output());
    let file = TestFile::new("wide.parquet", file);
    let source = parquet(file.path(), &schema).unwrap();
    assert_eq!(source.splits(&scan_all(&source)).unwrap().splits.len(), 3, "row groups");
    let bytes = source.reader_bytes(&scan_all(&source));
    assert!(bytes < 40 << 20, "{bytes} bytes are held");
}

#[test]
fn samples_are_rows_of_the_file() {
    let schema = record(&[("id", L::U64), ("name", L::Text), ("price", L::Decimal(2)), ("ratio?", L::F64)]);
    let row = |id: i64| {
        let is_null = id % 5 == 0;
        let ratio = if is_null { 0 } else { (id as f64).to_bits() };
        let [valid, ratio] = [Datum::Fixed(u128::from(!is_null)), Datum::Fixed(ratio.into())];
        vec![fixed(id), text(&format!("{:x}", id * 31)), fixed(id * 7919 % 1_000_003), valid, ratio]
    };
    let rows: Rows = (0..300_000).map(row).collect();
    let source = parquet(write(&schema, &rows).path(), &schema).unwrap();
    let sample = source.sample(&scan_all(&source)).unwrap();
    assert_eq!(sample.population, 300_000.0);
    assert!((SAMPLE_ROWS * 9 / 10..=SAMPLE_ROWS).contains(&sample.len()), "{} rows", sample.len());
    let mut sampled = Rows::new();
    sample.pages.iter().for_each(|page| collect(&page.batch(), &schema.types(), &mut sampled));
    for found in &sampled {
        let Datum::Fixed(id) = found[0] else { panic!("no number") };
        assert_eq!(found, &rows[id as usize]);
    }
    sampled.dedup();
    assert_eq!(sampled.len(), sample.len(), "each row once");
}

#[test]
fn only_live_columns_are_read() {
    let (schema, rows) = orders();
    let file = write(&schema, &rows);
    let source = parquet(file.path(), &schema).unwrap();
    let scan = |leaves: &[usize]| Scan { live: leaves.iter().copied().collect(), bounds: Vec::new() };
    assert!(source.statistics(&scan(&[0])).bytes < source.statistics(&scan_all(&source)).bytes / 2);
    let ids = drive_scan(&source, &scan(&[0])).unwrap();
    assert!(ids.iter().zip(&rows).all(|(found, row)| found[0] == row[0] && found[1] == text("")));
    let valid = drive_scan(&source, &scan(&[3])).unwrap();
    assert!(valid.iter().zip(&rows).all(|(found, row)| found[3] == row[3] && found[4] == fixed(0)));
    assert_eq!(drive_scan(&source, &scan(&[])).unwrap().len(), rows.len());
    assert_eq!(source.statistics(&scan(&[])).bytes, 0);
}

#[test]
fn memory_is_reserved_before_decoding() {
    let (schema, rows) = orders();
    let file = write(&schema, &rows);
    let source = parquet(file.path(), &schema).unwrap();
    let scan = scan_all(&source);
    let splits = source.splits(&scan).unwrap().splits;
    let small = Memory::new(Budget::new(1 << 20), "scan");
    let error = message(drive_splits(&source, &scan, &splits, &small), &file);
    assert!(error.starts_with("out of memory: scan needs "), "{error}");
    let enough = Budget::new(64 << 20);
    drive_splits(&source, &scan, &splits, &Memory::new(enough.clone(), "scan")).unwrap();
    assert_eq!(enough.used_bytes(), 0);
}

#[test]
fn columns_that_do_not_fit_are_errors_with_the_expectation() {
    let schema = record(&[("l_quantity", L::I64), ("l_name", L::Text), ("l_price", L::Decimal(4)), ("l_tax?", L::U8)]);
    let file = write(&schema, &vec![vec![fixed(-7), text("x"), fixed(5), fixed(0), fixed(0)]]);
    let refused = |name: &'static str, ty| message(read(&file, &record(&[(name, ty)])), &file);
    assert_eq!(
        refused("quantity", L::I64),
        "data.parquet: there is no column `quantity` (i64); did you mean `l_quantity`?"
    );
    assert_eq!(
        refused("other", L::Text),
        "data.parquet: there is no column `other` (String); the columns are `l_quantity`, `l_name`, `l_price`, `l_tax`"
    );
    assert_eq!(refused("l_name", L::I64), "data.parquet: column `l_name`: expected i64, found Utf8 (BYTE_ARRAY)");
    assert_eq!(
        refused("l_quantity", L::Text),
        "data.parquet: column `l_quantity`: expected String, found Int64 (INT64)"
    );
    assert_eq!(
        refused("l_price", L::Decimal(2)),
        "data.parquet: column `l_price`: expected Decimal<2>, found a decimal of 18 digits, 4 of them after the point, which would be \
         cut; use Decimal<4>"
    );
    assert_eq!(
        refused("l_tax", L::U8),
        "data.parquet, row group 0: column `l_tax`: found a null among 1 rows; make the record's field an Option"
    );
    assert_eq!(
        refused("l_quantity", L::U64),
        "data.parquet, row group 0, row 0: column `l_quantity`: expected u64, found -7"
    );
    assert_eq!(
        refused("l_name", L::List(runtime::row::Element::I64)),
        "data.parquet: column `l_name`: expected Vec<i64>, found Utf8 (BYTE_ARRAY)"
    );
    assert_eq!(read(&file, &record(&[("l_quantity", L::I8)])).unwrap(), [[Datum::Fixed(0xf9)]]);
    assert_eq!(read(&file, &record(&[("l_price", L::Decimal(6))])).unwrap(), [[fixed(500)]]);
    assert_eq!(read(&file, &record(&[("l_name?", L::Char)])).unwrap(), [[fixed(1), fixed(i64::from(b'x'))]]);
}

#[test]
fn nested_records_and_tuples_find_their_columns() {
    let home = |name: &'static str| {
        SchemaBuilder::build(|builder| Shape::Record {
            name: "Person",
            fields: vec![builder.field(name, |builder| Shape::Record {
                name: "Home",
                fields: vec![builder.field("zip", |builder| builder.leaf(L::U32))],
            })],
        })
    };
    let file = write(&home("home"), &vec![vec![fixed(7)]]);
    assert_eq!(read(&file, &home("home")).unwrap(), [[fixed(7)]]);
    assert_eq!(
        message(read(&file, &home("hole")), &file),
        "data.parquet: there is no column `hole.zip` (u32); did you mean `home.zip`?"
    );
    assert_eq!(
        message(read(&file, &record(&[("home", L::U32)])), &file),
        "data.parquet: column `home`: expected u32, found a group of columns (a nested record)"
    );
    let flat = write(&record(&[("home.zip", L::U32)]), &vec![vec![fixed(8)]]);
    assert_eq!(read(&flat, &home("home")).unwrap(), [[fixed(8)]]);
    let tuple = SchemaBuilder::build(|builder| Shape::Record {
        name: "",
        fields: vec![
            builder.field("0", |builder| builder.leaf(L::U64)),
            builder.field("1", |builder| builder.leaf(L::Text)),
        ],
    });
    let named = write(&record(&[("id", L::U64), ("name", L::Text)]), &vec![vec![fixed(1), text("one")]]);
    assert_eq!(read(&named, &tuple).unwrap(), [[fixed(1), text("one")]]);
    let single = SchemaBuilder::build(|builder| builder.leaf(L::U64));
    assert_eq!(read(&write(&single, &vec![vec![fixed(3)]]), &single).unwrap(), [[fixed(3)]]);
    assert_eq!(
        message(read(&named, &single), &named),
        "data.parquet: a record of one value needs a file of one column, found `id`, `name`; use a struct with the column's name as its \
         field"
    );
}

#[test]
fn unsupported_types_are_refused_before_the_first_row() {
    let refused = |schema: &Schema| ParquetFormat::default().encoder(schema, &memory()).err().unwrap().to_string();
    assert_eq!(
        refused(&record(&[("id", L::U128)])),
        "cannot write Parquet: the field `id`: Parquet has no type for u128; use 64 bits, or Decimal"
    );
    assert_eq!(
        refused(&record(&[("ids", L::List(runtime::row::Element::U128))])),
        "cannot write Parquet: the field `ids`: Parquet has no type for u128; use 64 bits, or Decimal"
    );
    let twice = SchemaBuilder::build(|builder| Shape::Record {
        name: "Twice",
        fields: vec![
            builder.field("x", |builder| builder.optional(|builder| builder.optional(|builder| builder.leaf(L::U8)))),
        ],
    });
    assert!(refused(&twice).ends_with("the field `x`: an Option in an Option cannot be told from one; use one Option"));
    let large = record(&[("sum", L::Decimal(2))]);
    let error = encode(&ParquetFormat::default(), &large, &vec![vec![fixed(i64::MAX)]]).unwrap_err().to_string();
    assert!(error.ends_with("column `sum`: the value 9223372036854775807 / 10^2 has more than 18 digits"), "{error}");
}

#[test]
fn other_files_are_errors() {
    let opened = |bytes: &[u8]| {
        let file = TestFile::new("x.parquet", bytes);
        message(parquet(file.path(), &record(&[("id", L::U64)])), &file)
    };
    assert_eq!(opened(b"PAR1"), "x.parquet: not a Parquet file: it has only 4 bytes");
    assert_eq!(
        opened(b"a,b\n1,2\n3,4\n"),
        "x.parquet: expected `PAR1` at the end, found `3,4\\n`: not a Parquet file, or not written to its end"
    );
    assert_eq!(opened(b"xxxx\xff\0\0\0PAR1"), "x.parquet: the footer says it has 255 bytes, and the file has 12");
    assert!(opened(b"xxxx\x04\0\0\0PAR1").starts_with("x.parquet: the footer"));
    assert_eq!(opened(b"xxxx\0\0\0\0PARE"), "x.parquet: the file is encrypted, which is not supported");
}

fn small() -> (Schema, Vec<u8>) {
    let schema =
        record(&[("id", L::I64), ("name?", L::Text), ("flag", L::Bool), ("day", L::Date), ("cost", L::Decimal(2))]);
    let row = |id: i64| {
        let valid = id % 3;
        let name = if valid == 0 { text("") } else { text(&format!("a rather long name {}", id % 5)) };
        vec![fixed(id), fixed(i64::from(valid != 0)), name, fixed(id % 2), fixed(id % 11), fixed(id * 3)]
    };
    let rows: Rows = (0..50).map(row).collect();
    let bytes = encode(&ParquetFormat::default(), &schema, &rows).unwrap();
    (schema, bytes)
}

#[test]
fn a_truncated_file_is_an_error_at_any_length() {
    let (schema, bytes) = small();
    for length in 0..bytes.len() {
        let file = TestFile::new("cut.parquet", &bytes[..length]);
        let error = message(parquet(file.path(), &schema), &file);
        assert!(error.starts_with("cut.parquet: "), "{error}");
    }
}

#[test]
fn damaged_bytes_never_cause_a_panic() {
    let (schema, bytes) = small();
    let (mut errors, mut changed) = (0, 0);
    for at in 0..bytes.len() {
        for mask in [0xff, 0x01, 0x80, 0x10] {
            let mut damaged = bytes.clone();
            damaged[at] ^= mask;
            let file = TestFile::new("damaged.parquet", damaged);
            match std::panic::catch_unwind(|| read(&file, &schema)) {
                Ok(Ok(rows)) => changed += rows.len(),
                Ok(Err(_)) => errors += 1,
                Err(_) => panic!("byte {at} of {} damaged with {mask:#x}: a panic", bytes.len()),
            }
        }
    }
    assert!(errors > 0 && changed > 0, "{errors} {changed}");
}

#[test]
fn files_of_a_folder_are_read_together() {
    let schema = record(&[("id", L::U64)]);
    let file = write(&schema, &vec![vec![fixed(2)]]);
    std::fs::write(
        file.folder().join("a.parquet"),
        encode(&ParquetFormat::default(), &schema, &vec![vec![fixed(1)]]).unwrap(),
    )
    .unwrap();
    let source = parquet(file.folder().to_str().unwrap(), &schema).unwrap();
    assert!(source.describe().ends_with("(2 files)"));
    assert_eq!(drive(&source).unwrap(), [[fixed(1)], [fixed(2)]]);
}

/// A file as another program could have written it.
fn foreign(columns: &[(&str, ArrayRef)]) -> TestFile {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.iter().map(|(name, array)| (*name, array.clone(), true)))
            .unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    TestFile::new("foreign.parquet", writer.into_inner().unwrap())
}

#[test]
fn types_of_other_programs_are_converted_without_loss() {
    let wide = Decimal128Array::from(vec![Some(12_345), None]).with_precision_and_scale(30, 1).unwrap();
    let narrow = Decimal128Array::from(vec![Some(-12_345), None]).with_precision_and_scale(9, 2).unwrap();
    let columns: [(&str, ArrayRef); 8] = [
        ("wide", Arc::new(wide)),
        ("narrow", Arc::new(narrow)),
        ("milli", Arc::new(TimestampMillisecondArray::from(vec![Some(7), None]))),
        ("nano", Arc::new(TimestampNanosecondArray::from(vec![Some(-6001), None]))),
        ("int", Arc::new(Int32Array::from(vec![Some(7), None]))),
        ("float", Arc::new(Float32Array::from(vec![Some(0.5), None]))),
        ("bytes", Arc::new(BinaryArray::from(vec![Some(&b"plain bytes, and long"[..]), None]))),
        ("text", Arc::new(StringArray::from(vec![Some("text that is long enough"), None]))),
    ];
    let file = foreign(&columns);
    let schema = record(&[
        ("wide?", L::Decimal(2)),
        ("narrow?", L::Decimal(2)),
        ("milli?", L::Timestamp),
        ("nano?", L::Timestamp),
        ("int?", L::U64),
        ("float?", L::F64),
        ("bytes?", L::Text),
        ("text?", L::Bytes),
    ]);
    let expected = [
        fixed(123_450),
        fixed(-12_345),
        fixed(7000),
        fixed(-7),
        fixed(7),
        Datum::Fixed(0.5_f64.to_bits().into()),
        text("plain bytes, and long"),
        text("text that is long enough"),
    ];
    let full: Vec<Datum> = expected.into_iter().flat_map(|value| [fixed(1), value]).collect();
    let nulls: Vec<Datum> = schema.types().into_iter().map(Datum::zero).collect();
    assert_eq!(read(&file, &schema).unwrap(), [full, nulls]);
}

#[test]
fn values_that_would_be_changed_are_errors() {
    let refused = |array: ArrayRef, ty| {
        let file = foreign(&[("x", array)]);
        message(read(&file, &record(&[("x", ty)])), &file)
    };
    let place = "foreign.parquet, row group 0, row 0: column `x`: ";
    let wide = Decimal128Array::from(vec![i128::from(i64::MAX) + 1]).with_precision_and_scale(30, 0).unwrap();
    assert_eq!(
        refused(Arc::new(wide), L::Decimal(0)),
        format!("{place}expected Decimal<0>, found the unscaled value 9223372036854775808, which is too large")
    );
    let millis = TimestampMillisecondArray::from(vec![i64::MAX]);
    assert_eq!(
        refused(Arc::new(millis), L::Timestamp),
        format!("{place}expected Timestamp, found the value {} before scaling by 1000, which is too large", i64::MAX)
    );
    assert_eq!(refused(Arc::new(StringArray::from(vec!["ab"])), L::Char), format!("{place}expected char, found `ab`"));
    assert_eq!(refused(Arc::new(Int32Array::from(vec![70_000])), L::U16), format!("{place}expected u16, found 70000"));
    let bytes = refused(Arc::new(BinaryArray::from(vec![&b"\xff\xfe"[..]])), L::Text);
    assert!(bytes.starts_with(&format!("{place}expected UTF-8")), "{bytes}");
}

/// A file with one column of lists, as other programs write them.
fn lists(values: ArrayRef, ends: &[i32], nulls: &[bool]) -> TestFile {
    let field = Arc::new(arrow_schema::Field::new("item", values.data_type().clone(), true));
    let offsets: Vec<i32> = std::iter::once(0).chain(ends.iter().copied()).collect();
    let offsets = arrow_buffer::OffsetBuffer::new(offsets.into());
    let list = arrow_array::ListArray::new(field, offsets, values, Some(nulls.to_vec().into()));
    let batch = RecordBatch::try_from_iter_with_nullable([("l", Arc::new(list) as ArrayRef, true)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    TestFile::new("data.parquet", writer.into_inner().unwrap())
}

#[test]
fn lists_of_other_programs_are_read() {
    use runtime::row::Element;
    let numbers = |values: &[i64]| Datum::Bytes(values.iter().flat_map(|value| value.to_le_bytes()).collect());
    let values: ArrayRef = Arc::new(Int32Array::from(vec![1, -2, 3]));
    let file = lists(values, &[2, 2, 2, 3], &[true, false, true, true]);
    let rows = read(&file, &record(&[("l?", L::List(Element::I64))])).unwrap();
    let expected = [(1, &[1, -2][..]), (0, &[]), (1, &[]), (1, &[3])];
    assert_eq!(rows, expected.map(|(valid, list)| vec![fixed(valid), numbers(list)]));
    assert_eq!(
        message(read(&file, &record(&[("l?", L::List(Element::U16))])), &file),
        "data.parquet, row group 0, row 0: column `l`: expected u16, found -2 in a list"
    );
    assert_eq!(
        message(read(&file, &record(&[("l", L::List(Element::I64))])), &file),
        "data.parquet, row group 0: column `l`: found a null among 4 rows; make the record's field an Option"
    );
    assert_eq!(
        message(read(&file, &record(&[("l", L::Texts)])), &file),
        "data.parquet: column `l`: expected Vec<String>, found a list of Int32"
    );
    assert_eq!(
        message(read(&file, &record(&[("l", L::I64)])), &file),
        "data.parquet: column `l`: expected i64, found a list or map"
    );
    let values: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None]));
    let file = lists(values, &[1, 2], &[true, true]);
    assert_eq!(
        message(read(&file, &record(&[("l", L::List(Element::I32))])), &file),
        "data.parquet, row group 0, row 1: column `l`: expected Vec<i32>, found a null in a list; make it a Vec of Option"
    );
}

/// Returns a file with another footer: its bytes, its length and the magic number, after the row
/// groups.
fn with_footer(
    file: &[u8],
    change: impl Fn(parquet::file::metadata::ParquetMetaData) -> parquet::file::metadata::ParquetMetaData,
) -> Vec<u8> {
    let length = u32::from_le_bytes(file[file.len() - 8..file.len() - 4].try_into().unwrap()) as usize;
    let begin = file.len() - 8 - length;
    let metadata =
        parquet::file::metadata::ParquetMetaDataReader::decode_metadata(&file[begin..file.len() - 8]).unwrap();
    let mut out = file[..begin].to_vec();
    let changed = change(metadata);
    parquet::file::metadata::ParquetMetaDataWriter::new(&mut out, &changed).finish().unwrap();
    out
}

#[test]
fn a_wrong_total_of_rows_is_ignored() {
    let schema = SchemaBuilder::build(|builder| Shape::Record {
        name: "Test",
        fields: vec![builder.field("numbers", |builder| builder.leaf(L::List(runtime::row::Element::I64)))],
    });
    let mut numbers = arrow_array::builder::ListBuilder::new(arrow_array::builder::Int64Builder::new());
    for row in 0..8 {
        numbers.values().append_slice(&[row, row + 1]);
        numbers.append(true);
    }
    let batch = RecordBatch::try_from_iter([("numbers", Arc::new(numbers.finish()) as ArrayRef)]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    let mut bytes = writer.into_inner().unwrap();
    // The total is a number in field 3, before the list of row groups. A writer of footers would
    // compute it from the rows.
    let total = [0x16, 16, 0x19, 0x1c];
    let places: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at..].starts_with(&total)).collect();
    let [place] = places[..] else { panic!("{} places of a total of 8", places.len()) };
    bytes[place + 1] = 0;
    // A nullable list has another decoder.
    let nullable = SchemaBuilder::build(|b| b.optional(|b| b.leaf(L::I64)));
    let nested = SchemaBuilder::build(|b| Shape::Record {
        name: "Test",
        fields: vec![b.field("numbers", |b| b.list(nullable))],
    });
    for schema in [schema, nested] {
        assert_eq!(read(&TestFile::new("total.parquet", &bytes), &schema).unwrap().len(), 8);
    }
}

#[test]
fn a_footer_with_missing_values_is_damaged() {
    let schema = record(&[("a", L::I64), ("b?", L::Text)]);
    let rows: Rows = (0..8).map(|row| vec![fixed(row), fixed(1), text("x")]).collect();
    let whole = encode(&ParquetFormat::default(), &schema, &rows).unwrap();
    let bytes = with_footer(&whole, |metadata| {
        let group = metadata.row_group(0).clone();
        let mut columns = group.columns().to_vec();
        columns[1] = columns[1].clone().into_builder().set_num_values(0).build().unwrap();
        let group = group.into_builder().set_column_metadata(columns).build().unwrap();
        metadata.into_builder().set_row_groups(vec![group]).build()
    });
    let file = TestFile::new("zero.parquet", bytes);
    assert_eq!(
        message(read(&file, &schema), &file),
        "zero.parquet: the footer is damaged: column `b` of row group 0 has 0 values, and the row group has 8 rows"
    );
}

/// Builds a file of eight numbers with a footer byte by byte. `number`, `metadata` and `column` are
/// added at the ends of the number's schema element, of the column's metadata, and of the column. A
/// Thrift field is its id and type, then its value. All structs end with 0.
fn by_hand(number: &[u8], metadata: &[u8], column: &[u8]) -> Vec<u8> {
    let element = |name: &[u8], rest: &[u8]| [&[0x48, name.len() as u8][..], name, rest, &[0]].concat();
    // Eight values of four bytes, PLAIN, in one page without compression.
    let values: Vec<u8> = (0..8_i32).flat_map(i32::to_le_bytes).collect();
    let page = [&[0x15, 0, 0x15, 64, 0x15, 64, 0x2c, 0x15, 16, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0][..], &values].concat();
    let length = (2 * page.len()) as u8;
    // Type INT32, encoding PLAIN, the path `a`, no codec, 8 values, sizes, and the offset of the
    // page.
    let fields = [0x15, 2, 0x19, 0x15, 0, 0x19, 0x18, 1, b'a', 0x15, 0, 0x16, 16, 0x16, length, 0x16, length, 0x26, 8];
    let chunk = [&[0x26, 8, 0x1c][..], &fields, metadata, &[0], column, &[0]].concat();
    let group = [&[0x19, 0x1c][..], &chunk, &[0x16, length, 0x16, 16, 0]].concat();
    let root = element(b"root", &[0x15, 4]);
    let number = [&[0x15, 2, 0x25, 0, 0x18, 1, b'a'][..], number, &[0]].concat();
    let empty = [&[0x35, 0, 0x18, 5][..], b"empty", &[0x15, 0, 0]].concat();
    let footer = [&[0x15, 2, 0x19, 0x3c][..], &root, &number, &empty, &[0x16, 16, 0x19, 0x1c], &group, &[0]].concat();
    let end = [&(footer.len() as u32).to_le_bytes()[..], b"PAR1"].concat();
    [b"PAR1", &page[..], &footer, &end].concat()
}

#[test]
fn a_group_without_columns_and_an_encrypted_column_are_found() {
    let schema = record(&[("a", L::I32)]);
    let file = TestFile::new("empty_group.parquet", by_hand(&[], &[], &[]));
    let expected: Rows = (0..8).map(|row| vec![fixed(row)]).collect();
    assert_eq!(read(&file, &schema).unwrap(), expected);
    let file = TestFile::new("encrypted.parquet", by_hand(&[], &[], &[0x5c, 0x1c, 0, 0]));
    let error = message(read(&file, &schema), &file);
    assert_eq!(
        error,
        "encrypted.parquet: column 0 of row group 0 is encrypted, which is not supported; columns count from 0"
    );
}

#[test]
fn nonstandard_footer_fields_are_ignored() {
    // The type 24 that parquet-cpp gave to nulls, Dremio's dictionary at offset 0, and its list of
    // pages.
    for (number, metadata) in [(&[0x25, 48][..], &[][..]), (&[], &[0x26, 0, 0x49, 0x1c, 0x15, 2, 0])] {
        let file = TestFile::new("made_up.parquet", by_hand(number, metadata, &[]));
        let expected: Rows = (0..8).map(|row| vec![fixed(row)]).collect();
        assert_eq!(read(&file, &record(&[("a", L::I32)])).unwrap(), expected);
    }
}

/// Writes two texts with dictionaries and a list, with the given name of the writer.
fn written_by(name: &str, version: WriterVersion) -> (Schema, Rows, Vec<u8>) {
    let schema = SchemaBuilder::build(|builder| Shape::Record {
        name: "Test",
        fields: vec![
            builder.field("a", |builder| builder.leaf(L::Text)),
            builder.field("b", |builder| builder.leaf(L::Text)),
            builder.field("numbers", |builder| builder.leaf(L::List(Element::I64))),
        ],
    });
    let texts =
        || Arc::new((0..90).map(|row| Some(format!("a text {}", row % 3))).collect::<StringArray>()) as ArrayRef;
    let mut numbers = ListBuilder::new(Int64Builder::new());
    for row in 0..90 {
        numbers.values().append_slice(&[row % 7, 5]);
        numbers.append(true);
    }
    let numbers = Arc::new(numbers.finish()) as ArrayRef;
    let batch = RecordBatch::try_from_iter([("a", texts()), ("b", texts()), ("numbers", numbers)]).unwrap();
    let properties = WriterProperties::builder()
        .set_created_by(name.to_owned())
        .set_writer_version(version)
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::None)
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    let bytes = writer.into_inner().unwrap();
    let rows = read(&TestFile::new("whole.parquet", &bytes), &schema).unwrap();
    assert_eq!(rows.len(), 90);
    (schema, rows, bytes)
}

#[test]
fn compressed_pages_without_their_mark_are_read() {
    for (name, is_old) in [("parquet-cpp version 1.5.1-SNAPSHOT", true), ("parquet-cpp-arrow version 3.0.0", false)] {
        let (schema, rows, mut bytes) = written_by(name, WriterVersion::PARQUET_2_0);
        // The last field of a page's header is the mark: 0x11 means compressed.
        let marks: Vec<usize> = (0..bytes.len() - 3).filter(|&at| bytes[at..].starts_with(&[0x11, 0, 0])).collect();
        assert_eq!(marks.len(), 3, "a page of each column");
        marks.into_iter().for_each(|at| bytes[at] = 0x12);
        let found = read(&TestFile::new("marks.parquet", bytes), &schema);
        assert_eq!(found.ok().as_ref() == Some(&rows), is_old, "{name}");
    }
}

#[test]
fn columns_may_lack_the_header_of_their_dictionary_page() {
    for (name, is_old) in [("parquet-mr", true), ("parquet-mr version 1.10.0", false)] {
        let (schema, rows, bytes) = written_by(name, WriterVersion::PARQUET_1_0);
        let shorter = |by: i64| {
            with_footer(&bytes, |metadata| {
                let group = metadata.row_group(0).clone();
                let shorter = |column: &parquet::file::metadata::ColumnChunkMetaData| {
                    let size = column.compressed_size() - by;
                    column.clone().into_builder().set_total_compressed_size(size).build().unwrap()
                };
                // The dictionaries of the first two are equal, and so are their headers.
                let (texts, numbers) = group.columns().split_at(2);
                let columns = texts.iter().map(shorter).chain(numbers.iter().cloned()).collect();
                let group = group.into_builder().set_column_metadata(columns).build().unwrap();
                metadata.into_builder().set_row_groups(vec![group]).build()
            })
        };
        let read = (1..40)
            .filter(|&by| read(&TestFile::new("short.parquet", shorter(by)), &schema).ok().as_ref() == Some(&rows));
        assert_eq!(read.count(), usize::from(is_old), "{name}");
    }
}

#[test]
fn a_row_group_without_rows_needs_no_page() {
    let (schema, _, bytes) = written_by("some program", WriterVersion::PARQUET_1_0);
    let bytes = with_footer(&bytes, |metadata| {
        let group = metadata.row_group(0).clone();
        let empty = |column: &parquet::file::metadata::ColumnChunkMetaData| {
            column.clone().into_builder().set_num_values(0).build().unwrap()
        };
        let columns = group.columns().iter().map(empty).collect();
        let group = group.into_builder().set_num_rows(0).set_column_metadata(columns).build().unwrap();
        metadata.into_builder().set_row_groups(vec![group]).build()
    });
    assert_eq!(read(&TestFile::new("no_rows.parquet", bytes), &schema).unwrap(), Rows::new());
}
