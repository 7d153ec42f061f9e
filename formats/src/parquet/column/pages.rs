//! Reads and decompresses the pages of a column in a row group.

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{self, PageReader};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;

use crate::parquet::footer::catching_panics;
use crate::parquet::snappy::decompress_numbers;

/// The pages of a column.
///
/// The `parquet` crate finds pages, and decompresses all codecs except Snappy. It would allocate
/// and clear a buffer for each Snappy page, which takes a third of the time of Snappy itself. So it
/// gets metadata in which a Snappy column is not compressed.
pub(super) struct Pages<R: ChunkReader> {
    reader: SerializedPageReader<R>,
    is_snappy: bool,
    /// `true` if values have eight bytes.
    is_of_numbers: bool,
    snappy: snap::raw::Decoder,
    /// Largest decompressed size of a page, according to the footer.
    most_bytes: usize,
    buffer: Vec<u8>,
    /// Buffer for dictionaries, shared by the columns of a row group. Dictionaries are larger than
    /// other pages, and needed only while they are converted.
    dictionary: Vec<u8>,
}

/// The kind of a page.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content {
    Dictionary,
    Values { encoding: Encoding },
}

/// A page.
pub(super) struct Page {
    pub(super) content: Content,
    /// Number of values, including nulls.
    pub(super) values: usize,
    /// Definition levels, if they are stored apart from the values.
    pub(super) levels: Option<Bytes>,
    /// The body, unless it was decompressed into a buffer.
    body: Option<Bytes>,
    /// Length of the body in the buffer of [`Pages`].
    length: usize,
}

impl<R: ChunkReader + 'static> Pages<R> {
    /// Creates a reader. `buffer` and `dictionary` are reused whatever they hold.
    pub(super) fn new(
        input: &Arc<R>,
        chunk: &ColumnChunkMetaData,
        rows: usize,
        buffer: Vec<u8>,
        dictionary: Vec<u8>,
    ) -> Result<Self, String> {
        let is_snappy = chunk.compression() == Compression::SNAPPY;
        let reader = catching_panics(|| {
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

    /// Returns the buffer for reuse.
    pub(super) fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }

    /// Returns the buffer of dictionaries for reuse by another column.
    pub(super) fn take_dictionary(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.dictionary)
    }

    /// Returns the next page, or `None` at the end. Its body is valid until the next call.
    pub(super) fn next(&mut self) -> Result<Option<Page>, String> {
        let Some(page) = catching_panics(|| self.reader.get_next_page())? else { return Ok(None) };
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
        // A page without values may have no body, not even a compressed one.
        if !self.is_snappy || !is_compressed || body.is_empty() {
            return Ok(Some(Page { content, values, levels, body: Some(body), length: 0 }));
        }
        let length = snap::raw::decompress_len(&body).map_err(|error| error.to_string())?;
        if length > self.most_bytes {
            return Err(format!("a page of {length} bytes in a column of {}", self.most_bytes));
        }
        let buffer = if matches!(content, Content::Dictionary) { &mut self.dictionary } else { &mut self.buffer };
        if buffer.len() < length {
            // The old content is not needed. One eighth is added, as the next pages may be a little
            // larger.
            *buffer = vec![0; length + length / 8];
        }
        let output = &mut buffer[..length];
        if !self.is_of_numbers || decompress_numbers(&body, output).is_none() {
            self.snappy.decompress(&body, output).map_err(|error| error.to_string())?;
        }
        Ok(Some(Page { content, values, levels, body: None, length }))
    }

    /// Returns the body of the page that was read last, without levels that are stored apart.
    pub(super) fn body<'p>(&'p self, page: &'p Page) -> &'p [u8] {
        match (&page.body, page.content) {
            (Some(body), _) => body,
            (None, Content::Dictionary) => self.dictionary.get(..page.length).unwrap_or_default(),
            (None, Content::Values { .. }) => self.buffer.get(..page.length).unwrap_or_default(),
        }
    }
}
