//! Filters that are evaluated while rows are decoded.

use super::*;
use runtime::page::Selection;
use runtime::source::RowFilters;

/// Returns a pseudo-random number for a number.
fn mixed(number: u64) -> u64 {
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number ^ number >> 27
}

/// A filter that keeps rows by a hash of some leaves.
#[derive(Clone, Debug)]
struct Filter {
    reads: LeafSet,
    is_of_values: bool,
    /// Number of 16 rows with different values that it keeps.
    keeps: u64,
    /// Rows that it was evaluated on and rows that it kept, as the reader has reported.
    noted: (usize, usize),
    /// Number of rows that were passed to it.
    shown: usize,
}

impl Filter {
    fn keeps(&self, values: impl Iterator<Item = Datum>) -> bool {
        let number = values.fold(7, |number: u64, value| {
            let bits = match value {
                Datum::Fixed(bits) => bits as u64,
                Datum::Bytes(bytes) => bytes.iter().fold(3, |all, &byte| mixed(all ^ u64::from(byte))),
            };
            mixed(number ^ bits)
        });
        number % 16 < self.keeps
    }
}

struct Filters {
    types: Vec<L>,
    filters: Vec<Filter>,
    live: LeafSet,
}

impl RowFilters for Filters {
    fn count(&self) -> usize {
        self.filters.len()
    }

    fn reads(&self, filter: usize) -> Option<&LeafSet> {
        Some(&self.filters[filter].reads)
    }

    fn is_of_values(&self, filter: usize) -> bool {
        self.filters[filter].is_of_values
    }

    fn live(&self) -> Option<&LeafSet> {
        Some(&self.live)
    }

    fn select(&mut self, filter: usize, batch: &Batch<'_>, rows: &mut Selection) -> Result<()> {
        let filter = &mut self.filters[filter];
        filter.shown += rows.len();
        let asked = rows.rows().to_vec();
        rows.keep_positions(|position| {
            let row = asked[position] as usize;
            filter.keeps(filter.reads.iter().map(|leaf| batch.datum(leaf, self.types[leaf], row)))
        });
        Ok(())
    }

    fn note(&mut self, filter: usize, asked: usize, kept: usize) {
        let (all_asked, all_kept) = &mut self.filters[filter].noted;
        (*all_asked, *all_kept) = (*all_asked + asked, *all_kept + kept);
    }
}

/// Returns the leaves of some fields, including validity leaves.
fn leaves_of(fields: &[usize], schema: &Schema) -> LeafSet {
    let of_field = |leaf: &usize| {
        let path = schema.leaves()[*leaf].path.as_str();
        fields.iter().any(|&field| path.split('.').next() == Some(FIELDS[field].0))
    };
    (0..schema.leaves().len()).filter(of_field).collect()
}

fn fields(most: usize) -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..FIELDS.len(), 0..=most)
}

