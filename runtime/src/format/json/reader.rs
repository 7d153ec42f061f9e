//! Decodes blocks of lines into columns.

use std::sync::Arc;

use bytes::Bytes;

use super::parse::Leaves;
use super::program::{Compiler, Node};
use crate::error::Result;
use crate::format::BATCH_ROWS;
use crate::format::blocks::{Block, Blocks, CHUNK_BYTES, Next};
use crate::format::files::InputFile;
use crate::format::leaves::Values;
use crate::format::rejects::{RejectLog, Rejects, line_end};
use crate::memory::Memory;
use crate::page::{Batch, Columns, Utf8};
use crate::row::{LeafSet, Schema};
use crate::source::{ReadRequest, Ready, Rejected, Split, SplitReader};
use crate::value::TimeFormat;

/// What a source and its readers know together.
pub(super) struct JsonInput {
    pub(super) files: Arc<[InputFile]>,
    pub(super) schema: Schema,
    pub(super) rejects: Option<Arc<Rejects>>,
    /// How dates and timestamps are written, leaf by leaf, where not by ISO 8601.
    pub(super) forms: Vec<Option<TimeFormat>>,
}

/// Reads splits of JSON lines.
pub(super) struct JsonReader {
    shared: Arc<JsonInput>,
    root: Node,
    blocks: Blocks,
    current: Option<Current>,
    leaves: Leaves,
    log: Option<RejectLog>,
    rows: usize,
}

struct Current {
    text: Utf8,
    /// Where it begins in the file.
    offset: u64,
    /// Where the next line begins.
    at: usize,
}

impl JsonReader {
    pub(super) fn new(shared: Arc<JsonInput>, live: &LeafSet, memory: &Memory) -> Result<Self> {
        let types = shared.schema.types();
        let row_bytes: usize = live.iter().filter_map(|leaf| types.get(leaf)).map(|ty| ty.width()).sum();
        let blocks = Blocks::new(shared.files.clone(), None, memory, BATCH_ROWS * row_bytes)?;
        let mut compiler = Compiler::new(&shared.schema, live);
        let root = compiler.node(shared.schema.shape(), "");
        let value = |(leaf, &ty)| live.contains(leaf).then(|| Values::new(ty));
        let mut leaves = Leaves::new(types.iter().enumerate().map(value).collect(), compiler.members, &root);
        leaves.forms.clone_from(&shared.forms);
        let log = shared.rejects.clone().map(|rejects| RejectLog::new(rejects, memory)).transpose()?;
        Ok(JsonReader { root, blocks, current: None, leaves, log, rows: 0, shared })
    }

    fn clear(&mut self) {
        self.rows = 0;
        self.leaves.values.iter_mut().flatten().for_each(Values::clear);
    }

    fn begin(&mut self, block: Block) -> Result<Option<Current>> {
        let Block { bytes, offset } = block;
        match Utf8::check(bytes.clone()) {
            Ok(text) => return Ok(Some(Current { text, offset, at: 0 })),
            Err(at) => match &mut self.log {
                None => return Err(self.blocks.file().not_utf8(&bytes, at, offset)),
                Some(log) => log.reject_bytes(Block { bytes, offset }, &mut self.blocks)?,
            },
        }
        Ok(None)
    }

    /// Adds lines of the current block to the batch, until either is at its end. An empty line is no record.
    fn read(&mut self, current: &mut Current) -> Result<()> {
        for values in self.leaves.values.iter_mut().flatten() {
            if let Values::Text(column) = values {
                column.add_buffer(current.text.clone());
            }
        }
        let bytes = current.text.as_str().as_bytes();
        while current.at < bytes.len() && self.rows < BATCH_ROWS {
            let begin = current.at;
            let end = line_end(bytes, begin);
            current.at = (end + 1).min(bytes.len());
            if bytes[begin..end].iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            if self.root.is_live
                && let Err(wrong) = self.leaves.read(&self.root, &current.text, begin, end)
            {
                let Some(log) = &mut self.log else {
                    return Err(self.blocks.file().data_error(current.offset + wrong.at as u64, wrong.message));
                };
                log.reject(bytes, current.offset, begin, wrong)?;
                self.leaves.values.iter_mut().flatten().for_each(|values| values.truncate(self.rows));
                continue;
            }
            self.rows += 1;
        }
        if let Some(log) = self.log.as_mut().filter(|_| current.at == bytes.len()) {
            log.end_block(bytes);
        }
        Ok(())
    }

    fn ready(&self, otherwise: Ready) -> Ready {
        if self.rows == 0 { otherwise } else { Ready::Batch }
    }
}

impl SplitReader for JsonReader {
    fn open(&mut self, split: &Split) -> Result<()> {
        self.clear();
        self.current = None;
        if let Some(log) = &mut self.log {
            log.open(split);
        }
        self.blocks.open(split)
    }

    fn wants(&mut self) -> Option<ReadRequest> {
        self.blocks.wants()
    }

    fn supply(&mut self, bytes: Vec<Bytes>) -> Result<()> {
        self.blocks.supply(bytes)
    }

    fn advance(&mut self) -> Result<Ready> {
        self.clear();
        let mut held_bytes = 0;
        loop {
            if let Some(mut current) = self.current.take() {
                held_bytes += current.text.as_str().len() - current.at;
                self.read(&mut current)?;
                if current.at < current.text.as_str().len() {
                    self.current = Some(current);
                }
                if self.rows >= BATCH_ROWS {
                    return Ok(self.ready(Ready::Starved));
                }
            }
            // As in text files: a record that lay across two chunks is no batch of its own.
            // Bad records are not piled up either: their batch may be empty.
            if held_bytes as u64 >= CHUNK_BYTES / 2
                && (self.rows > 0 || self.log.as_ref().is_some_and(RejectLog::is_waiting))
            {
                return Ok(Ready::Batch);
            }
            match self.blocks.next()? {
                Next::Block(block) => self.current = self.begin(block)?,
                Next::Starved => return Ok(self.ready(Ready::Starved)),
                Next::End => return Ok(self.ready(Ready::End)),
            }
        }
    }

    fn take_rejected(&mut self) -> Vec<Rejected> {
        self.log.as_mut().map_or_else(Vec::new, RejectLog::take)
    }

    fn batch(&self) -> Result<Batch<'_>> {
        let mut columns = Columns::new(self.rows);
        for (leaf, values) in self.shared.schema.leaves().iter().zip(&self.leaves.values) {
            match values {
                Some(values) => values.put(leaf.ty, &mut columns)?,
                None => columns.dead(leaf.ty),
            }
        }
        Ok(columns.finish())
    }
}
