//! Decodes the blocks of a split that may still grow.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::{Buf, Bytes};

use super::appender::{check_counts, checksum_with_head};
use super::header::Header;
use super::input::{LogInput, LogSplit, ReadBlock, checksum_of, offset_of};
use crate::native::{HEAD_BYTES, Head, LeafColumn, LeafPlan, PREFIX_BYTES, batch_of, block};
use runtime::error::{Error, Mib, Result};
use runtime::memory::{Memory, Reservation};
use runtime::page::Batch;
use runtime::row::LeafSet;
use runtime::source::{Position, RangeReader, ReadRequest, Ready, Split};
use runtime::storage::StoredObject;

/// Bytes per request, unless blocks are larger.
pub(super) const READ_BYTES: u64 = 1 << 20;

/// Reads splits from a position on. A block is a batch.
pub(super) struct LogReader {
    shared: Arc<LogInput>,
    live: LeafSet,
    open: Option<OpenSplit>,
    /// Offset of the first byte that was not taken yet.
    at: u64,
    /// Offset at which reading ends for now.
    end: u64,
    /// Bytes that were read from `at` on.
    bytes: Bytes,
    /// Length of the pending request.
    requested_bytes: Option<u64>,
    /// Bytes that the next piece needs. A request has at least this length.
    needed: u64,
    /// Usual length of a request. It grows with the blocks, so that they are not read in halves.
    read_bytes: u64,
    /// Offset at which damage was found and read a second time.
    reread_at: Option<u64>,
    /// Offset up to which [`RangeReader::take_read_bytes`] has counted.
    counted_to: u64,
    /// The end of the split was read.
    is_sealed: bool,
    /// The last block that was read, by split.
    last_blocks: HashMap<usize, ReadBlock>,
    rows: usize,
    held: Vec<LeafColumn>,
    reserved: Reservation,
}

/// The split that is read.
struct OpenSplit {
    split: Arc<LogSplit>,
    file: Arc<dyn StoredObject>,
    /// Offset from which blocks are read. The bytes before are read only for the header.
    start: u64,
    /// The position at which it was opened. It names the block before.
    from: Position,
    /// Sources of the leaves, once the header is known.
    plans: Option<Vec<Option<LeafPlan>>>,
    /// Totals of the blocks that were read. `None` if reading did not begin with the first block.
    totals: Option<BlockTotals>,
}

/// Totals of all blocks so far, to compare with the split's end and with `log.end`.
#[derive(Clone, Copy)]
struct BlockTotals {
    rows: u64,
    blocks: u64,
    checksum: u64,
}

impl OpenSplit {
    /// Starts the totals. The header must be known.
    fn start_totals(&mut self) {
        let header = self.split.header.get().filter(|header| header.bytes == self.start);
        self.totals = header.map(|header| BlockTotals { rows: 0, blocks: 0, checksum: header.checksum });
    }

    /// Adds a block to the totals.
    fn add_block(&mut self, rows: usize, head: &[u8; HEAD_BYTES]) {
        if let Some(totals) = &mut self.totals {
            totals.rows += rows as u64;
            totals.blocks += 1;
            totals.checksum = checksum_with_head(totals.checksum, head);
        }
    }
}

/// The kind of the next bytes.
enum Piece {
    /// A header, or a block without rows.
    NoRows,
    Rows,
    /// The end of the split.
    Sealed,
    /// More bytes are needed: this many from the current offset on.
    Missing(u64),
}

impl LogReader {
    pub(super) fn new(shared: Arc<LogInput>, live: &LeafSet, memory: &Memory) -> Result<Self> {
        Ok(LogReader {
            live: live.clone(),
            open: None,
            at: 0,
            end: 0,
            bytes: Bytes::new(),
            requested_bytes: None,
            needed: 0,
            read_bytes: READ_BYTES,
            reread_at: None,
            counted_to: 0,
            is_sealed: false,
            last_blocks: HashMap::new(),
            rows: 0,
            held: Vec::new(),
            reserved: memory.reserve(0)?,
            shared,
        })
    }

    fn error(&self, place: &str, message: impl Into<String>) -> Error {
        let path = self
            .open
            .as_ref()
            .map_or_else(|| self.shared.folder.path().to_owned(), |open| open.split.path().to_path_buf());
        Error::Data { path, place: format!(", byte {}{place}", self.at), message: message.into() }
    }

    /// Handles damage in the next bytes. Reads them a second time, because a writer may have
    /// replaced them during the first read. Fails on the second time.
    fn read_again(&mut self, bytes: u64, place: &str, message: String) -> Result<Piece> {
        if self.reread_at.replace(self.at) == Some(self.at) {
            return Err(self.error(place, message));
        }
        self.bytes = Bytes::new();
        Ok(Piece::Missing(bytes))
    }

