//! Panics that the engine catches do not reach the program's panic hook, even for damaged Parquet
//! files. The hook belongs to the process, so this test has a process of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::builder::{FixedSizeBinaryBuilder, Int64Builder, ListBuilder};
use arrow_array::{Array, ArrayRef, Decimal128Array, RecordBatch, StructArray};
use arrow_schema::Field;
use formats::parquet;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{WriterProperties, WriterVersion};
use runtime::kernel::catching;
use runtime::row::{LeafType as L, Schema, SchemaBuilder, Shape};
use support::{TestFile, drive};

/// Calls of the hook that the program has set, and the number of all panics.
static OF_THE_PROGRAM: AtomicUsize = AtomicUsize::new(0);
static ALL: AtomicUsize = AtomicUsize::new(0);

fn counts() -> [usize; 2] {
    [&OF_THE_PROGRAM, &ALL].map(|count| count.load(Ordering::Relaxed))
}

/// Columns that the `parquet` crate decodes: in groups and lists, and with values of fixed length.
fn file(version: WriterVersion) -> Vec<u8> {
    let (mut ids, mut numbers) =
        (ListBuilder::new(FixedSizeBinaryBuilder::new(16)), ListBuilder::new(Int64Builder::new()));
    for row in 0..60_u8 {
        for n in 0..row % 4 {
            ids.values().append_value([n; 16]).unwrap();
            numbers.values().append_option((n != 1).then_some(row.into()));
        }
        ids.append(row % 5 != 3);
        numbers.append(true);
    }
    let costs: Decimal128Array = (0..60).map(|row| (row % 7 != 0).then_some(row % 3 * 1000)).collect();
    let costs = costs.with_precision_and_scale(25, 2).unwrap();
    let field = Arc::new(Field::new("amount", costs.data_type().clone(), true));
    let cost = StructArray::from(vec![(field, Arc::new(costs) as ArrayRef)]);
    let columns = [
        ("ids", Arc::new(ids.finish()) as ArrayRef, true),
        ("numbers", Arc::new(numbers.finish()), true),
        ("cost", Arc::new(cost), true),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let properties = WriterProperties::builder().set_writer_version(version).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn schema() -> Schema {
    let list = |ty| SchemaBuilder::build(|b| b.optional(|b| b.leaf(ty)));
    SchemaBuilder::build(|b| Shape::Record {
        name: "Row",
        fields: vec![
            b.field("ids", |b| b.optional(|b| b.list(list(L::Bytes)))),
            b.field("numbers", |b| b.list(list(L::I64))),
            b.field("cost", |b| {
                b.optional(|b| Shape::Record {
                    name: "Cost",
                    fields: vec![b.field("amount", |b| b.optional(|b| b.leaf(L::Decimal(2))))],
                })
            }),
        ],
    })
}

#[test]
fn damaged_files_do_not_call_the_panic_hook() {
    std::panic::set_hook(Box::new(|_| {
        OF_THE_PROGRAM.fetch_add(1, Ordering::Relaxed);
    }));
    // The engine sets its hook at the first call.
    catching(|| Ok(())).unwrap();
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        ALL.fetch_add(1, Ordering::Relaxed);
        eprintln!("{info}");
        hook(info);
    }));

    let schema = schema();
    let (mut errors, mut rows) = (0, 0);
    for (turn, version) in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0].into_iter().enumerate() {
        let whole = file(version);
        let damaged = TestFile::new("damaged.parquet", &whole);
        assert_eq!(drive(&parquet(damaged.path(), &schema).unwrap()).unwrap().len(), 60);
        for at in (turn..whole.len()).step_by(2) {
            let mut bytes = whole.clone();
            bytes[at] ^= [0xff, 0x01, 0x80, 0x10, 0x02][at % 5];
            std::fs::write(damaged.path(), bytes).unwrap();
            match parquet(damaged.path(), &schema).and_then(|source| drive(&source)) {
                Ok(found) => rows += found.len(),
                Err(_) => errors += 1,
            }
            assert_eq!(counts(), [0, 0], "byte {at} of {}", whole.len());
        }
    }
    assert!(errors > 300 && rows > 300, "{errors} errors, {rows} rows");

    catching(|| -> runtime::error::Result<()> { panic!("of a closure") }).unwrap_err();
    assert_eq!(counts(), [0, 1]);
    std::thread::spawn(|| panic!("of the program")).join().unwrap_err();
    assert_eq!(counts(), [1, 2]);
}
