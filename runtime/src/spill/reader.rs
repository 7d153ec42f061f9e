//! Reads spilled pages, some of them ahead.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use crate::error::Result;
use crate::memory::Memory;
use crate::page::{Buffer, Page};
use crate::row::RowLayout;

use super::{Extent, Shared, Spilled, Spiller};
use crate::storage::Blocking;

/// The result of a read on another thread. `None` while it runs.
type PendingRead = Arc<Mutex<Option<Result<Page>>>>;

/// The location of a page: file number, offset and bytes.
type PageLocation = (usize, u64, usize);

/// Reads the pages of a sequence in order. All of them must have been written
/// ([`Spiller::unwritten_bytes`]).
pub struct SpilledReader {
    shared: Arc<Shared>,
    unread: VecDeque<Extent>,
    layout: Arc<RowLayout>,
    memory: Memory,
    /// Wakes the reading task.
    blocking: Arc<dyn Blocking>,
    ahead: usize,
    /// If `true`, pages are not freed after they are read.
    keeps_pages: bool,
    reads: VecDeque<(PendingRead, PageLocation)>,
}

impl Spiller {
    /// Reads a sequence of rows of `layout` once. Each page is freed after it is read, and its
    /// space is reused.
    /// Keeps up to `ahead` reads running, in memory of `memory`. If `ahead` is 0, a page is
    /// requested by [`SpilledReader::poll`] or by [`SpilledReader::request_next`].
    #[must_use]
    pub fn read(&self, spilled: Spilled, layout: &Arc<RowLayout>, ahead: usize, memory: &Memory) -> SpilledReader {
        SpilledReader { keeps_pages: spilled.is_lent, ..self.read_again(&spilled, layout, ahead, memory) }
    }

    /// As [`Spiller::read`], but the pages are not freed.
    #[must_use]
    pub fn read_again(
        &self,
        spilled: &Spilled,
        layout: &Arc<RowLayout>,
        ahead: usize,
        memory: &Memory,
    ) -> SpilledReader {
        SpilledReader {
            shared: self.shared.clone(),
            unread: spilled.extents.clone(),
            layout: layout.clone(),
            memory: memory.clone(),
            blocking: self.shared.blocking.clone(),
            ahead,
            keeps_pages: true,
            reads: VecDeque::new(),
        }
    }

    /// As [`Spiller::read_again`], for a task other than the one that wrote the pages. `blocking`
    /// wakes that task.
    #[must_use]
    pub fn read_for(
        &self,
        spilled: Spilled,
        layout: &Arc<RowLayout>,
        ahead: usize,
        blocking: Arc<dyn Blocking>,
        memory: &Memory,
    ) -> SpilledReader {
        SpilledReader { blocking, ..self.read_again(&spilled, layout, ahead, memory) }
    }

    /// Frees the space of a sequence without reading it. If writes are pending, the space stays
    /// allocated until the file is closed.
    pub fn forget(&self, spilled: Spilled) {
        if spilled.is_lent || self.unwritten_bytes() > 0 {
            return;
        }
        for Extent { file, offset, page_bytes, pages } in spilled.extents {
            self.shared.release(file, offset, page_bytes * pages);
        }
    }
}

impl SpilledReader {
    /// The next page. Returns `Pending` while it is being read, and `None` at the end.
    ///
    /// # Errors
    /// Fails if the disk fails, or if the checksum of the page does not match. Fails with
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory) if memory for one page is refused.
    pub fn poll(&mut self) -> Result<Poll<Option<Page>>> {
        if self.reads.is_empty()
            && let Some(page) = self.read_cached()?
        {
            return Ok(Poll::Ready(Some(page)));
        }
        self.request(self.ahead.max(1))?;
        let Some((first, location)) = self.reads.front() else { return Ok(Poll::Ready(None)) };
        let finished = first.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(page) = finished else { return Ok(Poll::Pending) };
        let location = *location;
        self.reads.pop_front();
        self.free_unless_kept(location);
        Ok(Poll::Ready(Some(page?)))
    }

    /// The next page, read on this thread. For work that cannot be suspended. Do not mix with
    /// [`SpilledReader::poll`] on one reader.
    ///
    /// # Errors
    /// As [`SpilledReader::poll`].
    pub fn next_now(&mut self) -> Result<Option<Page>> {
        let Some(location) = self.take_next() else { return Ok(None) };
        let (file, offset, bytes) = location;
        let page = self.shared.files[file].read(offset, Buffer::new(bytes, &self.memory)?, &self.layout);
        self.free_unless_kept(location);
        page.map(Some)
    }

    /// Frees the space of a page that was read, unless pages are kept.
    fn free_unless_kept(&self, (file, offset, bytes): PageLocation) {
        if !self.keeps_pages {
            self.shared.release(file, offset, bytes);
        }
    }

    /// Removes the next page from the pages not yet requested. Returns its location.
    fn take_next(&mut self) -> Option<PageLocation> {
        let next = self.unread.front_mut()?;
        let location = (next.file, next.offset, next.page_bytes);
        (next.offset, next.pages) = (next.offset + next.page_bytes as u64, next.pages - 1);
        if next.pages == 0 {
            self.unread.pop_front();
        }
        Some(location)
    }

    /// The next page, if the task may read cached pages and all of it is in the page cache.
    fn read_cached(&mut self) -> Result<Option<Page>> {
        let Some(next) = self.unread.front().filter(|_| self.blocking.reads_cached()) else { return Ok(None) };
        let (file, offset) = (&self.shared.files[next.file], next.offset);
        let page = file.read_cached(offset, Buffer::new(next.page_bytes, &self.memory)?, &self.layout)?;
        if page.is_some()
            && let Some(location) = self.take_next()
        {
            self.free_unless_kept(location);
        }
        Ok(page)
    }

    /// Requests the next page if no page is requested and there is memory for it. Returns `true` if
    /// it did.
    pub fn request_next(&mut self) -> bool {
        // If memory is refused now, `poll` requests the page: the previous page is free then.
        self.reads.is_empty() && self.request(1).is_ok() && !self.reads.is_empty()
    }

    /// Returns `true` if a page is requested or has been read.
    #[must_use]
    pub fn has_request(&self) -> bool {
        !self.reads.is_empty()
    }

    /// Requests pages until `max_reads` reads are pending.
    fn request(&mut self, max_reads: usize) -> Result<()> {
        while self.reads.len() < max_reads {
            let Some(next) = self.unread.front() else { return Ok(()) };
            let buffer = match Buffer::new(next.page_bytes, &self.memory) {
                Ok(buffer) => buffer,
                // One page is enough to continue.
                Err(_) if !self.reads.is_empty() => return Ok(()),
                Err(error) => return Err(error),
            };
            let Some(location) = self.take_next() else { return Ok(()) };
            let read = PendingRead::default();
            self.reads.push_back((read.clone(), location));
            let (shared, layout, (file, offset, _)) = (self.shared.clone(), self.layout.clone(), location);
            self.blocking.submit(Box::new(move || {
                let page = shared.files[file].read(offset, buffer, &layout);
                *read.lock().unwrap_or_else(PoisonError::into_inner) = Some(page);
            }));
        }
        Ok(())
    }
}
