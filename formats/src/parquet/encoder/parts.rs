//! One Parquet file that several tasks encode.
//!
//! Each task's encoder writes a file of its own, of which only the row groups are taken, wherever they come to lie. The footer is made of the footers of
//! all: places in them are those in a task's own file, and move with the row group.
//!
//! A task that has not even a batch at its end leaves it to the others: what all of them left is one row group, so that a few records are not cut
//! into as many groups as there are tasks.

use std::collections::BTreeMap;
use std::io::{Result as IoResult, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_array::RecordBatch;
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::page_index::PageIndexBuilder;
use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, ParquetMetaData, ParquetMetaDataBuilder, ParquetMetaDataWriter, RowGroupMetaData,
};
use parquet::file::page_index::offset_index::OffsetIndexMetaData;
use parquet::file::writer::TrackedWrite;

use super::{LEAST_BYTES, ParquetFormat, failed};
use runtime::error::Result;
use runtime::memory::{Memory, Reservation};
use runtime::row::Schema;
use runtime::source::{Encoder, LeftoverPiece, Parts, PlacedPiece};

/// What each file begins with.
const MAGIC: &[u8] = b"PAR1";

/// What the encoders of all parts tell.
#[derive(Default)]
pub(super) struct Told {
    /// The footers of the parts' own files, each with the number of its part.
    footers: Mutex<Vec<(usize, ParquetMetaData)>>,
    /// By part: all of its records, and what pays for them and for as much again.
    left: Mutex<BTreeMap<usize, (RecordBatch, Reservation)>>,
}

impl Told {
    fn footers(&self) -> MutexGuard<'_, Vec<(usize, ParquetMetaData)>> {
        self.footers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn left(&self) -> MutexGuard<'_, BTreeMap<usize, (RecordBatch, Reservation)>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a part's encoder has written.
    pub(super) fn finish(&self, part: usize, footer: ParquetMetaData) {
        self.footers().push((part, footer));
    }

    /// What a part's encoder would have to make a small row group of.
    pub(super) fn leave(&self, part: usize, batch: RecordBatch, reserved: Reservation) {
        self.left().insert(part, (batch, reserved));
    }
}

/// The row groups of several encoders in one file.
pub(super) struct ParquetParts {
    format: ParquetFormat,
    schema: Schema,
    told: Arc<Told>,
    placed: Mutex<Vec<PlacedPiece>>,
}

impl ParquetParts {
    pub(super) fn new(format: ParquetFormat, schema: &Schema) -> Self {
        ParquetParts { format, schema: schema.clone(), told: Arc::default(), placed: Mutex::default() }
    }
}

impl Parts for ParquetParts {
    fn head(&self) -> Result<Vec<u8>> {
        Ok(MAGIC.to_vec())
    }

    fn encoder(&self, part: usize, memory: &Memory) -> Result<Box<dyn Encoder>> {
        self.format.part(part, &self.told, &self.schema, memory)
    }

    /// A row group that is not cut, and a batch behind it, with as much again for when they end.
    fn kept_bytes(&self) -> usize {
        4 * LEAST_BYTES
    }

    fn placed(&self, piece: PlacedPiece) {
        let mut placed = self.placed.lock().unwrap_or_else(PoisonError::into_inner);
        match placed.last_mut() {
            Some(last) if last.part == piece.part && last.at + last.bytes == piece.at => last.bytes += piece.bytes,
            _ if piece.bytes == 0 => {}
            _ => placed.push(piece),
        }
    }

    fn left_before(&self, part: usize) -> Result<Option<LeftoverPiece>> {
        let left = {
            let mut left = self.told.left();
            let behind = left.split_off(&part);
            std::mem::replace(&mut *left, behind)
        };
        let Some(&last) = left.keys().next_back() else { return Ok(None) };
        let (batches, reserved): (Vec<_>, Vec<_>) = left.into_values().unzip();
        let (bytes, footer) = self.format.row_groups(&batches, &self.schema)?;
        // Its parts have no other piece, so one of their numbers is free.
        let part = last;
        self.told.finish(part, footer);
        Ok(Some(LeftoverPiece { part, bytes, reserved }))
    }

    fn end(&self, at: u64) -> Result<Vec<u8>> {
        let footers = self.told.footers();
        let mut placed = std::mem::take(&mut *self.placed.lock().unwrap_or_else(PoisonError::into_inner));
        placed.sort_unstable_by_key(|piece| (piece.part, piece.begin));
        let mut groups = Vec::new();
        for (part, footer) in &*footers {
            for (index, group) in footer.row_groups().iter().enumerate() {
                let moved = shift(&placed, *part, group).ok_or_else(|| failed("a row group is nowhere in the file"))?;
                groups.push(Group { footer, index, moved });
            }
        }
        groups.sort_unstable_by_key(|group| group.begin());
        let (_, first) = footers.first().ok_or_else(|| failed("no encoder has finished"))?;
        footer(first.file_metadata(), &groups, at).map_err(failed)
    }
}

