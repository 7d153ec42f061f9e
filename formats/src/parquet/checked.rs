//! Checks the pages of columns before the `parquet` crate decodes them.
//!
//! Levels are runs of codes, and each run states its number of codes. The crate trusts this number,
//! and panics if a packed run states more than its bytes hold. It also panics on codes without a
//! dictionary, and on codes of fixed-length values that are out of range.

use std::sync::Arc;

use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowGroups, RowSelection};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;

use super::column::{Codes, WINDOW};
use super::footer::catching_panics;
use super::mapping::FileMapping;
use super::varint::varint;

/// Creates a decoder of some columns of a row group, in batches of up to `batch_rows` rows.
///
/// # Errors
/// Fails if the `parquet` crate has no decoder for the columns.
pub(super) fn decoder(
    mapping: &FileMapping,
    group: usize,
    columns: Vec<usize>,
    input: Arc<impl ChunkReader + 'static>,
    batch_rows: usize,
    selection: Option<RowSelection>,
) -> std::result::Result<ParquetRecordBatchReader, String> {
    catching_panics(|| {
        let schema = mapping.metadata.parquet_schema();
        let mask = ProjectionMask::leaves(schema, columns);
        let levels = parquet_to_arrow_field_levels(schema, mask, Some(mapping.metadata.schema().fields()))?;
        let group = CheckedGroup { input, metadata: mapping.metadata.metadata().clone(), group };
        ParquetRecordBatchReader::try_new_with_row_groups(&levels, &group, batch_rows, selection)
    })
}

/// A row group whose pages are checked when they are read.
struct CheckedGroup<R> {
    input: Arc<R>,
    metadata: Arc<ParquetMetaData>,
    group: usize,
}

impl<R: ChunkReader + 'static> RowGroups for CheckedGroup<R> {
    fn num_rows(&self) -> usize {
        usize::try_from(self.metadata.row_group(self.group).num_rows()).unwrap_or(0)
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>> {
        let chunk = self.metadata.row_group(self.group).column(column);
        let descriptor = chunk.column_descr();
        let pages = SerializedPageReader::new(self.input.clone(), chunk, self.num_rows(), None)?;
        Ok(Box::new(Chunk(Some(CheckedPages {
            pages,
            max_levels: [descriptor.max_rep_level(), descriptor.max_def_level()],
            has_fixed_length: chunk.column_type() == Type::FIXED_LEN_BYTE_ARRAY,
            dictionary_values: None,
        }))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(std::iter::once(self.metadata.row_group(self.group)))
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

/// The pages of one column.
struct Chunk<R: ChunkReader>(Option<CheckedPages<R>>);

impl<R: ChunkReader + 'static> Iterator for Chunk<R> {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(Ok(Box::new(self.0.take()?)))
    }
}

impl<R: ChunkReader + 'static> PageIterator for Chunk<R> {}

struct CheckedPages<R: ChunkReader> {
    pages: SerializedPageReader<R>,
    /// The largest repetition level and the largest definition level.
    max_levels: [i16; 2],
    has_fixed_length: bool,
    /// Number of values in the dictionary, if one was read.
    dictionary_values: Option<u32>,
}

impl<R: ChunkReader + 'static> CheckedPages<R> {
    fn check(&mut self, page: &Page) -> std::result::Result<(), &'static str> {
        if let Page::DictionaryPage { num_values, .. } = page {
            self.dictionary_values = Some(*num_values);
            return Ok(());
        }
        let values = values(page, self.max_levels).ok_or("the levels of a page end before its values do")?;
        if !values.is_in_dictionary() {
            return Ok(());
        }
        let count = self.dictionary_values.ok_or("a page has values of a dictionary, and the column has none")?;
        if self.has_fixed_length && values.largest_code().is_some_and(|code| code >= count) {
            return Err("a page has a value that is not in its dictionary");
        }
        Ok(())
    }
}

impl<R: ChunkReader + 'static> Iterator for CheckedPages<R> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl<R: ChunkReader + 'static> PageReader for CheckedPages<R> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        if let Some(page) = &page {
            self.check(page).map_err(|damage| ParquetError::General(damage.to_owned()))?;
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }
}

/// The values of a page, after its levels.
struct PageValues<'p> {
    bytes: &'p [u8],
    encoding: Encoding,
    /// The definition levels. `None` if no value can be null, or if the levels have an obsolete
    /// encoding.
    definitions: Option<&'p [u8]>,
    max_definition: i16,
    /// Number of values, including nulls.
    count: usize,
}

