//! Decodes row groups.

mod column_bytes;

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{RecordBatch, StructArray};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use super::checked::decoder;
use super::column::{FilterError, FlatColumns};
use super::convert::LeafColumn;
use super::extract::{ColumnFault, ROW_COUNT_MISMATCH, converted_bytes, extract_leaf};
use super::footer::{catching_panics, column_range};
use super::mapping::{FileMapping, LeafPlan};
use super::writer_faults::{always_compresses, marked_as_compressed};
use crate::BATCH_ROWS;
use crate::files::InputFile;
use column_bytes::ColumnBytes;
use runtime::error::{Error, Result};
use runtime::memory::{Memory, Reservation};
use runtime::page::{Batch, Columns};
use runtime::row::{LeafSet, Schema};
use runtime::source::{Position, RangeReader, ReadRequest, Ready, RowFilters, Scan, Split};

/// Largest decoded size of a batch of several rows, estimated from the lengths in the footer.
const BATCH_BYTES: usize = 8 << 20;

/// Reads row groups. Requests the bytes of all columns, then decodes them batch by batch.
pub(super) struct ParquetReader {
    files: Arc<[InputFile]>,
    mappings: Arc<[FileMapping]>,
    schema: Arc<Schema>,
    live: LeafSet,
    reserved: Reservation,
    /// Bytes that were reserved for the row group, without those for converted lists.
    group_bytes: usize,
    part: usize,
    group: usize,
    /// Rows of the row group that were not decoded yet, according to the footer.
    left: usize,
    /// Largest number of rows in a batch of this row group.
    batch_rows: usize,
    state: GroupState,
    /// Number of rows in the batch, then its leaves.
    rows: usize,
    held: Vec<LeafColumn>,
    /// Number of rows that filters have removed from the batch; `None` if it was not filtered.
    left_out: Option<usize>,
    /// The columns that are decoded without the `parquet` crate.
    flat: FlatColumns<ColumnBytes>,
}

enum GroupState {
    /// No split, or the split has ended.
    Done,
    /// The columns' bytes are to be requested.
    Opened(ReadRequest),
    /// The columns' bytes were requested.
    Requested(Vec<Range<u64>>),
    /// Decoding, with the crate's decoder if it is needed.
    Decoding(Option<Box<ParquetRecordBatchReader>>),
    /// No column is read.
    Counting,
}

impl ParquetReader {
    pub(super) fn new(
        files: Arc<[InputFile]>,
        mappings: Arc<[FileMapping]>,
        schema: Arc<Schema>,
        scan: &Scan,
        memory: &Memory,
    ) -> Result<Self> {
        Ok(ParquetReader {
            files,
            mappings,
            schema,
            live: scan.live.clone(),
            reserved: memory.reserve(0)?,
            group_bytes: 0,
            part: 0,
            group: 0,
            left: 0,
            batch_rows: BATCH_ROWS,
            state: GroupState::Done,
            rows: 0,
            held: Vec::new(),
            left_out: None,
            flat: FlatColumns::none(),
        })
    }

    fn file(&self) -> &InputFile {
        &self.files[self.part]
    }

    fn error(&self, message: impl Into<String>) -> Error {
        let place = format!(", row group {}", self.group);
        Error::Data { path: self.file().path().to_path_buf(), place, message: message.into() }
    }

    /// Returns the error for a fault in the last batch.
    fn fault_error(&self, ColumnFault { row, message }: ColumnFault) -> Error {
        let Some(row) = row else { return self.error(message) };
        let groups = self.mappings[self.part].metadata.metadata().row_groups();
        let before: i64 = groups.iter().take(self.group + 1).map(|group| group.num_rows()).sum();
        let row = before as usize - self.left - self.rows + row;
        let place = format!(", row group {}, row {row}", self.group);
        Error::Data { path: self.file().path().to_path_buf(), place, message }
    }

    /// Prepares the sample of a row group, whose rows are decoded elsewhere.
    pub(super) fn begin_sample(&mut self, part: usize, group: usize) {
        self.clear_batch();
        (self.part, self.group) = (part, group);
    }

    /// Returns the file, its mapping, and the columns to sample.
    pub(super) fn sampled(&self) -> (&InputFile, &FileMapping, Vec<usize>) {
        let mapping = &self.mappings[self.part];
        (self.file(), mapping, mapping.columns(&self.live))
    }

    /// Makes the rows of a sample the batch.
    pub(super) fn set_sampled_batch(&mut self, batch: RecordBatch) -> Result<()> {
        self.clear_batch();
        self.rows = batch.num_rows();
        self.left = 0;
        self.convert_batch(batch)
    }

    /// Frees the memory of a row group, except for buffers that the next one reuses.
    fn finish_group(&mut self) -> Result<()> {
        self.state = GroupState::Done;
        self.flat.finish();
        self.reserved.resize(self.flat.spare_bytes().min(self.reserved.bytes()))
    }

