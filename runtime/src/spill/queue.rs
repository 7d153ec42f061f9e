//! A queue of pages of one task: the first ones in memory, as many as fit, the rest on disk.
//!
//! ```text
//!   poll ◄── front (memory) ◄── segment, segment … (disk) ◄── back (memory) ◄── push
//! ```
//! Operators that emit rows in their input order use it, such as a numbering or a partitioning by
//! an order. The oldest pages stay in memory longest. So a queue that is filled before it is
//! emptied writes only what does not fit, and reads it ahead while the front is emitted. A queue
//! that is emptied while it is filled writes each stretch as a segment of its own.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Poll;

use crate::error::Result;
use crate::memory::Memory;
use crate::memory::limits::{PAGE_BYTES, WRITE_PAGES};
use crate::page::Page;
use crate::row::RowLayout;

use super::{Spilled, SpilledReader, Spiller};

/// The greatest number of pages that wait to be written.
const UNWRITTEN_PAGES: usize = 2 * WRITE_PAGES;

/// Pages that are read ahead, if there is memory.
pub(super) const READ_AHEAD: usize = 4;

/// The result of [`SpillQueue::make_room`] and of [`Store::make_room`](super::Store::make_room).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueRoom {
    /// The bytes can be reserved.
    Granted,
    /// Memory is freed when pending writes end. The task is woken then.
    Pending,
    /// Nothing is left to write. Only the task's minimum memory remains.
    Refused,
}

/// A first-in-first-out sequence of pages of one task.
pub struct SpillQueue {
    layout: Arc<RowLayout>,
    memory: Memory,
    spiller: Spiller,
    /// Pages before those on disk.
    front: VecDeque<Page>,
    reader: Option<SpilledReader>,
    /// Pages after those of `reader`, in order.
    segments: VecDeque<Spilled>,
    /// Pages after those on disk.
    back: VecDeque<Page>,
}

impl SpillQueue {
    /// An empty queue of pages of `layout`, in memory of `memory`.
    #[must_use]
    pub fn new(layout: Arc<RowLayout>, spiller: Spiller, memory: &Memory) -> Self {
        SpillQueue {
            layout,
            memory: memory.clone(),
            spiller,
            front: VecDeque::new(),
            reader: None,
            segments: VecDeque::new(),
            back: VecDeque::new(),
        }
    }

    /// Returns `true` if no page is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.front.is_empty() && self.reader.is_none() && self.segments.is_empty() && self.back.is_empty()
    }

    /// Adds a page at the end. It stays in memory until [`SpillQueue::make_room`] or
    /// [`SpillQueue::revoke`] writes it.
    pub fn push(&mut self, page: Page) {
        let is_on_disk = self.reader.is_some() || !self.segments.is_empty();
        if is_on_disk { self.back.push_back(page) } else { self.front.push_back(page) }
    }

    /// Tries to make `bytes` reservable. Writes pages if necessary.
    ///
    /// # Errors
    /// Fails if an earlier page could not be written.
    pub fn make_room(&mut self, bytes: usize) -> Result<QueueRoom> {
        loop {
            if self.memory.try_reserve(bytes) {
                return Ok(QueueRoom::Granted);
            }
            self.spiller.check()?;
            if self.spiller.unwritten_bytes() >= UNWRITTEN_PAGES * PAGE_BYTES {
                return Ok(QueueRoom::Pending);
            }
            if !self.write_some() {
                return Ok(if self.spiller.unwritten_bytes() > 0 { QueueRoom::Pending } else { QueueRoom::Refused });
            }
        }
    }

    /// Begins to write pages of about `bytes`, to free their memory.
    pub fn revoke(&mut self, bytes: usize) {
        self.memory.shrink();
        let before = self.spiller.unwritten_bytes();
        while self.spiller.unwritten_bytes() < before + bytes && self.write_some() {}
    }

    /// Begins to write a few pages, those that are read last. Returns `false` if none are in
    /// memory.
    /// Pages of the back are appended to the last segment. If the back is empty, the last pages of
    /// the front become a new first segment.
    fn write_some(&mut self) -> bool {
        if !self.back.is_empty() {
            let pages = self.back.drain(..self.back.len().min(WRITE_PAGES));
            if self.segments.is_empty() {
                self.spiller.count_part();
                self.segments.push_back(Spilled::default());
            }
            if let Some(segment) = self.segments.back_mut() {
                self.spiller.write(segment, pages);
            }
            return true;
        }
        let pages = self.front.split_off(self.front.len().saturating_sub(WRITE_PAGES));
        if pages.is_empty() {
            return false;
        }
        let mut segment = Spilled::default();
        self.spiller.count_part();
        self.spiller.write(&mut segment, pages);
        self.segments.push_front(segment);
        true
    }

    /// The next page. Returns `Pending` while it is on its way from the disk, and `None` if the
    /// queue is empty.
    ///
    /// # Errors
    /// Fails if the disk fails. Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory) if
    /// memory for one page is refused.
    pub fn poll(&mut self) -> Result<Poll<Option<Page>>> {
        if let Some(page) = self.front.pop_front() {
            return Ok(Poll::Ready(Some(page)));
        }
        loop {
            if let Some(reader) = &mut self.reader {
                match reader.poll()? {
                    Poll::Ready(None) => self.reader = None,
                    read => return Ok(read),
                }
            } else if !self.segments.is_empty() {
                self.spiller.check()?;
                if self.spiller.unwritten_bytes() > 0 {
                    return Ok(Poll::Pending);
                }
                self.reader = self.segments.pop_front().map(|segment| self.read(segment));
            } else {
                std::mem::swap(&mut self.front, &mut self.back);
                return Ok(Poll::Ready(self.front.pop_front()));
            }
        }
    }

    fn read(&self, segment: Spilled) -> SpilledReader {
        let has_room = self.memory.try_reserve((READ_AHEAD + 1) * segment.largest_page_bytes());
        self.spiller.read(segment, &self.layout, if has_room { READ_AHEAD } else { 1 }, &self.memory)
    }
}
