//! Runs of pages with an owner.

use crate::error::Result;
use crate::memory::limits::PAGE_BYTES;
use crate::memory::{Memory, Reservation};

use super::poison::{poison, unpoison};
use super::region::{Region, region};

/// Where the rows of a page begin: after its header.
pub const FIRST_ROW: usize = 64;

/// A part of the region with one owner, paid for by a reservation.
pub(crate) struct Run {
    region: &'static Region,
    offset: usize,
    pages: usize,
    /// Held for as long as the run.
    pub(super) paid: Reservation,
}

impl Run {
    /// A run of at least `bytes`.
    pub(crate) fn new(bytes: usize, memory: &Memory) -> Result<Self> {
        let pages = run_bytes(bytes) / PAGE_BYTES;
        let region = region()?;
        let paid = memory.reserve_pages(pages * PAGE_BYTES)?;
        let run = Run { region, offset: region.take(pages)?, pages, paid };
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

    /// Its first byte's address, to read from.
    pub(crate) fn start(&self) -> *const u8 {
        self.region.start().wrapping_add(self.offset).cast_const()
    }

    /// Its first byte's address, to write to.
    pub(crate) fn start_mut(&mut self) -> *mut u8 {
        self.region.start().wrapping_add(self.offset)
    }

    /// The region's first address, which places count from.
    pub(super) fn region_start(&mut self) -> *mut u8 {
        self.region.start()
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        // SAFETY: the run lies inside the region, whose memory is initialised and never unmapped; it is written through
        // its owner's `&mut` only, and `&self` excludes that.
        unsafe { std::slice::from_raw_parts(self.start(), self.bytes()) }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: as `as_slice`; `&mut self` is the only owner.
        unsafe { std::slice::from_raw_parts_mut(self.start_mut(), self.bytes()) }
    }
}

/// How many rows of so many bytes a page holds, where they have no variable parts: of those that are larger than a page, one.
pub(crate) fn rows_of_page(width: usize) -> usize {
    ((PAGE_BYTES - FIRST_ROW) / width).max(1)
}

/// What a run of at least `bytes` takes.
pub fn run_bytes(bytes: usize) -> usize {
    bytes.div_ceil(PAGE_BYTES).max(1) * PAGE_BYTES
}

impl Drop for Run {
    fn drop(&mut self) {
        poison(self.start(), self.bytes());
        self.region.give(self.offset, self.pages);
    }
}

/// Bytes of the region for whatever is not rows, such as what was read from a file: memory that was used before costs no page faults.
pub struct Buffer {
    pub(super) run: Run,
    bytes: usize,
}

impl Buffer {
    /// A buffer of so many bytes, whose content is arbitrary.
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