    fn clear_batch(&mut self) {
        self.rows = 0;
        self.held.clear();
        self.left_out = None;
    }

    /// Returns the bytes of the live leaves in one batch, without the contents of texts.
    fn batch_bytes(&self) -> usize {
        let leaf_bytes = |leaf: usize| self.schema.leaves().get(leaf).map_or(0, |leaf| leaf.ty.width());
        BATCH_ROWS * self.live.iter().map(leaf_bytes).sum::<usize>()
    }

    /// Reserves memory for the lists of a batch, which may be larger than in batches before.
    fn reserve_lists(&mut self, root: &StructArray) -> Result<()> {
        let leaves = self.live.iter().filter_map(|leaf| {
            let plan = self.mappings[self.part].plan(leaf)?;
            Some(converted_bytes(root, plan, self.schema.leaves().get(leaf)?.ty))
        });
        let bytes = leaves.fold(self.group_bytes, usize::saturating_add);
        if bytes > self.reserved.bytes() { self.reserved.resize(bytes) } else { Ok(()) }
    }

    fn begin_decoding(&mut self, ranges: &[Range<u64>], bytes: Vec<Bytes>) -> Result<()> {
        let mapping = &self.mappings[self.part];
        let bytes = match always_compresses(mapping.created_by()) {
            true => bytes.iter().map(marked_as_compressed).collect(),
            false => bytes,
        };
        let parts = ranges.iter().zip(bytes).map(|(range, bytes)| (range.start, bytes)).collect();
        let input = Arc::new(ColumnBytes { length: self.file().bytes(), parts });
        let group = mapping.metadata.metadata().row_group(self.group);
        self.flat.begin(&input, mapping, &self.schema, &self.live, group);
        let mut columns = mapping.columns(&self.live);
        columns.retain(|&column| !self.flat.has(column));
        let decoder = if columns.is_empty() {
            None
        } else {
            let decoder = decoder(mapping, self.group, columns, input, self.batch_rows, None);
            Some(Box::new(decoder.map_err(|reason| self.error(reason))?))
        };
        self.state = GroupState::Decoding(decoder);
        Ok(())
    }

    /// Decodes the next rows of a row group.
    fn decode(&mut self, rows: usize) -> Result<()> {
        let GroupState::Decoding(decoder) = &mut self.state else { return Ok(()) };
        let batch = match decoder {
            None => None,
            Some(decoder) => match catching_panics(|| decoder.next().transpose()) {
                Ok(Some(batch)) if batch.num_rows() == rows => Some(batch),
                Ok(_) => return Err(self.error(ROW_COUNT_MISMATCH)),
                Err(reason) => return Err(self.error(format!("the data is damaged: {reason}"))),
            },
        };
        self.rows = rows;
        self.left -= rows;
        self.flat.advance(rows).map_err(|fault| self.fault_error(fault))?;
        match batch {
            Some(batch) => self.convert_batch(batch),
            None => {
                self.set_dead_leaves();
                Ok(())
            }
        }
    }

    /// Decodes some of the next rows of a row group whose columns are all decoded here. The batch
    /// has the rows that filters keep.
    fn decode_where(&mut self, filters: &mut dyn RowFilters) -> Result<()> {
        let done = self.flat.advance_where(self.left, &self.schema, filters).map_err(|error| match error {
            FilterError::Data(fault) => self.fault_error(fault),
            FilterError::Filter(error) => error,
        })?;
        self.left -= done.rows;
        (self.rows, self.left_out) = (done.kept, Some(done.rows - done.kept));
        self.set_dead_leaves();
        Ok(())
    }

    fn set_dead_leaves(&mut self) {
        self.held.extend(self.schema.leaves().iter().map(|_| LeafColumn::Dead));
    }

    /// Converts an Arrow batch to leaves.
    fn convert_batch(&mut self, batch: RecordBatch) -> Result<()> {
        let root = StructArray::from(batch);
        self.reserve_lists(&root)?;
        for (index, leaf) in self.schema.leaves().iter().enumerate() {
            let is_read = |plan: &&LeafPlan| self.live.contains(index) && !self.flat.has(plan.column);
            let plan = self.mappings[self.part].plan(index).filter(is_read);
            let held = match plan {
                None => LeafColumn::Dead,
                Some(plan) => extract_leaf(&root, plan, leaf.ty).map_err(|fault| self.fault_error(fault))?,
            };
            self.held.push(held);
        }
        Ok(())
    }
}

