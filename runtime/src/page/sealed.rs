//! [`Page`]: closed pages, which channels and readers share and nothing writes.

mod page_mut;

use std::marker::PhantomData;
use std::sync::Arc;

use crate::error::Result;
use crate::memory::Memory;
use crate::memory::limits::PAGE_BYTES;
use crate::row::{LAYOUT_VERSION, RowLayout};

use super::batch::{Batch, LeafPtr, LeafReader, Row};
use super::poison::{poison, unpoison};
use super::run::{Buffer, FIRST_ROW, Run};

pub use page_mut::PageMut;

/// Poisons the gap between a closed page's rows and their variable parts, which is never read.
fn poison_gap(run: &Run, rows_end: usize, heap_start: usize) {
    if let Some(gap) = heap_start.min(run.bytes()).checked_sub(rows_end) {
        poison(run.start().wrapping_add(rows_end), gap);
    }
}

/// Immutable rows, as channels carry them. Clones share the memory. An owner that still writes in a
/// closed page holds it as a [`PageMut`].
#[derive(Clone)]
pub struct Page {
    run: Arc<Run>,
    rows: u32,
    layout: Arc<RowLayout>,
}

impl Page {
    /// Closes a run that holds `rows` rows of `layout`, and writes its header.
    pub(crate) fn seal(mut run: Run, rows: u32, heap_start: u32, layout: Arc<RowLayout>) -> Self {
        run.as_mut_slice()[..FIRST_ROW].copy_from_slice(&header_of(rows, heap_start, &layout));
        poison_gap(&run, FIRST_ROW + rows as usize * layout.width(), heap_start as usize);
        Page { run: Arc::new(run), rows, layout }
    }

    /// Returns the run if this is the only handle on it.
    pub(crate) fn reclaim(self) -> Option<Run> {
        let run = Arc::into_inner(self.run)?;
        unpoison(run.start(), run.bytes());
        Some(run)
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows as usize
    }

