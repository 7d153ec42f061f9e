//! Sources and encoders as the executor sees them: state machines that leave I/O to others.
//!
//! A source lists *splits*; tasks take splits from one queue, so skew in the input is stolen away. A [`SplitReader`] says which bytes it
//! wants, is given them, and hands out batches over decoded columns; the executor reads, ahead where it can, on the
//! threads that may block. An [`Encoder`] turns rows into bytes that the executor writes.
//!
//! A source that is [`Endless`] has splits that grow, and gets others: each task follows some of them, and knows how far it is with each.

mod endless;
mod lenient;
mod parts;
mod row_filters;
mod sample;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::Result;
use crate::memory::{Budget, Memory, Reservation};
use crate::output::Appending;
use crate::page::{Batch, Input};
use crate::row::{Datum, Leaf, LeafSet, Schema};

pub use crate::storage::ReadRequest;
pub use endless::{Endless, Extent, Mark, Position};
pub use lenient::{Lenient, RejectSink, Rejected};
pub use parts::{LeftOver, Parts, Placed};
pub use row_filters::RowFilters;
pub use sample::{
    KnownValues, SAMPLE_PLACES, SAMPLE_ROWS, Sample, SampledRows, Sampler, ValueCounts, placed, sample_splits,
    samples_of, spread_evenly,
};

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

/// A condition that every record that matters fulfils: splits whose statistics exclude it need not be read. It is a hint: the
/// predicate that it was taken from still runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// The leaf.
    pub leaf: usize,
    /// How it compares.
    pub comparison: Comparison,
    /// With what; of the leaf's type.
    pub value: Datum,
}

/// What a plan asks of a source.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Scan {
    /// The leaves that somebody reads; others may be dead.
    pub live: LeafSet,
    /// What all records that matter fulfil.
    pub bounds: Vec<Bound>,
}

/// How much a source holds, as far as it knows before reading.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Statistics {
    /// Records.
    pub rows: Option<f64>,
    /// Bytes that will be read: what progress is measured by.
    pub bytes: u64,
}

/// A part of a source that one task reads by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Which file or page of the source.
    pub part: usize,
    /// Which part of it: bytes (of what it holds, where it is compressed), or row groups.
    pub range: Range<u64>,
    /// Bytes that reading it takes, for progress.
    pub bytes: u64,
}

/// How a field of the record and a column of a file stand to each other: what a program prints that wants to know before the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnFit {
    /// The field and its type: `home.zip: u32`; empty for a column that the record does not have.
    pub field: String,
    /// The column; empty where there is none.
    pub column: String,
    /// What is found there: its type, or why the field cannot be read from it.
    pub found: String,
}

impl ColumnFit {
    /// A field and its column.
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

/// Records from outside.
pub trait Source: Send + Sync {
    /// For EXPLAIN: `csv data/orders.csv (3 files)`.
    fn describe(&self) -> String;
    /// The records.
    fn schema(&self) -> &Schema;
    /// How much there is, for the leaves that are read.
    fn statistics(&self, scan: &Scan) -> Statistics;
    /// Some rows of what a scan gives, for the estimates that plans are made by: a few thousand at most, from a few places, read in a few milliseconds. None
    /// where nothing is known before the run, or what cannot be read would be noticed, as by a source that writes bad records down.
    fn sample(&self, scan: &Scan) -> Option<Sample> {
        let _ = scan;
        None
    }
    /// A number for the data as they are: another one when they change. None where nobody can tell, or a sample costs nothing.
    fn version(&self) -> Option<u128> {
        None
    }
    /// What to read, in an order that reads well.
    ///
    /// # Errors
    /// Where a file cannot be read or does not fit the record.
    fn splits(&self, scan: &Scan) -> Result<Vec<Split>>;
    /// Whether statistics show that no record of a split fulfils all of some bounds that were not known when [splits](Source::splits) were listed.
    fn excludes(&self, split: &Split, bounds: &[Bound]) -> bool {
        let _ = (split, bounds);
        false
    }
    /// Whether it may ever [exclude](Source::excludes) a split by this leaf.
    fn has_limits(&self, leaf: usize) -> bool {
        let _ = leaf;
        false
    }
    /// Whether its readers [ask filters](SplitReader::advance_where) which rows to decode.
    fn asks_filters(&self) -> bool {
        false
    }
    /// How the record's fields and the columns of its first file fit.
    fn columns(&self) -> Vec<ColumnFit> {
        Vec::new()
    }
    /// The source as one whose splits grow, and that may get more of them; nothing for one that ends by itself.
    fn endless(&self) -> Option<&dyn Endless> {
        None
    }
    /// Whether its splits grow, and more of them may come.
    fn is_endless(&self) -> bool {
        self.endless().is_some()
    }
    /// Where bad records go, for a source that leaves them out.
    fn rejects(&self) -> Option<Arc<dyn RejectSink>> {
        None
    }
    /// The least memory that a reader works with, as far as it is known before the first record: a record that is larger than others
    /// may take more.
    ///
    /// # Errors
    /// As [`Source::reader`].
    fn reader_bytes(&self, scan: &Scan) -> Result<usize> {
        let budget = Budget::new(usize::MAX);
        let _reader = self.reader(scan, &Memory::new(budget.clone(), "a reader"))?;
        // What it reserves, and what was read and is not yet its own.
        Ok(2 * budget.used_bytes())
    }
    /// A reader for one task, which opens one split after another.
    ///
    /// # Errors
    /// Where memory is refused.
    fn reader(&self, scan: &Scan, memory: &Memory) -> Result<Box<dyn SplitReader>>;
}

/// What a reader can do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// [`SplitReader::batch`] holds records.
    Batch,
    /// Give it the bytes of [`SplitReader::wants`].
    Starved,
    /// All that there is of an [`Endless`] source's split was given: it goes on from [`SplitReader::position`] once there is more.
    CaughtUp,
    /// The split is at its end.
    End,
}

