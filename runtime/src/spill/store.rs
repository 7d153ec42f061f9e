//! Pages for many readers: in memory as far as it is granted, the rest on disk.
//!
//! A [`Store`] outlives the task that fills it. So it spills by itself, on blocking threads, when
//! other operators need its memory. Until a page is on disk, it is read from memory. So readers
//! never wait for a write.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use crate::error::{Error, Result};
use crate::memory::Memory;
use crate::memory::limits::{PAGE_BYTES, WRITE_PAGES};
use crate::page::Page;
use crate::row::RowLayout;

use super::queue::READ_AHEAD;
use super::{Extent, QueueRoom, Spilled, SpilledReader, Spiller};
use crate::storage::Blocking;

/// The greatest number of pages of the filling task that wait to be written.
const UNWRITTEN_PAGES: usize = 2 * WRITE_PAGES;

/// Pages that a store writes before it resubmits the rest, so that other work gets the thread.
const PAGES_PER_TURN: usize = 4 * WRITE_PAGES;

/// A sequence of pages of one task, filled once and read any number of times.
pub struct Store {
    layout: Arc<RowLayout>,
    spiller: Spiller,
    /// Holds the pages in memory. Revoke requests arrive here.
    memory: Memory,
    pages: Mutex<Vec<PageState>>,
    rows: AtomicUsize,
    /// Bytes of pages that were refused memory and are not yet written.
    unwritten: AtomicUsize,
    failed: Mutex<Option<Error>>,
}

/// The state of a page.
enum PageState {
    Memory(Page),
    /// In memory, while it is written to disk.
    Writing(Page),
    Disk(Extent),
}

impl Store {
    /// An empty store of pages of `layout`, with the budget and the owner of `memory`.
    #[must_use]
    pub fn new(layout: Arc<RowLayout>, spiller: Spiller, memory: &Memory) -> Arc<Self> {
        let store = Arc::new(Store {
            layout,
            spiller,
            memory: Memory::spilling(memory.budget().clone(), memory.owner(), 0),
            pages: Mutex::default(),
            rows: AtomicUsize::new(0),
            unwritten: AtomicUsize::new(0),
            failed: Mutex::default(),
        });
        store.memory.set_revokes_by_itself();
        let weak = Arc::downgrade(&store);
        // The caller holds locks of its own. So this only submits the work.
        store.memory.on_revoke_request(move || {
            if let Some(store) = weak.upgrade() {
                let blocking = store.spiller.shared.blocking.clone();
                blocking
                    .submit(Box::new(move || store.write_some(store.choose_pages(store.memory.revoke_requested()))));
            }
        });
        store
    }

