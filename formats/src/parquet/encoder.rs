//! Writes Parquet files.
//!
//! A row group ends at its limit of rows or bytes, or if the encoder needs more than its minimum
//! memory and little is free.

mod parts;

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use super::build::{LeafValues, arrays, extend_all, fields};
use super::dictionary::without_dictionary;
use super::options::ParquetOptions;
use crate::BATCH_ROWS;
use parts::{ParquetParts, PartResults};
use runtime::error::{Error, Result};
use runtime::memory::{Memory, Reservation};
use runtime::page::Input;
use runtime::row::Schema;
use runtime::source::{Encoder, Format, Parts};

/// Largest encoded size of a row group, reached if rows are wide. Each task that reads the file
/// holds a whole group, compressed and decoded. With this limit, four tasks read such a file in 256
/// MiB.
const GROUP_BYTES: usize = 16 << 20;

/// A row group of at most this size does not end early, even if memory is scarce.
const MIN_GROUP_BYTES: usize = 512 << 10;

/// One part in this number of the budget stays free when an encoder takes more than the minimum.
const FREE_SHARE: usize = 4;

/// Largest size of the texts in a batch before it is encoded.
const PENDING_TEXT_BYTES: usize = 16 << 20;

/// Writes Parquet with statistics for each row group. The default compression is Snappy.
#[derive(Clone, Copy, Debug, Default)]
pub struct ParquetFormat {
    options: ParquetOptions,
}

impl ParquetFormat {
    /// Creates a format with options. Invalid options are reported when the encoder is created.
    #[must_use]
    pub fn of(options: ParquetOptions) -> Self {
        ParquetFormat { options }
    }

    fn new_encoder(&self, schema: &Schema, has_head: bool, memory: &Memory) -> Result<ParquetEncoder> {
        let columns = Arc::new(arrow_schema::Schema::new(fields(schema)?));
        if self.options.row_group_rows == 0 {
            return Err(Error::Plan(
                "cannot write Parquet: a row group has at least one row; say so in `row_group_rows`".into(),
            ));
        }
        let values = schema.leaves().iter().filter_map(|leaf| LeafValues::new(leaf.ty)).collect();
        Ok(ParquetEncoder {
            writer: self.writer(&columns, &[], has_head)?,
            format: *self,
            schema: schema.clone(),
            columns,
            values,
            pending_rows: 0,
            has_begun: false,
            has_head,
            part: None,
            memory: memory.clone(),
            reserved: memory.reserve(0)?,
        })
    }

    /// Creates a writer. Columns in `plain` get no dictionary. The first bytes of a file are left
    /// out unless `has_head`.
    fn writer(&self, columns: &SchemaRef, plain: &[ColumnPath], has_head: bool) -> Result<ArrowWriter<Vec<u8>>> {
        let ParquetOptions { codec, row_group_rows, ignore_case: _ } = self.options;
        let properties = WriterProperties::builder()
            .set_compression(codec.compression()?)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_max_row_group_row_count(Some(row_group_rows))
            .set_max_row_group_bytes(Some(GROUP_BYTES));
        let without_dictionary = |properties: WriterPropertiesBuilder, column: &ColumnPath| {
            properties.set_column_dictionary_enabled(column.clone(), false)
        };
        let properties = plain.iter().fold(properties, without_dictionary).build();
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let mut writer = ArrowWriter::try_new_with_options(Vec::new(), columns.clone(), options).map_err(failed)?;
        if !has_head {
            writer.sync().map_err(failed)?;
            writer.inner_mut().clear();
        }
        Ok(writer)
    }

    /// Creates an encoder of one part's row groups. It adds the footer of these row groups to the
    /// results of all parts.
    fn part(
        &self,
        part: usize,
        results: &Arc<PartResults>,
        schema: &Schema,
        memory: &Memory,
    ) -> Result<Box<dyn Encoder>> {
        let encoder = self.new_encoder(schema, false, memory)?;
        Ok(Box::new(ParquetEncoder { part: Some((part, results.clone())), ..encoder }))
    }

    /// Encodes batches as row groups. Returns their bytes and footer.
    fn row_groups(&self, batches: &[RecordBatch], schema: &Schema) -> Result<(Vec<u8>, ParquetMetaData)> {
        // The caller has reserved memory for the batches.
        let mut encoder = self.new_encoder(schema, false, &Memory::unbounded("row groups"))?;
        encoder.has_begun = true;
        batches.iter().try_for_each(|batch| encoder.writer.write(batch)).map_err(failed)?;
        let footer = encoder.end_part()?;
        Ok((std::mem::take(encoder.output()), footer))
    }
}

impl Format for ParquetFormat {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn compresses_itself(&self) -> bool {
        true
    }

    fn parts(&self, schema: &Schema) -> Result<Option<Arc<dyn Parts>>> {
        Ok(Some(Arc::new(ParquetParts::new(*self, schema))))
    }

    fn encoder(&self, schema: &Schema, memory: &Memory) -> Result<Box<dyn Encoder>> {
        Ok(Box::new(self.new_encoder(schema, true, memory)?))
    }
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("cannot write Parquet: {error}"))
}

struct ParquetEncoder {
    format: ParquetFormat,
    schema: Schema,
    columns: SchemaRef,
    /// Rows that were not passed to the writer yet, leaf by leaf.
    values: Vec<LeafValues>,
    pending_rows: usize,
    writer: ArrowWriter<Vec<u8>>,
    /// `true` once the writer has rows.
    has_begun: bool,
    /// `true` if the output begins with the first bytes of a file.
    has_head: bool,
    /// For one of several parts of a file: its number, and the results of all parts.
    part: Option<(usize, Arc<PartResults>)>,
    memory: Memory,
    reserved: Reservation,
}