/// Reads a file with filters, each of which keeps a number of 16 values, and compares the result
/// with all rows filtered afterwards. Returns `true` if the reader evaluated the filters.
fn check_filters(
    layout: &Layout,
    asked: Vec<(Vec<usize>, bool, u64)>,
    live: &[usize],
) -> std::result::Result<bool, TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.parquet");
    let (arrays, expected) = columns(layout);
    write(&path, layout, arrays);
    let schema = schema();
    let filter = |(fields, is_of_values, keeps): (Vec<usize>, bool, u64)| Filter {
        reads: leaves_of(&fields, &schema),
        is_of_values,
        keeps,
        noted: (0, 0),
        shown: 0,
    };
    let live = leaves_of(live, &schema);
    let mut filters =
        Filters { types: schema.types(), filters: asked.into_iter().map(filter).collect(), live: live.clone() };
    let mut scanned = live.clone();
    filters.filters.iter().for_each(|filter| scanned.extend_from(&filter.reads));
    let (mut found, mut rows, mut were_asked) = (vec![Vec::new(); expected.len()], (0, 0), false);
    let read = read_batches(&path, &schema, (&scanned, layout.states_encodings), &mut |reader| {
        let ready = reader.advance_where(&mut filters)?;
        if ready == Ready::Batch {
            let batch = reader.batch()?;
            let mut kept: Vec<usize> = (0..batch.rows()).collect();
            rows.0 += batch.rows() + reader.left_out().unwrap_or(0);
            were_asked |= reader.left_out().is_some();
            for filter in filters.filters.iter().filter(|_| reader.left_out().is_none()) {
                kept.retain(|&row| {
                    filter.keeps(filter.reads.iter().map(|leaf| batch.datum(leaf, filters.types[leaf], row)))
                });
            }
            rows.1 += kept.len();
            for leaf in live.iter() {
                found[leaf].extend(kept.iter().map(|&row| batch.datum(leaf, filters.types[leaf], row)));
            }
        }
        Ok(ready)
    });
    read.unwrap();
    let mut kept: Vec<usize> = (0..layout.rows).collect();
    for filter in &filters.filters {
        kept.retain(|&row| filter.keeps(filter.reads.iter().map(|leaf| expected[leaf][row].clone())));
        prop_assert!(filter.noted.1 <= filter.noted.0);
    }
    prop_assert_eq!(rows, (layout.rows, kept.len()));
    for leaf in live.iter() {
        let expected: Vec<_> = kept.iter().map(|&row| expected[leaf][row].clone()).collect();
        prop_assert!(found[leaf] == expected, "{:?}", schema.leaves()[leaf]);
    }
    Ok(were_asked)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn filters_keep_the_same_rows_while_decoding(
        layout in layouts(),
        asked in prop::collection::vec((fields(2), any::<bool>(), 0_u64..17), 0..4),
        live in fields(FIELDS.len()),
    ) {
        check_filters(&layout, asked, &live)?;
    }
}

/// Within one step of filtering, pages of texts outside of the dictionary follow pages of codes.
#[test]
fn texts_in_and_outside_dictionaries_share_batches() {
    let properties = (Compression::SNAPPY, WriterVersion::PARQUET_1_0, true);
    for (page_rows, keeps) in [(150, 8), (700, 8), (700, 2), (5_000, 14)] {
        let layout = Layout {
            rows: 9_000,
            distinct: 5_000,
            null_every: 3,
            nulls_from: 0,
            properties,
            page_rows,
            dictionary_bytes: 4_000,
            states_encodings: false,
            seed: 4,
        };
        let all: Vec<usize> = (0..FIELDS.len()).collect();
        // A number, and two texts.
        for field in [0, 6, 7] {
            assert!(
                check_filters(&layout, vec![(vec![field], true, keeps)], &all).unwrap(),
                "field {field}, {page_rows}"
            );
        }
    }
}

/// In one batch, codes are picked from pages without nulls, and later pages have nulls.
#[test]
fn picked_codes_and_nulls_share_batches() {
    let properties = (Compression::SNAPPY, WriterVersion::PARQUET_1_0, true);
    let layout = Layout {
        rows: 9_000,
        distinct: 50,
        null_every: 2,
        nulls_from: 4_096,
        properties,
        page_rows: 2_048,
        dictionary_bytes: 1 << 20,
        states_encodings: true,
        seed: 4,
    };
    let all: Vec<usize> = (0..FIELDS.len()).collect();
    for keeps in 0..4 {
        assert!(check_filters(&layout, vec![(vec![0], true, keeps)], &all).unwrap(), "{keeps} of 16");
    }
}

/// The only row that a filter keeps has a code out of range.
#[test]
fn a_picked_code_beyond_the_dictionary_is_an_error() {
    let filter = || Filter { reads: [0].into_iter().collect(), is_of_values: false, keeps: 1, noted: (0, 0), shown: 0 };
    let is_kept = |number: i64| filter().keeps(std::iter::once(Datum::Fixed(number as u128)));
    let first = (0..).find(|&first| (first..first + 8).map(is_kept).eq((0..8).map(|row| row == 0))).unwrap();
    // 0, 1, 2, 0, … in two bits each.
    let packed = [0b00_10_01_00_u8, 0b01_00_10_01];
    let (numbers, codes) = ((first..first + 8).map(Some), (0..8).map(|row| Some(row % 3)));
    let columns: [ArrayRef; 2] = [Arc::new(numbers.collect::<Int64Array>()), Arc::new(codes.collect::<Int64Array>())];
    let [numbers, codes] = columns;
    let batch = RecordBatch::try_from_iter([("long", numbers), ("code", codes)]).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let place = bytes.windows(2).position(|window| window == packed).unwrap();
    bytes[place] |= 0b11;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.parquet");
    std::fs::write(&path, bytes).unwrap();
    let schema = SchemaBuilder::build(|b| Shape::Record {
        name: "Row",
        fields: vec![b.field("long", |b| b.leaf(L::I64)), b.field("code", |b| b.leaf(L::I64))],
    });
    let mut filters = Filters { types: schema.types(), filters: vec![filter()], live: LeafSet::all(2) };
    let read = read_batches(&path, &schema, (&LeafSet::all(2), true), &mut |reader| reader.advance_where(&mut filters));
    let error = read.unwrap_err().to_string();
    assert!(error.contains("a value is none of its dictionary"), "{error}");
}

