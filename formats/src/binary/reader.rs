//! Reads records of fixed width without a copy.

use std::sync::Arc;

use bytes::Bytes;

use super::packed::{Packed, first_invalid};
use crate::BATCH_ROWS;
use crate::chunks::{CHUNK_BYTES, Chunks, NextChunk};
use crate::files::InputFile;
use runtime::error::{Error, Result};
use runtime::memory::{Memory, Reservation};
use runtime::page::{Batch, Columns};
use runtime::row::{LeafSet, LeafType, Schema};
use runtime::source::{Position, RangeReader, ReadRequest, Ready, Split};

/// Input that a source shares with its readers.
pub(super) struct BinaryInput {
    pub(super) files: Arc<[InputFile]>,
    pub(super) schema: Schema,
    pub(super) packed: Packed,
}

impl BinaryInput {
    /// Returns the message about bytes after the last whole record.
    pub(super) fn left_over(&self, bytes: u64) -> String {
        format!(
            "{bytes} bytes are left over behind the last record, as one of {} has {} bytes; the file was cut, or holds other records",
            self.schema.describe(),
            self.packed.width
        )
    }
}

/// Reads splits of binary files.
pub(super) struct BinaryReader {
    shared: Arc<BinaryInput>,
    live: LeafSet,
    /// Type and offset of live leaves for which not all bytes are valid.
    checked: Vec<(LeafType, usize)>,
    chunks: Chunks,
    /// The batch: whole records, as they were read.
    records: Bytes,
    rows: usize,
    /// Beginning of a record that continues in the next chunk. Only for compressed files, since
    /// other chunks hold whole records.
    carry: Vec<u8>,
    /// Offset of the batch in the content of the file.
    offset: u64,
    /// Records of the split that were not emitted yet, if `is_counted`.
    uncounted: u64,
    /// No leaf is live and the file is not compressed: records are counted by the file's length.
    is_counted: bool,
    _reserved: Reservation,
}

impl BinaryReader {
    pub(super) fn new(shared: Arc<BinaryInput>, live: &LeafSet, memory: &Memory) -> Result<Self> {
        let width = shared.packed.width as u64;
        let chunk_bytes = (CHUNK_BYTES / width * width).max(width);
        let needs_check = |ty: &LeafType| matches!(ty, LeafType::Bool | LeafType::Char | LeafType::Tag(_));
        let leaves = shared.schema.types().into_iter().zip(shared.packed.offsets.iter().copied()).enumerate();
        let checked = leaves.filter(|(leaf, (ty, _))| live.contains(*leaf) && needs_check(ty)).map(|(_, leaf)| leaf);
        Ok(BinaryReader {
            checked: checked.collect(),
            live: live.clone(),
            chunks: Chunks::new(shared.files.clone(), chunk_bytes),
            records: Bytes::new(),
            rows: 0,
            carry: Vec::new(),
            offset: 0,
            uncounted: 0,
            is_counted: false,
            _reserved: memory.reserve(Chunks::bytes(&shared.files))?,
            shared,
        })
    }

    fn clear(&mut self) {
        self.offset += self.records.len() as u64;
        self.records = Bytes::new();
        self.rows = 0;
    }

    /// Takes the whole records of a chunk as the batch.
    fn take(&mut self, chunk: Bytes) {
        let width = self.shared.packed.width;
        let bytes = match self.carry.is_empty() {
            true => chunk,
            false => {
                self.carry.extend_from_slice(&chunk);
                std::mem::take(&mut self.carry).into()
            }
        };
        self.rows = bytes.len() / width;
        let whole = self.rows * width;
        self.carry.extend_from_slice(&bytes[whole..]);
        self.records = bytes.slice(..whole);
    }

    /// Checks that the bytes of the live leaves are values of their types.
    fn check(&self) -> Result<()> {
        let width = self.shared.packed.width;
        for &(ty, offset) in &self.checked {
            if let Some((row, message)) = first_invalid(ty, &self.records, offset, width) {
                let byte = self.offset + (row * width + offset) as u64;
                let leaf = self.shared.packed.offsets.iter().position(|&place| place == offset);
                let path = leaf.and_then(|leaf| self.shared.schema.leaves().get(leaf)).map(|leaf| leaf.path.as_str());
                let column = match path {
                    None | Some("") => String::new(),
                    Some(path) => format!("column `{path}`: "),
                };
                let place = format!(", record {} (byte {byte})", self.offset / width as u64 + row as u64 + 1);
                return Err(self.error(place, format!("{column}{message}")));
            }
        }
        Ok(())
    }

    fn error(&self, place: String, message: String) -> Error {
        Error::Data { path: self.chunks.file().path().to_path_buf(), place, message }
    }
}

impl RangeReader for BinaryReader {
    fn open(&mut self, split: &Split, _: Option<&Position>) -> Result<()> {
        (self.records, self.rows, self.offset) = (Bytes::new(), 0, split.range.start);
        self.carry.clear();
        self.chunks.open(split)?;
        let is_counted = self.live.is_empty() && self.chunks.file().compression().is_none();
        let records = (split.range.end - split.range.start) / self.shared.packed.width as u64;
        self.uncounted = if is_counted { records } else { 0 };
        self.is_counted = is_counted;
        Ok(())
    }

    fn wants(&mut self) -> Option<ReadRequest> {
        self.chunks.wants()
    }

    fn supply(&mut self, bytes: Vec<Bytes>) -> Result<()> {
        self.chunks.supply(bytes)
    }

    fn advance(&mut self) -> Result<Ready> {
        self.clear();
        if self.is_counted {
            self.rows = self.uncounted.min(BATCH_ROWS as u64) as usize;
            self.uncounted -= self.rows as u64;
            return Ok(if self.rows == 0 { Ready::End } else { Ready::Batch });
        }
        loop {
            match self.chunks.next()? {
                NextChunk::Chunk(chunk) => self.take(chunk),
                NextChunk::Starved => return Ok(Ready::Starved),
                NextChunk::End if self.carry.is_empty() => return Ok(Ready::End),
                NextChunk::End => {
                    let place = format!(", byte {} of what the file holds", self.offset);
                    return Err(self.error(place, self.shared.left_over(self.carry.len() as u64)));
                }
            }
            if self.rows > 0 {
                self.check()?;
                return Ok(Ready::Batch);
            }
        }
    }

    fn batch(&self) -> Result<Batch<'_>> {
        let mut columns = Columns::new(self.rows);
        for (leaf, (ty, &offset)) in self.shared.schema.types().into_iter().zip(&self.shared.packed.offsets).enumerate()
        {
            match self.live.contains(leaf) {
                true => columns.within(ty, &self.records, offset, self.shared.packed.width)?,
                false => columns.dead(ty),
            }
        }
        Ok(columns.finish())
    }
}
