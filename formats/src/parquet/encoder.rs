//! Writes Parquet files.
//!
//! A row group ends at its limit of rows or bytes, or if the encoder's memory may not grow beyond
//! its minimum.

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
use parts::{ParquetParts, Told};
use runtime::error::{Error, Result};
use runtime::memory::{Memory, Reservation};
use runtime::page::Input;
use runtime::row::Schema;
use runtime::source::{Encoder, Format, Parts};

/// The most encoded bytes of a row group, reached by wide rows. Each task that reads the file holds a
/// whole group, compressed and decoded. With this limit, four tasks read such a file in 256 MiB.
const GROUP_BYTES: usize = 16 << 20;

/// What an encoder holds in any case: a row group is not cut before, however scarce memory is.
const LEAST_BYTES: usize = 512 << 10;

/// The part of the budget that is left free by what an encoder holds beyond that: one in so many.
const FREE_SHARE: usize = 4;

/// Texts of a batch on its way, at most, before it is encoded.
const PENDING_TEXT_BYTES: usize = 16 << 20;

/// Parquet with statistics for each row group; compressed with Snappy, unless options say otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct ParquetFormat {
    options: ParquetOptions,
}

impl ParquetFormat {
    /// Parquet as options have it. What is wrong with them is said when the encoder is made.
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

    /// What writes row groups, whose columns have a dictionary but for some; without what a file begins with unless `has_head`.
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

    /// An encoder of row groups alone, which tells what a footer says of them, under the number of the part.
    fn part(&self, part: usize, told: &Arc<Told>, schema: &Schema, memory: &Memory) -> Result<Box<dyn Encoder>> {
        let encoder = self.new_encoder(schema, false, memory)?;
        Ok(Box::new(ParquetEncoder { part: Some((part, told.clone())), ..encoder }))
    }

    /// Batches as row groups, and what a footer says of these.
    fn row_groups(&self, batches: &[RecordBatch], schema: &Schema) -> Result<(Vec<u8>, ParquetMetaData)> {
        // Who has the batches pays.
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
    /// What was not given to the writer yet, leaf by leaf.
    values: Vec<LeafValues>,
    pending_rows: usize,
    writer: ArrowWriter<Vec<u8>>,
    /// Whether the writer has rows.
    has_begun: bool,
    /// Whether the output begins as a file does.
    has_head: bool,
    /// For an encoder of one of several parts of a file: which, and whom it tells.
    part: Option<(usize, Arc<Told>)>,
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

    /// Decides by the first rows which columns go without a dictionary: that is the same in all row groups of a writer.
    fn begin(&mut self, first: &RecordBatch) -> Result<()> {
        if !std::mem::replace(&mut self.has_begun, true) {
            let plain = without_dictionary(first, self.format.options.row_group_rows);
            if !plain.is_empty() {
                // What the other has of a file's beginning is still in its buffer, and goes with it.
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

    /// Ends a part of a file, or leaves it to others where there is no row group yet.
    fn finish_part(&mut self, part: usize, told: &Told) -> Result<()> {
        let has_groups = !self.writer.flushed_row_groups().is_empty() || self.writer.in_progress_rows() > 0;
        if !has_groups && let Some(batch) = self.take_pending()? {
            told.leave(part, batch, self.reserved.split(usize::MAX));
            return Ok(());
        }
        told.finish(part, self.end_part()?);
        Ok(())
    }

    /// Gives all that is left, and nothing of what stands behind the last row group.
    fn end_part(&mut self) -> Result<ParquetMetaData> {
        self.flush()?;
        let row_group_bytes = self.output().len();
        let footer = self.writer.finish().map_err(failed)?;
        self.output().truncate(row_group_bytes);
        Ok(footer)
    }

    /// Has the output hold all of the row groups that have ended: the writer keeps the last bytes back.
    fn sync(&mut self) -> Result<()> {
        self.writer.sync().map_err(failed)
    }

    fn held_bytes(&self) -> usize {
        self.kept_bytes() + self.writer.inner().capacity()
    }

    /// Pays for what it holds, and for as much again, which a row group becomes when it ends. It is only useful to be large: where others need the
    /// memory, it ends here.
    fn pay(&mut self) -> Result<()> {
        let kept = self.kept_bytes();
        let missing = (self.held_bytes() + kept).saturating_sub(self.reserved.bytes());
        if kept <= LEAST_BYTES || self.can_take(missing) {
            return self.reserved.resize(self.held_bytes() + kept);
        }
        self.flush()?;
        self.reserved.resize(self.held_bytes())
    }

    /// Whether there is so much memory, and a part of the budget besides: what a row group has taken it does not give back when it is asked to.
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
        self.pay()
    }

    fn finish(&mut self) -> Result<()> {
        match self.part.take() {
            None => {
                self.write_pending()?;
                self.writer.finish().map_err(failed)?;
            }
            Some((part, told)) => self.finish_part(part, &told)?,
        }
        self.reserved.resize(self.writer.inner().capacity())
    }

    fn flush(&mut self) -> Result<()> {
        self.write_pending()?;
        if !self.has_begun {
            return Ok(());
        }
        // A buffer that doubles would take more than was paid for.
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

    fn shrink_reservation(&mut self) -> Result<()> {
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