/// Reads a file of a number and a text of four words, with a filter on the text. Returns the number
/// of rows, and the filter.
fn filtered_by_word(is_of_values: bool) -> (usize, Filter) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.parquet");
    let numbers: ArrayRef = Arc::new((0..20_000).map(Some).collect::<Int64Array>());
    let words: ArrayRef = Arc::new((0..20_000).map(|row| Some(word(row % 4))).collect::<StringArray>());
    let batch = RecordBatch::try_from_iter([("long", numbers), ("word", words)]).unwrap();
    let mut writer = ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let schema = SchemaBuilder::build(|b| Shape::Record {
        name: "Row",
        fields: vec![b.field("long", |b| b.leaf(L::I64)), b.field("word", |b| b.leaf(L::Text))],
    });
    let reads: LeafSet = [1].into_iter().collect();
    let filter = Filter { reads, is_of_values, keeps: 8, noted: (0, 0), shown: 0 };
    let live: LeafSet = [0].into_iter().collect();
    let mut filters = Filters { types: schema.types(), filters: vec![filter], live };
    let mut rows = 0;
    let all = LeafSet::all(2);
    read_batches(&path, &schema, (&all, true), &mut |reader| {
        let ready = reader.advance_where(&mut filters)?;
        if ready == Ready::Batch {
            let batch = reader.batch()?;
            assert!(reader.left_out().is_some());
            assert!((0..batch.rows()).all(|row| {
                let word = word(batch.leaf_bits(0, row) as u64 % 4).into_bytes();
                filters.filters[0].keeps(std::iter::once(Datum::Bytes(word.into())))
            }));
            rows += batch.rows();
        }
        Ok(ready)
    })
    .unwrap();
    (rows, filters.filters.remove(0))
}

#[test]
fn value_filters_are_evaluated_once_per_distinct_value() {
    let (rows, by_values) = filtered_by_word(true);
    assert_eq!((by_values.shown, by_values.noted), (4, (20_000, rows)));
    let (same_rows, by_rows) = filtered_by_word(false);
    assert_eq!((by_rows.shown, by_rows.noted), (20_000, (20_000, rows)));
    assert!(same_rows == rows && rows > 0 && rows < 18_000, "{rows}");
}

#[test]
fn bad_values_are_errors_even_in_dropped_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.parquet");
    let numbers: ArrayRef = Arc::new((0..20_000).map(Some).collect::<Int64Array>());
    let narrow: ArrayRef =
        Arc::new((0..20_000).map(|row| if row == 15_000 { 70_000 } else { row }).collect::<Int32Array>());
    let batch = RecordBatch::try_from_iter([("long", numbers), ("narrow", narrow)]).unwrap();
    let properties = WriterProperties::builder().set_dictionary_enabled(false).build();
    let file = std::fs::File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let schema = SchemaBuilder::build(|b| Shape::Record {
        name: "Row",
        fields: vec![b.field("long", |b| b.leaf(L::I64)), b.field("narrow", |b| b.leaf(L::I16))],
    });
    let filter =
        |keeps| Filter { reads: [0].into_iter().collect(), is_of_values: true, keeps, noted: (0, 0), shown: 0 };
    for keeps in [0, 3, 16] {
        let mut filters = Filters { types: schema.types(), filters: vec![filter(keeps)], live: LeafSet::all(2) };
        let read =
            read_batches(&path, &schema, (&LeafSet::all(2), true), &mut |reader| reader.advance_where(&mut filters));
        let error = read.unwrap_err().to_string();
        assert!(error.contains("row group 0, row 15000: column `narrow`"), "{error}");
    }
}
