//! Logs as sources, and their writer.

use std::marker::PhantomData;
use std::panic::Location;
use std::path::Path;
use std::sync::Arc;

use formats::{FileKind, LogSource, LogSplits, must_hold};
use runtime::row::Schema;
use runtime::source::Source;

use super::Env;
use crate::error::Result;
use crate::flow::{DataSet, DataStream, Handle};
use crate::kernel::write_all;
use crate::record::{Record, Value};

/// Appends records to a log: a folder of files, its *splits*.
/// [`Env::read_log`](crate::Env::read_log) follows a log and
/// [`Env::read_log_to_end`](crate::Env::read_log_to_end) reads it once, in this process or another.
///
/// Records of one split are read in the order in which they were appended. The writer holds them
/// until they fill a block of 1 MiB or 65,536 records. After [`flush`](LogWriter::flush) they are
/// visible to readers: all records of a split or none, even if the process dies during the flush. A
/// split has one writer at a time, which holds a lock on its file.
///
/// Dropping a writer flushes it and ignores errors. It does not seal the splits, so they can be
/// opened again.
///
/// # Cost
/// Each split holds at most about 4 MiB. Appending copies a record once, and once more into its
/// block.
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
    /// The split of the next record.
    next: usize,
    of: PhantomData<fn(T)>,
}

impl<T: Record> LogWriter<T> {
    /// Creates a log with `splits` splits, at least one. Creates the folder if it does not exist.
    ///
    /// As many tasks read a log at the same time as it has splits.
    ///
    /// # Errors
    /// Fails if the folder is not empty, or a file cannot be created in it.
    pub fn create(folder: impl AsRef<Path>, splits: usize) -> Result<Self> {
        const { must_hold(FileKind::Log, T::TYPE) }
        Ok(Self::of(LogSplits::create(folder.as_ref(), &T::schema(), splits)?))
    }

    /// Opens all splits of a log, and adds splits until there are `splits`. A block that a crashed
    /// writer left incomplete is removed.
    ///
    /// # Errors
    /// Fails if there is no log, if it is sealed, damaged, or has other records, or if another
    /// writer holds one of its splits.
    pub fn open(folder: impl AsRef<Path>, splits: usize) -> Result<Self> {
        const { must_hold(FileKind::Log, T::TYPE) }
        Ok(Self::of(LogSplits::open(folder.as_ref(), &T::schema(), splits)?))
    }

    /// Adds `splits` splits to a log. Other writers keep theirs, and readers find the new ones.
    ///
    /// # Errors
    /// Fails if there is no log, or it is sealed.
    pub fn add(folder: impl AsRef<Path>, splits: usize) -> Result<Self> {
        const { must_hold(FileKind::Log, T::TYPE) }
        Ok(Self::of(LogSplits::add(folder.as_ref(), &T::schema(), splits)?))
    }

    fn of(splits: LogSplits) -> Self {
        LogWriter { splits, next: 0, of: PhantomData }
    }

    /// The number of splits of this writer.
    #[must_use]
    pub fn splits(&self) -> usize {
        self.splits.count()
    }

    /// Appends a record to the splits in turn, except to sealed ones.
    ///
    /// # Errors
    /// Fails if a full block cannot be written, or all splits are sealed.
    pub fn append(&mut self, record: impl Value<Record = T>) -> Result<()> {
        let split = self.splits.next_open(self.next);
        self.next = (split + 1) % self.splits.count().max(1);
        self.append_to(split, record)
    }

    /// Appends a record to the split with this number: splits of this writer count from 0.
    ///
    /// # Errors
    /// Like [`LogWriter::append`], and if there is no such split, or it is sealed.
    pub fn append_to(&mut self, split: usize, record: impl Value<Record = T>) -> Result<()> {
        write_all(self.splits.rows(split)?, [record])?;
        Ok(self.splits.append_full_blocks(split)?)
    }

