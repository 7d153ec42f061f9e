//! Sources, and encoders of file formats.
//!
//! A [`Source`] lists *splits*. Each task has a [`SplitReader`], which opens one split after the
//! other and returns batches over decoded columns. Tasks take the splits of a source that ends from
//! one queue, so a task with a large split does not hold up the others. The splits of an endless
//! source are assigned to tasks by their numbers, since they have no end.
//!
//! Files are read in ranges of bytes. Their formats are a [`RangeSource`], whose [`RangeReader`]
//! does no I/O. One adapter makes a split reader of it.
//!
//! An [`Encoder`] turns rows into bytes that the executor writes.

mod checked;
mod compressed_names;
mod context;
#[cfg(test)]
mod feed;
mod lenient;
mod parts;
mod ranges;
mod row_filters;
mod sample;
mod splits;

use std::sync::Arc;

use crate::error::Result;
use crate::memory::{Memory, Reservation};
use crate::output::Appending;
use crate::page::{Batch, Input};
use crate::row::{Datum, Leaf, LeafSet, Schema};

pub use crate::storage::ReadRequest;
pub(crate) use checked::CheckedReader;
pub(crate) use compressed_names::unwritten_compression;
pub use context::ReaderContext;
pub(crate) use context::ThisThread;
#[cfg(test)]
pub(crate) use feed::Feed;
pub use lenient::{Lenient, RejectSink, Rejected};
pub use parts::{LeftoverPiece, Parts, PlacedPiece};
pub use ranges::{RangeReader, RangeSource, Ready, SplitRanges};
pub use row_filters::{NoFilters, RowFilters};
pub use sample::{
    KnownValues, SAMPLE_PLACES, SAMPLE_ROWS, Sample, SampledRows, Sampler, ValueCounts, placed, sample_splits,
    samples_of, spread_evenly,
};
pub use splits::{Position, Split, SplitList, SplitPosition};

/// How a leaf compares with a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `leaf < bound`
    Less,
    /// `leaf <= bound`
    LessOrEqual,
    /// `leaf == bound`
    Equal,
    /// `leaf >= bound`
    GreaterOrEqual,
    /// `leaf > bound`
    Greater,
}

/// A condition that all needed records fulfil. A source need not read splits whose statistics
/// exclude it. It is a hint: the predicate that it comes from still runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The number of the leaf in the schema.
    pub leaf: usize,
    /// The comparison, with the leaf on its left side.
    pub comparison: Comparison,
    /// The bound, of the leaf's type.
    pub value: Datum,
}

/// A plan's request to a source.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Scan {
    /// The leaves that the plan reads. Others may be left undecoded.
    pub live: LeafSet,
    /// Conditions that all needed records fulfil.
    pub bounds: Vec<Bound>,
}

/// The size of a source, as far as it is known before reading.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Statistics {
    /// The number of records, or an estimate. `None` if it is unknown.
    pub rows: Option<f64>,
    /// Bytes that will be read, for progress.
    pub bytes: u64,
}

/// The match of a field of the record with a column of a file. Programs print it before a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnFit {
    /// The field and its type, as `home.zip: u32`. Empty if the record does not have the column.
    pub field: String,
    /// The name of the column. Empty if the file does not have the field.
    pub column: String,
    /// The type of the column, or the reason why the field cannot be read from it.
    pub found: String,
}

impl ColumnFit {
    /// The match of a field and a column.
    #[must_use]
    pub fn of(leaf: &Leaf, column: impl Into<String>, found: impl Into<String>) -> Self {
        let name = leaf.name();
        let field = match leaf.validity {
            None => format!("{name}: {}", leaf.ty),
            Some(_) => format!("{name}: Option<{}>", leaf.ty),
        };
        ColumnFit { field, column: column.into(), found: found.into() }
    }

    /// A column that the record does not have.
    #[must_use]
    pub fn unread(column: impl Into<String>) -> Self {
        ColumnFit { field: String::new(), column: column.into(), found: "is not read".to_owned() }
    }
}

