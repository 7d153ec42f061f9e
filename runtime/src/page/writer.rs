//! Writing rows into pages.

mod lists;
mod owned;
mod sinks;

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::memory::Memory;
use crate::memory::limits::PAGE_BYTES;
use crate::row::RowLayout;

use super::run::{FIRST_ROW, Run, run_bytes};
use super::sealed::Page;
use lists::OpenList;

pub use lists::{NewItems, OutItems, PutItems};
pub(crate) use owned::OwnedRows;
pub(crate) use sinks::LIST_ALIGN;
pub use sinks::{Claims, NewRow, Out, OutBytes, OutList, OutText, SinkLeaves};

type Overflow = Box<dyn FnMut(Page) + Send + Sync>;

/// Bytes of closed pages from which on others [overflow](RowWriter::overflow_to).
const KEPT_BYTES: usize = 2 * PAGE_BYTES;

/// Fills pages with rows of one layout: fixed parts from the front, variable parts from the back.
///
/// A row that does not fit closes the page and opens another; a row that fits no page gets a run of its own. Closed
/// pages wait in the writer until they are taken.
pub struct RowWriter {
    layout: Arc<RowLayout>,
    /// The layout's, at hand for each row.
    width: usize,
    memory: Memory,
    run: Option<Run>,
    /// A run to use again, so that a writer whose pages are read at once always writes the same, cached memory.
    spare: Option<Run>,
    /// Place of the next row in the region.
    next: usize,
    /// Place where the variable parts begin.
    floor: usize,
    /// Where rows and their variable parts must end: at the floor, or at the end of the run's first page. A row finds
    /// its page by its own address, so none may lie in a later one.
    limit: usize,
    sealed: Vec<Page>,
    /// Takes closed pages beyond some.
    overflow: Option<Overflow>,
    failed: Option<Error>,
    /// The row that was claimed last is being written.
    writing: bool,
    /// A list of records that is being written into the row that was claimed last.
    pub(crate) list: Option<Box<OpenList>>,
    /// What writes to dead leaves hit.
    scratch: Box<u128>,
}

impl RowWriter {
    /// A writer without pages.
    #[must_use]
    pub fn new(layout: Arc<RowLayout>, memory: Memory) -> Self {
        RowWriter {
            width: layout.width(),
            layout,
            memory,
            run: None,
            spare: None,
            next: 0,
            floor: 0,
            limit: 0,
            sealed: Vec::new(),
            overflow: None,
            failed: None,
            writing: false,
            list: None,
            scratch: Box::new(0),
        }
    }

    /// Another like it, without pages.
    #[must_use]
    pub fn emptied(&self) -> Self {
        RowWriter::new(self.layout.clone(), self.memory.clone())
    }

    /// The rows' layout.
    #[must_use]
    pub fn layout(&self) -> &Arc<RowLayout> {
        &self.layout
    }

    /// Whether a page is closed: time to hand on.
    #[inline(always)]
    #[must_use]
    pub fn has_sealed(&self) -> bool {
        !self.sealed.is_empty()
    }

    /// Rows in the open page.
    #[must_use]
    pub fn open_rows(&self) -> usize {
        self.run.as_ref().map_or(0, |run| (self.next - run.offset() - FIRST_ROW) / self.width)
    }

    /// Rows in closed pages that were not taken.
    pub(crate) fn sealed_rows(&self) -> usize {
        self.sealed.iter().map(Page::rows).sum()
    }

    /// Whether a row with `heap` bytes of variable parts fits the open page.
    #[inline(always)]
    pub(crate) fn fits(&self, heap: usize) -> bool {
        self.next + self.width + heap <= self.limit
    }

    /// Where the open page begins, as a place, how many rows are in it, and where their variable parts begin in it.
    pub(crate) fn open_page(&self) -> Option<(usize, usize, usize)> {
        self.run.as_ref().map(|run| (run.offset(), self.open_rows(), self.floor - run.offset()))
    }

    /// The bytes of the open page.
    pub(crate) fn open_page_bytes(&self) -> &[u8] {
        self.run.as_ref().map_or(&[], Run::as_slice)
    }

    /// Number of bytes of the open page.
    pub(crate) fn open_run_bytes(&self) -> usize {
        self.run.as_ref().map_or(0, Run::bytes)
    }

    /// Bytes of closed pages that were not taken.
    pub(crate) fn sealed_bytes(&self) -> usize {
        self.sealed.iter().map(Page::bytes).sum()
    }

