//! Decodes the blocks of native files.

use std::sync::Arc;

use bytes::Bytes;

use super::columns::{LeafColumn, batch_of, block};
use super::frame::{HEAD_BYTES, Head};
use super::mapping::{FileMapping, LeafPlan};
use crate::chunks::{CHUNK_BYTES, Chunks, NextChunk};
use crate::files::InputFile;
use runtime::error::{Error, Mib, Result};
use runtime::memory::{Memory, Reservation};
use runtime::page::Batch;
use runtime::row::{LeafSet, Schema};
use runtime::source::{Position, RangeReader, ReadRequest, Ready, Split};

/// Input that a source shares with its readers.
pub(super) struct NativeInput {
    pub(super) files: Arc<[InputFile]>,
    pub(super) mappings: Vec<FileMapping>,
    pub(super) schema: Schema,
}

const TRUNCATED: &str = "the file ends before its last block; it was cut, get it again";

/// Reads splits of native files. A block is a batch.
pub(super) struct NativeReader {
    shared: Arc<NativeInput>,
    live: LeafSet,
    part: usize,
    /// Sources of the leaves in the current file.
    plans: Vec<Option<LeafPlan>>,
    chunks: Chunks,
    /// The rest of the current chunk.
    waiting: Bytes,
    /// Beginning of a head or body that spans chunks.
    carry: Vec<u8>,
    /// Offset of the next head or body in the content of the file.
    offset: u64,
    state: ReadState,
    /// Rows and blocks so far. The end of a compressed file is checked against them.
    seen: (u64, u64),
    rows: usize,
    held: Vec<LeafColumn>,
    reserved: Reservation,
    chunks_bytes: usize,
}

/// The next part of the split.
#[derive(Clone, Copy)]
enum ReadState {
    Head,
    Body { rows: u32, body_bytes: u32, checksum: u64 },
    Done,
}

/// Result of [`NativeReader::piece`].
enum Piece {
    Whole(Bytes),
    Starved,
    /// The split ends before the piece is whole.
    End,
}

impl NativeReader {
    pub(super) fn new(shared: Arc<NativeInput>, live: &LeafSet, memory: &Memory) -> Result<Self> {
        let chunks_bytes = Chunks::bytes(&shared.files);
        Ok(NativeReader {
            live: live.clone(),
            part: 0,
            plans: Vec::new(),
            chunks: Chunks::new(shared.files.clone(), CHUNK_BYTES),
            waiting: Bytes::new(),
            carry: Vec::new(),
            offset: 0,
            state: ReadState::Done,
            seen: (0, 0),
            rows: 0,
            held: Vec::new(),
            reserved: memory.reserve(chunks_bytes)?,
            chunks_bytes,
            shared,
        })
    }

    fn is_compressed(&self) -> bool {
        self.chunks.file().compression().is_some()
    }

    fn error(&self, place: &str, message: impl Into<String>) -> Error {
        let whose = if self.is_compressed() { " of what the file holds" } else { "" };
        let place = format!(", byte {}{whose}{place}", self.offset);
        Error::Data { path: self.chunks.file().path().to_path_buf(), place, message: message.into() }
    }

    /// Returns the next `needed` bytes in one piece.
    fn piece(&mut self, needed: usize) -> Result<Piece> {
        loop {
            if self.carry.is_empty() && self.waiting.len() >= needed {
                return Ok(Piece::Whole(self.waiting.split_to(needed)));
            }
            let missing = (needed - self.carry.len()).min(self.waiting.len());
            self.carry.reserve_exact(needed - self.carry.len());
            self.carry.extend_from_slice(&self.waiting.split_to(missing));
            if self.carry.len() == needed {
                return Ok(Piece::Whole(std::mem::take(&mut self.carry).into()));
            }
            match self.chunks.next()? {
                NextChunk::Chunk(chunk) => self.waiting = chunk,
                NextChunk::Starved => return Ok(Piece::Starved),
                NextChunk::End => return Ok(Piece::End),
            }
        }
    }

