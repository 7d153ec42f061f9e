//! Splits that are byte ranges of files: readers that request bytes, and the adapter that does the
//! I/O.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::{
    Position, ReadProgress, ReaderContext, RejectSink, Rejected, RowFilters, Scan, Source, Split, SplitList,
    SplitReader, TableSource,
};
use crate::error::{Error, Result};
use crate::memory::{Budget, Memory};
use crate::page::Batch;
use crate::row::Schema;
use crate::storage::{PendingRead, ReadRequest};

/// The state of a range reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// [`RangeReader::batch`] returns records.
    Batch,
    /// The reader needs the bytes of [`RangeReader::wants`].
    Starved,
    /// All present records of an endless split were returned.
    CaughtUp,
    /// The split has ended.
    End,
}

/// Decodes splits that are ranges of bytes, and does no I/O. The caller opens a split. Then it
/// calls `wants` and `supply` to read ahead, `advance` until `End`, and `batch` after each
/// `Ready::Batch`.
pub trait RangeReader: Send {
    /// Starts a split at a position, or at its beginning.
    ///
    /// # Errors
    /// Fails if the split cannot be read.
    fn open(&mut self, split: &Split, from: Option<&Position>) -> Result<()>;

    /// The bytes to be read next. `None` if none are needed now. At most one request is open.
    fn wants(&mut self) -> Option<ReadRequest>;

    /// Takes the bytes of the last request, range by range.
    ///
    /// # Errors
    /// Fails if they are damaged.
    fn supply(&mut self, bytes: Vec<Bytes>) -> Result<()>;

    /// Decodes the next batch.
    ///
    /// # Errors
    /// Fails if the data is damaged or does not fit the record, with file, place, expected and
    /// found.
    fn advance(&mut self) -> Result<Ready>;

    /// As [`RangeReader::advance`]. The reader leaves out all rows that the filters do not keep, or
    /// none of them. [`RangeReader::left_out`] returns which.
    ///
    /// # Errors
    /// As [`RangeReader::advance`], and those of the filters.
    fn advance_where(&mut self, filters: &mut dyn RowFilters) -> Result<Ready> {
        let _ = filters;
        self.advance()
    }

    /// The number of rows that the filters dropped before the last batch. `None` if the filters
    /// were not applied.
    fn left_out(&self) -> Option<usize> {
        None
    }

    /// As [`SplitReader::position`].
    fn position(&self) -> Position {
        Position::default()
    }

    /// As [`SplitReader::available`].
    ///
    /// # Errors
    /// As there.
    fn available(&mut self, split: &Split, from: Option<&Position>) -> Result<Option<u64>> {
        let _ = (split, from);
        Ok(None)
    }

    /// As [`SplitReader::take_read_bytes`].
    fn take_read_bytes(&mut self) -> u64 {
        0
    }

    /// Bad records that were left out since the last call.
    fn take_rejected(&mut self) -> Vec<Rejected> {
        Vec::new()
    }

    /// The batch of the last `Ready::Batch`; empty otherwise.
    ///
    /// # Errors
    /// Fails if the reader has a defect.
    fn batch(&self) -> Result<Batch<'_>>;
}

/// A source whose splits are ranges of files. Every range source is a [`Source`], whose readers do
/// the I/O.
pub trait RangeSource: TableSource {
    /// As [`Source::describe`].
    fn describe(&self) -> String;

    /// As [`Source::schema`].
    fn schema(&self) -> &Schema;

    /// As [`Source::splits`].
    ///
    /// # Errors
    /// As there.
    fn splits(&self, scan: &Scan) -> Result<SplitList>;

    /// The reader of a task, which does no I/O.
    ///
    /// # Errors
    /// Fails if memory is refused.
    fn range_reader(&self, scan: &Scan, memory: &Memory) -> Result<Box<dyn RangeReader>>;

    /// As [`Source::reader_bytes`]. The default is twice the initial reservation of the reader: the
    /// other half is for bytes that were read and not yet supplied.
    fn reader_bytes(&self, scan: &Scan) -> usize {
        let budget = Budget::new(usize::MAX);
        let _reader = self.range_reader(scan, &Memory::new(budget.clone(), "a reader"));
        2 * budget.used_bytes()
    }
}

impl<S: RangeSource> Source for S {
    fn describe(&self) -> String {
        RangeSource::describe(self)
    }

    fn schema(&self) -> &Schema {
        RangeSource::schema(self)
    }

    fn splits(&self, scan: &Scan) -> Result<SplitList> {
        RangeSource::splits(self, scan)
    }