/// A row group, as its part's own footer has it.
struct Group<'f> {
    footer: &'f ParquetMetaData,
    index: usize,
    /// How far behind its place in its part's own file it lies.
    moved: i64,
}

impl Group<'_> {
    fn metadata(&self) -> &RowGroupMetaData {
        self.footer.row_group(self.index)
    }

    fn begin(&self) -> i64 {
        self.metadata().file_offset().unwrap_or_default() + self.moved
    }
}

/// How far a row group of a part was moved; `placed` is in order.
fn shift(placed: &[PlacedPiece], part: usize, group: &RowGroupMetaData) -> Option<i64> {
    // A part's own file begins with the magic number, which is not taken from there.
    let own = u64::try_from(group.file_offset()?).ok()?.checked_sub(MAGIC.len() as u64)?;
    let behind = placed.partition_point(|piece| (piece.part, piece.begin) <= (part, own));
    let piece = placed.get(behind.checked_sub(1)?)?;
    let is_inside = piece.part == part && own < piece.begin + piece.bytes;
    is_inside.then(|| piece.at as i64 - piece.begin as i64 - MAGIC.len() as i64)
}

/// The footer of a file of these row groups, in which it begins at byte `at`.
fn footer(of: &FileMetaData, groups: &[Group<'_>], at: u64) -> ParquetResult<Vec<u8>> {
    let columns = of.schema_descr().num_columns();
    let mut pages = PageIndexBuilder::new(groups.len(), columns);
    let mut row_groups = Vec::with_capacity(groups.len());
    for (ordinal, group) in groups.iter().enumerate() {
        row_groups.push(moved_group(group, ordinal)?);
        let Some(own) = group.footer.page_index() else { continue };
        for column in 0..columns {
            if let Some(index) = own.column_index(group.index, column) {
                pages.put_column_index(index.clone(), ordinal, column);
            }
            if let Some(index) = own.offset_index(group.index, column) {
                pages.put_offset_index(moved_pages(index, group.moved), ordinal, column);
            }
        }
    }
    let builder = ParquetMetaDataBuilder::new(of.clone()).set_row_groups(row_groups);
    let metadata = builder.set_page_index(Some(Arc::new(pages.build()))).build();
    let mut written = Vec::new();
    let mut out = TrackedWrite::new(Behind { before: at, out: &mut written });
    skip(&mut out, at)?;
    ParquetMetaDataWriter::new_with_tracked(out, &metadata).with_preserve_page_index_locations(false).finish()?;
    Ok(written)
}

fn moved_group(group: &Group<'_>, ordinal: usize) -> ParquetResult<RowGroupMetaData> {
    let metadata = group.metadata();
    let columns = metadata.columns().iter().map(|column| moved_column(column, group.moved));
    let mut builder = metadata.clone().into_builder().set_file_offset(group.begin());
    // Files of more row groups than that leave it out.
    if let Ok(ordinal) = i32::try_from(ordinal) {
        builder = builder.set_ordinal(ordinal);
    }
    builder.set_column_metadata(columns.collect::<ParquetResult<_>>()?).build()
}

fn moved_column(column: &ColumnChunkMetaData, moved: i64) -> ParquetResult<ColumnChunkMetaData> {
    let (data, dictionary) = (column.data_page_offset() + moved, column.dictionary_page_offset());
    let builder = column.clone().into_builder().set_data_page_offset(data);
    builder.set_dictionary_page_offset(dictionary.map(|offset| offset + moved)).build()
}

fn moved_pages(index: &OffsetIndexMetaData, moved: i64) -> OffsetIndexMetaData {
    let mut index = index.clone();
    index.page_locations.iter_mut().for_each(|page| page.offset += moved);
    index
}

/// What is written behind so many bytes that are elsewhere: the crate counts places from where its writer began.
struct Behind<'o> {
    before: u64,
    out: &'o mut Vec<u8>,
}

impl Write for Behind<'_> {
    fn write(&mut self, bytes: &[u8]) -> IoResult<usize> {
        let elsewhere = self.before.min(bytes.len() as u64);
        self.before -= elsewhere;
        self.out.extend_from_slice(&bytes[elsewhere as usize..]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> IoResult<()> {
        Ok(())
    }
}

/// Counts bytes that are elsewhere.
fn skip(out: &mut impl Write, mut bytes: u64) -> IoResult<()> {
    // Larger than what is buffered, so nothing is copied.
    static ZEROS: [u8; 1 << 20] = [0; 1 << 20];
    while bytes > 0 {
        let some = bytes.min(ZEROS.len() as u64);
        out.write_all(&ZEROS[..some as usize])?;
        bytes -= some;
    }
    Ok(())
}
