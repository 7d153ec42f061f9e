//! Reads splits chunk by chunk, decompressed and decoded if necessary.
//!
//! [`Chunks`] requests a split one chunk ahead. An encoded file is requested from its beginning,
//! and its content is cut into chunks of the same size.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::compression::{Compression, Damaged};
use super::files::InputFile;
use super::text_encoding::{ContentDecoder, TextEncoding};
use runtime::error::{Error, Result};
use runtime::source::{ReadRequest, Split};
use runtime::storage::StoredObject;

/// Bytes per request: large enough for a disk, and a decoded chunk still fits in a core's
/// second-level cache.
pub(super) const CHUNK_BYTES: u64 = 1 << 20;

/// Result of [`Chunks::next`].
pub(super) enum NextChunk {
    Chunk(Bytes),
    /// More bytes of the file are needed.
    Starved,
    /// The split has ended.
    End,
}

/// Reads one split after another as chunks.
pub(super) struct Chunks {
    files: Arc<[InputFile]>,
    part: usize,
    object: Option<Arc<dyn StoredObject>>,
    /// Bytes per request.
    chunk_bytes: u64,
    /// Part of the range that was not requested yet.
    unrequested: Range<u64>,
    requested: Option<Range<u64>>,
    arrived: VecDeque<Bytes>,
    /// For an encoded file, until its end.
    decoder: Option<ContentDecoder>,
    /// Decoded bytes before the split that are still to be dropped.
    skipped: u64,
}

impl Chunks {
    /// Creates a reader without a split. Chunks have `chunk_bytes`, at most [`CHUNK_BYTES`].
    pub(super) fn new(files: Arc<[InputFile]>, chunk_bytes: u64) -> Self {
        Chunks {
            files,
            part: 0,
            object: None,
            chunk_bytes,
            unrequested: 0..0,
            requested: None,
            arrived: VecDeque::new(),
            decoder: None,
            skipped: 0,
        }
    }

    /// Returns the bytes that chunks of these files take. The caller reserves them.
    pub(super) fn bytes(files: &[InputFile]) -> usize {
        let largest = files.iter().map(InputFile::bytes).max().unwrap_or(0);
        // The chunk that is read, the chunk that is decoded, and the chunk that was read ahead.
        let read = 3 * largest.min(CHUNK_BYTES) as usize;
        let decoder = files.iter().filter_map(InputFile::compression).map(Compression::decoder_bytes).max();
        // The chunk that is filled, which may exceed its size by a block, and the chunk that is
        // decoded.
        let decompressed = decoder.map_or(0, |decoder_bytes| decoder_bytes + 3 * CHUNK_BYTES as usize);
        // UTF-8 text may take three times the bytes of its encoding.
        let is_decoded = files.iter().any(|file| file.encoding() != TextEncoding::Utf8);
        read + decompressed + if is_decoded { 8 * CHUNK_BYTES as usize } else { 0 }
    }

    /// Opens a split.
    ///
    /// # Errors
    /// Fails if its file cannot be opened.
    pub(super) fn open(&mut self, split: &Split) -> Result<()> {
        let file =
            self.files.get(split.part).ok_or_else(|| Error::Internal(format!("a split of file {}", split.part)))?;
        self.object = Some(file.open()?);
        self.part = split.part;
        self.decoder = ContentDecoder::of(file.compression(), file.encoding())?;
        (self.unrequested, self.skipped) = match self.decoder {
            Some(_) => (0..file.bytes(), split.range.start),
            None => (split.range.clone(), 0),
        };
        self.requested = None;
        self.arrived.clear();
        Ok(())
    }

    /// Returns the file of the current split.
    pub(super) fn file(&self) -> &InputFile {
        &self.files[self.part]
    }

    /// Returns a request for the next chunk, or `None` if a request is pending, two chunks are
    /// waiting, or the range has ended.
    pub(super) fn wants(&mut self) -> Option<ReadRequest> {
        let object = self.object.as_ref()?;
        if self.requested.is_some() || self.arrived.len() >= 2 || self.unrequested.is_empty() {
            return None;
        }
        let range = self.unrequested.start..self.unrequested.end.min(self.unrequested.start + self.chunk_bytes);
        self.unrequested.start = range.end;
        self.requested = Some(range.clone());
        Some(ReadRequest {
            object: object.clone(),
            path: self.file().path().clone(),
            ranges: vec![range],
            may_end_early: false,
        })
    }

    /// Takes the bytes of the last request.
    ///
    /// # Errors
    /// Fails if they are fewer than requested, because the file was truncated.
    pub(super) fn supply(&mut self, bytes: Vec<Bytes>) -> Result<()> {
        let Some(requested) = self.requested.take() else { return Ok(()) };
        let given: usize = bytes.iter().map(Bytes::len).sum();
        if given as u64 != requested.end - requested.start {
            return Err(Error::Data {
                path: self.file().path().to_path_buf(),
                place: format!(", byte {}", requested.start + given as u64),
                message:
                    "the file ends here, and was longer when the job began; do not change files while they are read"
                        .into(),
            });
        }
        self.arrived.extend(bytes.into_iter().filter(|bytes| !bytes.is_empty()));
        Ok(())
    }

    /// Returns the next bytes of the split.
    ///
    /// # Errors
    /// Fails if encoded bytes are damaged.
    pub(super) fn next(&mut self) -> Result<NextChunk> {
        let chunk = match self.decoder.take() {
            None => self.arrived.pop_front(),
            Some(decoder) => self.decoded(decoder)?,
        };
        Ok(match chunk {
            Some(chunk) => NextChunk::Chunk(chunk),
            None if self.requested.is_some() || !self.unrequested.is_empty() => NextChunk::Starved,
            None => NextChunk::End,
        })
    }

    fn decoded(&mut self, mut decoder: ContentDecoder) -> Result<Option<Bytes>> {
        let mut out = Vec::new();
        let result = self.decode(&mut decoder, &mut out);
        let is_finished = result.map_err(|damaged| self.file().damaged(damaged))?;
        if !is_finished {
            self.decoder = Some(decoder);
        }
        Ok((!out.is_empty()).then(|| out.into()))
    }

    /// Decodes about a chunk of what arrived. Returns `true` if the file is at its end.
    fn decode(&mut self, decoder: &mut ContentDecoder, out: &mut Vec<u8>) -> Result<bool, Damaged> {
        let enough = CHUNK_BYTES as usize;
        while out.len() < enough {
            let Some(input) = self.arrived.front_mut() else {
                let is_finished = self.requested.is_none() && self.unrequested.is_empty();
                if is_finished {
                    decoder.finish(out)?;
                    self.skip(out);
                }
                return Ok(is_finished);
            };
            decoder.run(input, out, enough)?;
            if input.is_empty() && out.len() < enough {
                self.arrived.pop_front();
            }
            self.skip(out);
        }
        Ok(false)
    }

    /// Drops decoded bytes that lie before the split.
    fn skip(&mut self, out: &mut Vec<u8>) {
        let before = out.len().min(usize::try_from(self.skipped).unwrap_or(usize::MAX));
        out.drain(..before);
        self.skipped -= before as u64;
    }
}
