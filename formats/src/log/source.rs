//! Reads logs: as they grow, or up to their current end.

use std::sync::Arc;

use super::damage::damaged;
use super::folder::LogFolder;
use super::input::LogInput;
use super::reader::{LogReader, READ_BYTES};
use runtime::error::{Error, Result, UrlUse, refused_url};
use runtime::row::Schema;
use runtime::source::{
    ColumnFit, ReaderContext, Scan, Source, Split, SplitList, SplitPosition, SplitRanges, SplitReader, Statistics,
    TableSource,
};
use runtime::storage::{Kind, Location};

/// Size of a full block as writers make it.
const BLOCK_BYTES: usize = 1 << 20;

/// Source of the records of a log.
pub struct LogSource {
    path: String,
    shared: Arc<LogInput>,
    /// Length of each split when the source was made.
    end_offsets: Vec<u64>,
}

impl LogSource {
    /// Creates a source that follows a log until it is sealed.
    ///
    /// # Errors
    /// Fails if there is no log, or if a header or `log.end` is damaged.
    pub fn followed(path: impl Into<Location>, schema: &Schema) -> Result<Self> {
        Self::of(path.into(), schema, true)
    }

    /// Creates a source of the records that the log has now.
    ///
    /// # Errors
    /// As [`LogSource::followed`].
    pub fn to_end(path: impl Into<Location>, schema: &Schema) -> Result<Self> {
        Self::of(path.into(), schema, false)
    }

    fn of(location: Location, schema: &Schema, follows: bool) -> Result<Self> {
        let path = location.path().display().to_string();
        let folder = LogFolder::at(location);
        let nothing = |reason: &str| Error::NoInput { path: path.clone(), reason: reason.to_owned() };
        if !folder.location().is(Kind::Folder) {
            let reason = refused_url(folder.path(), UrlUse::Keep);
            let no_folder = if folder.location().is(Kind::File) {
                "a log is a folder, and this is a file; read it with the word of its format, such as `read_csv`"
            } else {
                "there is no such folder; `LogWriter::create` makes a log"
            };
            return Err(nothing(reason.as_deref().unwrap_or(no_folder)));
        }
        let count = folder.first_count()?;
        if count == 0 {
            return Err(nothing("the folder holds no log (`split-00000.log`); `LogWriter::create` makes one"));
        }
        let shared = Arc::new(LogInput::new(folder, schema.clone(), follows));
        if let Some(end) = shared.end()?
            && end.splits.len() != count
        {
            let of_log = end.splits.len();
            let message = match count < of_log {
                true => format!("the split is missing: the complete log has {of_log}; put the file back"),
                false => format!("the complete log has {of_log} splits, and this is one more; remove it"),
            };
            return Err(damaged(shared.split(count.min(of_log)).path(), message));
        }
        let end_offset = |number| {
            let split = shared.split(number);
            let length = shared.read_header(&split)?;
            shared.check_length(&split, length).map(|()| length)
        };
        let end_offsets = (0..count).map(end_offset).collect::<Result<_>>()?;
        Ok(LogSource { path, shared, end_offsets })
    }
}

impl Source for LogSource {
    fn describe(&self) -> String {
        let splits = match self.end_offsets.len() {
            1 => "1 split".to_owned(),
            count => format!("{count} splits"),
        };
        let follows = if self.shared.follows { ", followed" } else { "" };
        format!("log {} ({splits}{follows})", self.path)
    }

    fn schema(&self) -> &Schema {
        &self.shared.schema
    }

    fn is_endless(&self) -> bool {
        self.shared.follows
    }

    fn splits(&self, scan: &Scan) -> Result<SplitList> {
        let (count, is_complete) = match (self.shared.follows, self.shared.end()?) {
            (false, _) => (self.end_offsets.len(), true),
            (true, Some(end)) => (end.splits.len(), true),
            (true, None) => (self.shared.folder.count(self.end_offsets.len())?, false),
        };
        let split = |part: usize| {
            let split = self.shared.split(part);
            if let Some(header) = split.header.get() {
                header.mapping.plans(split.path(), &scan.live)?;
            }
            let name = split.path().file_name().unwrap_or_default().to_string_lossy();
            // A followed split has no fixed end.
            let end_offset = if self.shared.follows { u64::MAX } else { self.end_offsets[part] };
            Ok(Split { range: 0..end_offset, bytes: end_offset, ..Split::named(&*name, part) })
        };
        Ok(SplitList { splits: (0..count).map(split).collect::<Result<_>>()?, is_complete })
    }

    fn reader_bytes(&self, _: &Scan) -> usize {
        let longest = self.end_offsets.iter().copied().max().unwrap_or(0) as usize;
        let block = if self.shared.follows { BLOCK_BYTES } else { longest.min(BLOCK_BYTES) };
        let read = if self.shared.follows { READ_BYTES as usize } else { longest.min(READ_BYTES as usize) };
        // The bytes that were read, those that were read before, and the decoded leaves.
        2 * read.max(2 * block) + 2 * block
    }

    fn reader(&self, scan: &Scan, context: ReaderContext) -> Result<Box<dyn SplitReader>> {
        let reader = LogReader::new(self.shared.clone(), &scan.live, &context.memory)?;
        Ok(Box::new(SplitRanges::new(Box::new(reader), None, context)))
    }

    fn check_positions(&self, positions: &[SplitPosition]) -> Result<()> {
        let mut positions = positions.to_vec();
        // Sorted, so that errors do not depend on the order of tasks.
        positions.sort_unstable_by(|one, other| one.split.cmp(&other.split));
        positions.iter().try_for_each(|position| self.shared.check_position(position))
    }

    fn sync(&self, positions: &[SplitPosition]) -> Result<()> {
        self.shared.sync(positions)
    }

    fn as_table(&self) -> Option<&dyn TableSource> {
        Some(self)
    }
}

impl TableSource for LogSource {
    fn statistics(&self, _: &Scan) -> Statistics {
        Statistics { rows: None, bytes: self.end_offsets.iter().sum() }
    }

    fn columns(&self) -> Vec<ColumnFit> {
        let first = self.shared.split(0);
        first.header.get().map(|header| header.mapping.columns_of(&self.shared.schema)).unwrap_or_default()
    }
}
