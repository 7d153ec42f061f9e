#![allow(clippy::unwrap_used, reason = "tests")]

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::*;

const ROWS: usize = 120_000;
const WANTED: usize = 15_000;

/// A file of two columns, whose values all differ.
fn file(compression: Compression) -> Arc<Bytes> {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values((0..ROWS as i64).map(|row| row * 7919 % 1_000_003)));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values((0..ROWS).map(|row| format!("{:x}", row * 31))));
    let rows = RecordBatch::try_from_iter([("number", numbers), ("text", texts)]).unwrap();
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, rows.schema(), Some(properties)).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    Arc::new(bytes.into())
}

fn dictionary_of(mut pages: impl PageReader) -> (Bytes, usize) {
    match pages.get_next_page().unwrap().unwrap() {
        Page::DictionaryPage { buf, num_values, .. } => (buf, num_values as usize),
        _ => unreachable!("the first page is the dictionary"),
    }
}

#[test]
fn a_short_dictionary_is_the_beginning_of_the_whole_one() {
    for compression in [Compression::SNAPPY, Compression::UNCOMPRESSED] {
        let file = file(compression);
        let reader = SerializedFileReader::new(Bytes::clone(&file)).unwrap();
        for column in reader.metadata().row_group(0).columns() {
            let short = ShortChunk::of(&file, column, WANTED).unwrap().unwrap();
            let (whole, values) = dictionary_of(SerializedPageReader::new(file.clone(), column, ROWS, None).unwrap());
            // Its page alone, in place of a file.
            let page = column.clone().into_builder().set_dictionary_page_offset(Some(0));
            let page = page.set_total_compressed_size(short.dictionary.len() as i64).build().unwrap();
            let (begin, kept) =
                dictionary_of(SerializedPageReader::new(Arc::new(short.dictionary), &page, ROWS, None).unwrap());
            assert_eq!(whole[..begin.len()], begin[..], "{} in {compression}", column.column_path());
            assert!((WANTED..3 * WANTED).contains(&kept), "{kept} values of {values}");
        }
    }
}

#[test]
fn a_dictionary_is_left_as_it_is_where_most_of_it_is_wanted() {
    let file = file(Compression::SNAPPY);
    let reader = SerializedFileReader::new(Bytes::clone(&file)).unwrap();
    for (rows, is_short) in [(WANTED, true), (ROWS / 2, false), (ROWS, false)] {
        let short = ShortChunk::of(&file, reader.metadata().row_group(0).column(0), rows).unwrap();
        assert_eq!(short.is_some(), is_short, "{rows} rows");
    }
}

#[test]
fn the_largest_index_is_found_in_runs_of_either_kind() {
    // Five times 300; then 8 numbers of 9 bits, of which the last is 510.
    let mut runs = vec![5 << 1, 44, 1, 1 << 1 | 1];
    runs.extend([1, 0, 0, 0, 0, 0, 0, 0, 0b1111_1111]);
    assert_eq!(largest_index(&runs, 9, 5), Some(300));
    assert_eq!(largest_index(&runs, 9, 12), Some(300));
    assert_eq!(largest_index(&runs, 9, 13), Some(510));
    assert_eq!(largest_index(&[0x80], 9, 1), None, "half a number");
}
