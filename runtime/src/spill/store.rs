//! Pages that are kept for many readers: as many in memory as can be had, the rest on disk.
//!
//! A [`Store`] outlives the task that fills it. So it writes by itself, on threads that may block, whenever other operators need its memory; a page
//! can be read from memory until it is on disk, and who reads waits for no page to be written.

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

/// Pages of a filling task that may wait to be written.
const UNWRITTEN_PAGES: usize = 2 * WRITE_PAGES;

/// Pages that a store writes before others have their turn.
const PAGES_A_TURN: usize = 4 * WRITE_PAGES;

/// A sequence of pages of one task, which is filled once and read any number of times.
pub struct Store {
    layout: Arc<RowLayout>,
    spiller: Spiller,
    /// Pays for what stays in memory, and is asked to give it back.
    memory: Memory,
    pages: Mutex<Vec<Kept>>,
    rows: AtomicUsize,
    /// Bytes that are on their way to the disk.
    unwritten: AtomicUsize,
    failed: Mutex<Option<Error>>,
}

/// Where a page is.
enum Kept {
    Memory(Page),
    /// Also in memory, until it is written.
    Leaving(Page),
    Disk(Extent),
}

impl Store {
    /// An empty store of pages of `layout`, in the budget and in the name of `memory`.
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
        // Whoever asks holds locks of its own, so nothing more is done here.
        store.memory.on_revoke_request(move || {
            if let Some(store) = weak.upgrade() {
                let blocking = store.spiller.shared.blocking.clone();
                blocking.submit(Box::new(move || store.write_some(store.choose(store.memory.revoke_requested()))));
            }
        });
        store
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many rows are in it.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.load(Ordering::Relaxed)
    }

    /// The most that it had in memory.
    #[must_use]
    pub fn peak_bytes(&self) -> usize {
        self.memory.peak_bytes()
    }

    /// Adds a page at the end. Where no memory is left for it, it is written at once.
    pub fn push(self: &Arc<Self>, page: Page) {
        let bytes = page.bytes();
        self.rows.fetch_add(page.rows(), Ordering::Relaxed);
        if self.memory.try_reserve(bytes) {
            let page = page.paid_by(&self.memory);
            self.memory.set_revocable(true);
            return self.lock().push(Kept::Memory(page));
        }
        let mut pages = self.lock();
        let number = pages.len();
        pages.push(Kept::Leaving(page.clone()));
        drop(pages);
        self.unwritten.fetch_add(bytes, Ordering::Relaxed);
        let store = self.clone();
        self.spiller.shared.blocking.submit(Box::new(move || {
            store.write(number, page);
            store.unwritten.fetch_sub(bytes, Ordering::Release);
        }));
    }

    /// Makes sure that the task that fills it can reserve `bytes` more of its own `memory`.
    ///
    /// # Errors
    /// What the disk says about pages that were written before.
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

    /// Says that it is full, and gives back what was taken ahead; whether all that found no room in memory is on disk. Until then it is the filling task's to
    /// pay for, so that task should not end: it will be woken.
    ///
    /// # Errors
    /// As [`Store::make_room`].
    pub fn seal(&self) -> Result<bool> {
        self.memory.shrink();
        let is_written = self.unwritten.load(Ordering::Acquire) == 0;
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(is_written), Err)
    }

    /// Pages of about so many bytes that are to leave, those that are on their way included: beginning with those that a reader asks for last.
    fn choose(&self, bytes: usize) -> VecDeque<(usize, Page)> {
        self.memory.shrink();
        let mut pages = self.lock();
        let leaving = |kept: &Kept| if let Kept::Leaving(page) = kept { page.bytes() } else { 0 };
        let leaving: usize = pages.iter().map(leaving).sum();
        let mut left = bytes.saturating_sub(leaving);
        let mut chosen = VecDeque::new();
        for (number, kept) in pages.iter_mut().enumerate().rev() {
            if left == 0 {
                break;
            }
            if let Kept::Memory(page) = kept {
                left = left.saturating_sub(page.bytes());
                chosen.push_back((number, page.clone()));
                *kept = Kept::Leaving(page.clone());
            }
        }
        if leaving == 0 && chosen.is_empty() {
            // What is still paid for is somebody's who reads it.
            self.memory.set_revocable(false);
        }
        chosen
    }

    /// Writes some of these pages, and has the others written when it is their turn among what else blocks.
    fn write_some(self: &Arc<Self>, mut pages: VecDeque<(usize, Page)>) {
        for (number, page) in pages.drain(..pages.len().min(PAGES_A_TURN)) {
            self.write(number, page);
        }
        if !pages.is_empty() {
            let store = self.clone();
            self.spiller.shared.blocking.submit(Box::new(move || store.write_some(pages)));
        }
    }

    /// Writes a page, which is in memory no longer then. Where that fails it stays there.
    fn write(&self, number: usize, page: Page) {
        let written = self.spiller.append_now(&page);
        // Who cannot write is not asked again.
        self.memory.set_revocable(written.is_ok());
        let after = match written {
            Ok(extent) => {
                drop(page);
                Kept::Disk(extent)
            }
            Err(error) => {
                self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                Kept::Memory(page)
            }
        };
        // Memory goes back when nothing is locked any more.
        let before = self.lock().get_mut(number).map(|kept| std::mem::replace(kept, after));
        drop(before);
    }

    /// What a reader finds at a page: the page, or it and those behind it as far as they are on disk.
    fn at(&self, number: usize) -> Option<Found> {
        let pages = self.lock();
        match pages.get(number)? {
            Kept::Memory(page) | Kept::Leaving(page) => Some(Found::Memory(page.clone())),
            Kept::Disk(_) => {
                let mut run = Spilled::default();
                for kept in &pages[number..] {
                    let Kept::Disk(extent) = kept else { break };
                    run.push(extent.file, extent.offset, extent.page_bytes, extent.pages);
                }
                Some(Found::Disk(run))
            }
        }
    }
}

enum Found {
    Memory(Page),
    Disk(Spilled),
}

/// Reads a store from its beginning.
pub struct StoreReader {
    store: Arc<Store>,
    /// The next page's number.
    next: usize,
    run: Option<SpilledReader>,
    blocking: Arc<dyn Blocking>,
    memory: Memory,
}

impl StoreReader {
    /// A reader whose task `blocking` wakes. `memory` pays for what is read from disk.
    #[must_use]
    pub fn new(store: Arc<Store>, blocking: Arc<dyn Blocking>, memory: &Memory) -> Self {
        StoreReader { store, next: 0, run: None, blocking, memory: memory.clone() }
    }

    /// The next page, if it is there.
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
            match self.store.at(self.next) {
                None => return Ok(Poll::Ready(None)),
                Some(Found::Memory(page)) => {
                    self.next += 1;
                    return Ok(Poll::Ready(Some(page)));
                }
                Some(Found::Disk(run)) => self.run = Some(self.read(run)),
            }
        }
    }

    fn read(&self, run: Spilled) -> SpilledReader {
        let has_room = self.memory.try_reserve((READ_AHEAD + 1) * run.largest_page_bytes());
        let ahead = if has_room { READ_AHEAD } else { 1 };
        self.store.spiller.read_for(run, &self.store.layout, ahead, self.blocking.clone(), &self.memory)
    }
}
