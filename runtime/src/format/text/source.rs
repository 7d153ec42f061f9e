//! Text files as a source.

use std::sync::Arc;

use bytes::Bytes;
use memchr::memchr_iter;

use crate::error::Result;
use crate::format::BATCH_ROWS;
use crate::format::blocks::{Block, Blocks, CHUNK_BYTES, Next};
use crate::format::files::{InputFile, describe, input_files};
use crate::format::splits::{cut, estimated_rows, split_bytes};
use crate::memory::Memory;
use crate::page::{Batch, Columns, TextColumn, Utf8};
use crate::row::{LeafType, Schema, SchemaBuilder};
use crate::source::{ColumnFit, ReadRequest, Ready, Scan, Source, Split, SplitReader, Statistics};

/// Lines of text files, as records of one `String`.
pub struct TextSource {
    path: String,
    files: Arc<[InputFile]>,
    schema: Schema,
    rows: Option<f64>,
    split_bytes: u64,
}

impl TextSource {
    /// The lines of the files that `path` names.
    ///
    /// # Errors
    /// Where there is no such file, or it cannot be read.
    pub fn new(path: &str) -> Result<Self> {
        let schema = SchemaBuilder::build(|builder| builder.leaf(LeafType::Text));
        let files = input_files(path)?;
        let (rows, split_bytes) = (estimated_rows(&files)?, split_bytes(&files));
        Ok(TextSource { path: path.to_owned(), files, schema, rows, split_bytes })
    }

    /// The same with splits of about so many bytes.
    #[must_use]
    pub fn with_split_bytes(mut self, bytes: u64) -> Self {
        self.split_bytes = bytes.max(1);
        self
    }
}

impl Source for TextSource {
    fn describe(&self) -> String {
        describe("text", &self.path, &self.files)
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn statistics(&self, _scan: &Scan) -> Statistics {
        Statistics { rows: self.rows, bytes: self.files.iter().map(InputFile::bytes).sum() }
    }

    fn columns(&self) -> Vec<ColumnFit> {
        self.schema.leaves().iter().map(|leaf| ColumnFit::of(leaf, "", "each line")).collect()
    }

    fn splits(&self, _scan: &Scan) -> Result<Vec<Split>> {
        let mut splits = Vec::new();
        for (part, file) in self.files.iter().enumerate() {
            splits.extend(cut(part, file, 0, self.split_bytes, None)?);
        }
        Ok(splits)
    }

    fn reader(&self, scan: &Scan, memory: &Memory) -> Result<Box<dyn SplitReader>> {
        let lines: Box<dyn SplitReader> = if scan.live.contains(0) {
            let blocks = Blocks::new(self.files.clone(), None, memory, BATCH_ROWS * LeafType::Text.width())?;
            Box::new(TextReader { blocks, current: None, column: TextColumn::default() })
        } else {
            let blocks = Blocks::new(self.files.clone(), None, memory, 0)?;
            Box::new(LineCounter { blocks, rows: 0, left: 0 })
        };
        Ok(lines)
    }
}

/// A block whose lines are handed out.
struct Current {
    text: Utf8,
    /// Bytes handed out.
    at: usize,
}

struct TextReader {
    blocks: Blocks,
    current: Option<Current>,
    /// The batch.
    column: TextColumn,
}

impl TextReader {
    fn check(&self, block: Block) -> Result<Current> {
        let Block { bytes, offset } = block;
        match Utf8::check(bytes.clone()) {
            Ok(text) => Ok(Current { text, at: 0 }),
            Err(at) => Err(self.blocks.file().not_utf8(&bytes, at, offset)),
        }
    }

    fn ready(&self, otherwise: Ready) -> Ready {
        if self.column.is_empty() { otherwise } else { Ready::Batch }
    }
}

impl SplitReader for TextReader {
    fn open(&mut self, split: &Split) -> Result<()> {
        self.current = None;
        self.column.clear();
        self.blocks.open(split)
    }

    fn wants(&mut self) -> Option<ReadRequest> {
        self.blocks.wants()
    }

    fn supply(&mut self, bytes: Vec<Bytes>) -> Result<()> {
        self.blocks.supply(bytes)
    }

    fn advance(&mut self) -> Result<Ready> {
        self.column.clear();
        let mut held_bytes = 0;
        loop {
            if let Some(current) = &mut self.current {
                held_bytes += current.text.as_str().len() - current.at;
                push_lines(current, &mut self.column);
                if self.column.len() >= BATCH_ROWS {
                    return Ok(Ready::Batch);
                }
                self.current = None;
            }
            // A line that lay across two chunks is a block of its own, and no batch of its own; but a batch of very long
            // lines must not hold very many of them.
            if held_bytes as u64 >= CHUNK_BYTES / 2 {
                return Ok(Ready::Batch);
            }
            match self.blocks.next()? {
                Next::Block(block) => self.current = Some(self.check(block)?),
                Next::Starved => return Ok(self.ready(Ready::Starved)),
                Next::End => return Ok(self.ready(Ready::End)),
            }
        }
    }

    fn batch(&self) -> Result<Batch<'_>> {
        let mut columns = Columns::new(self.column.len());
        columns.text(&self.column)?;
        Ok(columns.finish())
    }
}

/// Moves lines into the batch, until it is full or the block is at its end.
fn push_lines(current: &mut Current, column: &mut TextColumn) {
    column.add_buffer(current.text.clone());
    let bytes = current.text.as_str().as_bytes();
    let mut start = current.at;
    for newline in memchr_iter(b'\n', &bytes[start..]).take(BATCH_ROWS - column.len()) {
        let end = current.at + newline;
        column.push_range(start..without_return(bytes, start, end));
        start = end + 1;
    }
    if column.len() < BATCH_ROWS && start < bytes.len() {
        column.push_range(start..bytes.len());
        start = bytes.len();
    }
    current.at = start;
}

#[inline(always)]
fn without_return(bytes: &[u8], start: usize, end: usize) -> usize {
    end - usize::from(end > start && bytes[end - 1] == b'\r')
}

/// Counts lines that nobody reads.
struct LineCounter {
    blocks: Blocks,
    /// Rows of the batch.
    rows: usize,
    /// Rows counted, and not handed out yet.
    left: usize,
}

impl SplitReader for LineCounter {
    fn open(&mut self, split: &Split) -> Result<()> {
        (self.rows, self.left) = (0, 0);
        self.blocks.open(split)
    }

    fn wants(&mut self) -> Option<ReadRequest> {
        self.blocks.wants()
    }

    fn supply(&mut self, bytes: Vec<Bytes>) -> Result<()> {
        self.blocks.supply(bytes)
    }

    fn advance(&mut self) -> Result<Ready> {
        self.rows = 0;
        while self.left == 0 {
            match self.blocks.next()? {
                Next::Block(Block { bytes, .. }) => {
                    self.left = memchr_iter(b'\n', &bytes).count() + usize::from(bytes.last() != Some(&b'\n'));
                }
                Next::Starved => return Ok(Ready::Starved),
                Next::End => return Ok(Ready::End),
            }
        }
        self.rows = self.left.min(BATCH_ROWS);
        self.left -= self.rows;
        Ok(Ready::Batch)
    }

    fn batch(&self) -> Result<Batch<'_>> {
        let mut columns = Columns::new(self.rows);
        columns.dead(LeafType::Text);
        Ok(columns.finish())
    }
}
