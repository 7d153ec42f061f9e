//! One Parquet file that several tasks encode.
//!
//! The encoder of each task writes a file of its own, of which only the row groups are used. The
//! final footer is made of the footers of all tasks. Their offsets are shifted to where the row
//! groups are in the final file.
//!
//! A task that has less than a batch at its end leaves the rows over. All rows left over become one
//! row group. So a few records are not split into one group per task.

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

use super::{MIN_GROUP_BYTES, ParquetFormat, failed};
use runtime::error::Result;
use runtime::memory::{Memory, Reservation};
use runtime::row::Schema;
use runtime::source::{Encoder, LeftOver, Parts, Placed};

/// The first bytes of a file.
const MAGIC: &[u8] = b"PAR1";

/// Results of the encoders of all parts.
#[derive(Default)]
pub(super) struct PartResults {
    /// Number of a part, and the footer of its own file.
    footers: Mutex<Vec<(usize, ParquetMetaData)>>,
    /// By part: its left-over rows, and the reservation for twice their size.
    left_over: Mutex<BTreeMap<usize, (RecordBatch, Reservation)>>,
}

impl PartResults {
    fn footers(&self) -> MutexGuard<'_, Vec<(usize, ParquetMetaData)>> {
        self.footers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn left_over(&self) -> MutexGuard<'_, BTreeMap<usize, (RecordBatch, Reservation)>> {
        self.left_over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the footer of a part.
    pub(super) fn finish(&self, part: usize, footer: ParquetMetaData) {
        self.footers().push((part, footer));
    }

    /// Adds rows that would make a small row group in their part.
    pub(super) fn add_left_over(&self, part: usize, batch: RecordBatch, reserved: Reservation) {
        self.left_over().insert(part, (batch, reserved));
    }
}

/// One file of the row groups of several encoders.
pub(super) struct ParquetParts {
    format: ParquetFormat,
    schema: Schema,
    results: Arc<PartResults>,
    placed: Mutex<Vec<Placed>>,
}

impl ParquetParts {
    pub(super) fn new(format: ParquetFormat, schema: &Schema) -> Self {
        ParquetParts { format, schema: schema.clone(), results: Arc::default(), placed: Mutex::default() }
    }
}

impl Parts for ParquetParts {
    fn head(&self) -> Result<Vec<u8>> {
        Ok(MAGIC.to_vec())
    }

    fn encoder(&self, part: usize, memory: &Memory) -> Result<Box<dyn Encoder>> {
        self.format.part(part, &self.results, &self.schema, memory)
    }

    /// A row group at its minimum and a batch after it, and the same again when they end.
    fn kept_bytes(&self) -> usize {
        4 * MIN_GROUP_BYTES
    }

    fn placed(&self, piece: Placed) {
        let mut placed = self.placed.lock().unwrap_or_else(PoisonError::into_inner);
        match placed.last_mut() {
            Some(last) if last.part == piece.part && last.at + last.bytes == piece.at => last.bytes += piece.bytes,
            _ if piece.bytes == 0 => {}
            _ => placed.push(piece),
        }
    }

    fn left_before(&self, part: usize) -> Result<Option<LeftOver>> {
        let left = {
            let mut left = self.results.left_over();
            let from_part = left.split_off(&part);
            std::mem::replace(&mut *left, from_part)
        };
        let Some(&last) = left.keys().next_back() else { return Ok(None) };
        let (batches, reserved): (Vec<_>, Vec<_>) = left.into_values().unzip();
        let (bytes, footer) = self.format.row_groups(&batches, &self.schema)?;
        // The parts that left rows over have written nothing, so one of their numbers can be used.
        let part = last;
        self.results.finish(part, footer);
        Ok(Some(LeftOver { part, bytes, reserved }))
    }

    fn end(&self, at: u64) -> Result<Vec<u8>> {
        let footers = self.results.footers();
        let mut placed = std::mem::take(&mut *self.placed.lock().unwrap_or_else(PoisonError::into_inner));
        placed.sort_unstable_by_key(|piece| (piece.part, piece.begin));
        let mut groups = Vec::new();
        for (part, footer) in &*footers {
            for (index, group) in footer.row_groups().iter().enumerate() {
                let moved = shift(&placed, *part, group).ok_or_else(|| failed("a row group is nowhere in the file"))?;
                groups.push(PartRowGroup { footer, index, moved });
            }
        }
        groups.sort_unstable_by_key(|group| group.begin());
        let (_, first) = footers.first().ok_or_else(|| failed("no encoder has finished"))?;
        footer(first.file_metadata(), &groups, at).map_err(failed)
    }
}

/// A row group, in the footer of its part.
struct PartRowGroup<'f> {
    footer: &'f ParquetMetaData,
    index: usize,
    /// Distance from its offset in the part's own file to its offset in the final file.
    moved: i64,
}

impl PartRowGroup<'_> {
    fn metadata(&self) -> &RowGroupMetaData {
        self.footer.row_group(self.index)
    }

    fn begin(&self) -> i64 {
        self.metadata().file_offset().unwrap_or_default() + self.moved
    }
}

/// Returns the distance by which a row group of a part was moved. `placed` is sorted.
fn shift(placed: &[Placed], part: usize, group: &RowGroupMetaData) -> Option<i64> {
    // The part's own file begins with the magic number, which is not copied.
    let own = u64::try_from(group.file_offset()?).ok()?.checked_sub(MAGIC.len() as u64)?;
    let next = placed.partition_point(|piece| (piece.part, piece.begin) <= (part, own));
    let piece = placed.get(next.checked_sub(1)?)?;
    let is_inside = piece.part == part && own < piece.begin + piece.bytes;
    is_inside.then(|| piece.at as i64 - piece.begin as i64 - MAGIC.len() as i64)
}

/// Returns the footer of a file of these row groups. It begins at offset `at`.
fn footer(of: &FileMetaData, groups: &[PartRowGroup<'_>], at: u64) -> ParquetResult<Vec<u8>> {
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
    let mut out = TrackedWrite::new(SkipPrefix { before: at, out: &mut written });
    advance_offset(&mut out, at)?;
    ParquetMetaDataWriter::new_with_tracked(out, &metadata).with_preserve_page_index_locations(false).finish()?;
    Ok(written)
}

fn moved_group(group: &PartRowGroup<'_>, ordinal: usize) -> ParquetResult<RowGroupMetaData> {
    let metadata = group.metadata();
    let columns = metadata.columns().iter().map(|column| moved_column(column, group.moved));
    let mut builder = metadata.clone().into_builder().set_file_offset(group.begin());
    // Files with more row groups have no ordinals.
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

/// Drops the first bytes that are written. The `parquet` crate counts offsets from the first byte
/// of its writer, so the bytes before the footer must be counted.
struct SkipPrefix<'o> {
    before: u64,
    out: &'o mut Vec<u8>,
}

impl Write for SkipPrefix<'_> {
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

/// Writes `bytes` zeros to advance the offset of a writer.
fn advance_offset(out: &mut impl Write, mut bytes: u64) -> IoResult<()> {
    // Larger than the writer's buffer, so the zeros are not copied.
    static ZEROS: [u8; 1 << 20] = [0; 1 << 20];
    while bytes > 0 {
        let some = bytes.min(ZEROS.len() as u64);
        out.write_all(&ZEROS[..some as usize])?;
        bytes -= some;
    }
    Ok(())
}
