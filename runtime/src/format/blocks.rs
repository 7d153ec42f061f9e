//! Chunks of files that are made of lines, as blocks of whole records.
//!
//! [`Blocks`] asks for a split chunk by chunk, one chunk ahead, and hands on whole records: most of each chunk as it is, and the
//! record that lies across two chunks as a block of its own. A compressed file is asked for from its beginning, and what it holds is
//! cut into such chunks.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use memchr::memchr;

use super::compression::{Compression, Damaged, Decompressor};
use super::files::InputFile;
use super::record_ends::{is_odd, last_record_end, record_end};
use crate::error::{Error, Mib, Result};
use crate::memory::{Memory, Reservation};
use crate::source::{ReadRequest, Split};

/// Bytes asked for at once: enough for a disk, and a decoded chunk still fits a core's second cache.
pub(super) const CHUNK_BYTES: u64 = 1 << 20;

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
    files: Arc<[InputFile]>,
    part: usize,
    handle: Option<Arc<std::fs::File>>,
    /// What was not asked for yet.
    left: Range<u64>,
    asked: Option<Range<u64>>,
    arrived: VecDeque<Bytes>,
    /// For a compressed file, until it is at its end.
    decompressor: Option<Decompressor>,
    /// Decompressed bytes before the split.
    skipped: u64,
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
        let largest = files.iter().map(InputFile::bytes).max().unwrap_or(0);
        // The chunk that is read, the one that is looked at, and the one that was read ahead.
        let mut chunks_bytes = 3 * largest.min(CHUNK_BYTES) as usize + columns_bytes;
        if let Some(decoder_bytes) =
            files.iter().filter_map(InputFile::compression).map(Compression::decoder_bytes).max()
        {
            // The chunk that is filled, which may get a block too much, and the one that is looked at.
            chunks_bytes += decoder_bytes + 3 * CHUNK_BYTES as usize;
        }
        Ok(Blocks {
            quote,
            files,
            part: 0,
            handle: None,
            left: 0..0,
            asked: None,
            arrived: VecDeque::new(),
            decompressor: None,
            skipped: 0,
            returned: VecDeque::new(),
            rest: None,
            carry: Vec::new(),
            inside: false,
            offset: 0,
            buffers: memory.reserve(chunks_bytes)?,
            chunks_bytes,
        })
    }

    /// Starts a split.
    ///
    /// # Errors
    /// Where its file cannot be opened.
    pub(super) fn open(&mut self, split: &Split) -> Result<()> {
        let file =
            self.files.get(split.part).ok_or_else(|| Error::Internal(format!("a split of file {}", split.part)))?;
        self.handle = Some(file.open()?);
        self.part = split.part;
        self.decompressor = file.compression().map(Decompressor::new).transpose()?;
        (self.left, self.skipped) = match self.decompressor {
            Some(_) => (0..file.bytes(), split.range.start),
            None => (split.range.clone(), 0),
        };
        self.offset = split.range.start;
        self.asked = None;
        self.arrived.clear();
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
        &self.files[self.part]
    }

    /// The next chunk, as long as fewer than two wait.
    pub(super) fn wants(&mut self) -> Option<ReadRequest> {
        let handle = self.handle.as_ref()?;
        if self.asked.is_some() || self.arrived.len() >= 2 || self.left.is_empty() {
            return None;
        }
        let range = self.left.start..self.left.end.min(self.left.start + CHUNK_BYTES);
        self.left.start = range.end;
        self.asked = Some(range.clone());
        Some(ReadRequest { file: handle.clone(), path: self.file().path().clone(), ranges: vec![range] })
    }

    /// The bytes of the last request.
    ///
    /// # Errors
    /// Where they are fewer than asked for: the file was cut meanwhile.
    pub(super) fn supply(&mut self, bytes: Vec<Bytes>) -> Result<()> {
        let Some(asked) = self.asked.take() else { return Ok(()) };
        let given: usize = bytes.iter().map(Bytes::len).sum();
        if given as u64 != asked.end - asked.start {
            return Err(Error::Data {
                path: self.file().path().to_path_buf(),
                place: format!(", byte {}", asked.start + given as u64),
                message:
                    "the file ends here, and was longer when the job began; do not change files while they are read"
                        .into(),
            });
        }
        self.arrived.extend(bytes.into_iter().filter(|bytes| !bytes.is_empty()));
        Ok(())
    }

    /// The next records.
    ///
    /// # Errors
    /// Where a record is longer than memory allows, or compressed bytes are damaged.
    pub(super) fn next(&mut self) -> Result<Next> {
        if let Some(block) = self.returned.pop_front() {
            return Ok(Next::Block(block));
        }
        while let Some(chunk) = self.next_chunk()? {
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
        match (self.asked.is_some() || !self.left.is_empty(), self.carry.is_empty()) {
            (true, _) => Ok(Next::Starved),
            (false, false) => Ok(self.hand_on_carry()),
            (false, true) => Ok(Next::End),
        }
    }

    /// Takes parts of the last block back, to hand them on one by one.
    pub(super) fn put_back(&mut self, blocks: impl Iterator<Item = Block>) {
        self.returned.extend(blocks);
    }

    fn next_chunk(&mut self) -> Result<Option<Bytes>> {
        if let Some(rest) = self.rest.take() {
            return Ok(Some(rest));
        }
        let Some(mut decompressor) = self.decompressor.take() else {
            return Ok(self.arrived.pop_front());
        };
        let mut out = Vec::new();
        let result = self.decompress(&mut decompressor, &mut out);
        let is_finished = result.map_err(|damaged| self.file().damaged(damaged))?;
        if !is_finished {
            self.decompressor = Some(decompressor);
        }
        Ok((!out.is_empty()).then(|| out.into()))
    }

    /// Decompresses about a chunk of what arrived; answers whether the file is at its end.
    fn decompress(&mut self, decompressor: &mut Decompressor, out: &mut Vec<u8>) -> Result<bool, Damaged> {
        let enough = CHUNK_BYTES as usize;
        while out.len() < enough {
            let Some(input) = self.arrived.front_mut() else {
                let is_finished = self.asked.is_none() && self.left.is_empty();
                if is_finished {
                    decompressor.finish(out)?;
                    self.skip(out);
                }
                return Ok(is_finished);
            };
            decompressor.run(input, out, enough)?;
            if input.is_empty() && out.len() < enough {
                self.arrived.pop_front();
            }
            self.skip(out);
        }
        Ok(false)
    }

    /// Drops what stands before the split.
    fn skip(&mut self, out: &mut Vec<u8>) {
        let before = out.len().min(usize::try_from(self.skipped).unwrap_or(usize::MAX));
        out.drain(..before);
        self.skipped -= before as u64;
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