/// Records from outside the program.
///
/// A source does not connect and opens nothing before the job runs. Only [`splits`](Source::splits)
/// and readers do.
pub trait Source: Send + Sync {
    /// For EXPLAIN: `csv data/orders.csv (3 files)`.
    fn describe(&self) -> String;

    /// The schema of the records.
    fn schema(&self) -> &Schema;

    /// Returns `true` if splits may grow, or the source may add splits.
    fn is_endless(&self) -> bool {
        false
    }

    /// Lists the splits, in the preferred order of reading. May block.
    ///
    /// Called before the first task starts, and periodically while an endless source is not
    /// complete. Each list of an endless source starts with all splits of the previous list.
    ///
    /// # Errors
    /// Fails if the source cannot be reached, or its records do not fit the schema.
    fn splits(&self, scan: &Scan) -> Result<SplitList>;

    /// Minimum memory of a reader in bytes. Opens nothing. A record that is larger than others may
    /// take more.
    fn reader_bytes(&self, scan: &Scan) -> usize;

    /// Creates a reader for one task.
    ///
    /// # Errors
    /// Fails if memory is refused.
    fn reader(&self, scan: &Scan, context: ReaderContext) -> Result<Box<dyn SplitReader>>;

    /// Checks that the records before these positions are still those that were read. Called before
    /// the first task of a job that resumes from a snapshot. May block.
    ///
    /// # Errors
    /// Fails if a split is missing, is shorter, or has other records.
    fn check_positions(&self, positions: &[SplitPosition]) -> Result<()> {
        let _ = positions;
        Ok(())
    }

    /// Makes the records before these positions durable. Called before a snapshot is completed that
    /// names them. May block.
    ///
    /// # Errors
    /// Fails if they cannot be written to disk.
    fn sync(&self, positions: &[SplitPosition]) -> Result<()> {
        let _ = positions;
        Ok(())
    }

    /// The source as a table, with facts for the planner.
    fn as_table(&self) -> Option<&dyn TableSource> {
        None
    }
}

/// Facts about a source that the planner uses. All have defaults.
pub trait TableSource: Send + Sync {
    /// The size of the source, for the leaves of the scan.
    fn statistics(&self, scan: &Scan) -> Statistics {
        let _ = scan;
        Statistics::default()
    }

    /// Samples rows of a scan, for estimates: a few thousand at most, from a few places, within a
    /// few milliseconds. `None` if the source cannot be read before the run.
    fn sample(&self, scan: &Scan) -> Option<Sample> {
        let _ = scan;
        None
    }

    /// Identifies the present data, so that samples are kept. `None` if changes are not detected,
    /// or a sample costs nothing.
    fn version(&self) -> Option<u128> {
        None
    }

    /// Returns `true` if statistics show that no record of a split fulfils all of these bounds,
    /// which were not known when the splits were listed.
    fn excludes(&self, split: &Split, bounds: &[Bound]) -> bool {
        let _ = (split, bounds);
        false
    }

    /// Returns `true` if [`excludes`](TableSource::excludes) may use bounds of this leaf.
    fn has_limits(&self, leaf: usize) -> bool {
        let _ = leaf;
        false
    }

    /// Returns `true` if its readers use the filters of [`SplitReader::advance`].
    fn asks_filters(&self) -> bool {
        false
    }

    /// The match of the record's fields with the columns of the first file, for display.
    fn columns(&self) -> Vec<ColumnFit> {
        Vec::new()
    }

    /// Receives the bad records of a source that leaves them out.
    fn rejects(&self) -> Option<Arc<dyn RejectSink>> {
        None
    }
}

/// The state of a reader after [`SplitReader::advance`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadProgress {
    /// [`SplitReader::batch`] returns records.
    Batch {
        /// The number of rows that the filters dropped before the batch. `None` if the filters were
        /// not applied.
        left_out: Option<usize>,
    },
    /// The reader waits for records, and wakes the task when it can continue: through work that it
    /// has submitted to [`ReaderContext::blocking`]. Without a wake-up the job never continues.
    Pending,
    /// All present records of an endless split were returned.
    CaughtUp,
    /// The split has ended.
    End,
}

