//! Writes native files.

use std::sync::{Arc, Mutex, PoisonError};

use xxhash_rust::xxh3::Xxh3;

use super::frame::{HEAD_BYTES, Head, header};
use runtime::error::{Error, Result};
use runtime::memory::limits::PAGE_BYTES;
use runtime::memory::{Memory, Reservation};
use runtime::page::{Input, LeafReader, Plain, RowIds, Selection, Strided};
use runtime::row::{LeafType, Physical, Schema};
use runtime::source::{Encoder, Format, Parts};

/// Largest number of rows in a block, so that a block of narrow records is not too large for a
/// batch.
const BLOCK_ROWS: usize = 1 << 16;

/// Size at which a block ends. It may exceed this by the last rows.
const BLOCK_BYTES: usize = 1 << 20;

/// Bytes of texts and lists that are added in one step, unless one record has more.
const PIECE_BYTES: usize = 64 << 20;

/// The engine's own format.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeFormat;

impl Format for NativeFormat {
    fn name(&self) -> &'static str {
        "native"
    }

    fn parts(&self, schema: &Schema) -> Result<Option<Arc<dyn Parts>>> {
        Ok(Some(Arc::new(NativeParts { schema: schema.clone(), counts: Arc::default() })))
    }

    fn encoder(&self, schema: &Schema, memory: &Memory) -> Result<Box<dyn Encoder>> {
        Ok(Box::new(NativeEncoder { output: head(schema)?, ..NativeEncoder::new(schema, memory)? }))
    }
}

/// Returns the header of a file.
fn head(schema: &Schema) -> Result<Vec<u8>> {
    header(schema, None).map_err(|reason| Error::Plan(format!("cannot write native: {reason}, which is too much")))
}

/// Parts of a file. Blocks are independent, and their counts are added up for the end.
struct NativeParts {
    schema: Schema,
    counts: Arc<Mutex<Counts>>,
}

/// Number of rows and blocks written.
#[derive(Clone, Copy, Default)]
struct Counts {
    rows: u64,
    blocks: u64,
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.rows += other.rows;
        self.blocks += other.blocks;
    }

    fn end(self) -> Head {
        Head::End { rows: self.rows, blocks: self.blocks, completes_log: false }
    }
}

impl Parts for NativeParts {
    fn head(&self) -> Result<Vec<u8>> {
        head(&self.schema)
    }

    fn encoder(&self, _: usize, memory: &Memory) -> Result<Box<dyn Encoder>> {
        Ok(Box::new(NativeEncoder {
            shared_counts: Some(self.counts.clone()),
            ..NativeEncoder::new(&self.schema, memory)?
        }))
    }

    /// One block while it grows and, as a copy, while it is assembled.
    fn kept_bytes(&self) -> usize {
        2 * BLOCK_BYTES
    }

    fn end(&self, _: u64) -> Result<Vec<u8>> {
        let mut end = Vec::new();
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).end().write(&mut end);
        Ok(end)
    }
}

impl NativeEncoder {
    /// Creates an encoder that does not write a header.
    fn new(schema: &Schema, memory: &Memory) -> Result<Self> {
        if let Some(leaf) = schema.leaves().iter().find(|leaf| matches!(leaf.ty, LeafType::Items(_))) {
            return Err(Error::Plan(format!(
                "cannot write native: the field `{}` is a list of records or a map ({}), which these files cannot hold; use JSON",
                leaf.path, leaf.ty
            )));
        }
        let column = |leaf: &runtime::row::Leaf| ColumnBuffer::new(leaf.ty.physical());
        Ok(NativeEncoder {
            columns: schema.leaves().iter().map(column).collect(),
            block_rows: 0,
            counts: Counts::default(),
            shared_counts: None,
            output: Vec::new(),
            reserved: memory.reserve(0)?,
        })
    }
}

/// Values of one leaf for the next block.
struct ColumnBuffer {
    physical: Physical,
    /// For slots: the length of each value.
    lengths: Vec<u8>,
    values: Vec<u8>,
}

impl ColumnBuffer {
    fn new(physical: Physical) -> Self {
        ColumnBuffer { physical, lengths: Vec::new(), values: Vec::new() }
    }

    fn add_plain<'b>(&mut self, leaves: &mut LeafReader<'b>, rows: RowIds<'b>) {
        let out = &mut self.values;
        match self.physical {
            Physical::W1 => add(leaves.plain(), rows, out, u8::to_le_bytes),
            Physical::W2 => add(leaves.plain(), rows, out, u16::to_le_bytes),
            Physical::W4 => add(leaves.plain(), rows, out, u32::to_le_bytes),
            Physical::W8 => add(leaves.plain(), rows, out, u64::to_le_bytes),
            Physical::W16 => add(leaves.plain(), rows, out, u128::to_le_bytes),
            Physical::Slot => leaves.skip(1),
        }
    }

    fn add_slots(&mut self, leaf: usize, input: &Input<'_>) {
        for &row in input.selection().rows() {
            let value = input.batch().leaf_bytes(leaf, row as usize);
            self.lengths.extend_from_slice(&(value.len() as u32).to_le_bytes());
            if value.len() > PAGE_BYTES {
                self.values.reserve_exact(value.len());
            }
            self.values.extend_from_slice(value);
        }
    }

    fn bytes(&self) -> usize {
        self.lengths.len() + self.values.len()
    }
}

