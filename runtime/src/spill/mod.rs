//! Spill files: pages of operators on disk, for rows that memory does not hold.
//!
//! Each task of an operator has a [`Spiller`]. It appends pages to [`Spilled`] sequences, such as a
//! sorted run or a part of a hash table. A [`SpilledReader`] reads them back. Writes run on threads
//! that may block, and so do reads of pages that are not in the page cache. Meanwhile the task
//! continues, or waits without occupying its thread.
//!
//! A page is written as it lies in memory, with a checksum, and compressed if that is configured.
//! It contains no addresses, so it may be read back to any other place.
//!
//! Files have no name after they are opened (`O_TMPFILE`, or unlinked immediately if the file
//! system lacks it). So the system frees the space even if the process is killed, and no folder has
//! to be cleaned. See [`SpillSpace`].
//!
//! The space of a page is reused after its last read. Free space beyond a limit is returned to the
//! disk in large pieces, since a hole per page costs as much as reading the page.

mod bytes;
mod compressed;
mod file;
mod free;
mod reader;
mod space;
mod queue;
mod store;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::memory::limits::WRITE_PAGES;
use crate::metrics::OperatorMetrics;
use crate::page::Page;
use crate::storage::Blocking;

pub use bytes::SpilledBytes;
use file::SpillFile;
pub use queue::{QueueRoom, SpillQueue};
pub use reader::SpilledReader;
pub use space::{SpillFiles, SpillSpace};
pub use store::{Store, StoreReader};

/// A sequence of pages on disk, in the order in which they were written.
#[derive(Debug, Default)]
pub struct Spilled {
    extents: VecDeque<Extent>,
    pages: usize,
    bytes: u64,
    rows: u64,
    largest_page: usize,
    /// If `true`, [`Spiller::forget`] and readers do not free its pages.
    is_lent: bool,
}

impl Spilled {
    /// The number of pages.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.pages
    }

    /// Bytes of the pages in memory. On disk they may be compressed.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The number of rows in all pages.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes of the largest page.
    #[must_use]
    pub fn largest_page_bytes(&self) -> usize {
        self.largest_page
    }

    /// Returns `true` if there are no pages.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pages == 0
    }

    /// The same pages, for a second user. That user may [read](Spiller::read) or
    /// [forget](Spiller::forget) them, but the pages stay on disk.
    #[must_use]
    pub fn lent(&self) -> Spilled {
        Spilled { extents: self.extents.clone(), is_lent: true, ..*self }
    }

    /// The pages with the numbers in `pages`. The row count of the result is 0.
    #[must_use]
    pub fn slice(&self, pages: std::ops::Range<usize>) -> Spilled {
        let (mut slice, mut before) = (Spilled::default(), 0);
        for extent in &self.extents {
            let here = before..before + extent.pages;
            let (first, end) = (pages.start.clamp(here.start, here.end), pages.end.clamp(here.start, here.end));
            if first < end {
                let offset = extent.offset + ((first - before) * extent.page_bytes) as u64;
                slice.push(extent.file, offset, extent.page_bytes, end - first);
            }
            before = here.end;
        }
        slice
    }

    /// Appends the pages of another sequence in the same files.
    pub fn append(&mut self, others: Spilled) {
        self.rows += others.rows;
        others.extents.iter().for_each(|next| self.push(next.file, next.offset, next.page_bytes, next.pages));
    }

    /// Appends `pages` consecutive pages of `page_bytes` each, at `offset` of a file.
    fn push(&mut self, file: usize, offset: u64, page_bytes: usize, pages: usize) {
        self.pages += pages;
        self.bytes += (page_bytes * pages) as u64;
        self.largest_page = self.largest_page.max(page_bytes);
        if let Some(last) = self.extents.back_mut()
            && (last.file, last.page_bytes, last.end()) == (file, page_bytes, offset)
        {
            last.pages += pages;
            return;
        }
        self.extents.push_back(Extent { file, offset, page_bytes, pages });
    }
}

/// Consecutive pages of one size in one file.
#[derive(Clone, Copy, Debug)]
struct Extent {
    file: usize,
    offset: u64,
    page_bytes: usize,
    pages: usize,
}

impl Extent {
    fn end(&self) -> u64 {
        self.offset + (self.page_bytes * self.pages) as u64
    }
}

/// Writes and reads the pages of one task of an operator. Its files are its own, or shared by all
/// tasks of the operator.
pub struct Spiller {
    shared: Arc<Shared>,
    /// Number of writes so far. It selects the file of the next write, in turn.
    writes: AtomicUsize,
}

/// State that a spiller shares with its writes and reads on other threads.
struct Shared {
    files: Arc<[SpillFile]>,
    blocking: Arc<dyn Blocking>,
    metrics: Arc<OperatorMetrics>,
    unwritten_bytes: AtomicUsize,
    failed: Mutex<Option<Error>>,
}

