//! The pages of a column in a row group, decompressed one after the other.

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{self, PageReader};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;

use crate::parquet::footer::guarded;
use crate::parquet::snappy::decompress_numbers;

/// Pages of a column.
///
/// The `parquet` crate finds them, and decompresses all but Snappy, for which it is told that the column is not compressed: it would clear a
/// new buffer for each page, and the kernel before it, which takes a third of the time of Snappy itself.
pub(super) struct Pages<R: ChunkReader> {
    reader: SerializedPageReader<R>,
    is_snappy: bool,
    /// Whether its values take eight bytes each.
    is_of_numbers: bool,
    snappy: snap::raw::Decoder,
    /// What a page may become at most, as the footer says.
    most_bytes: usize,
    buffer: Vec<u8>,
    /// For dictionaries, which are larger than other pages and soon done with: the columns of a row group lend it to each other.
    dictionary: Vec<u8>,
}

/// What a page holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content {
    Dictionary,
    Values { encoding: Encoding },
}

/// A page.
pub(super) struct Page {
    pub(super) content: Content,
    /// How many values, with those that are null.
    pub(super) values: usize,
    /// Which of the values there are: their levels, where they lie apart from the values.
    pub(super) levels: Option<Bytes>,
    /// The rest, where no buffer was needed.
    body: Option<Bytes>,
    /// Bytes of it in a buffer of [`Pages`].
    length: usize,
}

impl<R: ChunkReader + 'static> Pages<R> {
    /// `buffer` may be any, and so may `dictionary`: they are used again.
    pub(super) fn new(
        input: &Arc<R>,
        chunk: &ColumnChunkMetaData,
        rows: usize,
        buffer: Vec<u8>,
        dictionary: Vec<u8>,
    ) -> Result<Self, String> {
        let is_snappy = chunk.compression() == Compression::SNAPPY;
        let reader = guarded(|| {
            if !is_snappy {
                return SerializedPageReader::new(input.clone(), chunk, rows, None);
            }
            let as_it_is = chunk.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build()?;
            SerializedPageReader::new(input.clone(), &as_it_is, rows, None)
        })?;
        let most_bytes = usize::try_from(chunk.uncompressed_size()).unwrap_or(0);
        let is_of_numbers = matches!(chunk.column_type(), Type::INT64 | Type::DOUBLE);
        Ok(Pages {
            reader,
            is_snappy,
            is_of_numbers,
            snappy: snap::raw::Decoder::new(),
            most_bytes,
            buffer,
            dictionary,
        })
    }

    /// The buffer, to be used again.
    pub(super) fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }

    /// The buffer of dictionaries, to be used by another column.
    pub(super) fn take_dictionary(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.dictionary)
    }

    /// The next page, if there is one. Its bytes are there until the one behind it is asked for.
    pub(super) fn next(&mut self) -> Result<Option<Page>, String> {
        let Some(page) = guarded(|| self.reader.get_next_page())? else { return Ok(None) };
        let values = page.num_values() as usize;
        let (content, levels, body, is_compressed) = match page {
            page::Page::DictionaryPage { buf, .. } => (Content::Dictionary, None, buf, true),
            page::Page::DataPage { buf, encoding, .. } => (Content::Values { encoding }, None, buf, true),
            page::Page::DataPageV2 {
                buf, encoding, def_levels_byte_len, rep_levels_byte_len, is_compressed, ..
            } => {
                let (repeated, levels) = (rep_levels_byte_len as usize, def_levels_byte_len as usize);
                if buf.len() < repeated.saturating_add(levels) {
                    return Err("a page is shorter than its levels".to_owned());
                }
                let (levels, body) = (buf.slice(repeated..repeated + levels), buf.slice(repeated + levels..));
                (Content::Values { encoding }, Some(levels), body, is_compressed)
            }
        };
        // A page without values may have nothing behind its levels, not even something compressed.
        if !self.is_snappy || !is_compressed || body.is_empty() {
            return Ok(Some(Page { content, values, levels, body: Some(body), length: 0 }));
        }
        let length = snap::raw::decompress_len(&body).map_err(|error| error.to_string())?;
        if length > self.most_bytes {
            return Err(format!("a page of {length} bytes in a column of {}", self.most_bytes));
        }
        let buffer = if matches!(content, Content::Dictionary) { &mut self.dictionary } else { &mut self.buffer };
        if buffer.len() < length {
            // Nothing of it is wanted any more. The next pages are about as large: some room for those that are larger.
            *buffer = vec![0; length + length / 8];
        }
        let output = &mut buffer[..length];
        if !self.is_of_numbers || decompress_numbers(&body, output).is_none() {
            self.snappy.decompress(&body, output).map_err(|error| error.to_string())?;
        }
        Ok(Some(Page { content, values, levels, body: None, length }))
    }

    /// The bytes of the page that was read last, behind levels that lie apart.
    pub(super) fn body<'p>(&'p self, page: &'p Page) -> &'p [u8] {
        match (&page.body, page.content) {
            (Some(body), _) => body,
            (None, Content::Dictionary) => self.dictionary.get(..page.length).unwrap_or_default(),
            (None, Content::Values { .. }) => self.buffer.get(..page.length).unwrap_or_default(),
        }
    }
}
