//! Batches: records as strided leaves, independent of their storage.

mod cursors;
mod items;
mod selection;

use std::marker::PhantomData;

use smallvec::SmallVec;

use crate::memory::limits::PAGE_BYTES;
use crate::row::{LeafType, Physical, RowLayout};

use super::slot;
use super::slot::{INLINE_BYTES, Slot};

pub use cursors::{LeafReader, Row, RowIds, Strided, StridedBytes, StridedList, StridedText};
pub use items::{StoredItems, StridedItems};
pub use selection::{Input, Retain, Selection, windows};

/// Most rows of a window. The values of a few leaves of them fit into a core's first-level cache.
pub const WINDOW_ROWS: usize = 1024;

/// Most bytes of texts and lists in the rows of a window, unless one row has more.
pub(crate) const WINDOW_BYTES: usize = 2 * PAGE_BYTES;

/// The value of each row of a dead leaf.
static ZEROS: [u8; 16] = [0; 16];

/// Stands for the buffers of slots whose offset counts from the slot itself.
const SLOT_RELATIVE: *const *const u8 = std::ptr::without_provenance(1);

/// The value of each row of a validity leaf without nulls.
static ONE: [u8; 1] = [1];

/// Storage of one leaf of a batch: row `i` is at `base + i * stride`.
#[derive(Clone, Copy)]
pub(crate) struct LeafPtr {
    pub(crate) base: *const u8,
    pub(crate) stride: usize,
    /// The buffers that slots point into. Null if slots point into their own page, `SLOT_RELATIVE`
    /// in lists.
    pub(crate) buffers: *const *const u8,
    pub(crate) ty: LeafType,
}

impl LeafPtr {
    pub(crate) fn rows(base: *const u8, stride: usize, ty: LeafType) -> Self {
        LeafPtr { base, stride, buffers: std::ptr::null(), ty }
    }

    /// A leaf of rows that are addressed by place: the row numbers are byte offsets from `base`.
    pub(crate) fn stored(layout: &RowLayout, base: *const u8, leaf: usize) -> Self {
        let ty = layout.types()[leaf];
        match layout.offset(leaf) {
            Some(offset) => Self::rows(base.wrapping_add(offset), 1, ty),
            None => Self::dead(ty),
        }
    }

    /// A leaf of the records of a list, the first of which is at `first`.
    pub(crate) fn of_list(layout: &RowLayout, first: *const u8, leaf: usize, stride: usize) -> Self {
        let ty = layout.types()[leaf];
        match layout.offset(leaf) {
            Some(offset) => LeafPtr { base: first.wrapping_add(offset), stride, buffers: SLOT_RELATIVE, ty },
            None => Self::dead(ty),
        }
    }

    pub(crate) fn dead(ty: LeafType) -> Self {
        Self::rows(ZEROS.as_ptr(), 0, ty)
    }

    /// A validity leaf that is "valid" for every row.
    pub(crate) fn valid() -> Self {
        Self::rows(ONE.as_ptr(), 0, LeafType::Valid)
    }

    /// # Safety
    /// `row` is a row of the batch, and `P` has the leaf's width.
    #[inline(always)]
    pub(crate) unsafe fn read<P: Copy>(self, row: usize) -> P {
        // SAFETY: the caller's promise; leaves of a batch are readable for each of its rows.
        unsafe { self.base.add(row * self.stride).cast::<P>().read_unaligned() }
    }

    /// The bytes of a slot's value.
    ///
    /// # Safety
    /// `row` is a row of the batch, the leaf is a slot, its elements have `width` bytes.
    #[inline(always)]
    pub(crate) unsafe fn bytes<'b>(self, row: usize, width: usize) -> &'b [u8] {
        // SAFETY: a slot holds its text within, or points to bytes that live as long as the batch
        // ('b is at most that).
        unsafe {
            let at = self.base.add(row * self.stride);
            let slot = at.cast::<Slot>().read_unaligned();
            let length = slot::length(slot);
            if width == 1 && length <= INLINE_BYTES {
                return std::slice::from_raw_parts(at.add(4), length);
            }
            std::slice::from_raw_parts(self.outside(at, slot), length * width)
        }
    }

    /// # Safety
    /// As [`LeafPtr::bytes`], for a slot that points elsewhere.
    #[inline(always)]
    unsafe fn outside(self, at: *const u8, slot: Slot) -> *const u8 {
        if self.buffers.is_null() {
            // A dead leaf has length zero. The pointer is then not used to read anything.
            at.map_addr(|address| address & !(PAGE_BYTES - 1)).wrapping_add(slot::place(slot))
        } else if self.buffers == SLOT_RELATIVE {
            at.wrapping_add(slot::place(slot))
        } else {
            // SAFETY: columns are made with a buffer for each index in their views.
            unsafe { (*self.buffers.add(slot::buffer(slot))).wrapping_add(slot::place(slot)) }
        }
    }
}