    fn head(&mut self, bytes: &[u8]) -> Result<()> {
        let head = bytes.first_chunk().ok_or_else(|| self.error("", TRUNCATED))?;
        let seed = self.shared.mappings[self.part].seed(self.offset);
        match Head::read(head, seed).map_err(|message| self.error("", message))? {
            Head::Block { rows, body_bytes, checksum } => {
                self.seen = (self.seen.0 + u64::from(rows), self.seen.1 + 1);
                self.state = ReadState::Body { rows, body_bytes, checksum };
                // Covers a body that spans chunks, which is copied, and the decoded leaves.
                let bytes = self.chunks_bytes.saturating_add(3 * body_bytes as usize);
                let size = Mib(body_bytes as usize);
                self.reserved.resize(bytes).map_err(|error| self.error("", format!("a block of {size}: {error}")))?;
            }
            Head::End { rows, blocks, .. } if (rows, blocks) == self.seen => self.state = ReadState::Done,
            Head::End { rows, blocks, .. } => {
                let (seen_rows, seen_blocks) = self.seen;
                let message = format!(
                    "the file is damaged: expected {rows} records in {blocks} blocks, found {seen_rows} in {seen_blocks}"
                );
                return Err(self.error("", message));
            }
        }
        self.offset += HEAD_BYTES as u64;
        Ok(())
    }

    fn body(&mut self, body: &Bytes, rows: usize, checksum: u64) -> Result<()> {
        let columns = &self.shared.mappings[self.part].columns;
        let held = block(body, (rows, checksum), columns, &self.plans, &self.shared.schema);
        self.held = held.map_err(|fault| self.error(&fault.place, fault.message))?;
        self.rows = rows;
        self.offset += body.len() as u64;
        self.state = ReadState::Head;
        Ok(())
    }

    /// Ends the split. A part of a file may end between any two blocks, a compressed file only
    /// after its end.
    fn end(&mut self) -> Result<Ready> {
        let is_between = matches!(self.state, ReadState::Head) && !self.is_compressed();
        if !self.carry.is_empty() || !(is_between || matches!(self.state, ReadState::Done)) {
            return Err(self.error("", TRUNCATED));
        }
        self.state = ReadState::Done;
        Ok(Ready::End)
    }
}

impl RangeReader for NativeReader {
    fn open(&mut self, split: &Split, _: Option<&Position>) -> Result<()> {
        self.chunks.open(split)?;
        (self.part, self.offset, self.seen, self.state) = (split.part, split.range.start, (0, 0), ReadState::Head);
        self.plans = self.shared.mappings[self.part].plans(self.chunks.file().path(), &self.live)?;
        (self.waiting, self.carry, self.rows) = (Bytes::new(), Vec::new(), 0);
        self.held.clear();
        self.reserved.resize(self.chunks_bytes)
    }

    fn wants(&mut self) -> Option<ReadRequest> {
        self.chunks.wants()
    }

    fn supply(&mut self, bytes: Vec<Bytes>) -> Result<()> {
        self.chunks.supply(bytes)
    }

    fn advance(&mut self) -> Result<Ready> {
        self.rows = 0;
        self.held.clear();
        loop {
            let needed = match self.state {
                ReadState::Head => HEAD_BYTES,
                ReadState::Body { body_bytes, .. } => body_bytes as usize,
                // No byte may follow.
                ReadState::Done => 1,
            };
            let piece = match self.piece(needed)? {
                Piece::Whole(piece) => piece,
                Piece::Starved => return Ok(Ready::Starved),
                Piece::End => return self.end(),
            };
            match self.state {
                ReadState::Head => self.head(&piece)?,
                ReadState::Done => return Err(self.error("", "the file is damaged: bytes follow the end")),
                ReadState::Body { rows, checksum, .. } => {
                    self.body(&piece, rows as usize, checksum)?;
                    if rows > 0 {
                        return Ok(Ready::Batch);
                    }
                }
            }
        }
    }

    fn batch(&self) -> Result<Batch<'_>> {
        batch_of(&self.held, self.rows, &self.shared.schema)
    }
}