    /// The place of the row that was claimed last, where its page is open.
    pub(crate) fn last_row(&self) -> Option<usize> {
        (self.open_rows() > 0).then(|| self.next - self.width)
    }

    /// What went wrong while rows were written, once.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] where a page was refused.
    pub fn check(&mut self) -> Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }

    /// The closed pages, oldest first.
    pub fn take_sealed(&mut self) -> std::vec::Drain<'_, Page> {
        self.sealed.drain(..)
    }

    /// Adds a page that is closed already, of the same layout.
    pub fn push_sealed(&mut self, page: Page) {
        debug_assert_eq!(page.layout(), &self.layout);
        self.seal();
        self.put_sealed(page);
    }

    fn put_sealed(&mut self, page: Page) {
        let is_enough = |sealed: &[Page]| sealed.iter().map(Page::bytes).sum::<usize>() >= KEPT_BYTES;
        match &mut self.overflow {
            Some(overflow) if is_enough(&self.sealed) => overflow(page),
            _ => self.sealed.push(page),
        }
    }

    /// As [`RowWriter::push_sealed`], for a page that this writer's memory [pays for](Page::paid_by) from now on.
    pub fn adopt(&mut self, page: Page) {
        let page = page.paid_by(&self.memory);
        self.push_sealed(page);
    }

    /// Closes the open page, unless it is empty.
    pub fn seal(&mut self) {
        self.drop_unwritten();
        let rows = self.open_rows();
        if rows == 0 {
            return;
        }
        if let Some(run) = self.run.take() {
            let heap_start = (self.floor - run.offset()) as u32;
            let page = Page::seal(run, rows as u32, heap_start, self.layout.clone());
            self.put_sealed(page);
        }
        (self.next, self.floor, self.limit) = (0, 0, 0);
    }

    /// Gives closed pages away beyond some, which stay and come before them: for a closure that writes without end before anybody takes pages.
    pub fn overflow_to(&mut self, overflow: impl FnMut(Page) + Send + Sync + 'static) {
        self.overflow = Some(Box::new(overflow));
    }

    /// Takes a page back whose rows have been read, to write into it again.
    pub fn recycle(&mut self, page: Page) {
        if self.spare.is_none() {
            self.spare = page.reclaim();
        }
    }

    /// Takes the memory for a page now, so that it is there when the first row is written.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] where it is refused.
    pub fn reserve_page(&mut self) -> Result<()> {
        self.spare = Some(Run::new(PAGE_BYTES, &self.memory)?);
        Ok(())
    }

    /// Room for a row with `heap` bytes of variable parts; its place in the region.
    #[inline(always)]
    pub(crate) fn claim(&mut self, heap: usize) -> Option<usize> {
        let end = self.next + self.width;
        if end.saturating_add(heap) > self.limit {
            return self.claim_elsewhere(heap);
        }
        let row = self.next;
        self.next = end;
        Some(row)
    }

    #[cold]
    #[inline(never)]
    fn claim_elsewhere(&mut self, heap: usize) -> Option<usize> {
        self.seal();
        match self.run_for(heap) {
            Ok(run) => {
                let row = run.offset() + FIRST_ROW;
                self.next = row + self.width;
                self.floor = run.offset() + run.bytes();
                self.limit = run.offset() + PAGE_BYTES;
                self.run = Some(run);
                Some(row)
            }
            Err(error) => {
                self.failed.get_or_insert(error);
                None
            }
        }
    }

    /// A run with room for one row.
    fn run_for(&mut self, heap: usize) -> Result<Run> {
        let refuse = |message: &str| {
            Err(Error::Data { path: "a record".into(), place: String::new(), message: message.to_owned() })
        };
        let fixed = FIRST_ROW + self.width;
        if fixed > PAGE_BYTES {
            return refuse("has more fields than fit a page");
        }
        let bytes = fixed.saturating_add(heap);
        match self.spare.take() {
            Some(run) if run.bytes() >= bytes => Ok(run),
            _ if u32::try_from(bytes).is_err() => refuse("has more than 4 GiB"),
            _ => {
                if bytes > PAGE_BYTES {
                    self.memory.note_run(run_bytes(bytes));
                }
                Run::new(bytes, &self.memory)
            }
        }
    }

    /// Takes back a row that was claimed and not written to its end, with the list that was open in it: what lies there is no record.
    /// The page takes no more rows.
    #[inline]
    fn drop_unwritten(&mut self) {
        if self.writing {
            self.fail_unwritten();
            (self.writing, self.list) = (false, None);
            self.next -= self.width;
            self.limit = self.next;
        }
    }

    /// Ends the job with what a row that is not whole means.
    #[cold]
    fn fail_unwritten(&mut self) {
        self.failed.get_or_insert_with(|| {
            let message = "a record was not written to its end, as a value of it panicked; a closure that catches a panic must not go on emitting";
            Error::Panic { message: message.to_owned() }
        });
    }

    /// Ends the job, as a value takes more bytes than were claimed for it.
    #[cold]
    #[inline(never)]
    pub(crate) fn fail_larger(&mut self) {
        self.failed.get_or_insert_with(|| {
            let message = "changed while it was written: a `Value` has to give the same twin each time";
            Error::Data { path: "a record".into(), place: String::new(), message: message.to_owned() }
        });
    }

    /// What writes to dead leaves hit: as long as the writer lives.
    pub(crate) fn scratch(&mut self) -> *mut u8 {
        std::ptr::from_mut(&mut *self.scratch).cast()
    }

    /// How many more rows without variable parts fit the open page.
    pub(crate) fn room(&self) -> usize {
        (self.limit - self.next) / self.width
    }

    /// Bytes between the rows of the open page and their variable parts.
    pub(crate) fn free_bytes(&self) -> usize {
        self.limit.saturating_sub(self.next)
    }

    /// Claims `rows` more rows, which [`RowWriter::room`] allows.
    pub(crate) fn skip(&mut self, rows: usize) {
        debug_assert!(rows <= self.room());
        self.next += rows * self.width;
    }

    /// Bytes of the open page; how many of them are free for rows and their variable parts, and how many for the latter alone.
    pub(crate) fn open_bytes(&self) -> (usize, usize, usize) {
        (self.run.as_ref().map_or(0, Run::bytes), self.limit - self.next, self.floor - self.limit)
    }

    pub(crate) fn open_run(&mut self) -> Option<&mut Run> {
        self.run.as_mut()
    }

    /// The address that places count from, to write rows that were claimed.
    pub(crate) fn region_start(&mut self) -> Option<*mut u8> {
        let start = || super::region::region().ok().map(super::region::Region::start);
        self.run.as_mut().map(Run::region_start).or_else(start)
    }

    /// Puts bytes into the variable part of the open page, for a row in it; where they begin, from the page's start.
    ///
    /// `None` where they do not fit: the room was not claimed.
    #[inline(always)]
    pub(crate) fn push_heap(&mut self, bytes: &[u8], align: usize) -> Option<u32> {
        let run = self.run.as_mut()?;
        let floor = self.floor.checked_sub(bytes.len())? & !(align - 1);
        if floor < self.next {
            return None;
        }
        self.floor = floor;
        self.limit = self.limit.min(floor);
        let place = floor - run.offset();
        // SAFETY: `[floor, floor + len)` lies between the rows and the old floor, inside the run that this writer owns.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), run.start_mut().add(place), bytes.len()) };
        Some(place as u32)
    }

    /// Takes `bytes` off the open page for a list, and lets no row be claimed: where they begin in the region, and the limit to
    /// [set](RowWriter::set_limit) when the list is written. `None` where they were not claimed.
    pub(crate) fn lower_floor(&mut self, bytes: usize) -> Option<(usize, usize)> {
        let floor = self.floor.checked_sub(bytes)? & !(LIST_ALIGN - 1);
        if self.run.is_none() || floor < self.next {
            return None;
        }
        self.floor = floor;
        Some((floor, std::mem::take(&mut self.limit).min(floor)))
    }

    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Bytes of the open page, at places of the region.
    pub(crate) fn run_bytes(&mut self, places: std::ops::Range<usize>) -> Option<&mut [u8]> {
        let run = self.run.as_mut()?;
        let start = run.offset();
        run.as_mut_slice().get_mut(places.start.checked_sub(start)?..places.end.checked_sub(start)?)
    }

    /// Typed writing under a fresh brand.
    ///
    /// # Errors
    /// When the region cannot be had, or a page was refused meanwhile.
    #[inline(always)]
    pub fn visit<R>(&mut self, f: impl for<'w> FnOnce(SinkLeaves<'w>, Claims<'w>) -> R) -> Result<R> {
        let base = super::region::region()?.start();
        let scratch = self.scratch();
        let layout = self.layout.clone();
        let leaves = SinkLeaves::all((base, scratch), &layout);
        let result = f(leaves, Claims::of(self));
        self.drop_unwritten();
        self.check()?;
        Ok(result)
    }
}
