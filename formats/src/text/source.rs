//! Reads text files.

use std::sync::Arc;

use bytes::Bytes;
use memchr::memchr_iter;

use crate::BATCH_ROWS;
use crate::blocks::{Block, Blocks, NextBlock};
use crate::files::{InputFile, describe, input_files, version_of};
use crate::line_reader::{LineDecoder, LineReader, Lines};
use crate::splits::{cut_at_records, estimated_rows, sample_lines, split_bytes};
use runtime::error::Result;
use runtime::memory::Memory;
use runtime::page::{Batch, Columns, TextColumn, Utf8};
use runtime::row::{LeafType, Schema, SchemaBuilder};
use runtime::source::{
    ColumnFit, Position, RangeReader, RangeSource, ReadRequest, Ready, Sample, Scan, Split, SplitList, Statistics,
    TableSource,
};

/// Source of the lines of text files, as records of one `String`.
pub struct TextSource {
    path: String,
    files: Arc<[InputFile]>,
    schema: Schema,
    rows: Option<f64>,
    split_bytes: u64,
}

impl TextSource {
    /// Creates a source of the lines of the files that `path` names.
    ///
    /// # Errors
    /// Fails if there is no such file, or if it cannot be read.
    pub fn new(path: &str) -> Result<Self> {
        let schema = SchemaBuilder::build(|builder| builder.leaf(LeafType::Text));
        let files = input_files(path)?;
        let (rows, split_bytes) = (estimated_rows(&files)?, split_bytes(&files));
        Ok(TextSource { path: path.to_owned(), files, schema, rows, split_bytes })
    }

    /// Sets the target size of splits, in bytes.
    #[must_use]
    pub fn with_split_bytes(mut self, bytes: u64) -> Self {
        self.split_bytes = bytes.max(1);
        self
    }
}

impl RangeSource for TextSource {
    fn describe(&self) -> String {
        describe("text", &self.path, &self.files)
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn splits(&self, _scan: &Scan) -> Result<SplitList> {
        let mut splits = Vec::new();
        for (part, file) in self.files.iter().enumerate() {
            splits.extend(cut_at_records(part, file, 0, self.split_bytes, None)?);
        }
        Ok(SplitList::complete(splits))
    }

    fn range_reader(&self, scan: &Scan, memory: &Memory) -> Result<Box<dyn RangeReader>> {
        let column_bytes = if scan.live.contains(0) { BATCH_ROWS * LeafType::Text.width() } else { 0 };
        let blocks = Blocks::new(self.files.clone(), None, memory, column_bytes)?;
        Ok(match scan.live.contains(0) {
            true => Box::new(LineReader::new(TextDecoder::default(), blocks, None)),
            false => Box::new(LineCounter { blocks, rows: 0, left: 0 }),
        })
    }
}

impl TableSource for TextSource {
    fn statistics(&self, _scan: &Scan) -> Statistics {
        Statistics { rows: self.rows, bytes: self.files.iter().map(InputFile::bytes).sum() }
    }

    fn columns(&self) -> Vec<ColumnFit> {
        self.schema.leaves().iter().map(|leaf| ColumnFit::of(leaf, "", "each line")).collect()
    }

    fn sample(&self, scan: &Scan) -> Option<Sample> {
        sample_lines(self, scan, &self.files, &vec![Some(0); self.files.len()])
    }

    fn version(&self) -> Option<u128> {
        Some(version_of("text", &self.files, &self.schema, &()))
    }
}

/// Decodes each line as a text.
#[derive(Default)]
struct TextDecoder {
    /// Texts of the current batch.
    column: TextColumn,
}

impl LineDecoder for TextDecoder {
    type Text = Utf8;

    fn check(&self, bytes: &Bytes) -> Result<Utf8, usize> {
        Utf8::check(bytes.clone())
    }

    fn clear(&mut self) {
        self.column.clear();
    }

    fn rows(&self) -> usize {
        self.column.len()
    }

    fn decode(&mut self, lines: &mut Lines<'_, Utf8>) -> Result<()> {
        let (bytes, column) = (lines.bytes, &mut self.column);
        column.add_buffer(lines.text.clone());
        let mut start = lines.at;
        for newline in memchr_iter(b'\n', &bytes[start..]).take(BATCH_ROWS - column.len()) {
            let end = lines.at + newline;
            column.push_range(start..without_return(bytes, start, end));
            start = end + 1;
        }
        if column.len() < BATCH_ROWS && start < bytes.len() {
            column.push_range(start..bytes.len());
            start = bytes.len();
        }
        lines.at = start;
        Ok(())
    }

    fn batch(&self) -> Result<Batch<'_>> {
        let mut columns = Columns::new(self.column.len());
        columns.text(&self.column)?;
        Ok(columns.finish())
    }
}

#[inline(always)]
fn without_return(bytes: &[u8], start: usize, end: usize) -> usize {
    end - usize::from(end > start && bytes[end - 1] == b'\r')
}

/// Counts lines, for scans that read no leaf.
struct LineCounter {
    blocks: Blocks,
    /// Rows of the current batch.
    rows: usize,
    /// Rows that are counted and not yet in a batch.
    left: usize,
}

impl RangeReader for LineCounter {
    fn open(&mut self, split: &Split, _: Option<&Position>) -> Result<()> {
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
                NextBlock::Block(Block { bytes, .. }) => {
                    self.left = memchr_iter(b'\n', &bytes).count() + usize::from(bytes.last() != Some(&b'\n'));
                }
                NextBlock::Starved => return Ok(Ready::Starved),
                NextBlock::End => return Ok(Ready::End),
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