    fn next_piece(&mut self) -> Result<Piece> {
        match self.open.as_ref().map(|open| open.plans.is_some()) {
            None => Err(Error::Internal("a log is read, and no split is open".to_owned())),
            Some(true) => self.next_block(),
            Some(false) => self.next_header(),
        }
    }

    fn next_header(&mut self) -> Result<Piece> {
        let header = match Header::read(&self.bytes, &self.shared.schema) {
            Err(message) => return self.read_again(PREFIX_BYTES as u64, "", message),
            Ok(None) => return Ok(Piece::Missing(self.bytes.len() as u64 + 1)),
            Ok(Some(header)) => header,
        };
        let Some(open) = &mut self.open else { return Ok(Piece::NoRows) };
        let header = match self.shared.accept(&open.split, header) {
            Ok(header) => header,
            Err(message) => return self.read_again(PREFIX_BYTES as u64, "", message),
        };
        open.plans = Some(header.mapping.plans(open.split.path(), &self.live)?);
        open.start = open.start.max(header.bytes);
        let start = open.start;
        open.start_totals();
        self.skip_to(start);
        Ok(Piece::NoRows)
    }

    /// Skips the bytes before offset `at`.
    fn skip_to(&mut self, at: u64) {
        let passed = usize::try_from(at - self.at).unwrap_or(usize::MAX).min(self.bytes.len());
        self.bytes.advance(passed);
        self.at = at;
    }

    fn next_block(&mut self) -> Result<Piece> {
        let head_bytes = HEAD_BYTES as u64;
        let Some(&head) = self.bytes.first_chunk() else { return Ok(Piece::Missing(head_bytes)) };
        let (rows, body_bytes, checksum) = match Head::read(&head, self.at) {
            Err(message) => return self.read_again(head_bytes, "", message),
            Ok(Head::End { rows, blocks, completes_log }) => return self.sealed(rows, blocks, completes_log),
            Ok(Head::Block { rows, body_bytes, checksum }) => (rows as usize, body_bytes as usize, checksum),
        };
        let length = HEAD_BYTES + body_bytes;
        if self.bytes.len() < length {
            return Ok(Piece::Missing(length as u64));
        }
        // Covers the decoded leaves. The bytes were reserved by the caller that has read them.
        let reserved = self.reserved.resize(2 * body_bytes);
        reserved.map_err(|error| self.error("", format!("a block of {}: {error}", Mib(body_bytes))))?;
        let body = self.bytes.slice(HEAD_BYTES..length);
        match self.decode(&body, rows, checksum) {
            Ok(held) => self.held = held,
            Err((place, message)) => return self.read_again(length as u64, &place, message),
        }
        self.rows = rows;
        self.read_bytes = READ_BYTES.max(2 * length as u64);
        let (begin, end) = (self.at, self.at + length as u64);
        if let Some(open) = &mut self.open {
            open.add_block(rows, &head);
            self.last_blocks.insert(open.split.number, ReadBlock { begin, end, checksum: checksum_of(&head) });
        }
        self.skip_to(end);
        Ok(if rows > 0 { Piece::Rows } else { Piece::NoRows })
    }

    /// Decodes the leaves of a block. Fails with the record and the message.
    fn decode(&self, body: &Bytes, rows: usize, checksum: u64) -> Result<Vec<LeafColumn>, (String, String)> {
        let known = self.open.as_ref().and_then(|open| Some((open.split.header.get()?, open.plans.as_ref()?)));
        let Some((header, plans)) = known else { return Ok(Vec::new()) };
        let held = block(body, (rows, checksum), &header.mapping.columns, plans, &self.shared.schema);
        held.map_err(|fault| (fault.place, fault.message))
    }

    /// Checks the end of a split: no bytes follow, and its totals are those that were read.
    fn sealed(&self, rows: u64, blocks: u64, completes_log: bool) -> Result<Piece> {
        let Some(open) = &self.open else { return Ok(Piece::Sealed) };
        if self.at + (HEAD_BYTES as u64) < self.end {
            return Err(self.error("", "bytes follow the end of the split; get the file again"));
        }
        if let Some(totals) = open.totals {
            check_counts((rows, blocks), (totals.rows, totals.blocks)).map_err(|message| self.error("", message))?;
        }
        if completes_log {
            self.shared.set_final_split(&open.split);
            self.shared.end()?;
        }
        match (self.shared.end_of(&open.split), open.totals) {
            (Some(end), Some(totals)) if end.checksum != totals.checksum => Err(self.error(
                "",
                "the blocks of the split are not those that the log was completed with; get the file again",
            )),
            _ => Ok(Piece::Sealed),
        }
    }