    /// Bytes of the page in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.run.bytes()
    }

    /// Place of the first row in the region.
    pub(crate) fn first_row(&self) -> usize {
        self.run.offset() + FIRST_ROW
    }

    /// Charges the page to `memory` from now on. A sender uses this, so that it does not pay for a
    /// page while receivers keep it. Changes nothing if the page is shared, or if `memory` refuses.
    #[must_use]
    pub fn paid_by(mut self, memory: &Memory) -> Self {
        if let Some(run) = Arc::get_mut(&mut self.run)
            && let Ok(reservation) = memory.reserve_pages(run.bytes())
        {
            run.reservation = reservation;
        }
        self
    }

    /// Layout of the rows.
    #[must_use]
    pub fn layout(&self) -> &Arc<RowLayout> {
        &self.layout
    }

    /// The same rows read through another layout, from [`RowLayout::retyped`] of this page's own.
    #[must_use]
    pub fn retyped(self, layout: &Arc<RowLayout>) -> Self {
        let same = self.layout.retyped(layout.types()).is_some_and(|retyped| retyped == **layout);
        debug_assert!(same);
        if same { Page { layout: layout.clone(), ..self } } else { self }
    }

    /// The parts of the page to write: a header from which [`Page::restore`] finds the rest, the
    /// rows, the gap, and the variable parts. `seed` goes into the checksum, so that a page that is
    /// read from another place than it was written to is detected.
    #[must_use]
    pub fn image(&self, seed: u64) -> PageImage<'_> {
        let bytes = self.as_bytes();
        let rows_end = FIRST_ROW + self.rows() * self.layout.width();
        let heap_start = heap_start(bytes).clamp(rows_end, bytes.len());
        let mut header = [0; FIRST_ROW];
        header.copy_from_slice(&bytes[..FIRST_ROW]);
        // A restored page still has its old checksum.
        header[CHECKSUM].fill(0);
        let (rows, heap) = (&bytes[FIRST_ROW..rows_end], &bytes[heap_start..]);
        let sum = checksum(seed, &header, rows, heap);
        header[CHECKSUM].copy_from_slice(&sum.to_le_bytes());
        PageImage { header, rows, gap: heap_start - rows_end, heap }
    }

    /// Reads a page back from a buffer with the bytes of [`Page::image`], with the same seed.
    ///
    /// # Errors
    /// Returns a short description of the fault in the bytes.
    pub fn restore(buffer: Buffer, layout: &Arc<RowLayout>, seed: u64) -> Result<Self, &'static str> {
        let bytes = buffer.run.as_slice();
        let (mut header, word) =
            ([0; FIRST_ROW], |at: usize| bytes[at..at + 4].iter().rev().fold(0, |w, &b| w << 8 | u32::from(b)));
        header.copy_from_slice(&bytes[..FIRST_ROW]);
        if header[0..4] != *b"dfpg" || header[4..6] != LAYOUT_VERSION.to_le_bytes() {
            return Err("is no page of this version");
        }
        let (rows, heap_start) = (word(8), word(16) as usize);
        let rows_end = (rows as usize).checked_mul(layout.width()).and_then(|rows| rows.checked_add(FIRST_ROW));
        let Some(rows_end) =
            rows_end.filter(|&end| end <= PAGE_BYTES && end <= heap_start && heap_start <= bytes.len())
        else {
            return Err("is a page of another size");
        };
        if word(12) as usize != layout.width() {
            return Err("is a page of other rows");
        }
        let mut stored = [0; 8];
        stored.copy_from_slice(&header[CHECKSUM]);
        header[CHECKSUM].fill(0);
        if checksum(seed, &header, &bytes[FIRST_ROW..rows_end], &bytes[heap_start..]).to_le_bytes() != stored {
            return Err("has another checksum than it was written with");
        }
        poison_gap(&buffer.run, rows_end, heap_start);
        Ok(Page { run: Arc::new(buffer.run), rows, layout: layout.clone() })
    }

    /// Copies the first `rows` rows of a run whose variable parts begin at `heap_start`. Nothing
    /// writes to the copied bytes meanwhile.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub(crate) fn copy_of(
        run: &[u8],
        rows: u32,
        heap_start: u32,
        layout: &Arc<RowLayout>,
        memory: &Memory,
    ) -> Result<Self> {
        let mut copy = Run::new(run.len(), memory)?;
        let (rows_end, heap) = (FIRST_ROW + rows as usize * layout.width(), heap_start as usize);
        let bytes = copy.as_mut_slice();
        // The gap between them is never read.
        bytes[FIRST_ROW..rows_end].copy_from_slice(&run[FIRST_ROW..rows_end]);
        bytes[heap..].copy_from_slice(&run[heap..]);
        Ok(Page::seal(copy, rows, heap_start, layout.clone()))
    }

    /// All bytes of the page: header, rows, gap, variable parts.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.run.as_slice()
    }

    /// Returns one row. `None` if `row` is out of range.
    #[must_use]
    pub fn row(&self, row: usize) -> Option<OneRow<'_>> {
        (row < self.rows()).then_some(OneRow { page: self, row })
    }

    /// The rows as a batch.
    #[must_use]
    pub fn batch(&self) -> Batch<'_> {
        let first = self.run.start().wrapping_add(FIRST_ROW);
        let leaf = |index: usize| match self.layout.offset(index) {
            Some(offset) => LeafPtr::rows(first.wrapping_add(offset), self.layout.width(), self.layout.types()[index]),
            None => LeafPtr::dead(self.layout.types()[index]),
        };
        // SAFETY: `rows` rows of `layout` begin at `first` (the writer counted them), in memory
        // that lives as long as the run, which the batch borrows.
        unsafe { Batch::from_leaves(self.rows(), (0..self.layout.types().len()).map(leaf)) }
    }
}

/// One row, with its page. The page may be freed when the next row is read.
#[derive(Clone, Copy)]
pub struct OneRow<'p> {
    page: &'p Page,
    row: usize,
}

/// Reads one row.
pub trait ReadRow {
    /// The result. It is `Copy`, so it cannot hold a cursor that reads another row later.
    type Out<'r>: Copy;

    /// Reads a row.
    fn read<'r>(leaves: LeafReader<'r>, row: Row<'r>) -> Self::Out<'r>;
}