    fn lock(&self) -> MutexGuard<'_, Vec<PageState>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of rows in it.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.load(Ordering::Relaxed)
    }

    /// The greatest number of bytes that it had in memory.
    #[must_use]
    pub fn peak_bytes(&self) -> usize {
        self.memory.peak_bytes()
    }

    /// Adds a page at the end. If memory for it is refused, begins to write it to disk.
    pub fn push(self: &Arc<Self>, page: Page) {
        let bytes = page.bytes();
        self.rows.fetch_add(page.rows(), Ordering::Relaxed);
        if self.memory.try_reserve(bytes) {
            let page = page.paid_by(&self.memory);
            self.memory.set_revocable(true);
            return self.lock().push(PageState::Memory(page));
        }
        let mut pages = self.lock();
        let number = pages.len();
        pages.push(PageState::Writing(page.clone()));
        drop(pages);
        self.unwritten.fetch_add(bytes, Ordering::Relaxed);
        let store = self.clone();
        self.spiller.shared.blocking.submit(Box::new(move || {
            store.write(number, page);
            store.unwritten.fetch_sub(bytes, Ordering::Release);
        }));
    }

    /// Tries to make `bytes` of `memory`, which is the filling task's, reservable.
    ///
    /// # Errors
    /// Fails if an earlier page could not be written.
    pub fn make_room(&self, memory: &Memory, bytes: usize) -> Result<QueueRoom> {
        if let Some(error) = self.failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(error);
        }
        let unwritten = self.unwritten.load(Ordering::Acquire);
        Ok(match unwritten < UNWRITTEN_PAGES * PAGE_BYTES && memory.try_reserve(bytes) {
            true => QueueRoom::Granted,
            false if unwritten > 0 => QueueRoom::Pending,
            false => QueueRoom::Refused,
        })
    }

    /// Ends the filling. Returns `true` if all pages that were refused memory are on disk.
    /// Until then the filling task's memory holds them. So the task must not end; it is woken after
    /// the writes.
    ///
    /// # Errors
    /// As [`Store::make_room`].
    pub fn seal(&self) -> Result<bool> {
        self.memory.shrink();
        let is_written = self.unwritten.load(Ordering::Acquire) == 0;
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(is_written), Err)
    }

    /// Selects pages to spill, of about `bytes` minus what is being written. Pages that readers
    /// reach last come first.
    fn choose_pages(&self, bytes: usize) -> VecDeque<(usize, Page)> {
        self.memory.shrink();
        let mut pages = self.lock();
        let writing = |kept: &PageState| if let PageState::Writing(page) = kept { page.bytes() } else { 0 };
        let writing: usize = pages.iter().map(writing).sum();
        let mut left = bytes.saturating_sub(writing);
        let mut chosen = VecDeque::new();
        for (number, kept) in pages.iter_mut().enumerate().rev() {
            if left == 0 {
                break;
            }
            if let PageState::Memory(page) = kept {
                left = left.saturating_sub(page.bytes());
                chosen.push_back((number, page.clone()));
                *kept = PageState::Writing(page.clone());
            }
        }
        if writing == 0 && chosen.is_empty() {
            // Pages that are still in use belong to their readers.
            self.memory.set_revocable(false);
        }
        chosen
    }

    /// Writes some of `pages` and resubmits the rest, so that other work gets the thread.
    fn write_some(self: &Arc<Self>, mut pages: VecDeque<(usize, Page)>) {
        for (number, page) in pages.drain(..pages.len().min(PAGES_PER_TURN)) {
            self.write(number, page);
        }
        if !pages.is_empty() {
            let store = self.clone();
            self.spiller.shared.blocking.submit(Box::new(move || store.write_some(pages)));
        }
    }

    /// Writes a page and drops it from memory. If that fails, the page stays in memory.
    fn write(&self, number: usize, page: Page) {
        let written = self.spiller.append_now(&page);
        // A store that cannot write is not asked again.
        self.memory.set_revocable(written.is_ok());
        let after = match written {
            Ok(extent) => {
                drop(page);
                PageState::Disk(extent)
            }
            Err(error) => {
                self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                PageState::Memory(page)
            }
        };
        // The page is dropped without the lock, since this frees memory.
        let before = self.lock().get_mut(number).map(|kept| std::mem::replace(kept, after));
        drop(before);
    }

    /// The page `number` if it is in memory, else the pages on disk that begin with it. `None` at
    /// the end.
    fn pages_from(&self, number: usize) -> Option<PagesFound> {
        let pages = self.lock();
        match pages.get(number)? {
            PageState::Memory(page) | PageState::Writing(page) => Some(PagesFound::Memory(page.clone())),
            PageState::Disk(_) => {
                let mut run = Spilled::default();
                for kept in &pages[number..] {
                    let PageState::Disk(extent) = kept else { break };
                    run.push(extent.file, extent.offset, extent.page_bytes, extent.pages);
                }
                Some(PagesFound::Disk(run))
            }
        }
    }
}

enum PagesFound {
    Memory(Page),
    Disk(Spilled),
}

/// Reads a store from its beginning.
pub struct StoreReader {
    store: Arc<Store>,
    /// The number of the next page.
    next: usize,
    run: Option<SpilledReader>,
    blocking: Arc<dyn Blocking>,
    memory: Memory,
}

impl StoreReader {
    /// A reader of a task that `blocking` wakes. `memory` holds the pages that are read from disk.
    #[must_use]
    pub fn new(store: Arc<Store>, blocking: Arc<dyn Blocking>, memory: &Memory) -> Self {
        StoreReader { store, next: 0, run: None, blocking, memory: memory.clone() }
    }

    /// The next page. Returns `Pending` while it is read from disk, and `None` at the end.
    ///
    /// # Errors
    /// As [`SpilledReader::poll`].
    pub fn poll(&mut self) -> Result<Poll<Option<Page>>> {
        loop {
            if let Some(run) = &mut self.run {
                match run.poll()? {
                    Poll::Ready(None) => self.run = None,
                    Poll::Pending => return Ok(Poll::Pending),
                    Poll::Ready(Some(page)) => {
                        self.next += 1;
                        return Ok(Poll::Ready(Some(page)));
                    }
                }
            }
            match self.store.pages_from(self.next) {
                None => return Ok(Poll::Ready(None)),
                Some(PagesFound::Memory(page)) => {
                    self.next += 1;
                    return Ok(Poll::Ready(Some(page)));
                }
                Some(PagesFound::Disk(run)) => self.run = Some(self.read(run)),
            }
        }
    }

    fn read(&self, run: Spilled) -> SpilledReader {
        let has_room = self.memory.try_reserve((READ_AHEAD + 1) * run.largest_page_bytes());
        let ahead = if has_room { READ_AHEAD } else { 1 };
        self.store.spiller.read_for(run, &self.store.layout, ahead, self.blocking.clone(), &self.memory)
    }
}
