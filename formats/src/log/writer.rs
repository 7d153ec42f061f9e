//! Writes records to the splits of a log.

use std::sync::Arc;

use rustix::rand::{GetRandomFlags, getrandom};

use super::appender::Appender;
use super::damage::damaged;
use super::folder::{LogEnd, LogFolder};
use crate::native::{self, NativeFormat, SplitName};
use runtime::error::{Error, Result, UrlUse, refused_url};
use runtime::memory::Memory;
use runtime::page::{RowWriter, windows};
use runtime::row::{RowLayout, Schema};
use runtime::source::{Encoder, Format};
use runtime::storage::{Kind, Location, create_folders};

/// Some splits of a log, written by one writer. Rows are written to [`LogSplits::rows`].
/// [`LogSplits::append_full_blocks`] appends full blocks, [`LogSplits::flush`] all rows.
///
/// Dropping it flushes, and ignores errors.
///
/// Each split holds at most a page of rows and a block of 1 MiB, and as much again while a block is
/// encoded.
pub struct LogSplits {
    folder: LogFolder,
    schema: Schema,
    /// The log's identity.
    log: u128,
    splits: Vec<SplitWriter>,
    /// The names of the folder and of the splits are durable.
    has_durable_names: bool,
}

struct SplitWriter {
    number: usize,
    rows: RowWriter,
    encoder: Box<dyn Encoder>,
    appender: Appender,
}

impl SplitWriter {
    fn new(schema: &Schema, number: usize, appender: Appender) -> Result<Self> {
        let memory = Memory::unbounded("a log's writer");
        let parts = NativeFormat.parts(schema)?;
        let parts = parts.ok_or_else(|| Error::Internal("native files have no parts".to_owned()))?;
        let encoder = parts.encoder(0, &memory)?;
        let rows = RowWriter::new(Arc::new(RowLayout::full(schema.types())), memory);
        Ok(SplitWriter { number, rows, encoder, appender })
    }

    /// Encodes closed pages, and appends full blocks.
    fn append_full_blocks(&mut self) -> Result<()> {
        for page in self.rows.take_sealed() {
            windows(&page.batch(), |input| self.encoder.encode(input))?;
        }
        self.append()
    }

    fn flush(&mut self) -> Result<()> {
        self.rows.seal();
        self.append_full_blocks()?;
        self.encoder.flush()?;
        self.append()
    }

    fn append(&mut self) -> Result<()> {
        let blocks = std::mem::take(self.encoder.output());
        if blocks.is_empty() {
            return Ok(());
        }
        self.appender.append(blocks)
    }
}

/// # Errors
/// Fails if the folder of the log is a URL.
fn check_url(folder: &LogFolder) -> Result<()> {
    let path = folder.path();
    match refused_url(path, UrlUse::Keep).filter(|_| !matches!(folder.location().info(), Ok(Some(_)))) {
        Some(reason) => Err(Error::Plan(format!("cannot write a log to {}: {reason}", path.display()))),
        None => Ok(()),
    }
}

impl LogSplits {
    /// Creates a log with `splits` splits. The folder is created, or must be empty.
    ///
    /// # Errors
    /// Fails if the folder is not empty, the record cannot be written, or a file cannot be created.
    pub fn create(folder: impl Into<Location>, schema: &Schema, splits: usize) -> Result<Self> {
        let folder = LogFolder::at(folder);
        check_url(&folder)?;
        let made = folder.location().file_system().and_then(|files| create_folders(files, folder.path()));
        made.map_err(Error::io("create", folder.path()))?;
        if !folder.location().list().map_err(Error::io("read", folder.path()))?.is_empty() {
            let message = "the folder is not empty; `LogWriter::open` goes on with a log that is there";
            return Err(damaged(folder.path(), message));
        }
        let mut log = Self::of(folder, schema, new_identity()?);
        (0..splits.max(1)).try_for_each(|number| log.open_split(number))?;
        Ok(log)
    }

    /// Opens all splits of an existing log, and adds splits until there are `splits`.
    ///
    /// # Errors
    /// Fails if there is no log, another writer has one of its splits, or the log is complete.
    pub fn open(folder: impl Into<Location>, schema: &Schema, splits: usize) -> Result<Self> {
        let (folder, identity) = Self::existing(folder)?;
        let count = folder.first_count()?.max(splits);
        // The writer that created the log may have died before the first header was whole.
        let mut log = Self::of(folder, schema, identity.map_or_else(new_identity, Ok)?);
        (0..count).try_for_each(|number| log.open_split(number))?;
        Ok(log)
    }

    /// Adds `splits` splits to an existing log. Other writers keep theirs.
    ///
    /// # Errors
    /// Fails if there is no log, or if it is complete.
    pub fn add(folder: impl Into<Location>, schema: &Schema, splits: usize) -> Result<Self> {
        let (folder, identity) = Self::existing(folder)?;
        let Some(identity) = identity else {
            let message =
                "its header is not whole: another writer makes the log, or has died; `LogWriter::open` goes on with it";
            return Err(damaged(folder.split(0).path(), message));
        };
        let mut number = folder.first_count()?;
        let mut log = Self::of(folder, schema, identity);
        while log.splits.len() < splits.max(1) {
            if let Some(appender) = Appender::create(&log.folder.split(number), &log.header(number)?)? {
                log.splits.push(SplitWriter::new(schema, number, appender)?);
            }
            number += 1;
        }
        Ok(log)
    }