    fn reader_bytes(&self, scan: &Scan) -> usize {
        RangeSource::reader_bytes(self, scan)
    }

    fn reader(&self, scan: &Scan, context: ReaderContext) -> Result<Box<dyn SplitReader>> {
        let reader = self.range_reader(scan, &context.memory)?;
        Ok(Box::new(SplitRanges::new(reader, self.rejects(), context)))
    }

    fn as_table(&self) -> Option<&dyn TableSource> {
        Some(self)
    }
}

/// The adapter from a range reader to a [`SplitReader`]. Reads cached ranges immediately, and
/// others on threads that may block.
pub struct SplitRanges {
    reader: Box<dyn RangeReader>,
    context: ReaderContext,
    pending_read: Option<PendingRead>,
    /// Receives bad records.
    rejects: Option<Arc<dyn RejectSink>>,
    /// The write of bad records by a blocking thread. The next batch waits for it.
    pending_write: Option<PendingWrite>,
    /// The state that is returned after the write.
    held: Option<Ready>,
}

/// The result of a write by a blocking thread. `None` until it is done.
type PendingWrite = Arc<Mutex<Option<Result<()>>>>;

impl SplitRanges {
    /// Reads with `reader`, and writes its bad records to `rejects`.
    #[must_use]
    pub fn new(reader: Box<dyn RangeReader>, rejects: Option<Arc<dyn RejectSink>>, context: ReaderContext) -> Self {
        SplitRanges { reader, context, pending_read: None, rejects, pending_write: None, held: None }
    }

    fn read(&mut self) -> Result<()> {
        let Some(request) = self.reader.wants() else {
            return Err(Error::Internal("a reader starves and requests nothing".to_owned()));
        };
        let read = PendingRead::start(request, &self.context.memory, &self.context.blocking)?;
        match read.take() {
            Some(bytes) => self.reader.supply(bytes?),
            None => {
                self.pending_read = Some(read);
                Ok(())
            }
        }
    }

    fn write_rejected(&mut self) {
        let rejected = self.reader.take_rejected();
        let Some(rejects) = self.rejects.clone().filter(|_| !rejected.is_empty()) else { return };
        let write = PendingWrite::default();
        self.pending_write = Some(write.clone());
        self.context.blocking.submit(Box::new(move || {
            let written = rejects.write(&rejected);
            *write.lock().unwrap_or_else(PoisonError::into_inner) = Some(written);
        }));
    }

    /// Takes the results of blocking threads. Returns `false` if a read or write is still pending.
    fn take_pending(&mut self) -> Result<bool> {
        if let Some(write) = &self.pending_write {
            let written = write.lock().unwrap_or_else(PoisonError::into_inner).take();
            let Some(written) = written else { return Ok(false) };
            self.pending_write = None;
            written?;
        }
        if let Some(read) = &self.pending_read {
            let Some(bytes) = read.take() else { return Ok(false) };
            self.pending_read = None;
            self.reader.supply(bytes?)?;
        }
        Ok(true)
    }
}

impl SplitReader for SplitRanges {
    fn open(&mut self, split: &Split, from: Option<&Position>) -> Result<()> {
        (self.pending_read, self.held) = (None, None);
        self.reader.open(split, from)
    }

    fn advance(&mut self, filters: &mut dyn RowFilters) -> Result<ReadProgress> {
        loop {
            if !self.take_pending()? {
                return Ok(ReadProgress::Pending);
            }
            let ready = match (self.held.take(), filters.count()) {
                (Some(held), _) => held,
                (None, 0) => self.reader.advance()?,
                (None, _) => self.reader.advance_where(filters)?,
            };
            self.write_rejected();
            // The job may end after this split, so its bad records are written first.
            if self.pending_write.is_some() && matches!(ready, Ready::CaughtUp | Ready::End) {
                self.held = Some(ready);
                continue;
            }
            match ready {
                Ready::Batch => return Ok(ReadProgress::Batch { left_out: self.reader.left_out() }),
                Ready::Starved => self.read()?,
                Ready::CaughtUp => return Ok(ReadProgress::CaughtUp),
                Ready::End => return Ok(ReadProgress::End),
            }
        }
    }

    fn batch(&self) -> Result<Batch<'_>> {
        self.reader.batch()
    }

    fn position(&self) -> Position {
        self.reader.position()
    }

    fn available(&mut self, split: &Split, from: Option<&Position>) -> Result<Option<u64>> {
        self.reader.available(split, from)
    }

    fn take_read_bytes(&mut self) -> u64 {
        self.reader.take_read_bytes()
    }
}
