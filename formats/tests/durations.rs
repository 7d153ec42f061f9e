//! Durations in Parquet files: integers, whose unit is in the Arrow schema that other writers
//! store.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::sync::Arc;

use arrow_array::{
    ArrayRef, DurationMicrosecondArray, DurationMillisecondArray, DurationNanosecondArray, DurationSecondArray,
    Int64Array, RecordBatch, StructArray,
};
use arrow_schema::{DataType, Field, TimeUnit};
use parquet::arrow::ArrowWriter;
use runtime::row::{LeafType as L, SchemaBuilder, Shape};
use support::{TestFile, drive, message, record};

fn file(columns: Vec<(&str, ArrayRef)>) -> TestFile {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    TestFile::new("x.parquet", writer.into_inner().unwrap())
}

#[test]
fn units_of_other_writers_are_converted() {
    let file = file(vec![
        ("second", Arc::new(DurationSecondArray::from(vec![-2]))),
        ("milli", Arc::new(DurationMillisecondArray::from(vec![-2]))),
        ("other", Arc::new(DurationMillisecondArray::from(vec![9]))),
        ("micro", Arc::new(DurationMicrosecondArray::from(vec![-2]))),
        ("nano", Arc::new(DurationNanosecondArray::from(vec![-2000]))),
        ("plain", Arc::new(Int64Array::from(vec![-2]))),
    ]);
    let names = ["second", "milli", "micro", "nano", "plain"];
    let schema = record(&names.map(|name| (name, L::TimeDelta)));
    let rows = drive(&formats::parquet(file.path(), &schema).unwrap()).unwrap();
    let micros: Vec<i64> = rows[0].iter().map(|datum| datum.bits() as i64).collect();
    assert_eq!(micros, [-2_000_000, -2000, -2, -2, -2]);
    // An `i64` field gets the stored number, without conversion.
    let rows = drive(&formats::parquet(file.path(), &record(&[("other", L::I64)])).unwrap()).unwrap();
    assert_eq!(rows[0][0].bits(), 9);
}

#[test]
fn units_in_nested_records_are_found() {
    let millis: ArrayRef = Arc::new(DurationMillisecondArray::from(vec![3]));
    let field = Arc::new(Field::new("took", DataType::Duration(TimeUnit::Millisecond), false));
    let id: ArrayRef = Arc::new(Int64Array::from(vec![7]));
    let id_field = Arc::new(Field::new("id", DataType::Int64, false));
    let ride = StructArray::from(vec![(id_field, id), (field, millis)]);
    let file = file(vec![("n", Arc::new(Int64Array::from(vec![1]))), ("ride", Arc::new(ride))]);
    let schema = SchemaBuilder::build(|b| {
        let took = b.field("ride", |b| {
            let fields = vec![b.field("took", |b| b.leaf(L::TimeDelta))];
            Shape::Record { name: "Ride", fields }
        });
        Shape::Record { name: "Test", fields: vec![took] }
    });
    let rows = drive(&formats::parquet(file.path(), &schema).unwrap()).unwrap();
    assert_eq!(rows[0][0].bits(), 3000);
}

#[test]
fn durations_finer_than_microseconds_are_errors() {
    let nanos = file(vec![("took", Arc::new(DurationNanosecondArray::from(vec![1])))]);
    let schema = record(&[("took", L::TimeDelta)]);
    let read =
        |file: &TestFile| message(formats::parquet(file.path(), &schema).and_then(|source| drive(&source)), file);
    assert!(
        read(&nanos).ends_with("expected TimeDelta of whole microseconds, found 1 nanoseconds"),
        "{}",
        read(&nanos)
    );
    let seconds = file(vec![("took", Arc::new(DurationSecondArray::from(vec![i64::MAX])))]);
    assert!(read(&seconds).contains("which is too large"), "{}", read(&seconds));
    let narrow = file(vec![("took", Arc::new(arrow_array::Int32Array::from(vec![1])))]);
    assert!(read(&narrow).contains("TimeDelta"), "{}", read(&narrow));
}
