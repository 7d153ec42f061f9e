//! One group of `reduce_group` that does not fit memory, read from disk.
//!
//! A closure cannot be suspended, so its thread waits for the disk. It waits for records that the
//! closure reads, and for pages that it emits. Tasks block nowhere else. So a group of
//! `reduce_group` may be of any size.

use crate::error::{Error, Result};
use crate::page::{NextRow, OneRow, Page};
use crate::spill::SpilledReader;

/// Lends the rows of a group one at a time, from pages that are read back while the closure asks: it cannot stop in between, so the thread waits for
/// the disk.
pub struct LargeGroup {
    reader: SpilledReader,
    left: usize,
    /// The page of the row that was lent last, and the next row in it.
    page: Option<(Page, usize)>,
    failed: Option<Error>,
    again: Option<Again>,
}

/// Makes a reader that begins with the first row.
type Again = Box<dyn Fn() -> (SpilledReader, usize) + Send>;

impl LargeGroup {
    pub(crate) fn new(reader: SpilledReader, rows: usize) -> Self {
        LargeGroup { reader, left: rows, page: None, failed: None, again: None }
    }

    /// A group that can be read more than once.
    pub(crate) fn again(again: impl Fn() -> (SpilledReader, usize) + Send + 'static) -> Self {
        let (reader, rows) = again();
        LargeGroup { again: Some(Box::new(again)), ..Self::new(reader, rows) }
    }

    /// Whether all rows could be read that the closure asked for.
    ///
    /// # Errors
    /// What the disk said: the closure saw the group end then.
    pub fn check(&mut self) -> Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }
}

impl NextRow for LargeGroup {
    fn next(&mut self) -> Option<OneRow<'_>> {
        while self.page.as_ref().is_none_or(|(page, next)| *next == page.rows()) {
            // The page before goes first: one is enough.
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
        let Some(again) = self.again.as_ref().filter(|_| self.failed.is_none()) else { return false };
        self.page = None;
        (self.reader, self.left) = again();
        true
    }
}
