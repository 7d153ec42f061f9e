//! The data of the embedded engine: plain vectors.

use std::sync::Arc;

use crate::error::Result;
use crate::memory::Memory;
use crate::page::{self, Batch, Input, Page, RowWriter};
use crate::row::{Datum, LeafSet, LeafType, RowLayout};

/// Records as plain vectors of leaves.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Table {
    /// The leaves' types.
    pub types: Vec<LeafType>,
    /// One vector of leaves per record.
    pub rows: Vec<Vec<Datum>>,
}

impl Table {
    /// A table without records.
    #[must_use]
    pub fn new(types: Vec<LeafType>) -> Self {
        Table { types, rows: Vec::new() }
    }

    /// Adds a batch's records.
    pub fn extend(&mut self, batch: &Batch<'_>) {
        for row in 0..batch.rows() {
            self.rows.push(self.types.iter().enumerate().map(|(leaf, &ty)| batch.datum(leaf, ty, row)).collect());
        }
    }

    /// Writes the records to pages, with all leaves stored. Leaves outside of `read` hold valid but
    /// wrong values. So an incomplete read set changes the result.
    ///
    /// # Errors
    /// Fails if the region of pages is full.
    pub fn pages(&self, read: &LeafSet) -> Result<Vec<Page>> {
        let mut writer = self.writer();
        for row in &self.rows {
            let poisoned: Vec<Datum> = row
                .iter()
                .enumerate()
                .map(|(leaf, datum)| if read.contains(leaf) { datum.clone() } else { poison(self.types[leaf], datum) })
                .collect();
            writer.append_datums(&poisoned)?;
        }
        writer.seal();
        Ok(writer.take_sealed().collect())
    }

    /// Calls `f` for each window of the records. Only the leaves in `read` are valid: see
    /// [`Table::pages`].
    ///
    /// # Errors
    /// Fails if `f` fails.
    pub fn windows(&self, read: &LeafSet, mut f: impl FnMut(&Input<'_>) -> Result<()>) -> Result<()> {
        self.pages(read)?.iter().try_for_each(|page| page::windows(&page.batch(), &mut f))
    }

    /// Moves the records of a writer's closed pages into the table.
    pub fn take_sealed(&mut self, writer: &mut RowWriter) {
        writer.take_sealed().for_each(|page| self.extend(&page.batch()));
    }

    /// Moves all records of a writer into the table.
    pub fn take(&mut self, writer: &mut RowWriter) {
        writer.seal();
        self.take_sealed(writer);
    }

    /// A writer for records of this kind, without limits.
    #[must_use]
    pub fn writer(&self) -> RowWriter {
        unbounded_writer(self.types.clone())
    }
}

/// A writer for all leaves, without limits on memory.
#[must_use]
pub fn unbounded_writer(types: Vec<LeafType>) -> RowWriter {
    RowWriter::new(Arc::new(RowLayout::full(types)), unbounded_memory())
}

/// Memory for the embedded engine.
#[must_use]
pub fn unbounded_memory() -> Memory {
    Memory::unbounded("the embedded engine")
}

/// Another valid value of the same type.
fn poison(ty: LeafType, datum: &Datum) -> Datum {
    match (ty, datum) {
        (LeafType::Bool | LeafType::Valid, Datum::Fixed(bits)) => Datum::Fixed(1 - bits.min(&1)),
        (LeafType::Tag(tag), Datum::Fixed(bits)) => Datum::Fixed((bits + 1) % tag.variants.len().max(1) as u128),
        (LeafType::Char, Datum::Fixed(bits)) => Datum::Fixed(if *bits == 1 { 2 } else { 1 }),
        (_, Datum::Fixed(bits)) => Datum::Fixed(!bits & mask(ty)),
        (LeafType::List(_) | LeafType::Texts | LeafType::Items(_), Datum::Bytes(_)) => Datum::Bytes(Box::default()),
        (_, Datum::Bytes(_)) => Datum::Bytes(Box::from(&b"a leaf that was declared dead"[..])),
    }
}

fn mask(ty: LeafType) -> u128 {
    match ty.width() {
        16 => u128::MAX,
        width => (1 << (8 * width)) - 1,
    }
}
