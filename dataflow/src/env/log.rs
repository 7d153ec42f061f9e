//! Logs that programs write.

use std::marker::PhantomData;
use std::path::Path;

use runtime::format::LogSplits;

use crate::error::Result;
use crate::kernel::write_all;
use crate::record::{Record, Value};

/// Appends records to a log: a folder of files, its *splits*, which [`Env::read_log`](crate::Env::read_log) follows and
/// [`Env::read_log_to_end`](crate::Env::read_log_to_end) reads, in this process or another.
///
/// Records of one split are read in the order in which they were appended. They are kept until there are enough for a block (a megabyte, or 65,536
/// records), and readers find them behind [`flush`](LogWriter::flush): each time all of a split's records are there or none, also where the
/// process dies meanwhile. A split has one writer at a time, which holds a lock on its file.
///
/// Dropping a writer flushes it, but says nothing of what goes wrong; its splits are not sealed by that, and may be opened again.
///
/// Cost: each split holds about 4 MiB at most. Appending copies a record once, and once more into its block.
///
/// ```
/// # use dataflow::prelude::*;
/// use dataflow::LogWriter;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("dataflow-doc-log-{}", std::process::id()));
/// # let path = folder.join("words").display().to_string();
/// let mut log = LogWriter::<String>::create(&path, 2)?;
/// log.append("to")?; // to the splits in turn
/// log.append_to(1, "be")?;
/// log.flush()?;
/// drop(log);
///
/// let mut log = LogWriter::<String>::open(&path, 2)?;
/// log.append("or")?;
/// log.seal_all()?;
/// assert_eq!(Env::embedded().read_log_to_end::<String>(&path)?.count()?, 3);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok(())
/// # }
/// ```
pub struct LogWriter<T: Record> {
    splits: LogSplits,
    /// The split that the next record goes to.
    next: usize,
    of: PhantomData<fn(T)>,
}

impl<T: Record> LogWriter<T> {
    /// A new log of so many splits, at least one. The folder is made, or is empty.
    ///
    /// Who reads with several tasks reads as many splits at the same time.
    ///
    /// # Errors
    /// Where there is something in the folder, or files cannot be made in it; where the record cannot be written: lists of records and maps cannot.
    pub fn create(folder: impl AsRef<Path>, splits: usize) -> Result<Self> {
        Ok(Self::of(LogSplits::create(folder, &T::schema(), splits)?))
    }

    /// All splits of a log that is there, and new ones until there are so many. What a writer that died did not write to the end is cut off.
    ///
    /// # Errors
    /// Where there is no log, it is sealed or holds other records, or another writer has one of its splits.
    pub fn open(folder: impl AsRef<Path>, splits: usize) -> Result<Self> {
        Ok(Self::of(LogSplits::open(folder, &T::schema(), splits)?))
    }

    /// So many new splits of a log that is there. Other writers go on with theirs, and readers find them.
    ///
    /// # Errors
    /// Where there is no log, or it is sealed.
    pub fn add(folder: impl AsRef<Path>, splits: usize) -> Result<Self> {
        Ok(Self::of(LogSplits::add(folder, &T::schema(), splits)?))
    }

    fn of(splits: LogSplits) -> Self {
        LogWriter { splits, next: 0, of: PhantomData }
    }

    /// How many splits this writer has.
    #[must_use]
    pub fn splits(&self) -> usize {
        self.splits.count()
    }

    /// Appends a record to the splits in turn, but for those that are sealed.
    ///
    /// # Errors
    /// Where a block is full and cannot be written, or all splits are sealed.
    pub fn append(&mut self, record: impl Value<Record = T>) -> Result<()> {
        let split = self.splits.next_open(self.next);
        self.next = (split + 1) % self.splits.count().max(1);
        self.append_to(split, record)
    }

    /// Appends a record to a split, by its number among those of this writer, from 0.
    ///
    /// # Errors
    /// As [`LogWriter::append`], and where there is no such split, or it is sealed.
    pub fn append_to(&mut self, split: usize, record: impl Value<Record = T>) -> Result<()> {
        write_all(self.splits.rows(split)?, [record])?;
        Ok(self.splits.hand_on(split)?)
    }

    /// Writes what was appended: readers find it.
    ///
    /// # Errors
    /// With the file, where it cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        Ok(self.splits.flush()?)
    }

    /// As [`LogWriter::flush`], and has the disk keep it: it is there also where the machine stops.
    ///
    /// # Errors
    /// As [`LogWriter::flush`].
    pub fn sync(&mut self) -> Result<()> {
        Ok(self.splits.sync()?)
    }

    /// Writes what was appended, and ends this writer's splits for good. The log goes on with the others, and those that are added.
    ///
    /// # Errors
    /// As [`LogWriter::flush`].
    pub fn seal(mut self) -> Result<()> {
        Ok(self.splits.seal()?)
    }

    /// Ends all splits for good, and the log with them: who follows it comes to an end.
    ///
    /// # Errors
    /// As [`LogWriter::flush`], and where another writer has a split that is not sealed.
    pub fn seal_all(mut self) -> Result<()> {
        Ok(self.splits.seal_all()?)
    }
}
