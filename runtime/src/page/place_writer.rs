//! Writes rows by place.

/// Permission to write rows by place. A place does not show whose page it is in, so the caller of
/// each write must guarantee it. Without this type, a place gives only an
/// [address](super::address_of) to read from.
pub(crate) struct PlaceWriter {
    start: *mut u8,
}

// SAFETY: `start` is the region's, which all threads share. The bytes written belong to the writer,
// by its promise.
unsafe impl Send for PlaceWriter {}
// SAFETY: `&PlaceWriter` gives an address to read from. Writes need `&mut`.
unsafe impl Sync for PlaceWriter {}

impl PlaceWriter {
    /// # Safety
    /// `start` is the address of place 0. The caller does not share the new value, and uses it only
    /// on memory that it alone has: open pages of its writers, [`PageMut`](super::PageMut)s, and
    /// its own parts of runs.
    pub(crate) unsafe fn new(start: *const u8) -> Self {
        PlaceWriter { start: start.cast_mut() }
    }

    /// The address of place 0, for reads.
    #[inline(always)]
    pub(crate) fn start(&self) -> *const u8 {
        self.start
    }

    /// As [`PlaceWriter::start`], for writes of rows under a brand.
    #[inline(always)]
    pub(crate) fn start_mut(&mut self) -> *mut u8 {
        self.start
    }

    /// Writes a value.
    ///
    /// # Safety
    /// The value's bytes at `place` are those of one or more leaves of a row, in memory that only
    /// the caller has.
    #[inline(always)]
    pub(crate) unsafe fn write<P: Copy>(&mut self, place: usize, value: P) {
        // SAFETY: the caller's promise: pages are in the region, whose memory is never unmapped,
        // and `&mut self` excludes other accesses of the owner.
        unsafe { self.start.add(place).cast::<P>().write_unaligned(value) }
    }

    /// Copies `bytes` bytes.
    ///
    /// # Safety
    /// The bytes at `from` and at `to` belong to two different rows or ranges of rows. Only the
    /// caller has the second.
    #[inline(always)]
    pub(crate) unsafe fn copy(&mut self, from: usize, to: usize, bytes: usize) {
        // SAFETY: as `write`. Two rows or ranges of rows have no byte in common.
        unsafe { std::ptr::copy_nonoverlapping(self.start.add(from).cast_const(), self.start.add(to), bytes) }
    }
}