/// Reads splits, one after the other, in one task.
pub trait SplitReader: Send {
    /// Starts to read a split at a position, or at its beginning. Forgets what is left of the split
    /// before.
    ///
    /// # Errors
    /// Fails if the split cannot be read.
    fn open(&mut self, split: &Split, from: Option<&Position>) -> Result<()>;

    /// Decodes the next batch, without blocking. A reader may leave out rows that the filters do
    /// not keep.
    ///
    /// # Errors
    /// Fails if the data is damaged or does not fit the record, with place, expected and found.
    fn advance(&mut self, filters: &mut dyn RowFilters) -> Result<ReadProgress>;

    /// The batch of the last [`ReadProgress::Batch`], with one column for each of
    /// [`Schema::leaves`], in their order. It may be called several times per batch, so decode in
    /// `advance`.
    ///
    /// # Errors
    /// Fails if columns do not fit the rows.
    fn batch(&self) -> Result<Batch<'_>>;

    /// The start of the next batch in the open split. Called only for endless sources.
    fn position(&self) -> Position {
        Position::default()
    }

    /// Bytes after a position that can be read now, in a split that need not be open. `None` if
    /// only [`open`](SplitReader::open) finds out. Must not block, and is called often.
    ///
    /// # Errors
    /// Fails if the split is gone, or ends before the position.
    fn available(&mut self, split: &Split, from: Option<&Position>) -> Result<Option<u64>> {
        let _ = (split, from);
        Ok(None)
    }

    /// Bytes that were read since the last call, for progress.
    fn take_read_bytes(&mut self) -> u64 {
        0
    }

    /// Acknowledges records at the origin, or commits offsets. Called after a snapshot is complete:
    /// a restored job never reads the records before these positions again.
    ///
    /// # Errors
    /// Fails if the origin refuses.
    fn completed(&mut self, epoch: u64, positions: &[SplitPosition]) -> Result<()> {
        let _ = (epoch, positions);
        Ok(())
    }
}

/// Turns rows into the bytes of a file.
pub trait Encoder: Send {
    /// Adds rows.
    ///
    /// # Errors
    /// Fails if a value cannot be written in this format, or memory is refused.
    fn encode(&mut self, input: &Input<'_>) -> Result<()>;
    /// Adds the end of the file, after the last row.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
    /// Moves held-back rows to the output, if the format allows it: ends a row group or a block.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
    /// The approximate bytes that are held back, without those in the output.
    fn kept_bytes(&self) -> usize {
        0
    }
    /// Adjusts the reservation to the memory in use, after the output was taken.
    ///
    /// # Errors
    /// Fails if memory is refused.
    fn shrink_reservation(&mut self) -> Result<()>;
    /// Bytes that are ready to be written. The executor takes them when they are enough for a
    /// write.
    fn output(&mut self) -> &mut Vec<u8>;
    /// The reservation for all memory of the encoder, including the output.
    fn reserved(&mut self) -> &mut Reservation;
}

/// A file format to write.
pub trait Format: Send + Sync {
    /// For EXPLAIN: `csv`.
    fn name(&self) -> &'static str;
    /// The extension of file names, without the first dot: `csv`, `csv.gz`.
    fn extension(&self) -> String {
        self.name().to_owned()
    }
    /// Returns how records may be appended to an existing file, if at all. The file must begin as a
    /// file of this schema does.
    fn appending(&self, _schema: &Schema) -> Appending {
        Appending::Never
    }
    /// Returns `true` if the format compresses by itself. Its files are then not compressed again.
    fn compresses_itself(&self) -> bool {
        false
    }
    /// Returns the parts of one file that several tasks encode. `None` if one encoder must see all
    /// records.
    ///
    /// # Errors
    /// As [`Format::encoder`].
    fn parts(&self, schema: &Schema) -> Result<Option<Arc<dyn Parts>>> {
        let _ = schema;
        Ok(None)
    }
    /// Returns an encoder for one file.
    ///
    /// # Errors
    /// Fails if the format cannot hold the record. The error names the field and the reason.
    fn encoder(&self, schema: &Schema, memory: &Memory) -> Result<Box<dyn Encoder>>;
}
