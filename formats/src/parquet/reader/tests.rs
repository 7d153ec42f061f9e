//! Files written by the `parquet` crate, with every layout of pages, are read back.

use arrow_array::types::{Date32Type, Decimal64Type, TimestampMillisecondType};
use arrow_array::{ArrayRef, Float64Array, Int32Array, Int64Array, PrimitiveArray, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::properties::{WriterProperties, WriterVersion};
use proptest::prelude::*;

use super::*;
use crate::files::input_files;
use crate::parquet::footer::read_footer;
use runtime::row::{Datum, LeafType as L, SchemaBuilder, Shape};
use xxhash_rust::xxh3::xxh3_64_with_seed;

mod filtered;

/// The layout of a file.
#[derive(Clone, Debug)]
struct Layout {
    rows: usize,
    /// Number of distinct values.
    distinct: usize,
    /// One value in this number is null. 0: no nulls.
    null_every: usize,
    /// Rows before this one have no nulls.
    nulls_from: usize,
    properties: (Compression, WriterVersion, bool),
    page_rows: usize,
    dictionary_bytes: usize,
    /// `true` if the footer states the encodings of pages.
    states_encodings: bool,
    seed: u64,
}

fn layouts() -> impl Strategy<Value = Layout> {
    let codec = prop_oneof![
        Just(Compression::SNAPPY),
        Just(Compression::UNCOMPRESSED),
        Just(Compression::ZSTD(Default::default()))
    ];
    let version = prop_oneof![Just(WriterVersion::PARQUET_1_0), Just(WriterVersion::PARQUET_2_0)];
    let rows = prop_oneof![1_usize..700, Just(512), Just(BATCH_ROWS), 8_000_usize..14_000];
    let distinct = prop_oneof![Just(1_usize), 2_usize..40, 1_000_usize..20_000];
    let dictionary_bytes = prop_oneof![Just(1 << 20), 64_usize..4096];
    let page_rows = prop_oneof![1_usize..50, 100_usize..9_000];
    let properties = (codec, version, prop::bool::weighted(0.8));
    let pages = (page_rows, dictionary_bytes, prop::bool::weighted(0.7));
    let nulls = (0_usize..5, prop_oneof![Just(0), 100_usize..10_000]);
    (rows, distinct, nulls, properties, pages, any::<u64>()).prop_map(
        |(rows, distinct, nulls, properties, (page_rows, dictionary_bytes, states_encodings), seed)| Layout {
            rows,
            distinct,
            null_every: nulls.0,
            nulls_from: nulls.1,
            properties,
            page_rows,
            dictionary_bytes,
            states_encodings,
            seed,
        },
    )
}

/// The fields of the record: name, type, and whether they are an `Option`.
const FIELDS: [(&str, L, bool); 10] = [
    ("long", L::I64, false),
    ("narrow", L::I16, false),
    ("maybe", L::I32, true),
    ("day", L::Date, true),
    ("price", L::Decimal(4), true),
    ("instant", L::Timestamp, false),
    ("word", L::Text, false),
    ("words", L::Text, true),
    ("letter", L::Char, true),
    ("ratio", L::F64, true),
];

fn schema() -> Schema {
    SchemaBuilder::build(|b| Shape::Record {
        name: "Row",
        fields: FIELDS
            .into_iter()
            .map(|(name, ty, optional)| {
                b.field(name, |b| if optional { b.optional(|b| b.leaf(ty)) } else { b.leaf(ty) })
            })
            .collect(),
    })
}

fn word(value: u64) -> String {
    let length = value as usize % 17;
    format!("{value}{}", "ä".repeat(length))
}

/// Returns the arrays of a file, and the expected values of their leaves.
fn columns(layout: &Layout) -> (Vec<(&'static str, ArrayRef)>, Vec<Vec<Datum>>) {
    let mut draws = 0_u64;
    let mut below = |bound: usize| {
        draws += 1;
        (xxh3_64_with_seed(&draws.to_le_bytes(), layout.seed) % bound as u64) as usize
    };
    let mut leaves = Vec::new();
    let arrays = FIELDS.iter().map(|&(name, ty, optional)| {
        let values: Vec<Option<u64>> = (0..layout.rows)
            .map(|row| {
                let may_be_null = optional && layout.null_every > 0 && row >= layout.nulls_from;
                let is_null = may_be_null && below(layout.null_every) == 0;
                let value = below(layout.distinct) as u64;
                (!is_null).then_some(value)
            })
            .collect();
        if optional {
            leaves.push(values.iter().map(|value| Datum::Fixed(value.is_some().into())).collect());
        }
        let fixed = |of: &dyn Fn(u64) -> u128| -> Vec<Datum> {
            values.iter().map(|value| Datum::Fixed(value.map_or(0, of))).collect()
        };
        let numbers = || values.iter().map(|value| value.map(|value| value as i64));
        let (array, expected): (ArrayRef, _) = match (name, ty) {
            (_, L::I64) => (
                Arc::new(numbers().map(|value| value.map(|value| value * 1_000_003)).collect::<Int64Array>()),
                fixed(&|value| (value * 1_000_003).into()),
            ),
            (_, L::I16 | L::I32) => (
                Arc::new(numbers().map(|value| value.map(|value| value as i32)).collect::<Int32Array>()),
                fixed(&u128::from),
            ),
            (_, L::Date) => (
                Arc::new(
                    numbers().map(|value| value.map(|value| value as i32)).collect::<PrimitiveArray<Date32Type>>(),
                ),
                fixed(&u128::from),
            ),
            (_, L::Decimal(_)) => (
                Arc::new(numbers().collect::<PrimitiveArray<Decimal64Type>>().with_precision_and_scale(15, 2).unwrap()),
                fixed(&|value| (value * 100).into()),
            ),
            (_, L::Timestamp) => (
                Arc::new(numbers().collect::<PrimitiveArray<TimestampMillisecondType>>()),
                fixed(&|value| (value * 1_000).into()),
            ),
            (_, L::F64) => (
                Arc::new(numbers().map(|value| value.map(|value| value as f64 / 8.0)).collect::<Float64Array>()),
                fixed(&|value| (value as f64 / 8.0).to_bits().into()),
            ),
            (_, L::Char) => {
                let letter = |value: u64| char::from_u32(0xc0 + (value % 200) as u32).unwrap();
                (
                    Arc::new(
                        values
                            .iter()
                            .map(|value| value.map(|value| letter(value).to_string()))
                            .collect::<StringArray>(),
                    ),
                    fixed(&|value| u32::from(letter(value)).into()),
                )
            }
            _ => (
                Arc::new(values.iter().map(|value| value.map(word)).collect::<StringArray>()),
                values
                    .iter()
                    .map(|value| Datum::Bytes(value.map_or(String::new(), word).into_bytes().into()))
                    .collect(),
            ),
        };
        leaves.push(expected);
        (name, array)
    });
    (arrays.collect(), leaves)
}

fn write(path: &std::path::Path, layout: &Layout, arrays: Vec<(&'static str, ArrayRef)>) {
    let (codec, version, dictionary) = layout.properties;
    let properties = WriterProperties::builder()
        .set_compression(codec)
        .set_writer_version(version)
        .set_dictionary_enabled(dictionary)
        .set_dictionary_page_size_limit(layout.dictionary_bytes)
        .set_data_page_row_count_limit(layout.page_rows)
        .set_write_batch_size(layout.page_rows.min(64))
        .set_max_row_group_row_count(Some(if layout.seed.is_multiple_of(2) { 12_000 } else { 2_500 }))
        .build();
    let nullable = |name: &str| FIELDS.iter().any(|&(field, _, optional)| field == name && optional);
    let batch =
        RecordBatch::try_from_iter_with_nullable(arrays.into_iter().map(|(name, array)| (name, array, nullable(name))))
            .unwrap();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// Returns the leaves of all row groups, and the number of columns of the last one that were
/// decoded without the crate.
fn read(
    path: &std::path::Path,
    schema: &Schema,
    live: &LeafSet,
    states_encodings: bool,
) -> Result<(Vec<Vec<Datum>>, usize)> {
    let (mut leaves, mut flat) = (vec![Vec::new(); schema.leaves().len()], 0);
    read_batches(path, schema, (live, states_encodings), &mut |reader| {
        let ready = reader.advance()?;
        if ready == Ready::Batch {
            let batch = reader.batch()?;
            flat = (0..FIELDS.len()).filter(|&column| reader.flat.has(column)).count();
            for (leaf, values) in leaves.iter_mut().enumerate().filter(|(leaf, _)| live.contains(*leaf)) {
                let ty = schema.leaves()[leaf].ty;
                values.extend((0..batch.rows()).map(|row| batch.datum(leaf, ty, row)));
            }
        }
        Ok(ready)
    })?;
    Ok((leaves, flat))
}

/// Removes the encodings of pages from a footer, as in files of older programs.
fn without_encodings(footer: &ParquetMetaData) -> Arc<ParquetMetaData> {
    let column = |column: ColumnChunkMetaData| column.into_builder().clear_page_encoding_stats().build().unwrap();
    let group = |group: &RowGroupMetaData| {
        let columns = group.columns().iter().cloned().map(column).collect();
        group.clone().into_builder().set_column_metadata(columns).build().unwrap()
    };
    let groups = footer.row_groups().iter().map(group).collect();
    Arc::new(footer.clone().into_builder().set_row_groups(groups).build())
}

/// Reads all row groups; `advance` calls the reader and returns its result.
fn read_batches(
    path: &std::path::Path,
    schema: &Schema,
    (live, states_encodings): (&LeafSet, bool),
    advance: &mut dyn FnMut(&mut ParquetReader) -> Result<Ready>,
) -> Result<()> {
    let files = input_files(path.to_str().unwrap())?;
    let footer = read_footer(&files[0])?;
    let footer = if states_encodings { footer } else { without_encodings(&footer) };
    let mappings: Arc<[FileMapping]> = [FileMapping::new(&files[0], footer, schema, false)?].into();
    let groups = mappings[0].metadata.metadata().num_row_groups();
    let scan = Scan { live: live.clone(), bounds: Vec::new() };
    let memory = Memory::unbounded("a test");
    let mut reader = ParquetReader::new(files, mappings, Arc::new(schema.clone()), &scan, &memory)?;
    for group in 0..groups as u64 {
        reader.open(&Split::of_file(0, group..group + 1, 0), None)?;
        loop {
            match advance(&mut reader)? {
                Ready::Starved => {
                    let request = reader.wants().unwrap();
                    let bytes = request.ranges.iter().map(|range| {
                        let mut buffer = vec![0; (range.end - range.start) as usize];
                        request.object.read_at(&mut buffer, range.start).unwrap();
                        Bytes::from(buffer)
                    });
                    reader.supply(bytes.collect())?;
                }
                Ready::End => break,
                _ => {}
            }
        }
    }
    Ok(())
}

/// Writes a file of one nullable column, and reads it into a leaf or an `Option`.
fn read_one(
    array: ArrayRef,
    (ty, optional): (L, bool),
    dictionary: bool,
    damage: impl Fn(&mut Vec<u8>),
) -> Result<Vec<Datum>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.parquet");
    let properties = WriterProperties::builder().set_dictionary_enabled(dictionary).build();
    let batch = RecordBatch::try_from_iter_with_nullable([("one", array, true)]).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    damage(&mut bytes);
    std::fs::write(&path, bytes).unwrap();
    let schema = SchemaBuilder::build(|b| Shape::Record {
        name: "Row",
        fields: vec![b.field("one", |b| if optional { b.optional(|b| b.leaf(ty)) } else { b.leaf(ty) })],
    });
    let all = LeafSet::all(schema.leaves().len());
    read(&path, &schema, &all, true).map(|(mut leaves, _)| leaves.pop().unwrap())
}

#[test]
fn bad_values_are_errors_with_their_row() {
    let values = (0..1_000).map(|row| (row % 3 > 0).then_some(if row == 700 { i64::MAX } else { row }));
    let array = values.collect::<PrimitiveArray<Decimal64Type>>().with_precision_and_scale(18, 2).unwrap();
    for dictionary in [true, false] {
        let error = read_one(Arc::new(array.clone()), (L::Decimal(4), true), dictionary, |_| {}).unwrap_err();
        assert!(error.to_string().contains("row group 0, row 700: column `one`"), "{error}");
    }
}

#[test]
fn batches_of_long_texts_are_limited_in_bytes() {
    const TEXT_BYTES: usize = 1 << 20;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.parquet");
    let texts: ArrayRef =
        Arc::new((0..40).map(|row| Some(row.to_string().repeat(TEXT_BYTES))).collect::<StringArray>());
    let properties = WriterProperties::builder().set_dictionary_enabled(false).build();
    let batch = RecordBatch::try_from_iter_with_nullable([("text", texts, false)]).unwrap();
    let mut writer =
        ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let schema =
        SchemaBuilder::build(|b| Shape::Record { name: "Row", fields: vec![b.field("text", |b| b.leaf(L::Text))] });
    let mut batches = Vec::new();
    read_batches(&path, &schema, (&LeafSet::all(1), true), &mut |reader| {
        let ready = reader.advance()?;
        if ready == Ready::Batch {
            batches.push(reader.batch()?.rows());
        }
        Ok(ready)
    })
    .unwrap();
    assert_eq!(batches.iter().sum::<usize>(), 40);
    assert!(batches.iter().all(|&rows| rows * TEXT_BYTES <= BATCH_BYTES), "{batches:?}");
    assert!(batches.len() > 4, "{batches:?}");
}

#[test]
fn nulls_need_an_option() {
    let array: ArrayRef = Arc::new((0..1_000).map(|row| (row != 700).then_some(row)).collect::<Int64Array>());
    for dictionary in [true, false] {
        let error = read_one(array.clone(), (L::I64, false), dictionary, |_| {}).unwrap_err();
        let expected = "found a null among 1000 rows; make the record's field an Option";
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_code_beyond_the_dictionary_is_an_error() {
    // 0, 1, 2, 0, … in two bits each.
    let packed = [0b00_10_01_00_u8, 0b01_00_10_01];
    let array: ArrayRef = Arc::new((0..8).map(|row| Some(row % 3)).collect::<Int64Array>());
    let damaged = |bytes: &mut Vec<u8>| {
        let place = bytes.windows(2).position(|window| window == packed).unwrap();
        bytes[place] |= 0b11;
    };
    let whole = read_one(array.clone(), (L::I64, false), true, |_| {}).unwrap();
    assert_eq!(whole, (0..8).map(|row| Datum::Fixed(row % 3)).collect::<Vec<_>>());
    let error = read_one(array, (L::I64, true), true, damaged).unwrap_err();
    assert!(error.to_string().contains("a value is none of its dictionary"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Files with damaged pages are read, or are errors.
    #[test]
    fn damaged_pages_are_errors(mut layout in layouts(), places in prop::collection::vec(any::<(u32, u8)>(), 1..20)) {
        layout.rows = layout.rows.min(2_000);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.parquet");
        let (arrays, expected) = columns(&layout);
        write(&path, &layout, arrays);
        let mut bytes = std::fs::read(&path).unwrap();
        let footer = bytes.last_chunk::<8>().map_or(0, |tail| u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
        let pages = bytes.len() - 8 - footer as usize;
        for (place, byte) in places {
            bytes[4 + place as usize % (pages - 4)] = byte;
        }
        std::fs::write(&path, bytes).unwrap();
        match read(&path, &schema(), &LeafSet::all(expected.len()), layout.states_encodings) {
            Ok((found, _)) => prop_assert!(found.iter().all(|values| values.len() == layout.rows)),
            Err(error) => prop_assert!(matches!(error, Error::Data { .. }), "{error:?}"),
        }
    }

    #[test]
    fn all_layouts_of_pages_are_read(layout in layouts()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.parquet");
        let (arrays, expected) = columns(&layout);
        write(&path, &layout, arrays);
        let (schema, all) = (schema(), LeafSet::all(expected.len()));
        let (found, flat) = read(&path, &schema, &all, layout.states_encodings).unwrap();
        for (leaf, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let row = found.iter().zip(expected).position(|(found, expected)| found != expected);
            prop_assert!(row.is_none() && found.len() == expected.len(), "{:?}: row {row:?}", schema.leaves()[leaf]);
        }
        // Version 2 writes values outside of a dictionary in encodings that the crate decodes.
        let (_, version, dictionary) = layout.properties;
        if dictionary && version == WriterVersion::PARQUET_1_0 && layout.dictionary_bytes == 1 << 20 {
            prop_assert_eq!(flat, FIELDS.len());
        }
    }
}