    /// Writes all appended records to the files, where readers see them.
    ///
    /// # Errors
    /// Fails if a file cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        Ok(self.splits.flush()?)
    }

    /// Like [`LogWriter::flush`]. The records then survive a power failure.
    ///
    /// # Errors
    /// Like [`LogWriter::flush`].
    pub fn sync(&mut self) -> Result<()> {
        Ok(self.splits.sync()?)
    }

    /// Writes all appended records and seals this writer's splits. Other splits of the log, and new
    /// ones, remain open.
    ///
    /// # Errors
    /// Like [`LogWriter::flush`].
    pub fn seal(mut self) -> Result<()> {
        Ok(self.splits.seal()?)
    }

    /// Seals all splits, and so the log. Jobs that follow it end. All records then survive a power
    /// failure.
    ///
    /// # Errors
    /// Like [`LogWriter::flush`], and if another writer has a split. It can be repeated: open the
    /// log, and seal it again.
    pub fn seal_all(mut self) -> Result<()> {
        Ok(self.splits.seal_all()?)
    }
}

impl Env {
    /// Reads a log that a [`LogWriter`](crate::LogWriter) writes: the existing records, and then
    /// each appended record, until the whole log is sealed. Splits are assigned to the tasks in
    /// turn, and each is read in order. Splits that are added later are found. Records are not held
    /// back if no others follow.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// use dataflow::LogWriter;
    ///
    /// #[derive(Record, Clone, Copy)]
    /// struct Click {
    ///     page: u32,
    ///     seconds: u32,
    /// }
    ///
    /// #[dataflow]
    /// fn long_visits(clicks: DataStream<Click>) -> DataStream<Click> {
    ///     clicks.filter(|c| c.seconds > 60)
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder =
    /// #     std::env::temp_dir().join(format!("dataflow-doc-read-log-{}", std::process::id()));
    /// # let path = folder.join("clicks").display().to_string();
    /// let mut log = LogWriter::<Click>::create(&path, 2)?;
    /// log.append(Click { page: 1, seconds: 90 })?;
    /// log.append(Click { page: 2, seconds: 5 })?;
    /// log.seal_all()?;
    ///
    /// let env = Env::new(Options::default());
    /// long_visits(env.read_log(&path)?).print();
    /// env.run()?; // ends, since the log is sealed
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Fails if there is no log. Damaged data ends the run; the error names the split's file and
    /// the byte.
    #[track_caller]
    pub fn read_log<T: Record>(&self, folder: impl AsRef<str>) -> Result<DataStream<T>> {
        self.log_flow(folder.as_ref(), &T::schema(), true, Location::caller()).map(Handle::typed)
    }

    /// Reads the records that a log has now. Later records, and a block that is being written, are
    /// not read.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// use dataflow::LogWriter;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder =
    /// #     std::env::temp_dir().join(format!("dataflow-doc-log-to-end-{}", std::process::id()));
    /// # let path = folder.join("words").display().to_string();
    /// let mut log = LogWriter::<String>::create(&path, 1)?;
    /// log.append("to")?;
    /// log.flush()?;
    /// log.append("be")?;
    /// assert_eq!(Env::embedded().read_log_to_end::<String>(&path)?.collect()?, ["to"]);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Like [`Env::read_log`].
    #[track_caller]
    pub fn read_log_to_end<T: Record>(&self, folder: impl AsRef<str>) -> Result<DataSet<T>> {
        self.log_flow(folder.as_ref(), &T::schema(), false, Location::caller()).map(Handle::typed)
    }

    fn log_flow(
        &self,
        folder: &str,
        schema: &Schema,
        follows: bool,
        caller: &'static Location<'static>,
    ) -> Result<Handle> {
        let open = if follows { LogSource::followed } else { LogSource::to_end };
        self.source_flow(open(folder, schema).map(|source| Arc::new(source) as Arc<dyn Source>), caller)
    }
}
