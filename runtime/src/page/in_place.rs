//! Writing rows by place.

/// The right to write rows where they lie, by place. A place does not say whose page it is in, so each write promises it; all that others have to find rows
/// by place is an [address](super::address_of) to read from.
pub(crate) struct InPlace {
    start: *mut u8,
}

// SAFETY: `start` is the region's, which all threads share; what is written is the writer's own, by its promise.
unsafe impl Send for InPlace {}
// SAFETY: what `&InPlace` gives is an address to read from; to write takes `&mut`.
unsafe impl Sync for InPlace {}

impl InPlace {
    /// # Safety
    /// `start` is the address of place 0. Whoever gets the right keeps it to itself, and uses it in memory alone that nobody else has: open pages of its
    /// writers, [`PageMut`](super::PageMut)s, and of runs what is its own.
    pub(crate) unsafe fn new(start: *const u8) -> Self {
        InPlace { start: start.cast_mut() }
    }

    /// The address that places count from, to read from.
    #[inline(always)]
    pub(crate) fn start(&self) -> *const u8 {
        self.start
    }

    /// As [`InPlace::start`], to write to: for rows that are written under a brand.
    #[inline(always)]
    pub(crate) fn start_mut(&mut self) -> *mut u8 {
        self.start
    }

    /// Writes a value.
    ///
    /// # Safety
    /// The value's bytes at `place` are those of a leaf, or of several, of a row in memory that the caller has for itself.
    #[inline(always)]
    pub(crate) unsafe fn write<P: Copy>(&mut self, place: usize, value: P) {
        // SAFETY: the caller's promise: pages lie in the region, whose memory is never unmapped, and `&mut self` keeps others of the owner away.
        unsafe { self.start.add(place).cast::<P>().write_unaligned(value) }
    }

    /// Copies so many bytes.
    ///
    /// # Safety
    /// They are bytes of two rows or stretches of rows, of which the caller has the second for itself.
    #[inline(always)]
    pub(crate) unsafe fn copy(&mut self, from: usize, to: usize, bytes: usize) {
        // SAFETY: as `write`; what lies in two has no byte in common.
        unsafe { std::ptr::copy_nonoverlapping(self.start.add(from).cast_const(), self.start.add(to), bytes) }
    }
}
