//! Cuts the chunks of line-based files into blocks of whole records.
//!
//! A block is most of a chunk, without a copy. A record that spans two chunks is copied into a
//! block of its own.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use memchr::memchr;

use super::array_elements::ArrayRewriter;
use super::chunks::{Chunks, NextChunk};
use super::files::InputFile;
use super::record_ends::{has_odd_count, last_record_end, record_end};
use runtime::error::{Mib, Result};
use runtime::memory::{Memory, Reservation};
use runtime::source::{ReadRequest, Split};

pub(super) use super::chunks::CHUNK_BYTES;

/// Offsets of texts in a block have 32 bits, with one bit to spare.
const LONGEST_RECORD_BYTES: usize = 1 << 31;

/// Consecutive whole records.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// The records, each with its newline, except perhaps the last of a file.
    pub(super) bytes: Bytes,
    /// Offset of the first byte in the content of the file.
    pub(super) offset: u64,
}

/// Result of [`Blocks::next`].
pub(super) enum NextBlock {
    Block(Block),
    /// More bytes of the file are needed.
    Starved,
    /// The split has ended.
    End,
}

/// Reads one split after another as blocks.
pub(super) struct Blocks {
    quote: Option<u8>,
    /// By file: `true` if the file is one JSON array, whose elements are returned as lines.
    arrays: Arc<[bool]>,
    elements: Option<ArrayRewriter>,
    chunks: Chunks,
    /// Blocks that were put back, to be returned first.
    returned: VecDeque<Block>,
    /// Rest of a chunk after a carried record.
    rest: Option<Bytes>,
    /// Beginning of a record that continues in the next chunk.
    carry: Vec<u8>,
    /// `true` if `carry` ends between quotes.
    in_quotes: bool,
    /// Offset in the content of the first byte that was not returned yet.
    offset: u64,
    buffers: Reservation,
    /// Bytes of the reservation without those for `carry`.
    chunks_bytes: usize,
}

impl Blocks {
    /// Creates a reader without a split. Reserves `columns_bytes` in addition to the chunks.
    ///
    /// # Errors
    /// Fails if memory is refused.
    pub(super) fn new(
        files: Arc<[InputFile]>,
        quote: Option<u8>,
        memory: &Memory,
        columns_bytes: usize,
    ) -> Result<Self> {
        let chunks_bytes = Chunks::bytes(&files) + columns_bytes;
        Ok(Blocks {
            quote,
            arrays: Arc::default(),
            elements: None,
            chunks: Chunks::new(files, CHUNK_BYTES),
            returned: VecDeque::new(),
            rest: None,
            carry: Vec::new(),
            in_quotes: false,
            offset: 0,
            buffers: memory.reserve(chunks_bytes)?,
            chunks_bytes,
        })
    }

    /// Sets the files that are one JSON array.
    pub(super) fn with_arrays(self, arrays: Arc<[bool]>) -> Self {
        Blocks { arrays, ..self }
    }

    /// Opens a split.
    ///
    /// # Errors
    /// Fails if its file cannot be opened.
    pub(super) fn open(&mut self, split: &Split) -> Result<()> {
        self.chunks.open(split)?;
        self.elements = self.arrays.get(split.part).is_some_and(|&is_array| is_array).then(ArrayRewriter::default);
        self.offset = split.range.start;
        self.rest = None;
        self.returned.clear();
        // Frees the buffer of a very long record. The next records are probably shorter.
        self.carry = Vec::new();
        self.buffers.resize(self.chunks_bytes)?;
        self.in_quotes = false;
        Ok(())
    }

    /// Returns the file of the current split.
    pub(super) fn file(&self) -> &InputFile {
        self.chunks.file()
    }

    /// Returns a request for the next chunk, or `None` if none is needed now.
    pub(super) fn wants(&mut self) -> Option<ReadRequest> {
        self.chunks.wants()
    }

    /// Takes the bytes of the last request.
    ///
    /// # Errors
    /// Fails if they are fewer than requested, because the file was truncated.
    pub(super) fn supply(&mut self, bytes: Vec<Bytes>) -> Result<()> {
        self.chunks.supply(bytes)
    }

