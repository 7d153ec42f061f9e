//! Decodes blocks of lines into columns.

use std::sync::Arc;

use bytes::Bytes;
use memchr::memchr;

use super::parse::Leaves;
use super::program::{Compiler, Node};
use super::source::Shared;
use crate::error::Result;
use crate::format::BATCH_ROWS;
use crate::format::blocks::{Block, Blocks, CHUNK_BYTES, Next};
use crate::format::leaves::Values;
use crate::memory::Memory;
use crate::page::{Batch, Columns, Utf8};
use crate::row::LeafSet;
use crate::source::{ReadRequest, Ready, Split, SplitReader};

/// Reads splits of JSON lines.
pub(super) struct JsonReader {
    shared: Arc<Shared>,
    root: Node,
    blocks: Blocks,
    current: Option<Current>,
    leaves: Leaves,
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
    pub(super) fn new(shared: Arc<Shared>, live: &LeafSet, memory: &Memory) -> Result<Self> {
        let types = shared.schema.types();
        let row_bytes: usize = live.iter().filter_map(|leaf| types.get(leaf)).map(|ty| ty.width()).sum();
        let blocks = Blocks::new(shared.files.clone(), None, memory, BATCH_ROWS * row_bytes)?;
        let mut compiler = Compiler::new(&shared.schema, live);
        let root = compiler.node(shared.schema.shape(), "");
        let value = |(leaf, &ty)| live.contains(leaf).then(|| Values::new(ty));
        let leaves = Leaves::new(types.iter().enumerate().map(value).collect(), compiler.members);
        Ok(JsonReader { root, blocks, current: None, leaves, rows: 0, shared })
    }

    fn keep(&mut self, rows: usize) {
        self.rows = rows;
        self.leaves.values.iter_mut().flatten().for_each(|values| values.truncate(rows));
    }

    fn begin(&self, block: Block) -> Result<Current> {
        let Block { bytes, offset } = block;
        match Utf8::check(bytes.clone()) {
            Ok(text) => Ok(Current { text, offset, at: 0 }),
            Err(at) => Err(self.blocks.file().not_utf8(&bytes, at, offset)),
        }
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
            let end = memchr(b'\n', &bytes[begin..]).map_or(bytes.len(), |newline| begin + newline);
            current.at = (end + 1).min(bytes.len());
            if bytes[begin..end].iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            if self.root.is_live
                && let Err(wrong) = self.leaves.read(&self.root, &current.text, begin, end)
            {
                return Err(self.blocks.file().data_error(current.offset + wrong.at as u64, wrong.message));
            }
            self.rows += 1;
        }
        Ok(())
    }

    fn ready(&self, otherwise: Ready) -> Ready {
        if self.rows == 0 { otherwise } else { Ready::Batch }
    }
}

impl SplitReader for JsonReader {
    fn open(&mut self, split: &Split) -> Result<()> {
        self.keep(0);
        self.current = None;
        self.blocks.open(split)
    }

    fn wants(&mut self) -> Option<ReadRequest> {
        self.blocks.wants()
    }

    fn supply(&mut self, bytes: Vec<Bytes>) -> Result<()> {
        self.blocks.supply(bytes)
    }

    fn advance(&mut self) -> Result<Ready> {
        self.keep(0);
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
            if held_bytes as u64 >= CHUNK_BYTES / 2 && self.rows > 0 {
                return Ok(self.ready(Ready::Starved));
            }
            match self.blocks.next()? {
                Next::Block(block) => self.current = Some(self.begin(block)?),
                Next::Starved => return Ok(self.ready(Ready::Starved)),
                Next::End => return Ok(self.ready(Ready::End)),
            }
        }
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
