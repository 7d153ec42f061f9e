//! A group of `reduce_group` or `co_group` that does not fit memory and is read from disk.
//!
//! A closure cannot be suspended. So its thread waits for the disk, both for records that it reads
//! and for pages that it emits. Tasks block nowhere else. So groups may be of any size.

use crate::error::{Error, Result};
use crate::page::{NextRow, OneRow, Page};
use crate::spill::SpilledReader;

/// Lends the rows of a group one at a time, from pages on disk. [`NextRow::next`] waits for the
/// disk.
pub struct LargeGroup {
    reader: SpilledReader,
    left: usize,
    /// The page of the last row that was lent, and the position of the next row in it.
    page: Option<(Page, usize)>,
    failed: Option<Error>,
    reopen: Option<Reopen>,
}

/// Creates a reader that begins with the first row, and returns the number of rows.
type Reopen = Box<dyn Fn() -> (SpilledReader, usize) + Send>;

impl LargeGroup {
    pub(crate) fn new(reader: SpilledReader, rows: usize) -> Self {
        LargeGroup { reader, left: rows, page: None, failed: None, reopen: None }
    }

    /// A group that can be rewound. `reopen` creates a reader from the first row, and returns the
    /// number of rows.
    pub(crate) fn rewindable(reopen: impl Fn() -> (SpilledReader, usize) + Send + 'static) -> Self {
        let (reader, rows) = reopen();
        LargeGroup { reopen: Some(Box::new(reopen)), ..Self::new(reader, rows) }
    }

    /// Reports a failed read.
    ///
    /// # Errors
    /// Fails if a page could not be read. The closure then saw the end of the group at that place.
    pub fn check(&mut self) -> Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }
}

impl NextRow for LargeGroup {
    fn next(&mut self) -> Option<OneRow<'_>> {
        while self.page.as_ref().is_none_or(|(page, next)| *next == page.rows()) {
            // The previous page is dropped first, since memory may hold only one.
            self.page = None;
            match self.reader.next_now() {
                Ok(page) => self.page = Some((page?, 0)),
                Err(error) => {
                    (self.failed, self.left) = (Some(error), 0);
                    return None;
                }
            }
        }
        let (page, next) = self.page.as_mut()?;
        *next += 1;
        self.left -= 1;
        page.row(*next - 1)
    }

    fn left(&self) -> usize {
        self.left
    }

    fn rewind(&mut self) -> bool {
        let Some(reopen) = self.reopen.as_ref().filter(|_| self.failed.is_none()) else { return false };
        self.page = None;
        (self.reader, self.left) = reopen();
        true
    }
}
