//! Copies rows from any places to consecutive ones.

use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::error::Result;
use crate::hash::prefetch;
use crate::page::{Batch, Input, LeafPtr, Page, RowWriter};
use crate::row::{LeafType, Physical, RowLayout};

/// Number of rows that are copied together.
pub(crate) const COPY_ROWS: usize = 256;

/// Copies rows of a layout from their places to the pages of a writer.
pub(crate) struct Gather {
    layout: Arc<RowLayout>,
    base: *const u8,
    /// Rows have no variable parts, so the fixed part is the whole row.
    is_fixed_width: bool,
}

impl Gather {
    /// Creates a gatherer for rows of `layout`. Places are offsets from `base`.
    pub(crate) fn new(layout: Arc<RowLayout>, base: *const u8) -> Self {
        Gather { is_fixed_width: !layout.has_slots(), layout, base }
    }

    /// The place of the first row of a page.
    pub(crate) fn place_of(&self, page: &Page) -> usize {
        page.first_row()
    }

    /// A batch of all leaves. A row's place is its row number.
    ///
    /// # Safety
    /// The batch is read at places of rows of the layout alone, while these live.
    pub(crate) unsafe fn batch<'r>(&self) -> Batch<'r> {
        let leaf = |leaf| LeafPtr::stored(&self.layout, self.base, leaf);
        // SAFETY: the caller's promise.
        unsafe { Batch::from_leaves(usize::MAX, (0..self.layout.types().len()).map(leaf)) }
    }

    /// The leaves with values outside of the fixed part. A row's place is its row number.
    pub(crate) fn slots(&self) -> SmallVec<[LeafPtr; 8]> {
        let slots = self.layout.types().iter().enumerate().filter(|(_, ty)| ty.physical() == Physical::Slot);
        let stored = slots.filter(|&(leaf, _)| self.layout.offset(leaf).is_some());
        stored.map(|(leaf, _)| LeafPtr::stored(&self.layout, self.base, leaf)).collect()
    }

    /// Prefetches rows that are copied soon.
    pub(crate) fn prefetch(&self, places: impl Iterator<Item = usize>) {
        places.for_each(|place| prefetch(self.base.wrapping_add(place)));
    }

    /// Returns `true` if whole rows may be copied to a writer byte by byte.
    fn can_copy_bytes(&self, out: &RowWriter) -> bool {
        self.is_fixed_width && (Arc::ptr_eq(out.layout(), &self.layout) || *out.layout() == self.layout)
    }

    /// Copies consecutive rows.
    ///
    /// # Errors
    /// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory) if memory for a page is
    /// refused.
    ///
    /// # Safety
    /// `rows` rows of the layout begin at the place `first`.
    pub(crate) unsafe fn copy_stretch(&self, first: usize, rows: usize, out: &mut RowWriter) -> Result<()> {
        if self.can_copy_bytes(out) {
            // SAFETY: the caller's promise.
            return unsafe { copy_whole(self.base.wrapping_add(first), rows, out) };
        }
        let width = self.layout.width();
        for start in (0..rows).step_by(COPY_ROWS) {
            let end = rows.min(start + COPY_ROWS);
            let places: SmallVec<[usize; COPY_ROWS]> = (start..end).map(|row| first + row * width).collect();
            // SAFETY: the caller's promise.
            unsafe { out.append_rows(&self.batch(), None, &places, |_, _| ())? };
        }
        Ok(())
    }

    /// Copies the rows at `places`.
    ///
    /// # Errors
    /// As [`Gather::copy_stretch`].
    ///
    /// # Safety
    /// They are places of rows of the layout.
    pub(crate) unsafe fn copy(&self, places: &[usize], out: &mut RowWriter) -> Result<()> {
        if !self.can_copy_bytes(out) {
            // SAFETY: the caller's promise.
            return unsafe { out.append_rows(&self.batch(), None, places, |_, _| ()) };
        }
        // SAFETY: the caller's promise.
        unsafe { self.copy_bytes(0..places.len(), |row| places[row], out) }
    }

    /// Copies the rows with the numbers in `rows`. `place` computes the place of each when it is
    /// copied.
    ///
    /// # Errors
    /// As [`Gather::copy_stretch`].
    ///
    /// # Safety
    /// The function returns places of rows of the layout.
    #[inline(always)]
    pub(crate) unsafe fn copy_each(
        &self,
        rows: Range<usize>,
        place: impl Fn(usize) -> usize,
        out: &mut RowWriter,
    ) -> Result<()> {
        if self.can_copy_bytes(out) {
            // SAFETY: the caller's promise.
            return unsafe { self.copy_bytes(rows, place, out) };
        }
        for start in rows.clone().step_by(COPY_ROWS) {
            let places: SmallVec<[usize; COPY_ROWS]> = (start..rows.end.min(start + COPY_ROWS)).map(&place).collect();
            // SAFETY: the caller's promise.
            unsafe { out.append_rows(&self.batch(), None, &places, |_, _| ())? };
        }
        Ok(())
    }