/// Returns `None` if the levels of a page end too early.
fn values(page: &Page, max_levels: [i16; 2]) -> Option<PageValues<'_>> {
    let (count, encoding) = (page.num_values(), page.encoding());
    let (mut bytes, mut definitions) = (&page.buffer()[..], None);
    match page {
        Page::DictionaryPage { .. } => {}
        Page::DataPage { def_level_encoding, rep_level_encoding, .. } => {
            for (max_level, encoding) in max_levels.into_iter().zip([rep_level_encoding, def_level_encoding]) {
                definitions = None;
                if max_level == 0 {
                    continue;
                }
                if *encoding == Encoding::RLE {
                    let (length, rest) = bytes.split_first_chunk()?;
                    let (levels, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
                    skip_runs(levels, width(max_level), u64::from(count))?;
                    definitions = Some(levels);
                    bytes = rest;
                } else {
                    bytes = bytes.get(packed_bytes(width(max_level), u64::from(count))?..)?;
                }
            }
        }
        Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
            for (max_level, length) in max_levels.into_iter().zip([rep_levels_byte_len, def_levels_byte_len]) {
                let (levels, rest) = bytes.split_at_checked(*length as usize)?;
                definitions = None;
                if max_level > 0 {
                    skip_runs(levels, width(max_level), u64::from(count))?;
                    definitions = Some(levels);
                }
                bytes = rest;
            }
        }
    }
    let [_, max_definition] = max_levels;
    Some(PageValues { bytes, encoding, definitions, max_definition, count: count as usize })
}

impl PageValues<'_> {
    fn is_in_dictionary(&self) -> bool {
        matches!(self.encoding, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY)
    }

    /// Returns the largest dictionary code, or `None` if there are no codes.
    fn largest_code(&self) -> Option<u32> {
        let mut present = self.count;
        if let Some(levels) = self.definitions {
            let max_level = u32::from(self.max_definition.unsigned_abs());
            present = 0;
            each_code(levels, 0, width(self.max_definition), self.count, |level| {
                present += usize::from(level == max_level);
            });
        }
        let mut largest = None;
        let width = u64::from(*self.bytes.first()?);
        each_code(self.bytes, 1, width, present, |code| largest = largest.max(Some(code)));
        largest
    }
}

/// Visits `count` codes that begin at offset `at`, or as many as there are.
fn each_code(bytes: &[u8], at: usize, width: u64, count: usize, mut visit: impl FnMut(u32)) {
    let Some(mut codes) = Codes::new(width as usize, at) else { return };
    let mut left = count;
    while left > 0 {
        let mut window = [0; WINDOW];
        let window = &mut window[..left.min(WINDOW)];
        let is_whole = codes.decode(bytes, window).is_some();
        window.iter().for_each(|&code| visit(code));
        left -= window.len();
        if !is_whole {
            return;
        }
    }
}

/// Returns the number of bits of a level.
fn width(max_level: i16) -> u64 {
    u64::from(i16::BITS - max_level.leading_zeros())
}

/// Returns the bytes of `codes` codes of `width` bits each, or `None` if the number overflows.
fn packed_bytes(width: u64, codes: u64) -> Option<usize> {
    usize::try_from(width.checked_mul(codes)?.div_ceil(8)).ok()
}

/// Skips runs of `codes` codes. Returns `None` if the bytes end before.
fn skip_runs(bytes: &[u8], width: u64, codes: u64) -> Option<()> {
    let (mut at, mut left) = (0, codes);
    while left > 0 {
        let header = varint(bytes, &mut at)?;
        let (run, run_bytes) = match header & 1 {
            0 => (header >> 1, width.div_ceil(8) as usize),
            _ => {
                let run = (header >> 1).checked_mul(8)?;
                (run, packed_bytes(width, run.min(left))?)
            }
        };
        at = at.checked_add(run_bytes).filter(|&end| end <= bytes.len())?;
        left = left.saturating_sub(run);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_have_as_many_codes_as_their_bytes() {
        for (bytes, width, codes, expected) in [
            (&[][..], 1, 0, Some(())),
            (&[][..], 1, 1, None),
            // Ten equal codes, then one group of eight.
            (&[20, 1, 3, 0xaa][..], 1, 18, Some(())),
            (&[20, 1, 3, 0xaa][..], 1, 19, None),
            (&[20, 1, 3][..], 1, 18, None),
            // Two groups. Only three codes of the second are needed.
            (&[5, 1, 2, 3][..], 2, 11, Some(())),
            (&[5, 1, 2][..], 2, 11, None),
            // Runs without codes do not end.
            (&[0, 0, 0, 0][..], 1, 1, None),
        ] {
            assert_eq!(skip_runs(bytes, width, codes), expected, "{bytes:?}");
        }
        assert_eq!([1, 2, 3, 4, 7, 8].map(width), [1, 2, 2, 3, 3, 4]);
    }
}