/// Reads splits. The executor calls `open`; then `wants` and `supply` whenever it likes to read ahead, `advance` until `End`, and
/// `batch` after each `Ready::Batch`.
pub trait SplitReader: Send {
    /// Starts a split; what was left of the one before is forgotten.
    ///
    /// # Errors
    /// Where the split cannot be read.
    fn open(&mut self, split: &Split) -> Result<()>;
    /// The bytes to read next, at most one request at a time; `None` where nothing more is wanted now. May be asked while a batch is
    /// out: that is reading ahead.
    fn wants(&mut self) -> Option<ReadRequest>;
    /// The bytes of the last request, range by range.
    ///
    /// # Errors
    /// Where they cannot be what they should be.
    fn supply(&mut self, bytes: Vec<Bytes>) -> Result<()>;
    /// Decodes the next batch.
    ///
    /// # Errors
    /// Where the data is damaged or does not fit the record: with file, place, expected and found.
    fn advance(&mut self) -> Result<Ready>;
    /// As [`SplitReader::advance`], by a reader that may leave out the rows that these filters do not keep: all of them, or, where
    /// [`SplitReader::left_out`] says so, none.
    ///
    /// # Errors
    /// As [`SplitReader::advance`], and what the filters give.
    fn advance_where(&mut self, filters: &mut dyn RowFilters) -> Result<Ready> {
        let _ = filters;
        self.advance()
    }
    /// How many rows of the last batch the filters did not keep, and that are not in it; `None` where they were not asked.
    fn left_out(&self) -> Option<usize> {
        None
    }
    /// Behind the last batch: where a split of an [`Endless`] source is to be opened to get the records that follow. Nothing for other sources.
    fn position(&self) -> Option<Position> {
        None
    }
    /// Bad records that were left out since this was asked last.
    fn take_rejected(&mut self) -> Vec<Rejected> {
        Vec::new()
    }
    /// The batch of the last `Ready::Batch`; empty otherwise.
    ///
    /// # Errors
    /// A defect of the reader.
    fn batch(&self) -> Result<Batch<'_>>;
}

/// Turns rows into the bytes of a file.
pub trait Encoder: Send {
    /// Adds rows.
    ///
    /// # Errors
    /// Where a value cannot be written, or memory is refused.
    fn encode(&mut self, input: &Input<'_>) -> Result<()>;
    /// Adds what stands at the end of a file.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
    /// Makes what is kept back ready to be written, where the format allows to: a row group, a block.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
    /// About how many bytes are kept back, beside those that are ready.
    fn kept_bytes(&self) -> usize {
        0
    }
    /// Pays for no more than it holds, after its output was taken.
    ///
    /// # Errors
    /// Where memory is refused.
    fn settle(&mut self) -> Result<()>;
    /// Bytes ready to be written; the executor takes them when they are enough.
    fn output(&mut self) -> &mut Vec<u8>;
    /// What pays for all that it holds, its output among it.
    fn reserved(&mut self) -> &mut Reservation;
}

/// A file format to write.
pub trait Format: Send + Sync {
    /// For EXPLAIN: `csv`.
    fn name(&self) -> &'static str;
    /// The end of its files' names, without the dot: `csv`, `csv.gz`.
    fn extension(&self) -> String {
        self.name().to_owned()
    }
    /// Whether records may be added to a file, behind what an encoder of the same record begins with and what others wrote.
    fn appending(&self, _schema: &Schema) -> Appending {
        Appending::Never
    }
    /// Whether it compresses what is in a file by itself, so that nothing else should.
    fn compresses_itself(&self) -> bool {
        false
    }
    /// One file that several tasks encode; nothing where one encoder has to see all records.
    ///
    /// # Errors
    /// As [`Format::encoder`].
    fn parts(&self, schema: &Schema) -> Result<Option<Arc<dyn Parts>>> {
        let _ = schema;
        Ok(None)
    }
    /// An encoder for one file.
    ///
    /// # Errors
    /// Where the record cannot be written in this format: which field, and why.
    fn encoder(&self, schema: &Schema, memory: &Memory) -> Result<Box<dyn Encoder>>;
}