impl RangeReader for ParquetReader {
    fn open(&mut self, split: &Split, _: Option<&Position>) -> Result<()> {
        self.clear_batch();
        // Frees the memory of the previous row group before new memory is reserved.
        self.finish_group()?;
        (self.part, self.group) = (split.part, split.range.start as usize);
        let (Some(file), Some(mapping)) = (self.files.get(self.part), self.mappings.get(self.part)) else {
            return Err(Error::Internal(format!("a split of file {}", self.part)));
        };
        mapping.plans(file, &self.live)?;
        let metadata = mapping.metadata.metadata();
        let Some(group) = metadata.row_groups().get(self.group) else {
            return Err(Error::Internal(format!("a split of row group {}", self.group)));
        };
        self.left = group.num_rows() as usize;
        let columns = mapping.columns(&self.live);
        if columns.is_empty() || self.left == 0 {
            self.state = GroupState::Counting;
            return Ok(());
        }
        let range = |&column: &usize| column_range(group.column(column), file.bytes()).unwrap_or_default();
        let ranges: Vec<_> = columns.iter().map(range).collect();
        let decoded: i64 = columns.iter().map(|&column| group.column(column).uncompressed_size()).sum();
        let row_bytes = (decoded as usize) / self.left;
        self.batch_rows = (BATCH_BYTES / row_bytes.max(1)).clamp(1, BATCH_ROWS);
        self.group_bytes = (decoded as usize).saturating_add(self.batch_bytes());
        let lists = mapping.list_bytes(&self.schema, &self.live, group);
        let bytes = self.group_bytes.saturating_add(lists);
        if self.flat.spare_bytes() > bytes {
            self.flat.drop_spare();
        }
        self.reserved.resize(bytes)?;
        self.state = GroupState::Opened(ReadRequest {
            object: file.open()?,
            path: file.path().clone(),
            ranges,
            may_end_early: false,
        });
        Ok(())
    }

    fn wants(&mut self) -> Option<ReadRequest> {
        match std::mem::replace(&mut self.state, GroupState::Done) {
            GroupState::Opened(request) => {
                self.state = GroupState::Requested(request.ranges.clone());
                Some(request)
            }
            state => {
                self.state = state;
                None
            }
        }
    }

    fn supply(&mut self, bytes: Vec<Bytes>) -> Result<()> {
        let GroupState::Requested(ranges) = std::mem::replace(&mut self.state, GroupState::Done) else {
            return Ok(());
        };
        let whole = |(range, bytes): (&Range<u64>, &Bytes)| bytes.len() as u64 == range.end - range.start;
        if bytes.len() != ranges.len() || !ranges.iter().zip(&bytes).all(whole) {
            return Err(
                self.error("the file is shorter than when the job began; do not change files while they are read")
            );
        }
        self.begin_decoding(&ranges, bytes)
    }

    fn advance(&mut self) -> Result<Ready> {
        self.clear_batch();
        match &mut self.state {
            GroupState::Done => Ok(Ready::End),
            GroupState::Opened(_) | GroupState::Requested(_) => Ok(Ready::Starved),
            GroupState::Counting if self.left == 0 => Ok(Ready::End),
            GroupState::Counting => {
                self.rows = self.left.min(BATCH_ROWS);
                self.left -= self.rows;
                self.set_dead_leaves();
                Ok(Ready::Batch)
            }
            GroupState::Decoding(decoder) if self.left == 0 => {
                // There must not be more rows than the footer states.
                let more = decoder.as_mut().map(|decoder| catching_panics(|| decoder.next().transpose()));
                if !matches!(more, None | Some(Ok(None))) {
                    return Err(self.error(ROW_COUNT_MISMATCH));
                }
                self.finish_group()?;
                Ok(Ready::End)
            }
            GroupState::Decoding(_) => {
                let decoded = self.decode(self.left.min(self.batch_rows));
                if decoded.is_err() {
                    self.state = GroupState::Done;
                }
                decoded.map(|()| Ready::Batch)
            }
        }
    }

    fn advance_where(&mut self, filters: &mut dyn RowFilters) -> Result<Ready> {
        if self.left == 0 || !matches!(self.state, GroupState::Decoding(None)) || !self.flat.pays_to_filter() {
            return self.advance();
        }
        self.clear_batch();
        let decoded = self.decode_where(filters);
        if decoded.is_err() {
            self.state = GroupState::Done;
        }
        decoded.map(|()| Ready::Batch)
    }

    fn left_out(&self) -> Option<usize> {
        self.left_out
    }

    fn batch(&self) -> Result<Batch<'_>> {
        let mut columns = Columns::new(self.rows);
        for (index, (held, leaf)) in self.held.iter().zip(self.schema.leaves()).enumerate() {
            match self.flat.push(index, leaf.ty, &mut columns) {
                Some(pushed) => pushed?,
                None => held.push(leaf.ty, &mut columns)?,
            }
        }
        Ok(columns.finish())
    }
}

#[cfg(test)]
mod tests;