/// Records as strided leaves.
pub struct Batch<'a> {
    rows: usize,
    leaves: SmallVec<[LeafPtr; 8]>,
    /// The lists that `LeafPtr::buffers` points to.
    buffer_lists: Vec<Box<[*const u8]>>,
    lifetime: PhantomData<&'a ()>,
}

impl<'a> Batch<'a> {
    /// # Safety
    /// Each leaf is readable for rows `0..rows` as values of its physical type, including slots and
    /// the bytes that they point to, until `'a` ends. Nothing writes to these bytes meanwhile.
    pub(crate) unsafe fn from_leaves(rows: usize, leaves: impl IntoIterator<Item = LeafPtr>) -> Self {
        Batch { rows, leaves: leaves.into_iter().collect(), buffer_lists: Vec::new(), lifetime: PhantomData }
    }

    /// One row of nulls.
    #[must_use]
    pub fn of_nulls(types: &[LeafType]) -> Batch<'static> {
        let leaves = types.iter().map(|&ty| LeafPtr::dead(ty)).collect();
        Batch { rows: 1, leaves, buffer_lists: Vec::new(), lifetime: PhantomData }
    }

    /// The batch of one row of this batch. Its leaves read that row for every index.
    ///
    /// # Safety
    /// `row` is a row of the batch.
    pub(crate) unsafe fn only_row(mut self, row: usize) -> Self {
        for leaf in &mut self.leaves {
            leaf.base = leaf.base.wrapping_add(row * leaf.stride);
            leaf.stride = 0;
        }
        self.rows = 1;
        self
    }

    /// Keeps the lists that the leaves' `buffers` point to.
    pub(crate) fn with_buffer_lists(mut self, buffer_lists: Vec<Box<[*const u8]>>) -> Self {
        self.buffer_lists = buffer_lists;
        self
    }

    /// The same leaves, with no rows.
    pub(crate) fn without_rows(mut self) -> Self {
        self.rows = 0;
        self
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// End of the window that begins at `start`: after at most [`WINDOW_ROWS`] rows with at most
    /// [`WINDOW_BYTES`] of variable parts, unless one row has more. Only columns are counted: rows
    /// in pages are limited by the size of a page.
    pub(crate) fn window_end(&self, start: usize) -> usize {
        let end = self.rows.min(start.saturating_add(WINDOW_ROWS));
        let is_column = |leaf: &&LeafPtr| leaf.ty.physical() == Physical::Slot && !leaf.buffers.is_null();
        let columns: SmallVec<[LeafPtr; 8]> = self.leaves.iter().filter(is_column).copied().collect();
        let bytes = |leaf: &LeafPtr, row: usize| {
            // SAFETY: the row is one of this batch, and the leaf is a slot.
            slot::length(unsafe { leaf.read(row) }) * leaf.ty.element_width()
        };
        let all: usize = columns.iter().map(|leaf| (start..end).map(|row| bytes(leaf, row)).sum::<usize>()).sum();
        if all <= WINDOW_BYTES {
            return end;
        }
        let mut sum = 0;
        let is_beyond = |row: &usize| {
            sum += columns.iter().map(|leaf| bytes(leaf, *row)).sum::<usize>();
            sum > WINDOW_BYTES
        };
        (start..end).find(is_beyond).map_or(end, |beyond| beyond.max(start + 1))
    }

    /// Number of leaves, including dead ones.
    #[must_use]
    pub fn leaf_count(&self) -> usize {
        self.leaves.len()
    }

    pub(crate) fn leaf(&self, index: usize) -> LeafPtr {
        self.leaves.get(index).copied().unwrap_or(LeafPtr::dead(LeafType::U128))
    }

    /// Selects leaves: leaf `i` of the result is leaf `leaves[i]`.
    #[must_use]
    pub fn project(&self, leaves: &[usize]) -> Batch<'_> {
        let leaves = leaves.iter().map(|&leaf| self.leaf(leaf)).collect();
        Batch { rows: self.rows, leaves, buffer_lists: Vec::new(), lifetime: PhantomData }
    }

    /// Selects leaves: leaf `i` of the result is the one that `leaves[i]` names. Without a name it
    /// is a dead leaf of that type.
    #[must_use]
    pub fn arranged(&self, leaves: &[(Option<usize>, LeafType)]) -> Batch<'_> {
        let leaf = |&(from, ty): &(Option<usize>, LeafType)| from.map_or(LeafPtr::dead(ty), |leaf| self.leaf(leaf));
        Batch {
            rows: self.rows,
            leaves: leaves.iter().map(leaf).collect(),
            buffer_lists: Vec::new(),
            lifetime: PhantomData,
        }
    }

    /// Mixes in leaves of the first row of another batch, which are the same for every row. `order`
    /// lists the leaves of the result.
    #[must_use]
    pub fn with_constants(self, constants: Batch<'a>, order: &[LeafPlace]) -> Batch<'a> {
        let leaf = |place: &LeafPlace| match *place {
            LeafPlace::Here(leaf) => self.leaf(leaf),
            LeafPlace::Constant(leaf) if constants.rows > 0 => LeafPtr { stride: 0, ..constants.leaf(leaf) },
            LeafPlace::Constant(leaf) => LeafPtr::dead(constants.leaf(leaf).ty),
        };
        let leaves = order.iter().map(leaf).collect();
        // The bytes that slots point to live as long as both batches' memory. The lists of buffers
        // move along.
        let buffer_lists = self.buffer_lists.into_iter().chain(constants.buffer_lists).collect();
        Batch { rows: self.rows, leaves, buffer_lists, lifetime: PhantomData }
    }

    /// Adds a last leaf: row `i` has number `numbers[i]`. Rows without a number are left out.
    #[must_use]
    pub fn with_numbers<'n>(&'n self, numbers: &'n [u64]) -> Batch<'n> {
        self.with_leaf(self.leaves.len(), numbers, LeafType::U64)
    }

    /// Sets leaf `leaf` to times in microseconds: row `i` has `times[i]`. Drops later leaves, which
    /// a sender may have added, and rows without a time.
    #[must_use]
    pub fn with_times<'n>(&'n self, leaf: usize, times: &'n [i64]) -> Batch<'n> {
        self.with_leaf(leaf, times, LeafType::Timestamp)
    }

    /// Replaces the leaves from `leaf` on by `values`. Values of `ty` have in rows the bytes of a
    /// `T`.
    fn with_leaf<'n, T>(&'n self, leaf: usize, values: &'n [T], ty: LeafType) -> Batch<'n> {
        let mut leaves = self.leaves.clone();
        leaves.truncate(leaf);
        leaves.push(LeafPtr::rows(values.as_ptr().cast(), size_of::<T>(), ty));
        Batch { rows: self.rows.min(values.len()), leaves, buffer_lists: Vec::new(), lifetime: PhantomData }
    }

    /// The bytes of a text, byte string or list. Empty for a plain leaf or a row out of range.
    #[must_use]
    pub fn leaf_bytes(&self, leaf: usize, row: usize) -> &'a [u8] {
        let ptr = self.leaf(leaf);
        if row >= self.rows || ptr.ty.physical() != Physical::Slot {
            return &[];
        }
        // SAFETY: the row is in range, the leaf is a slot, and its own type gives the width of its
        // elements.
        unsafe { ptr.bytes(row, ptr.ty.element_width()) }
    }

    /// The greatest value of a leaf of 8-byte signed integers. `None` without rows, or for a leaf
    /// of another type.
    #[must_use]
    pub fn greatest_of(&self, leaf: usize) -> Option<i64> {
        let ptr = self.leaf(leaf);
        let is_signed = matches!(ptr.ty, LeafType::I64 | LeafType::Timestamp | LeafType::TimeDelta);
        // SAFETY: the rows are in range, and the leaf has eight bytes.
        is_signed.then(|| (0..self.rows).map(|row| unsafe { ptr.read::<i64>(row) }).max()).flatten()
    }

    /// The bits of a plain leaf, zero-extended. Zero for a slot or a row out of range.
    #[must_use]
    pub fn leaf_bits(&self, leaf: usize, row: usize) -> u128 {
        let ptr = self.leaf(leaf);
        if row >= self.rows {
            return 0;
        }
        // SAFETY: the row is in range, and each arm reads the leaf's own width.
        unsafe {
            match ptr.ty.physical() {
                Physical::W1 => ptr.read::<u8>(row).into(),
                Physical::W2 => ptr.read::<u16>(row).into(),
                Physical::W4 => ptr.read::<u32>(row).into(),
                Physical::W8 => ptr.read::<u64>(row).into(),
                Physical::W16 => ptr.read::<u128>(row),
                Physical::Slot => 0,
            }
        }
    }
}

/// A leaf of one of two batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeafPlace {
    /// A leaf of the batch itself.
    Here(usize),
    /// A leaf of the constants.
    Constant(usize),
}