impl ParquetEncoder {
    fn write_pending(&mut self) -> Result<()> {
        let Some(batch) = self.take_pending()? else { return Ok(()) };
        self.begin(&batch)?;
        self.writer.write(&batch).map_err(failed)?;
        self.sync()
    }

    /// Chooses the columns without a dictionary from the first rows. The choice holds for all row
    /// groups of the writer.
    fn begin(&mut self, first: &RecordBatch) -> Result<()> {
        if !std::mem::replace(&mut self.has_begun, true) {
            let plain = without_dictionary(first, self.format.options.row_group_rows);
            if !plain.is_empty() {
                // The first bytes of a file are still in the buffer of the replaced writer, and are
                // dropped with it.
                self.writer = self.format.writer(&self.columns, &plain, self.has_head)?;
            }
        }
        Ok(())
    }

    fn take_pending(&mut self) -> Result<Option<RecordBatch>> {
        if self.pending_rows == 0 {
            return Ok(None);
        }
        self.pending_rows = 0;
        let arrays = arrays(&self.schema, self.columns.fields(), &mut self.values)?;
        RecordBatch::try_new(self.columns.clone(), arrays).map(Some).map_err(failed)
    }

    /// Ends a part of a file. If it has no row group yet, its rows are left over for the other
    /// parts.
    fn finish_part(&mut self, part: usize, results: &PartResults) -> Result<()> {
        let has_groups = !self.writer.flushed_row_groups().is_empty() || self.writer.in_progress_rows() > 0;
        if !has_groups && let Some(batch) = self.take_pending()? {
            results.add_left_over(part, batch, self.reserved.split(usize::MAX));
            return Ok(());
        }
        results.finish(part, self.end_part()?);
        Ok(())
    }

    /// Outputs the remaining row groups, without the footer. Returns the footer.
    fn end_part(&mut self) -> Result<ParquetMetaData> {
        self.flush()?;
        let row_group_bytes = self.output().len();
        let footer = self.writer.finish().map_err(failed)?;
        self.output().truncate(row_group_bytes);
        Ok(footer)
    }

    /// Moves all bytes of ended row groups to the output. The writer would hold the last ones back.
    fn sync(&mut self) -> Result<()> {
        self.writer.sync().map_err(failed)
    }

    fn held_bytes(&self) -> usize {
        self.kept_bytes() + self.writer.inner().capacity()
    }

    /// Reserves memory for the held rows, and as much again for the row group that they become at
    /// its end. A large row group is only an optimization, so it ends here if memory is scarce.
    fn resize_reservation(&mut self) -> Result<()> {
        let kept = self.kept_bytes();
        let missing = (self.held_bytes() + kept).saturating_sub(self.reserved.bytes());
        if kept <= MIN_GROUP_BYTES || self.can_take(missing) {
            return self.reserved.resize(self.held_bytes() + kept);
        }
        self.flush()?;
        self.reserved.resize(self.held_bytes())
    }

    /// Reserves `bytes`, if a part of the budget stays free. Returns `false` otherwise. A row group
    /// does not give memory back on request, so it must not take the last of it.
    fn can_take(&self, bytes: usize) -> bool {
        let budget = self.memory.budget();
        let limit = budget.limit_bytes();
        limit.saturating_sub(budget.used_bytes()) >= bytes + limit / FREE_SHARE && self.memory.try_reserve(bytes)
    }
}

impl Encoder for ParquetEncoder {
    fn encode(&mut self, input: &Input<'_>) -> Result<()> {
        extend_all(&mut self.values, input);
        self.pending_rows += input.len();
        let text_bytes: usize = self.values.iter().map(LeafValues::text_bytes).sum();
        if self.pending_rows >= BATCH_ROWS || text_bytes >= PENDING_TEXT_BYTES {
            self.write_pending()?;
        }
        self.resize_reservation()
    }

    fn finish(&mut self) -> Result<()> {
        match self.part.take() {
            None => {
                self.write_pending()?;
                self.writer.finish().map_err(failed)?;
            }
            Some((part, results)) => self.finish_part(part, &results)?,
        }
        self.reserved.resize(self.writer.inner().capacity())
    }

    fn flush(&mut self) -> Result<()> {
        self.write_pending()?;
        if !self.has_begun {
            return Ok(());
        }
        // A buffer that doubles would exceed the reservation.
        let group_bytes = self.writer.memory_size();
        self.writer.inner_mut().reserve_exact(group_bytes);
        self.writer.flush().map_err(failed)?;
        self.sync()
    }

    fn kept_bytes(&self) -> usize {
        let widths = self.schema.leaves().iter().map(|leaf| leaf.ty.width()).sum::<usize>();
        let texts = self.values.iter().map(LeafValues::text_bytes).sum::<usize>();
        self.writer.memory_size() + self.pending_rows * widths + texts
    }

    fn settle(&mut self) -> Result<()> {
        self.reserved.resize(self.held_bytes())?;
        self.memory.shrink();
        Ok(())
    }

    fn output(&mut self) -> &mut Vec<u8> {
        self.writer.inner_mut()
    }

    fn reserved(&mut self) -> &mut Reservation {
        &mut self.reserved
    }
}
