//! Chunks of files that are made of lines, as blocks of whole records.
//!
//! [`Blocks`] hands on whole records: most of each chunk as it is, and the record that lies across two chunks as a block of its own.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use memchr::memchr;

use super::array_elements::Elements;
use super::chunks::{Chunks, NextChunk};
use super::files::InputFile;
use super::record_ends::{is_odd, last_record_end, record_end};
use runtime::error::{Mib, Result};
use runtime::memory::{Memory, Reservation};
use runtime::source::{ReadRequest, Split};

pub(super) use super::chunks::CHUNK_BYTES;

/// Places of texts in a block are held in 32 bits, with one to spare.
const LONGEST_RECORD_BYTES: usize = 1 << 31;

/// Whole records, in a row.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// The records, each with its newline but for the last of a file.
    pub(super) bytes: Bytes,
    /// Where they begin in the file, or in what a compressed file holds.
    pub(super) offset: u64,
}

/// What comes next.
pub(super) enum Next {
    /// Records.
    Block(Block),
    /// More bytes are needed.
    Starved,
    /// The split is at its end.
    End,
}

/// Reads one split after another.
pub(super) struct Blocks {
    quote: Option<u8>,
    /// The files that are one array of JSON, whose elements are handed on as lines.
    arrays: Arc<[bool]>,
    elements: Option<Elements>,
    chunks: Chunks,
    /// Blocks that were put back.
    returned: VecDeque<Block>,
    /// What of a chunk comes behind a carried record.
    rest: Option<Bytes>,
    /// The beginning of a record that goes on in the next chunk.
    carry: Vec<u8>,
    /// Whether the carry ends between quotes.
    inside: bool,
    /// Where the first byte that was not handed on lies.
    offset: u64,
    buffers: Reservation,
    /// What of the reservation does not belong to the carry.
    chunks_bytes: usize,
}

impl Blocks {
    /// Nothing yet; `columns_bytes` are reserved besides the chunks.
    ///
    /// # Errors
    /// Where memory is refused.
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
            inside: false,
            offset: 0,
            buffers: memory.reserve(chunks_bytes)?,
            chunks_bytes,
        })
    }

    /// The same for files of which some are one array of JSON.
    pub(super) fn with_arrays(self, arrays: Arc<[bool]>) -> Self {
        Blocks { arrays, ..self }
    }

    /// Starts a split.
    ///
    /// # Errors
    /// Where its file cannot be opened.
    pub(super) fn open(&mut self, split: &Split) -> Result<()> {
        self.chunks.open(split)?;
        self.elements = self.arrays.get(split.part).is_some_and(|&is_array| is_array).then(Elements::default);
        self.offset = split.range.start;
        self.rest = None;
        self.returned.clear();
        // A very long record took much; the next ones are hardly as long.
        self.carry = Vec::new();
        self.buffers.resize(self.chunks_bytes)?;
        self.inside = false;
        Ok(())
    }

    /// The file that is read.
    pub(super) fn file(&self) -> &InputFile {
        self.chunks.file()
    }

    /// The next chunk, as long as fewer than two wait.
    pub(super) fn wants(&mut self) -> Option<ReadRequest> {
        self.chunks.wants()
    }

    /// The bytes of the last request.
    ///
    /// # Errors
    /// Where they are fewer than asked for: the file was cut meanwhile.
    pub(super) fn supply(&mut self, bytes: Vec<Bytes>) -> Result<()> {
        self.chunks.supply(bytes)
    }

    /// The next records.
    ///
    /// # Errors
    /// Where a record is longer than memory allows, or compressed bytes are damaged.
    pub(super) fn next(&mut self) -> Result<Next> {
        if let Some(block) = self.returned.pop_front() {
            return Ok(Next::Block(block));
        }
        loop {
            let chunk = match self.next_chunk()? {
                NextChunk::Chunk(chunk) => chunk,
                NextChunk::Starved => return Ok(Next::Starved),
                NextChunk::End if self.carry.is_empty() => return Ok(Next::End),
                NextChunk::End => return Ok(self.hand_on_carry()),
            };
            if !self.carry.is_empty() {
                let (end, whole) = self.end_of_carried(&chunk);
                self.carry_on(&chunk[..end])?;
                if end < chunk.len() {
                    self.rest = Some(chunk.slice(end..));
                }
                if whole {
                    return Ok(self.hand_on_carry());
                }
                continue;
            }
            let end = last_record_end(&chunk, self.quote);
            self.inside = self.quote.is_some_and(|quote| is_odd(quote, &chunk[end..]));
            self.carry_on(&chunk[end..])?;
            if end > 0 {
                return Ok(self.hand_on(chunk.slice(..end)));
            }
        }
    }

    /// Takes parts of the last block back, to hand them on one by one.
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
                match elements.divide(&mut bytes) {
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

    /// How much of a chunk belongs to the carried record, and whether that ends it.
    fn end_of_carried(&mut self, chunk: &[u8]) -> (usize, bool) {
        let end = match self.quote {
            None => memchr(b'\n', chunk).map(|newline| newline + 1),
            Some(quote) => record_end(chunk, quote, &mut self.inside),
        };
        (end.unwrap_or(chunk.len()), end.is_some())
    }

    fn carry_on(&mut self, bytes: &[u8]) -> Result<()> {
        let length = self.carry.len() + bytes.len();
        if length > LONGEST_RECORD_BYTES {
            let message = format!("a record of more than {} begins here, at byte {}", Mib(length), self.offset);
            return Err(self.file().data_error(self.offset, message));
        }
        if length > self.carry.capacity() && length as u64 > CHUNK_BYTES {
            // A vector grows to twice its size, and both are there while it is copied.
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

    fn hand_on_carry(&mut self) -> Next {
        let record = std::mem::take(&mut self.carry);
        self.inside = false;
        self.hand_on(record.into())
    }

    fn hand_on(&mut self, bytes: Bytes) -> Next {
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        Next::Block(Block { bytes, offset })
    }
}
