//! Records as splits of a log.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::appender::Appender;
use super::folder::{LogFolder, damaged};
use crate::error::{Error, Result};
use crate::format::native::{self, NativeFormat};
use crate::memory::Memory;
use crate::page::{RowWriter, windows};
use crate::row::{RowLayout, Schema};
use crate::source::{Encoder, Format};

/// Some splits of a log, held by one writer. Rows are written to [`LogSplits::rows`], and go to the file as blocks: full ones when they are handed on,
/// others when they are flushed.
///
/// Dropped, it writes what it can.
///
/// Each split holds a page of rows and a block of a megabyte at most, and as much while it is put together.
pub struct LogSplits {
    folder: LogFolder,
    header: Vec<u8>,
    splits: Vec<SplitWriter>,
}

struct SplitWriter {
    rows: RowWriter,
    encoder: Box<dyn Encoder>,
    appender: Appender,
}

impl SplitWriter {
    fn new(schema: &Schema, appender: Appender) -> Result<Self> {
        let memory = Memory::unbounded("a log's writer");
        let parts = NativeFormat.parts(schema)?;
        let parts = parts.ok_or_else(|| Error::Internal("native files have no parts".to_owned()))?;
        let encoder = parts.encoder(0, &memory)?;
        let rows = RowWriter::new(Arc::new(RowLayout::full(schema.types())), memory);
        Ok(SplitWriter { rows, encoder, appender })
    }

    /// Encodes closed pages, and appends the blocks that are full.
    fn hand_on(&mut self) -> Result<()> {
        for page in self.rows.take_sealed() {
            windows(&page.batch(), |input| self.encoder.encode(input))?;
        }
        self.append()
    }

    fn flush(&mut self) -> Result<()> {
        self.rows.seal();
        self.hand_on()?;
        self.encoder.flush()?;
        self.append()
    }

    fn append(&mut self) -> Result<()> {
        let blocks = std::mem::take(self.encoder.output());
        if blocks.is_empty() {
            return Ok(());
        }
        self.appender.append(&blocks)
    }
}

impl LogSplits {
    /// A new log of so many splits. The folder is made, or is empty.
    ///
    /// # Errors
    /// Where there is something in the folder, the record cannot be written, or files cannot be.
    pub fn create(path: impl AsRef<Path>, schema: &Schema, splits: usize) -> Result<Self> {
        let folder = LogFolder::at(path.as_ref());
        fs::create_dir_all(folder.path()).map_err(Error::io("create", folder.path()))?;
        if fs::read_dir(folder.path()).map_err(Error::io("read", folder.path()))?.next().is_some() {
            let message = "the folder is not empty; `LogWriter::open` goes on with a log that is there";
            return Err(damaged(folder.path(), message.to_owned()));
        }
        let mut log = Self::of(folder, schema)?;
        (0..splits.max(1)).try_for_each(|number| log.open_split(schema, number))?;
        Ok(log)
    }

    /// All splits of a log that is there, and others, until there are so many.
    ///
    /// # Errors
    /// Where there is no log, another writer has one of its splits, or the log is complete.
    pub fn open(path: impl AsRef<Path>, schema: &Schema, splits: usize) -> Result<Self> {
        let mut log = Self::existing(path.as_ref(), schema)?;
        let count = log.folder.first_count()?.max(splits);
        (0..count).try_for_each(|number| log.open_split(schema, number))?;
        Ok(log)
    }

    /// So many new splits of a log that is there; others go on with theirs.
    ///
    /// # Errors
    /// Where there is no log, or it is complete.
    pub fn add(path: impl AsRef<Path>, schema: &Schema, splits: usize) -> Result<Self> {
        let mut log = Self::existing(path.as_ref(), schema)?;
        let mut number = log.folder.first_count()?;
        while log.splits.len() < splits.max(1) {
            if let Some(appender) = Appender::create(&log.folder.split(number), &log.header)? {
                log.splits.push(SplitWriter::new(schema, appender)?);
            }
            number += 1;
        }
        Ok(log)
    }

