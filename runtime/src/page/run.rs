//! Runs of pages with one owner.

use crate::error::Result;
use crate::memory::limits::PAGE_BYTES;
use crate::memory::{Memory, Reservation};

use super::poison::{poison, unpoison};
use super::region::{Region, region};

/// Offset of the first row of a page, after the header.
pub const FIRST_ROW: usize = 64;

/// Pages of the region with one owner, charged to a reservation.
pub(crate) struct Run {
    region: &'static Region,
    offset: usize,
    pages: usize,
    /// Held as long as the run.
    pub(super) reservation: Reservation,
}

impl Run {
    /// A run of at least `bytes`.
    pub(crate) fn new(bytes: usize, memory: &Memory) -> Result<Self> {
        let pages = run_bytes(bytes) / PAGE_BYTES;
        let region = region()?;
        let reservation = memory.reserve_pages(pages * PAGE_BYTES)?;
        let run = Run { region, offset: region.allocate(pages)?, pages, reservation };
        unpoison(run.start(), run.bytes());
        Ok(run)
    }

    /// Its first byte's place in the region.
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) fn bytes(&self) -> usize {
        self.pages * PAGE_BYTES
    }

    /// Its first byte's address, for reads.
    pub(crate) fn start(&self) -> *const u8 {
        self.region.start().wrapping_add(self.offset).cast_const()
    }

    /// Its first byte's address, for writes.
    pub(crate) fn start_mut(&mut self) -> *mut u8 {
        self.region.start().wrapping_add(self.offset)
    }

    /// The region's first address: place 0.
    pub(super) fn region_start(&mut self) -> *mut u8 {
        self.region.start()
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        // SAFETY: the run is inside of the region, whose memory is initialised and never unmapped.
        // It is written through its owner's `&mut` only, and `&self` excludes that.
        unsafe { std::slice::from_raw_parts(self.start(), self.bytes()) }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: as `as_slice`; `&mut self` is the only owner.
        unsafe { std::slice::from_raw_parts_mut(self.start_mut(), self.bytes()) }
    }
}

/// Number of rows of `width` bytes in a page, if they have no variable parts. 1 if a row is larger
/// than a page.
pub(crate) fn rows_of_page(width: usize) -> usize {
    ((PAGE_BYTES - FIRST_ROW) / width).max(1)
}

/// Bytes of the run that holds at least `bytes`.
pub fn run_bytes(bytes: usize) -> usize {
    bytes.div_ceil(PAGE_BYTES).max(1) * PAGE_BYTES
}

impl Drop for Run {
    fn drop(&mut self) {
        poison(self.start(), self.bytes());
        self.region.release(self.offset, self.pages);
    }
}

/// Bytes of the region for data other than rows, such as file contents. Memory that was used before
/// causes no page faults.
pub struct Buffer {
    pub(super) run: Run,
    bytes: usize,
}

impl Buffer {
    /// Creates a buffer of `bytes` bytes with arbitrary content.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn new(bytes: usize, memory: &Memory) -> Result<Self> {
        let run = Run::new(bytes, memory)?;
        poison(run.start().wrapping_add(bytes), run.bytes() - bytes);
        Ok(Buffer { run, bytes })
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.run.as_slice()[..self.bytes]
    }
}

impl AsMut<[u8]> for Buffer {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.run.as_mut_slice()[..self.bytes]
    }
}
