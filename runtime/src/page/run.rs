//! Runs of pages with an owner, and pages that are shared.

use std::sync::Arc;

use super::batch::{Batch, LeafPtr};
use super::region::{PAGE_BYTES, Region, region};
use crate::error::Result;
use crate::memory::{Memory, Reservation};
use crate::row::{LAYOUT_VERSION, Physical, RowLayout};

/// Where the rows of a page begin: after its header.
pub const FIRST_ROW: usize = 64;

/// A part of the region with one owner, paid for by a reservation.
pub(super) struct Run {
    region: &'static Region,
    offset: usize,
    power: u32,
    _paid: Reservation,
}

impl Run {
    /// A run of at least `bytes`.
    pub(super) fn new(bytes: usize, memory: &Memory) -> Result<Self> {
        let pages = bytes.div_ceil(PAGE_BYTES).max(1);
        let power = pages.next_power_of_two().trailing_zeros();
        let region = region()?;
        let paid = memory.reserve(PAGE_BYTES << power)?;
        Ok(Run { region, offset: region.take(power)?, power, _paid: paid })
    }

    /// Its first byte's place in the region.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    pub(super) fn bytes(&self) -> usize {
        PAGE_BYTES << self.power
    }

    /// Its first byte's address. Whoever writes through it owns the run.
    pub(super) fn start(&self) -> *mut u8 {
        self.region.start().wrapping_add(self.offset)
    }

    /// The region's first address, which places count from.
    pub(super) fn region_start(&self) -> *mut u8 {
        self.region.start()
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        // SAFETY: the run lies inside the region, whose memory is initialised and never unmapped; it is written through
        // its owner's `&mut` only, and `&self` excludes that.
        unsafe { std::slice::from_raw_parts(self.start(), self.bytes()) }
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: as `as_slice`; `&mut self` is the only owner.
        unsafe { std::slice::from_raw_parts_mut(self.start(), self.bytes()) }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.region.give(self.offset, self.power);
    }
}

/// Bytes of the region for whatever is not rows, such as what was read from a file: memory that was used before costs no page faults.
pub struct Buffer {
    run: Run,
    bytes: usize,
}

impl Buffer {
    /// A buffer of so many bytes, whose content is arbitrary.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn new(bytes: usize, memory: &Memory) -> Result<Self> {
        Ok(Buffer { run: Run::new(bytes, memory)?, bytes })
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

/// Rows that nobody writes any more: what channels carry. Cloning shares.
#[derive(Clone)]
pub struct Page {
    run: Arc<Run>,
    rows: u32,
    layout: Arc<RowLayout>,
}

impl Page {
    /// Closes a run that holds `rows` rows of `layout`, and writes its header.
    pub(super) fn seal(mut run: Run, rows: u32, heap_start: u32, layout: Arc<RowLayout>) -> Self {
        let header = &mut run.as_mut_slice()[..FIRST_ROW];
        header.fill(0);
        header[0..4].copy_from_slice(b"dfpg");
        header[4..6].copy_from_slice(&LAYOUT_VERSION.to_le_bytes());
        header[8..12].copy_from_slice(&rows.to_le_bytes());
        header[12..16].copy_from_slice(&(layout.width() as u32).to_le_bytes());
        header[16..20].copy_from_slice(&heap_start.to_le_bytes());
        Page { run: Arc::new(run), rows, layout }
    }

    /// The run, where this is the last handle on it.
    pub(super) fn reclaim(self) -> Option<Run> {
        Arc::into_inner(self.run)
    }

    /// How many rows it holds.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows as usize
    }

    /// Bytes that it takes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.run.bytes()
    }

    /// How its rows are laid out.
    #[must_use]
    pub fn layout(&self) -> &Arc<RowLayout> {
        &self.layout
    }

    /// The same rows with some plain leaves changed, bits by bits; a page that is shared stays as it is.
    #[must_use]
    pub fn map_leaves(mut self, leaves: &[usize], change: impl Fn(u128) -> u128) -> Self {
        let (rows, layout) = (self.rows(), self.layout.clone());
        let Some(run) = Arc::get_mut(&mut self.run) else { return self };
        for &leaf in leaves {
            let width = layout.types()[leaf].width();
            let Some(offset) = layout.offset(leaf).filter(|_| layout.types()[leaf].physical() != Physical::Slot) else {
                continue;
            };
            for row in 0..rows {
                let start = FIRST_ROW + row * layout.width() + offset;
                let bytes = &mut run.as_mut_slice()[start..start + width];
                let mut wide = [0; 16];
                wide[..width].copy_from_slice(bytes);
                bytes.copy_from_slice(&change(u128::from_le_bytes(wide)).to_le_bytes()[..width]);
            }
        }
        self
    }

    /// The same rows read through another layout, from [`RowLayout::retyped`] of this page's own.
    #[must_use]
    pub fn retyped(self, layout: &Arc<RowLayout>) -> Self {
        let same = self.layout.retyped(layout.types()).is_some_and(|retyped| retyped == **layout);
        debug_assert!(same);
        if same { Page { layout: layout.clone(), ..self } } else { self }
    }

    /// The page as it would be written: header, rows, variable parts.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.run.as_slice()
    }

    /// Its rows.
    #[must_use]
    pub fn batch(&self) -> Batch<'_> {
        let first = self.run.start().wrapping_add(FIRST_ROW);
        let leaf = |index: usize| match self.layout.offset(index) {
            Some(offset) => LeafPtr::rows(first.wrapping_add(offset), self.layout.width(), self.layout.types()[index]),
            None => LeafPtr::dead(self.layout.types()[index]),
        };
        // SAFETY: `rows` rows of `layout` begin at `first` (the writer counted them), in memory that lives as long as the
        // run, which the batch borrows.
        unsafe { Batch::from_leaves(self.rows(), (0..self.layout.types().len()).map(leaf)) }
    }
}

impl AsRef<[u8]> for Page {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Page({} rows of {} bytes)", self.rows, self.layout.width())
    }
}