    /// As [`Gather::copy_each`], to a writer whose rows are the same bytes.
    #[inline(always)]
    unsafe fn copy_bytes(
        &self,
        mut rows: Range<usize>,
        place: impl Fn(usize) -> usize,
        out: &mut RowWriter,
    ) -> Result<()> {
        while !rows.is_empty() {
            let (Some(to), Some(start)) = (out.claim(0), out.region_start()) else { return out.check() };
            let more = out.free_rows().min(rows.len() - 1);
            out.claim_rows(more);
            let now = rows.start..rows.start + 1 + more;
            // SAFETY: the caller's promise; `1 + more` rows from `to` on were claimed, and both
            // layouts have one width.
            unsafe { copy_rows(self.base, (now.clone(), &place), start.wrapping_add(to), self.layout.width()) };
            rows.start = now.end;
        }
        Ok(())
    }
}

/// Copies consecutive rows to consecutive places of the writer's pages.
///
/// # Errors
/// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory) if memory for a page is refused.
///
/// # Safety
/// `rows` rows of the writer's layout, which has no slots, begin at `first`.
unsafe fn copy_whole(first: *const u8, rows: usize, out: &mut RowWriter) -> Result<()> {
    let (width, mut done) = (out.layout().width(), 0);
    while done < rows {
        let (Some(to), Some(base)) = (out.claim(0), out.region_start()) else { return out.check() };
        let count = 1 + out.free_rows().min(rows - done - 1);
        out.claim_rows(count - 1);
        // SAFETY: the caller's promise; `count` rows from `to` on were claimed, in the writer's own
        // page.
        unsafe { first.wrapping_add(done * width).copy_to_nonoverlapping(base.wrapping_add(to), count * width) };
        done += count;
    }
    Ok(())
}

/// Adds the rows of an input whose leaves are those of the layout.
///
/// # Errors
/// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory) if memory for a page is refused.
pub(crate) fn append(input: &Input<'_>, out: &mut RowWriter) -> Result<()> {
    match whole_rows(input, out.layout()) {
        // SAFETY: these are the rows, which hold nothing but the layout's leaves.
        Some(first) => unsafe { copy_whole(first, input.len(), out) },
        None => out.append(input, None),
    }
}

/// The address of an input's first row, if its rows are consecutive and have exactly the bytes of
/// the layout: all leaves at their offsets, and nothing between them. Else `None`.
pub(crate) fn whole_rows(input: &Input<'_>, layout: &RowLayout) -> Option<*const u8> {
    let (rows, batch) = (input.selection().rows(), input.batch());
    let first = *rows.first()?;
    let leaves = || layout.types().iter().enumerate().filter_map(|(leaf, ty)| Some((leaf, ty, layout.offset(leaf)?)));
    let bytes: usize = leaves().map(|(_, ty, _)| ty.width()).sum();
    if layout.has_slots() || bytes != layout.width() {
        return None;
    }
    // Without an early return, so that several rows are compared at a time.
    let gaps = rows.iter().zip(first..).fold(0, |gaps, (&row, expected)| gaps | (row ^ expected));
    if gaps != 0 {
        return None;
    }
    let (leaf, _, offset) = leaves().next()?;
    let start = batch.leaf(leaf).base.wrapping_sub(offset);
    let is_in_place = |(leaf, ty, offset): (usize, &LeafType, usize)| {
        let from = batch.leaf(leaf);
        from.ty == *ty && from.stride == bytes && from.base == start.wrapping_add(offset)
    };
    leaves().all(is_in_place).then(|| start.wrapping_add(first as usize * bytes))
}

/// Copies whole rows, `width` bytes each.
///
/// # Safety
/// `width` bytes may be read at `base` and each row's place, and as many be written at `to` for
/// each; these are other bytes.
#[inline(always)]
unsafe fn copy_rows(
    base: *const u8,
    (rows, place): (Range<usize>, impl Fn(usize) -> usize),
    to: *mut u8,
    width: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        match width {
            8 => copy_words::<1>(base, (rows, place), to),
            16 => copy_words::<2>(base, (rows, place), to),
            24 => copy_words::<3>(base, (rows, place), to),
            32 => copy_words::<4>(base, (rows, place), to),
            _ => {
                for (row, number) in rows.enumerate() {
                    base.add(place(number)).copy_to_nonoverlapping(to.add(row * width), width);
                }
            }
        }
    }
}

/// # Safety
/// As [`copy_rows`], for rows of `WORDS` words.
#[inline(always)]
unsafe fn copy_words<const WORDS: usize>(
    base: *const u8,
    (rows, place): (Range<usize>, impl Fn(usize) -> usize),
    to: *mut u8,
) {
    let to = to.cast::<[u64; WORDS]>();
    for (row, number) in rows.enumerate() {
        // SAFETY: the caller's promise.
        unsafe { to.add(row).write_unaligned(base.add(place(number)).cast::<[u64; WORDS]>().read_unaligned()) }
    }
}
