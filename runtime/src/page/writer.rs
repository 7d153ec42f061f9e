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

/// Bytes of closed pages that the writer keeps before further ones
/// [overflow](RowWriter::overflow_to).
const OVERFLOW_BYTES: usize = 2 * PAGE_BYTES;

/// Writes rows of one layout into pages: fixed parts from the front, variable parts from the back.
///
/// A row that does not fit closes the page and opens another. A row that is larger than a page gets
/// a run of its own. Closed pages stay in the writer until they are taken.
pub struct RowWriter {
    layout: Arc<RowLayout>,
    /// Width of the layout, cached because every row needs it.
    width: usize,
    memory: Memory,
    run: Option<Run>,
    /// A run to reuse. A writer whose pages are read immediately then always writes the same,
    /// cached memory.
    spare: Option<Run>,
    /// Place of the next row in the region.
    next: usize,
    /// Place where the variable parts begin.
    floor: usize,
    /// End of the space for rows and their variable parts: the floor, or the end of the run's first
    /// page. A row finds its page by its own address, so no row may be in a later page.
    limit: usize,
    sealed: Vec<Page>,
    /// Receives closed pages, if the writer has enough of them.
    overflow: Option<Overflow>,
    failed: Option<Error>,
    /// `true` while the row that was claimed last is being written.
    is_writing_row: bool,
    /// The list of records that is being written into the row that was claimed last.
    pub(crate) list: Option<Box<OpenList>>,
    /// Target of writes to dead leaves.
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
            is_writing_row: false,
            list: None,
            scratch: Box::new(0),
        }
    }

    /// A new writer with the same layout and memory, without pages.
    #[must_use]
    pub fn emptied(&self) -> Self {
        RowWriter::new(self.layout.clone(), self.memory.clone())
    }

    /// Layout of the rows.
    #[must_use]
    pub fn layout(&self) -> &Arc<RowLayout> {
        &self.layout
    }

    /// Returns `true` if a page is closed and can be taken.
    #[inline(always)]
    #[must_use]
    pub fn has_sealed(&self) -> bool {
        !self.sealed.is_empty()
    }

    /// Number of rows in the open page.
    #[must_use]
    pub fn open_rows(&self) -> usize {
        self.run.as_ref().map_or(0, |run| (self.next - run.offset() - FIRST_ROW) / self.width)
    }

    /// Number of rows in closed pages.
    pub(crate) fn sealed_rows(&self) -> usize {
        self.sealed.iter().map(Page::rows).sum()
    }

    /// Returns `true` if a row with `heap` bytes of variable parts fits into the open page.
    #[inline(always)]
    pub(crate) fn fits(&self, heap: usize) -> bool {
        self.next + self.width + heap <= self.limit
    }

    /// The open page: its place, its number of rows, and the offset of their variable parts in it.
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

    /// Bytes of closed pages.
    pub(crate) fn sealed_bytes(&self) -> usize {
        self.sealed.iter().map(Page::bytes).sum()
    }

    /// Place of the row that was claimed last. `None` if no row is in an open page.
    pub(crate) fn last_row(&self) -> Option<usize> {
        (self.open_rows() > 0).then(|| self.next - self.width)
    }

    /// Returns the first error of earlier writes, once.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] if a page was refused. [`Error::Data`] if a row was too large, or
    /// changed while it was written. [`Error::Panic`] if a row was not written to its end.
    pub fn check(&mut self) -> Result<()> {
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Removes and returns the closed pages, oldest first.
    pub fn take_sealed(&mut self) -> std::vec::Drain<'_, Page> {
        self.sealed.drain(..)
    }

    /// Adds a closed page of the same layout. The open page is closed before.
    pub fn push_sealed(&mut self, page: Page) {
        debug_assert_eq!(page.layout(), &self.layout);
        self.seal();
        self.put_sealed(page);
    }

    fn put_sealed(&mut self, page: Page) {
        let is_enough = |sealed: &[Page]| sealed.iter().map(Page::bytes).sum::<usize>() >= OVERFLOW_BYTES;
        match &mut self.overflow {
            Some(overflow) if is_enough(&self.sealed) => overflow(page),
            _ => self.sealed.push(page),
        }
    }

    /// As [`RowWriter::push_sealed`], and charges the page to this writer's memory; see
    /// [`Page::paid_by`].
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

    /// Passes further closed pages to `overflow` if the writer has enough of them. For closures
    /// that write without limit before pages are taken. The pages in the writer are the first ones.
    pub fn overflow_to(&mut self, overflow: impl FnMut(Page) + Send + Sync + 'static) {
        self.overflow = Some(Box::new(overflow));
    }

    /// Reuses the memory of a page whose rows have been read, if this is the only handle on it.
    pub fn recycle(&mut self, page: Page) {
        if self.spare.is_none() {
            self.spare = page.reclaim();
        }
    }

    /// Reserves the memory for a page now, so that the first row cannot be refused.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] if it is refused.
    pub fn reserve_page(&mut self) -> Result<()> {
        self.spare = Some(Run::new(PAGE_BYTES, &self.memory)?);
        Ok(())
    }

    /// Claims a row with `heap` bytes of variable parts. Returns its place, or `None` after an
    /// error, which [`RowWriter::check`] returns.
    #[inline(always)]
    pub(crate) fn claim(&mut self, heap: usize) -> Option<usize> {
        let end = self.next + self.width;
        if end.saturating_add(heap) > self.limit {
            return self.claim_in_new_page(heap);
        }
        let row = self.next;
        self.next = end;
        Some(row)
    }

    #[cold]
    #[inline(never)]
    fn claim_in_new_page(&mut self, heap: usize) -> Option<usize> {
        self.seal();
        match self.new_run(heap) {
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

    /// A run with space for one row.
    fn new_run(&mut self, heap: usize) -> Result<Run> {
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

    /// Removes a row that was claimed but not completely written, with its open list. Its bytes are
    /// not a record. The page takes no more rows.
    #[inline]
    fn drop_unwritten(&mut self) {
        if self.is_writing_row {
            self.fail_unwritten();
            (self.is_writing_row, self.list) = (false, None);
            self.next -= self.width;
            self.limit = self.next;
        }
    }

    /// Records the error of an incomplete row, which ends the job.
    #[cold]
    fn fail_unwritten(&mut self) {
        self.failed.get_or_insert_with(|| {
            let message = "a record was not written to its end, as a value of it panicked; a closure that catches a panic must not go on emitting";
            Error::Panic { message: message.to_owned() }
        });
    }

    /// Records the error of a value that takes more bytes than were claimed for it. It ends the
    /// job.
    #[cold]
    #[inline(never)]
    pub(crate) fn fail_oversized(&mut self) {
        self.failed.get_or_insert_with(|| {
            let message = "changed while it was written: a `Value` has to give the same twin each time";
            Error::Data { path: "a record".into(), place: String::new(), message: message.to_owned() }
        });
    }

    /// Target of writes to dead leaves. Valid as long as the writer lives.
    pub(crate) fn scratch(&mut self) -> *mut u8 {
        std::ptr::from_mut(&mut *self.scratch).cast()
    }

    /// Number of further rows without variable parts that fit into the open page.
    pub(crate) fn free_rows(&self) -> usize {
        (self.limit - self.next) / self.width
    }

    /// Bytes between the rows of the open page and their variable parts.
    pub(crate) fn free_bytes(&self) -> usize {
        self.limit.saturating_sub(self.next)
    }

    /// Claims `rows` more rows, at most [`RowWriter::free_rows`].
    pub(crate) fn claim_rows(&mut self, rows: usize) {
        debug_assert!(rows <= self.free_rows());
        self.next += rows * self.width;
    }

    /// Bytes of the open page, its free bytes for rows and variable parts, and its free bytes that
    /// only variable parts can use.
    pub(crate) fn open_bytes(&self) -> (usize, usize, usize) {
        (self.run.as_ref().map_or(0, Run::bytes), self.limit - self.next, self.floor - self.limit)
    }

    pub(crate) fn open_run(&mut self) -> Option<&mut Run> {
        self.run.as_mut()
    }

    /// The address of place 0, to write claimed rows.
    pub(crate) fn region_start(&mut self) -> Option<*mut u8> {
        let start = || super::region::region().ok().map(super::region::Region::start);
        self.run.as_mut().map(Run::region_start).or_else(start)
    }

    /// Copies bytes into the variable part of the open page, for a row in it. Returns their offset
    /// from the page's start.
    ///
    /// Returns `None` if they do not fit, because they were not claimed.
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
        // SAFETY: `[floor, floor + len)` is between the rows and the old floor, inside of the run
        // that this writer owns.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), run.start_mut().add(place), bytes.len()) };
        Some(place as u32)
    }

    /// Takes `bytes` bytes of the open page for a list. No row can be claimed until the list is
    /// written and [`RowWriter::set_limit`] restores the limit. Returns the list's place and that
    /// limit. `None` if the bytes were not claimed.
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

    /// Bytes of the open page, by places.
    pub(crate) fn run_bytes(&mut self, places: std::ops::Range<usize>) -> Option<&mut [u8]> {
        let run = self.run.as_mut()?;
        let start = run.offset();
        run.as_mut_slice().get_mut(places.start.checked_sub(start)?..places.end.checked_sub(start)?)
    }

    /// Calls `f` to write rows under a fresh brand.
    ///
    /// # Errors
    /// Fails if the region cannot be mapped. Else as [`RowWriter::check`].
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
