//! Reads spilled pages back, some of them ahead.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use crate::error::Result;
use crate::memory::Memory;
use crate::page::{Buffer, Page};
use crate::row::RowLayout;

use super::{Extent, Shared, Spilled, Spiller};
use crate::storage::Blocking;

/// A page that a blocking thread reads.
type Flight = Arc<Mutex<Option<Result<Page>>>>;

/// Where a page lies: file, offset and bytes.
type Place = (usize, u64, usize);

/// Reads the pages of a sequence in order. All of it must be written: [`Spiller::unwritten_bytes`] says when.
pub struct SpilledReader {
    shared: Arc<Shared>,
    left: VecDeque<Extent>,
    layout: Arc<RowLayout>,
    memory: Memory,
    /// Wakes the task that reads.
    blocking: Arc<dyn Blocking>,
    ahead: usize,
    /// Whether the sequence will be read again.
    keeps: bool,
    flights: VecDeque<(Flight, Place)>,
}

impl Spiller {
    /// Reads a sequence of rows of `layout`, once, with `ahead` pages on their way at a time, which `memory` pays for; with none, a page is sent for when
    /// it is [asked](SpilledReader::poll) for, or [before](SpilledReader::send). What was read is gone: other pages may be
    /// written there.
    #[must_use]
    pub fn read(&self, spilled: Spilled, layout: &Arc<RowLayout>, ahead: usize, memory: &Memory) -> SpilledReader {
        SpilledReader { keeps: spilled.is_lent, ..self.read_again(&spilled, layout, ahead, memory) }
    }

    /// As [`Spiller::read`], but the sequence can be read again.
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
            left: spilled.extents.clone(),
            layout: layout.clone(),
            memory: memory.clone(),
            blocking: self.shared.blocking.clone(),
            ahead,
            keeps: true,
            flights: VecDeque::new(),
        }
    }

    /// As [`Spiller::read_again`], for another task than the one that wrote.
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

    /// Gives the room back that a sequence takes; what may still be on its way there keeps it until the file is closed.
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
    /// The next page, if it is there.
    ///
    /// # Errors
    /// What the system says, a page that is not as it was written, or [`OutOfMemory`](crate::error::Error::OutOfMemory) where there is no room for one page.
    pub fn poll(&mut self) -> Result<Poll<Option<Page>>> {
        if self.flights.is_empty()
            && let Some(page) = self.read_cached()?
        {
            return Ok(Poll::Ready(Some(page)));
        }
        self.fly(self.ahead.max(1))?;
        let Some((first, place)) = self.flights.front() else { return Ok(Poll::Ready(None)) };
        let landed = first.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(page) = landed else { return Ok(Poll::Pending) };
        let place = *place;
        self.flights.pop_front();
        self.spend(place);
        Ok(Poll::Ready(Some(page?)))
    }

    /// The next page, read at once, on this thread: for work that cannot stop and wait. Not to be mixed with [`SpilledReader::poll`].
    ///
    /// # Errors
    /// As [`SpilledReader::poll`].
    pub fn next_now(&mut self) -> Result<Option<Page>> {
        let Some(place) = self.take_next() else { return Ok(None) };
        let (file, offset, bytes) = place;
        let page = self.shared.files[file].read(offset, Buffer::new(bytes, &self.memory)?, &self.layout);
        self.spend(place);
        page.map(Some)
    }

    /// A page was read.
    fn spend(&self, (file, offset, bytes): Place) {
        if !self.keeps {
            self.shared.release(file, offset, bytes);
        }
    }

    /// Where the next page that nobody asked for lies.
    fn take_next(&mut self) -> Option<Place> {
        let next = self.left.front_mut()?;
        let place = (next.file, next.offset, next.page_bytes);
        (next.offset, next.pages) = (next.offset + next.page_bytes as u64, next.pages - 1);
        if next.pages == 0 {
            self.left.pop_front();
        }
        Some(place)
    }

    /// The next page, where it need not be waited for.
    fn read_cached(&mut self) -> Result<Option<Page>> {
        let Some(next) = self.left.front().filter(|_| self.blocking.reads_cached()) else { return Ok(None) };
        let (file, offset) = (&self.shared.files[next.file], next.offset);
        let page = file.read_cached(offset, Buffer::new(next.page_bytes, &self.memory)?, &self.layout)?;
        if page.is_some()
            && let Some(place) = self.take_next()
        {
            self.spend(place);
        }
        Ok(page)
    }

    /// Sends for the next page if none is on its way and there is room for it; whether it did.
    pub fn send(&mut self) -> bool {
        // Where there is no room now, there is when the page is asked for: that of the page before.
        self.flights.is_empty() && self.fly(1).is_ok() && !self.flights.is_empty()
    }

    /// Whether a page is on its way, or there.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        !self.flights.is_empty()
    }

    /// Sends for pages until so many are on their way.
    fn fly(&mut self, most: usize) -> Result<()> {
        while self.flights.len() < most {
            let Some(next) = self.left.front() else { return Ok(()) };
            let buffer = match Buffer::new(next.page_bytes, &self.memory) {
                Ok(buffer) => buffer,
                // One page is enough to go on with.
                Err(_) if !self.flights.is_empty() => return Ok(()),
                Err(error) => return Err(error),
            };
            let Some(place) = self.take_next() else { return Ok(()) };
            let flight = Flight::default();
            self.flights.push_back((flight.clone(), place));
            let (shared, layout, (file, offset, _)) = (self.shared.clone(), self.layout.clone(), place);
            self.blocking.submit(Box::new(move || {
                let page = shared.files[file].read(offset, buffer, &layout);
                *flight.lock().unwrap_or_else(PoisonError::into_inner) = Some(page);
            }));
        }
        Ok(())
    }
}