    /// Handles the end of the readable bytes. An incomplete tail is read later, when it is whole.
    fn at_end(&self) -> Result<Ready> {
        let end = self.open.as_ref().and_then(|open| self.shared.end_of(&open.split));
        match end {
            Some(end) if end.bytes <= self.end => {
                Err(self.error("", "the log is complete, and the split has no end; get the file again"))
            }
            _ if self.shared.follows => Ok(Ready::CaughtUp),
            _ => Ok(Ready::End),
        }
    }
}

impl RangeReader for LogReader {
    fn open(&mut self, split: &Split, from: Option<&Position>) -> Result<()> {
        let log_split = self.shared.split(split.part);
        let from_position = from.cloned().unwrap_or_default();
        let (from, end) = (offset_of(from), split.range.end.min(self.shared.length(&log_split)?));
        let file = log_split.open()?;
        let known = log_split.header.get();
        let plans = known.map(|header| header.mapping.plans(log_split.path(), &self.live)).transpose()?;
        let start = known.map_or(from, |header| from.max(header.bytes));
        self.at = if known.is_some() { start } else { 0 };
        if let Some(header) = known {
            let last = self.last_blocks.get(&split.part).copied();
            log_split.check_unchanged(&*file, header, last)?;
        }
        let mut open = OpenSplit { split: log_split, file, start, from: from_position, plans, totals: None };
        open.start_totals();
        self.open = Some(open);
        (self.end, self.bytes, self.requested_bytes, self.needed) = (end, Bytes::new(), None, 0);
        (self.rows, self.reread_at, self.counted_to, self.is_sealed) = (0, None, from, false);
        self.held.clear();
        Ok(())
    }

    fn wants(&mut self) -> Option<ReadRequest> {
        let open = self.open.as_ref()?;
        if self.requested_bytes.is_some() || !self.bytes.is_empty() || self.at >= self.end {
            return None;
        }
        let range = self.at..self.end.min(self.at.saturating_add(self.needed.max(self.read_bytes)));
        self.requested_bytes = Some(range.end - range.start);
        let (object, path) = (open.file.clone(), open.split.shared_path().clone());
        Some(ReadRequest { object, path, ranges: vec![range], may_end_early: true })
    }

    fn supply(&mut self, bytes: Vec<Bytes>) -> Result<()> {
        if let Some(requested_bytes) = self.requested_bytes.take() {
            self.bytes = bytes.into_iter().next().unwrap_or_default();
            let arrived = self.bytes.len() as u64;
            if arrived < requested_bytes {
                // The incomplete tail was cut off in between.
                self.end = self.at + arrived;
            }
        }
        Ok(())
    }

    fn advance(&mut self) -> Result<Ready> {
        self.rows = 0;
        self.held.clear();
        loop {
            if self.requested_bytes.is_some() {
                return Ok(Ready::Starved);
            }
            match self.next_piece()? {
                Piece::NoRows => {}
                Piece::Rows => return Ok(Ready::Batch),
                Piece::Sealed => {
                    self.is_sealed = true;
                    return Ok(Ready::End);
                }
                Piece::Missing(_) if self.at + self.bytes.len() as u64 >= self.end => return self.at_end(),
                Piece::Missing(needed) => {
                    (self.needed, self.bytes) = (needed, Bytes::new());
                    return Ok(Ready::Starved);
                }
            }
        }
    }

    fn position(&self) -> Position {
        let Some(open) = &self.open else { return Position::default() };
        let offset = if open.plans.is_some() { self.at } else { open.start };
        if offset == offset_of(Some(&open.from)) {
            return open.from.clone();
        }
        open.split.position(offset, self.last_blocks.get(&open.split.number).copied())
    }

    fn available(&mut self, split: &Split, from: Option<&Position>) -> Result<Option<u64>> {
        let log_split = self.shared.split(split.part);
        let (length, from) = (self.shared.length(&log_split)?, offset_of(from));
        match length.checked_sub(from) {
            Some(available) => Ok(Some(available)),
            None => Err(Error::Plan(format!(
                "{} was read up to byte {from} and now ends at byte {length}: it was replaced or cut off; put the file back",
                log_split.path().display()
            ))),
        }
    }

    fn take_read_bytes(&mut self) -> u64 {
        let read_to = self.at + if self.is_sealed { HEAD_BYTES as u64 } else { 0 };
        let read = read_to.saturating_sub(self.counted_to);
        self.counted_to += read;
        read
    }

    fn batch(&self) -> Result<Batch<'_>> {
        batch_of(&self.held, self.rows, &self.shared.schema)
    }
}