fn add<'b, P: Plain, const WIDTH: usize>(
    leaf: Strided<'b, P>,
    rows: RowIds<'b>,
    out: &mut Vec<u8>,
    bytes_of: impl Fn(P) -> [u8; WIDTH],
) {
    out.reserve(WIDTH * rows.len());
    rows.iter().for_each(|row| out.extend_from_slice(&bytes_of(leaf.read(row))));
}

struct NativeEncoder {
    columns: Vec<ColumnBuffer>,
    /// Rows of the current block.
    block_rows: usize,
    counts: Counts,
    /// Shared counts, if several encoders write the file. The encoder then writes no end.
    shared_counts: Option<Arc<Mutex<Counts>>>,
    output: Vec<u8>,
    reserved: Reservation,
}

impl NativeEncoder {
    fn slots(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.columns.len()).filter(|&leaf| self.columns[leaf].physical == Physical::Slot)
    }

    /// Adds rows to the block. If their texts are very long, adds them in parts.
    fn add(&mut self, input: &Input<'_>) -> Result<()> {
        let rows = input.selection().rows();
        let bytes_of =
            |leaf: usize| rows.iter().map(|&row| input.batch().leaf_bytes(leaf, row as usize).len()).sum::<usize>();
        if rows.len() > 1 && self.slots().map(bytes_of).sum::<usize>() > PIECE_BYTES {
            let (first, second) = rows.split_at(rows.len() / 2);
            for half in [first, second] {
                let mut selection = Selection::default();
                selection.set(half.iter().copied());
                self.add(&Input::new(input.batch(), &selection))?;
            }
            return Ok(());
        }
        let columns = &mut self.columns;
        input.visit(|mut leaves, rows| columns.iter_mut().for_each(|column| column.add_plain(&mut leaves, rows)));
        for leaf in self.slots().collect::<Vec<_>>() {
            self.columns[leaf].add_slots(leaf, input);
        }
        self.block_rows += rows.len();
        if self.block_rows >= BLOCK_ROWS || self.body_bytes() >= BLOCK_BYTES { self.end_block() } else { Ok(()) }
    }

    fn body_bytes(&self) -> usize {
        self.columns.iter().map(ColumnBuffer::bytes).sum()
    }

    fn end_block(&mut self) -> Result<()> {
        if self.block_rows == 0 {
            return Ok(());
        }
        let length = self.body_bytes();
        let Ok(body_bytes) = u32::try_from(length) else {
            return Err(Error::Plan(format!("cannot write native: a record has about {length} bytes, and 4 GiB fit")));
        };
        // Each column is freed after it is copied.
        self.reserved.resize(self.output.capacity() + HEAD_BYTES + 2 * length)?;
        let mut checksum = Xxh3::new();
        let parts = || self.columns.iter().flat_map(|column| [&column.lengths, &column.values]);
        parts().for_each(|part| checksum.update(part));
        self.output.reserve_exact(HEAD_BYTES + length);
        Head::Block { rows: self.block_rows as u32, body_bytes, checksum: checksum.digest() }.write(&mut self.output);
        for column in &mut self.columns {
            self.output.append(&mut column.lengths);
            self.output.append(&mut column.values);
            if column.values.capacity() > BLOCK_BYTES {
                column.values = Vec::new();
            }
        }
        self.counts.add(Counts { rows: self.block_rows as u64, blocks: 1 });
        self.block_rows = 0;
        Ok(())
    }
}

impl Encoder for NativeEncoder {
    fn encode(&mut self, input: &Input<'_>) -> Result<()> {
        self.add(input)?;
        self.reserved.resize(self.output.capacity() + self.columns.iter().map(ColumnBuffer::bytes).sum::<usize>())
    }

    fn finish(&mut self) -> Result<()> {
        self.end_block()?;
        match &self.shared_counts {
            Some(counts) => counts.lock().unwrap_or_else(PoisonError::into_inner).add(self.counts),
            None => self.counts.end().write(&mut self.output),
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.end_block()?;
        // A flush should free memory.
        self.columns.iter_mut().for_each(|column| *column = ColumnBuffer::new(column.physical));
        Ok(())
    }

    fn kept_bytes(&self) -> usize {
        self.body_bytes()
    }

    fn settle(&mut self) -> Result<()> {
        self.reserved.resize(self.output.capacity() + self.body_bytes())
    }

    fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    fn reserved(&mut self) -> &mut Reservation {
        &mut self.reserved
    }
}
