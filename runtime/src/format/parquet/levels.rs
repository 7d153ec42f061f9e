//! Checks the levels of pages before the `parquet` crate decodes them.
//!
//! Levels are runs of codes that state how many they are. The crate trusts this count, and panics if
//! a run of packed codes states more than its bytes hold.

use std::sync::Arc;

use parquet::arrow::arrow_reader::RowGroups;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;

use super::varint::varint;

/// One row group, whose pages are checked when they are read.
pub(super) struct CheckedGroup<R> {
    pub(super) input: Arc<R>,
    pub(super) metadata: Arc<ParquetMetaData>,
    pub(super) group: usize,
}

impl<R: ChunkReader + 'static> RowGroups for CheckedGroup<R> {
    fn num_rows(&self) -> usize {
        usize::try_from(self.metadata.row_group(self.group).num_rows()).unwrap_or(0)
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>> {
        let chunk = self.metadata.row_group(self.group).column(column);
        let descriptor = chunk.column_descr();
        let max_levels = [descriptor.max_rep_level(), descriptor.max_def_level()];
        let pages = SerializedPageReader::new(self.input.clone(), chunk, self.num_rows(), None)?;
        Ok(Box::new(Chunk(Some(CheckedPages { pages, max_levels }))))
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
        if let Some(page) = &page
            && check(page, self.max_levels).is_none()
        {
            return Err(ParquetError::General("the levels of a page end before its values do".to_owned()));
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

/// `None` if the levels of a page end before its values do.
fn check(page: &Page, max_levels: [i16; 2]) -> Option<()> {
    match page {
        Page::DictionaryPage { .. } => Some(()),
        Page::DataPage { buf, num_values, def_level_encoding, rep_level_encoding, .. } => {
            let mut bytes = &buf[..];
            for (max_level, encoding) in max_levels.into_iter().zip([rep_level_encoding, def_level_encoding]) {
                if max_level == 0 {
                    continue;
                }
                if *encoding == Encoding::RLE {
                    let (length, rest) = bytes.split_first_chunk()?;
                    let (levels, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
                    pass(levels, width(max_level), u64::from(*num_values))?;
                    bytes = rest;
                } else {
                    bytes = bytes.get(packed_bytes(width(max_level), u64::from(*num_values))?..)?;
                }
            }
            Some(())
        }
        Page::DataPageV2 { buf, num_values, def_levels_byte_len, rep_levels_byte_len, .. } => {
            let (repetitions, rest) = buf.split_at_checked(*rep_levels_byte_len as usize)?;
            let definitions = rest.get(..*def_levels_byte_len as usize)?;
            for (max_level, levels) in max_levels.into_iter().zip([repetitions, definitions]) {
                if max_level > 0 {
                    pass(levels, width(max_level), u64::from(*num_values))?;
                }
            }
            Some(())
        }
    }
}

/// Bits of a level.
fn width(max_level: i16) -> u64 {
    u64::from(i16::BITS - max_level.leading_zeros())
}

/// The bytes of `codes` codes of `width` bits each. `None` if the number overflows.
fn packed_bytes(width: u64, codes: u64) -> Option<usize> {
    usize::try_from(width.checked_mul(codes)?.div_ceil(8)).ok()
}

/// Passes over runs of `codes` codes. `None` if the bytes end before.
fn pass(bytes: &[u8], width: u64, codes: u64) -> Option<()> {
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
    fn runs_hold_as_many_codes_as_their_bytes() {
        for (bytes, width, codes, expected) in [
            (&[][..], 1, 0, Some(())),
            (&[][..], 1, 1, None),
            // Ten equal codes, then one group of eight.
            (&[20, 1, 3, 0xaa][..], 1, 18, Some(())),
            (&[20, 1, 3, 0xaa][..], 1, 19, None),
            (&[20, 1, 3][..], 1, 18, None),
            // Two groups, of whose second one only three codes are needed.
            (&[5, 1, 2, 3][..], 2, 11, Some(())),
            (&[5, 1, 2][..], 2, 11, None),
            // Runs without codes do not end.
            (&[0, 0, 0, 0][..], 1, 1, None),
        ] {
            assert_eq!(pass(bytes, width, codes), expected, "{bytes:?}");
        }
        assert_eq!([1, 2, 3, 4, 7, 8].map(width), [1, 2, 2, 3, 3, 4]);
    }
}