impl<'p> OneRow<'p> {
    /// Its page, and its index there.
    pub(crate) fn place(self) -> (&'p Page, usize) {
        (self.page, self.row)
    }

    /// Reads the row through a cursor made for it alone. To read many rows of a page, use one
    /// cursor of its batch: that is cheaper.
    #[must_use]
    pub fn read<R: ReadRow>(self) -> R::Out<'p> {
        // SAFETY: `Page::row` checked that the row is one of its page.
        let batch = unsafe { self.page.batch().only_row(self.row) };
        // 'p is no brand: two rows that are lent at the same time, as of the groups of a co-group,
        // share it. So the leaves read this row for any index, and the index is 0, which is valid
        // in a batch of one row.
        R::read(LeafReader::new(&batch), Row { index: 0, brand: PhantomData })
    }
}

/// Rows that are lent one at a time.
pub trait NextRow {
    /// Returns the next row. The previous row may be freed.
    fn next(&mut self) -> Option<OneRow<'_>>;

    /// Number of rows left.
    fn left(&self) -> usize;

    /// Restarts at the first row. Returns `false` if that is not possible.
    fn rewind(&mut self) -> bool {
        false
    }
}

/// Position of the checksum in a written page's header.
const CHECKSUM: std::ops::Range<usize> = 24..32;

/// A page as it is written to disk, in parts. They have as many bytes as the page in memory.
pub struct PageImage<'p> {
    /// The header, with the checksum of all but the gap.
    pub header: [u8; FIRST_ROW],
    /// The rows' fixed parts.
    pub rows: &'p [u8],
    /// Number of bytes between rows and variable parts. Their content is arbitrary.
    pub gap: usize,
    /// The variable parts.
    pub heap: &'p [u8],
}

impl<'p> PageImage<'p> {
    /// Number of rows, offset of the variable parts, and bytes of the page in memory.
    pub(crate) fn sizes(&self) -> (u32, u32, usize) {
        let word = |at: usize| self.header[at..at + 4].iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte));
        (word(8), word(16), FIRST_ROW + self.rows.len() + self.gap + self.heap.len())
    }

    /// The image of the first `rows` rows of a run, whose variable parts begin at `heap_start`. See
    /// [`Page::image`] for the seed.
    pub(crate) fn of_run(run: &'p [u8], rows: u32, heap_start: u32, layout: &RowLayout, seed: u64) -> Self {
        let (rows_end, heap_start) = (FIRST_ROW + rows as usize * layout.width(), heap_start as usize);
        let mut header = header_of(rows, heap_start as u32, layout);
        let (rows, heap) = (&run[FIRST_ROW..rows_end], &run[heap_start..]);
        let sum = checksum(seed, &header, rows, heap);
        header[CHECKSUM].copy_from_slice(&sum.to_le_bytes());
        PageImage { header, rows, gap: heap_start - rows_end, heap }
    }
}

/// The header of a page, without a checksum.
fn header_of(rows: u32, heap_start: u32, layout: &RowLayout) -> [u8; FIRST_ROW] {
    let mut header = [0; FIRST_ROW];
    header[0..4].copy_from_slice(b"dfpg");
    header[4..6].copy_from_slice(&LAYOUT_VERSION.to_le_bytes());
    header[8..12].copy_from_slice(&rows.to_le_bytes());
    header[12..16].copy_from_slice(&(layout.width() as u32).to_le_bytes());
    header[16..20].copy_from_slice(&heap_start.to_le_bytes());
    header
}

/// Offset of the variable parts, from a page's header.
pub(crate) fn heap_start(bytes: &[u8]) -> usize {
    bytes[16..20].iter().rev().fold(0, |word, &byte| word << 8 | usize::from(byte))
}

fn checksum(seed: u64, header: &[u8; FIRST_ROW], rows: &[u8], heap: &[u8]) -> u64 {
    let mut hash = xxhash_rust::xxh3::Xxh3::with_seed(seed);
    [&header[..], rows, heap].into_iter().for_each(|part| hash.update(part));
    hash.digest()
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