impl Spiller {
    /// Creates a spiller with files of its own. A file is created when its first page is written.
    #[must_use]
    pub fn new(space: &SpillSpace, blocking: Arc<dyn Blocking>, metrics: Arc<OperatorMetrics>) -> Self {
        Spiller::over(space.files(), blocking, metrics)
    }

    /// Creates a spiller that shares files with other spillers. Each may read and
    /// [forget](Spiller::forget) pages that another has written.
    #[must_use]
    pub fn over(files: SpillFiles, blocking: Arc<dyn Blocking>, metrics: Arc<OperatorMetrics>) -> Self {
        Spiller {
            shared: Arc::new(Shared {
                files: files.0,
                blocking,
                metrics,
                unwritten_bytes: AtomicUsize::new(0),
                failed: Mutex::new(None),
            }),
            writes: AtomicUsize::new(0),
        }
    }

    /// Appends pages to a sequence. Returns before they are written.
    /// The pages take memory until then, see [`Spiller::unwritten_bytes`]. A task that waits for it
    /// returns `Pending` and is woken after each write. Errors are reported by [`Spiller::check`].
    pub fn write(&self, to: &mut Spilled, pages: impl IntoIterator<Item = Page>) {
        let mut batch: Vec<Page> = Vec::new();
        for page in pages {
            if batch.len() == WRITE_PAGES || batch.first().is_some_and(|first| first.bytes() != page.bytes()) {
                self.submit(to, std::mem::take(&mut batch));
            }
            batch.push(page);
        }
        self.submit(to, batch);
    }

    fn submit(&self, to: &mut Spilled, pages: Vec<Page>) {
        let Some(page_bytes) = pages.first().map(Page::bytes) else { return };
        let bytes = page_bytes * pages.len();
        let file = self.writes.fetch_add(1, Ordering::Relaxed) % self.shared.files.len();
        let offset = self.shared.files[file].allocate(bytes);
        to.rows += pages.iter().map(|page| page.rows() as u64).sum::<u64>();
        to.push(file, offset, page_bytes, pages.len());
        self.shared.metrics.spilled_bytes.add(bytes as u64);
        self.shared.unwritten_bytes.fetch_add(bytes, Ordering::Relaxed);
        let shared = self.shared.clone();
        self.shared.blocking.submit(Box::new(move || {
            // After a failure, later pages are not tried.
            if shared.check().is_ok()
                && let Err(error) = shared.files[file].write(offset, &pages)
            {
                shared.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
            // The memory is freed before the task is woken.
            drop(pages);
            shared.unwritten_bytes.fetch_sub(bytes, Ordering::Release);
        }));
    }

    /// Appends a page and writes it on this thread. For work that cannot be suspended. Errors are
    /// reported by [`Spiller::check`].
    pub fn write_now(&self, to: &mut Spilled, page: Page) {
        match self.append_now(&page) {
            Ok(Extent { file, offset, page_bytes, pages }) => {
                to.rows += page.rows() as u64;
                to.push(file, offset, page_bytes, pages);
            }
            Err(error) => {
                self.shared.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
        }
    }

    /// Writes a page on this thread. Returns its location.
    fn append_now(&self, page: &Page) -> Result<Extent> {
        let page_bytes = page.bytes();
        let file = self.writes.fetch_add(1, Ordering::Relaxed) % self.shared.files.len();
        let offset = self.shared.files[file].allocate(page_bytes);
        self.shared.metrics.spilled_bytes.add(page_bytes as u64);
        self.shared.files[file].write(offset, std::slice::from_ref(page))?;
        Ok(Extent { file, offset, page_bytes, pages: 1 })
    }

    /// Bytes of pages that [`Spiller::write`] has accepted and that are not yet written.
    #[must_use]
    pub fn unwritten_bytes(&self) -> usize {
        self.shared.unwritten_bytes.load(Ordering::Acquire)
    }

    /// Reports a failed write. Each failure is reported once.
    ///
    /// # Errors
    /// Fails with the error of the first page that could not be written, such as
    /// [`Error::DiskFull`].
    pub fn check(&self) -> Result<()> {
        self.shared.take_failed()
    }

    /// Counts a spilled part in the metrics, such as a sorted run or a part of a table.
    pub fn count_part(&self) {
        self.shared.metrics.spilled_parts.add(1);
    }

    /// Records in the metrics that spilled rows are processed for the `pass`th time.
    pub fn count_pass(&self, pass: u64) {
        self.shared.metrics.passes.raise(pass);
    }
}

impl Shared {
    /// Frees the space of pages that will not be read again.
    fn release(self: &Arc<Self>, file: usize, offset: u64, bytes: usize) {
        let holes = self.files[file].release(offset, bytes);
        if !holes.is_empty() {
            let shared = self.clone();
            self.blocking.submit(Box::new(move || shared.files[file].punch(&holes)));
        }
    }

    fn check(&self) -> Result<(), ()> {
        if self.failed.lock().unwrap_or_else(PoisonError::into_inner).is_some() { Err(()) } else { Ok(()) }
    }

    fn take_failed(&self) -> Result<()> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }
}