    fn existing(path: &Path, schema: &Schema) -> Result<Self> {
        let folder = LogFolder::at(path);
        if !folder.path().is_dir() || folder.first_count()? == 0 {
            let reason = "there is no log in this folder; `LogWriter::create` makes one".to_owned();
            return Err(Error::NoInput { path: path.display().to_string(), reason });
        }
        if folder.complete()?.is_some() {
            return Err(damaged(path, "the log is complete: nothing may follow".to_owned()));
        }
        Self::of(folder, schema)
    }

    fn of(folder: LogFolder, schema: &Schema) -> Result<Self> {
        let header = native::header(schema)
            .map_err(|reason| Error::Plan(format!("cannot write a log: {reason}, which is too much")))?;
        Ok(LogSplits { folder, header, splits: Vec::new() })
    }

    fn open_split(&mut self, schema: &Schema, number: usize) -> Result<()> {
        let appender = Appender::open(&self.folder.split(number), &self.header)?;
        self.splits.push(SplitWriter::new(schema, appender)?);
        Ok(())
    }

    /// How many splits this writer has; they are asked for by numbers below.
    #[must_use]
    pub fn count(&self) -> usize {
        self.splits.len()
    }

    /// The next split from `from` on, and then from 0, that is not sealed; `from` where all are.
    #[must_use]
    pub fn next_open(&self, from: usize) -> usize {
        let count = self.splits.len().max(1);
        let is_open = |split: &usize| self.splits.get(*split).is_some_and(|split| split.appender.check_open().is_ok());
        (from..from + count).map(|split| split % count).find(is_open).unwrap_or(from)
    }

    /// Where rows of a split are written; [`LogSplits::hand_on`] follows.
    ///
    /// # Errors
    /// Where there is no such split, or it is sealed.
    pub fn rows(&mut self, split: usize) -> Result<&mut RowWriter> {
        let (count, path) = (self.splits.len(), self.folder.path().to_owned());
        match self.splits.get_mut(split) {
            Some(split) => split.appender.check_open().map(|()| &mut split.rows),
            None => Err(damaged(&path, format!("there is no split {split}: this writer has {count}, from 0"))),
        }
    }

    /// Appends what makes full blocks of a split's rows.
    ///
    /// # Errors
    /// Where a row cannot be written.
    pub fn hand_on(&mut self, split: usize) -> Result<()> {
        match self.splits.get_mut(split) {
            Some(split) if split.rows.has_sealed() => split.hand_on(),
            _ => Ok(()),
        }
    }

    /// Appends all rows: readers find them.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        self.splits.iter_mut().try_for_each(SplitWriter::flush)
    }

    /// As [`LogSplits::flush`], and has the disk keep them.
    ///
    /// # Errors
    /// As [`LogSplits::flush`].
    pub fn sync(&mut self) -> Result<()> {
        self.flush()?;
        self.splits.iter().try_for_each(|split| split.appender.sync())?;
        self.folder.sync()
    }

    /// Appends all rows, and ends these splits for good. Others may be added.
    ///
    /// # Errors
    /// As [`LogSplits::flush`].
    pub fn seal(&mut self) -> Result<()> {
        self.flush()?;
        self.splits.iter_mut().try_for_each(|split| split.appender.seal())
    }

    /// Ends all splits of the log for good, and says that no more will come.
    ///
    /// # Errors
    /// As [`LogSplits::flush`], and where another writer has a split.
    pub fn seal_all(&mut self) -> Result<()> {
        self.seal()?;
        let count = self.folder.first_count()?;
        for path in (0..count).map(|number| self.folder.split(number)) {
            if !self.splits.iter().any(|split| split.appender.path() == path) {
                Appender::open(&path, &self.header)?.seal()?;
            }
        }
        self.folder.set_complete(count)
    }
}

impl Drop for LogSplits {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = self.flush();
        }
    }
}