    /// Returns the folder of a log that is not complete. Also returns its identity if a header is
    /// whole.
    fn existing(folder: impl Into<Location>) -> Result<(LogFolder, Option<u128>)> {
        let folder = LogFolder::at(folder);
        check_url(&folder)?;
        if !folder.location().is(Kind::Folder) || folder.first_count()? == 0 {
            let reason = "there is no log in this folder; `LogWriter::create` makes one".to_owned();
            return Err(Error::NoInput { path: folder.path().display().to_string(), reason });
        }
        if folder.complete()?.is_some() {
            return Err(damaged(folder.path(), "the log is complete: nothing may follow"));
        }
        let identity = folder.identity()?;
        Ok((folder, identity))
    }

    fn of(folder: LogFolder, schema: &Schema, log: u128) -> Self {
        LogSplits { folder, schema: schema.clone(), log, splits: Vec::new(), has_durable_names: false }
    }

    fn header(&self, number: usize) -> Result<Vec<u8>> {
        let number = u32::try_from(number).map_err(|_| Error::Internal(format!("a log of {number} splits")))?;
        native::header(&self.schema, Some(SplitName { log: self.log, number }))
            .map_err(|reason| Error::Plan(format!("cannot write a log: {reason}, which is too much")))
    }

    fn open_split(&mut self, number: usize) -> Result<()> {
        let appender = Appender::open(&self.folder.split(number), &self.header(number)?)?;
        self.splits.push(SplitWriter::new(&self.schema, number, appender)?);
        Ok(())
    }

    /// Returns the number of splits of this writer. They are numbered from 0.
    #[must_use]
    pub fn count(&self) -> usize {
        self.splits.len()
    }

    /// Returns the first split that is not sealed, searching from `from` on and then from 0.
    /// Returns `from` if all are sealed.
    #[must_use]
    pub fn next_open(&self, from: usize) -> usize {
        let count = self.splits.len().max(1);
        let is_open = |split: &usize| self.splits.get(*split).is_some_and(|split| split.appender.check_open().is_ok());
        (from..from + count).map(|split| split % count).find(is_open).unwrap_or(from)
    }

    /// Returns the rows of a split. Call [`LogSplits::append_full_blocks`] after writing to them.
    ///
    /// # Errors
    /// Fails if there is no such split, or if it is sealed.
    pub fn rows(&mut self, split: usize) -> Result<&mut RowWriter> {
        let (count, path) = (self.splits.len(), self.folder.path().to_owned());
        match self.splits.get_mut(split) {
            Some(split) => split.appender.check_open().map(|()| &mut split.rows),
            None => Err(damaged(&path, format!("there is no split {split}: this writer has {count}, from 0"))),
        }
    }

    /// Appends the full blocks of a split's rows.
    ///
    /// # Errors
    /// Fails if a row cannot be written.
    pub fn append_full_blocks(&mut self, split: usize) -> Result<()> {
        match self.splits.get_mut(split) {
            Some(split) if split.rows.has_sealed() => split.append_full_blocks(),
            _ => Ok(()),
        }
    }

    /// Appends all rows, so that readers find them.
    ///
    /// # Errors
    /// Fails if they cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        self.splits.iter_mut().try_for_each(SplitWriter::flush)
    }

    /// As [`LogSplits::flush`], and makes the rows durable.
    ///
    /// # Errors
    /// As [`LogSplits::flush`].
    pub fn sync(&mut self) -> Result<()> {
        self.flush()?;
        self.splits.iter_mut().try_for_each(|split| split.appender.sync())?;
        if !self.has_durable_names {
            self.folder.sync()?;
            self.folder.sync_name()?;
            self.has_durable_names = true;
        }
        Ok(())
    }

    /// Appends all rows, and ends these splits for good. More splits may be added to the log.
    ///
    /// # Errors
    /// As [`LogSplits::flush`].
    pub fn seal(&mut self) -> Result<()> {
        self.flush()?;
        self.splits.iter_mut().try_for_each(|split| split.appender.seal())
    }

    /// Appends all rows, ends all splits of the log for good, and completes it. If it fails, it can
    /// be repeated.
    ///
    /// # Errors
    /// As [`LogSplits::flush`]. Also fails if another writer has a split.
    pub fn seal_all(&mut self) -> Result<()> {
        self.flush()?;
        // All locks are held until `log.end` exists. Readers see by them that its writer is alive.
        let mut others = Vec::new();
        for number in 0..self.folder.first_count()? {
            if !self.splits.iter().any(|split| split.number == number) {
                others.push((number, Appender::open(&self.folder.split(number), &self.header(number)?)?));
            }
        }
        let own = self.splits.iter_mut().map(|split| (split.number, &mut split.appender));
        let mut all: Vec<_> = own.chain(others.iter_mut().map(|(number, split)| (*number, split))).collect();
        all.sort_unstable_by_key(|(number, _)| *number);
        let splits = all.into_iter().map(|(_, split)| split.seal_with_log()).collect::<Result<_>>()?;
        self.folder.set_complete(&LogEnd { log: self.log, splits })
    }
}

/// Returns a random identity for a new log.
fn new_identity() -> Result<u128> {
    let mut bytes = [0; 16];
    let filled = getrandom(&mut bytes, GetRandomFlags::empty());
    match filled {
        Ok(16) => Ok(u128::from_le_bytes(bytes)),
        Ok(count) => Err(Error::Internal(format!("the system gave {count} random bytes of 16"))),
        Err(error) => Err(Error::Plan(format!("cannot make a log: the system gives no random numbers: {error}"))),
    }
}

impl Drop for LogSplits {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = self.flush();
        }
    }
}