    /// Returns the next block of records.
    ///
    /// # Errors
    /// Fails if a record is longer than memory allows, or if encoded bytes are damaged.
    pub(super) fn next(&mut self) -> Result<NextBlock> {
        if let Some(block) = self.returned.pop_front() {
            return Ok(NextBlock::Block(block));
        }
        loop {
            let chunk = match self.next_chunk()? {
                NextChunk::Chunk(chunk) => chunk,
                NextChunk::Starved => return Ok(NextBlock::Starved),
                NextChunk::End if self.carry.is_empty() => return Ok(NextBlock::End),
                NextChunk::End => return Ok(self.emit_carry()),
            };
            if !self.carry.is_empty() {
                let (end, whole) = self.end_of_carried(&chunk);
                self.extend_carry(&chunk[..end])?;
                if end < chunk.len() {
                    self.rest = Some(chunk.slice(end..));
                }
                if whole {
                    return Ok(self.emit_carry());
                }
                continue;
            }
            let end = last_record_end(&chunk, self.quote);
            self.in_quotes = self.quote.is_some_and(|quote| has_odd_count(quote, &chunk[end..]));
            self.extend_carry(&chunk[end..])?;
            if end > 0 {
                return Ok(self.emit(chunk.slice(..end)));
            }
        }
    }

    /// Puts parts of the last block back. They are returned again one by one.
    pub(super) fn put_back(&mut self, blocks: impl Iterator<Item = Block>) {
        self.returned.extend(blocks);
    }

    fn next_chunk(&mut self) -> Result<NextChunk> {
        if let Some(rest) = self.rest.take() {
            return Ok(NextChunk::Chunk(rest));
        }
        let next = self.chunks.next()?;
        let Some(elements) = &mut self.elements else { return Ok(next) };
        let begin = self.offset + self.carry.len() as u64;
        match next {
            NextChunk::Chunk(chunk) => {
                let mut bytes = Vec::from(chunk);
                match elements.rewrite(&mut bytes) {
                    Ok(()) => Ok(NextChunk::Chunk(bytes.into())),
                    Err((at, message)) => Err(self.chunks.file().data_error(begin + at as u64, message)),
                }
            }
            NextChunk::End => match elements.unfinished() {
                None => Ok(NextChunk::End),
                Some(message) => Err(self.chunks.file().data_error(begin, message)),
            },
            NextChunk::Starved => Ok(NextChunk::Starved),
        }
    }

    /// Returns the number of bytes of a chunk that belong to the carried record, and whether the
    /// record ends there.
    fn end_of_carried(&mut self, chunk: &[u8]) -> (usize, bool) {
        let end = match self.quote {
            None => memchr(b'\n', chunk).map(|newline| newline + 1),
            Some(quote) => record_end(chunk, quote, &mut self.in_quotes),
        };
        (end.unwrap_or(chunk.len()), end.is_some())
    }

    fn extend_carry(&mut self, bytes: &[u8]) -> Result<()> {
        let length = self.carry.len() + bytes.len();
        if length > LONGEST_RECORD_BYTES {
            let message = format!("a record of more than {} begins here, at byte {}", Mib(length), self.offset);
            return Err(self.file().data_error(self.offset, message));
        }
        if length > self.carry.capacity() && length as u64 > CHUNK_BYTES {
            // A vector doubles its size, and both buffers exist during the copy.
            self.buffers.resize(self.chunks_bytes + 3 * length).map_err(|error| {
                let begin = self.offset;
                let size = Mib(length);
                self.file()
                    .data_error(begin, format!("a record of more than {size} begins here, at byte {begin}: {error}"))
            })?;
        }
        self.carry.extend_from_slice(bytes);
        Ok(())
    }

    fn emit_carry(&mut self) -> NextBlock {
        let record = std::mem::take(&mut self.carry);
        self.in_quotes = false;
        self.emit(record.into())
    }

    fn emit(&mut self, bytes: Bytes) -> NextBlock {
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        NextBlock::Block(Block { bytes, offset })
    }
}
