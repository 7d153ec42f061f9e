//! Batches of records as strided leaves, whatever holds them.

use std::marker::PhantomData;

use smallvec::SmallVec;

use super::items::StridedItems;
use super::plain::{ListElement, Plain};
use super::region::PAGE_BYTES;
use super::slot::{self, INLINE_BYTES, Slot};
use crate::row::{LeafType, Physical, RowLayout};

/// How many rows a selection holds at most: what fits a core's first cache beside the values of a few leaves.
pub const WINDOW_ROWS: usize = 1024;

/// What a dead leaf reads.
static ZEROS: [u8; 16] = [0; 16];

/// What stands for the buffers of slots that say how far behind their own first byte a value begins.
const NEAR: *const *const u8 = std::ptr::without_provenance(1);

/// What a validity leaf without nulls reads.
static ONE: [u8; 1] = [1];

/// Where one leaf of a batch lies: row `i` at `base + i * stride`.
#[derive(Clone, Copy)]
pub(super) struct LeafPtr {
    pub(super) base: *const u8,
    pub(super) stride: usize,
    /// The buffers that slots point into; null where slots point into their own page, `NEAR` in lists.
    pub(super) buffers: *const *const u8,
    pub(super) ty: LeafType,
}

impl LeafPtr {
    pub(super) fn rows(base: *const u8, stride: usize, ty: LeafType) -> Self {
        LeafPtr { base, stride, buffers: std::ptr::null(), ty }
    }

    /// A leaf of rows that are found by place: "row" numbers are byte offsets from `base`.
    pub(super) fn stored(layout: &RowLayout, base: *const u8, leaf: usize) -> Self {
        let ty = layout.types()[leaf];
        match layout.offset(leaf) {
            Some(offset) => Self::rows(base.wrapping_add(offset), 1, ty),
            None => Self::dead(ty),
        }
    }

    /// A leaf of the records of a list, the first of which lies at `first`.
    pub(super) fn near(layout: &RowLayout, first: *const u8, leaf: usize, stride: usize) -> Self {
        let ty = layout.types()[leaf];
        match layout.offset(leaf) {
            Some(offset) => LeafPtr { base: first.wrapping_add(offset), stride, buffers: NEAR, ty },
            None => Self::dead(ty),
        }
    }

    pub(super) fn dead(ty: LeafType) -> Self {
        Self::rows(ZEROS.as_ptr(), 0, ty)
    }

    /// A validity leaf that says "valid" for every row.
    pub(super) fn valid() -> Self {
        Self::rows(ONE.as_ptr(), 0, LeafType::Valid)
    }

    /// # Safety
    /// `row` is a row of the batch, and `P` has the leaf's width.
    #[inline(always)]
    pub(super) unsafe fn read<P: Copy>(self, row: usize) -> P {
        // SAFETY: the caller's promise; leaves of a batch are readable for each of its rows.
        unsafe { self.base.add(row * self.stride).cast::<P>().read_unaligned() }
    }

    /// What a slot stands for.
    ///
    /// # Safety
    /// `row` is a row of the batch, the leaf is a slot, its elements have `width` bytes.
    #[inline(always)]
    pub(super) unsafe fn bytes<'b>(self, row: usize, width: usize) -> &'b [u8] {
        // SAFETY: a slot holds its text within, or points to bytes that live as long as the batch ('b is at most that).
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
            // A dead leaf has length zero; the pointer is then not used to read anything.
            at.map_addr(|address| address & !(PAGE_BYTES - 1)).wrapping_add(slot::place(slot))
        } else if self.buffers == NEAR {
            at.wrapping_add(slot::place(slot))
        } else {
            // SAFETY: columns are made with a buffer for each index in their views.
            unsafe { (*self.buffers.add(slot::buffer(slot))).wrapping_add(slot::place(slot)) }
        }
    }
}

/// A run of records as strided leaves.
pub struct Batch<'a> {
    rows: usize,
    leaves: SmallVec<[LeafPtr; 8]>,
    /// What `LeafPtr::buffers` point to.
    places: Vec<Box<[*const u8]>>,
    hold: PhantomData<&'a ()>,
}

impl<'a> Batch<'a> {
    /// # Safety
    /// Each leaf is readable for rows `0..rows` as values of its physical type, slots and what they point to included,
    /// until `'a` ends, and nobody writes there meanwhile.
    pub(super) unsafe fn from_leaves(rows: usize, leaves: impl IntoIterator<Item = LeafPtr>) -> Self {
        Batch { rows, leaves: leaves.into_iter().collect(), places: Vec::new(), hold: PhantomData }
    }

    /// One row of nulls.
    #[must_use]
    pub fn of_nulls(types: &[LeafType]) -> Batch<'static> {
        let leaves = types.iter().map(|&ty| LeafPtr::dead(ty)).collect();
        Batch { rows: 1, leaves, places: Vec::new(), hold: PhantomData }
    }

    /// One row of the batch alone.
    ///
    /// # Safety
    /// `row` is a row of the batch.
    pub(super) unsafe fn only_row(mut self, row: usize) -> Self {
        for leaf in &mut self.leaves {
            leaf.base = leaf.base.wrapping_add(row * leaf.stride);
        }
        self.rows = 1;
        self
    }

    /// Keeps what the leaves' `buffers` point to.
    pub(super) fn holding(mut self, places: Vec<Box<[*const u8]>>) -> Self {
        self.places = places;
        self
    }

    /// None of the rows.
    pub(super) fn without_rows(mut self) -> Self {
        self.rows = 0;
        self
    }

    /// How many rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many leaves, dead ones too.
    #[must_use]
    pub fn leaf_count(&self) -> usize {
        self.leaves.len()
    }

    pub(super) fn leaf(&self, index: usize) -> LeafPtr {
        self.leaves.get(index).copied().unwrap_or(LeafPtr::dead(LeafType::U128))
    }

    /// The same rows with other leaves: leaf `i` of the result is leaf `leaves[i]`.
    #[must_use]
    pub fn project(&self, leaves: &[usize]) -> Batch<'_> {
        let leaves = leaves.iter().map(|&leaf| self.leaf(leaf)).collect();
        Batch { rows: self.rows, leaves, places: Vec::new(), hold: PhantomData }
    }

    /// The same rows with other leaves: leaf `i` of the result is the one that `leaves[i]` names, or a dead one of its type.
    #[must_use]
    pub fn arranged(&self, leaves: &[(Option<usize>, LeafType)]) -> Batch<'_> {
        let leaf = |&(from, ty): &(Option<usize>, LeafType)| from.map_or(LeafPtr::dead(ty), |leaf| self.leaf(leaf));
        Batch { rows: self.rows, leaves: leaves.iter().map(leaf).collect(), places: Vec::new(), hold: PhantomData }
    }

    /// The same rows with leaves of another batch's first row between them, which read the same for every row.
    #[must_use]
    pub fn with_constants(self, constants: Batch<'a>, order: &[LeafPlace]) -> Batch<'a> {
        let leaf = |place: &LeafPlace| match *place {
            LeafPlace::Here(leaf) => self.leaf(leaf),
            LeafPlace::Constant(leaf) if constants.rows > 0 => LeafPtr { stride: 0, ..constants.leaf(leaf) },
            LeafPlace::Constant(leaf) => LeafPtr::dead(constants.leaf(leaf).ty),
        };
        let leaves = order.iter().map(leaf).collect();
        // What slots point into lives as long as both batches' memory; the lists of where it begins come along.
        let places = self.places.into_iter().chain(constants.places).collect();
        Batch { rows: self.rows, leaves, places, hold: PhantomData }
    }

    /// The same rows with one leaf more, at the end: row `i` has number `i` of `numbers`. The rows beyond them are left out.
    #[must_use]
    pub fn with_numbers<'n>(&'n self, numbers: &'n [u64]) -> Batch<'n> {
        let mut leaves = self.leaves.clone();
        leaves.push(LeafPtr::rows(numbers.as_ptr().cast(), size_of::<u64>(), LeafType::U64));
        Batch { rows: self.rows.min(numbers.len()), leaves, places: Vec::new(), hold: PhantomData }
    }

    /// The bytes of a text, byte string or list; none for a plain leaf or a row out of range.
    #[must_use]
    pub fn leaf_bytes(&self, leaf: usize, row: usize) -> &'a [u8] {
        let ptr = self.leaf(leaf);
        if row >= self.rows || ptr.ty.physical() != Physical::Slot {
            return &[];
        }
        // SAFETY: the row is in range, the leaf is a slot, and its own type gives the width of its elements.
        unsafe { ptr.bytes(row, ptr.ty.element_width()) }
    }

    /// The bits of a plain leaf, zero-extended; zero for a slot or a row out of range.
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

/// Which leaf of two batches is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeafPlace {
    /// A leaf of the batch itself.
    Here(usize),
    /// A leaf of the constants.
    Constant(usize),
}

/// Rows of one batch, ascending: what is left of a window after its predicates.
#[derive(Clone, Default, Debug)]
pub struct Selection {
    rows: Vec<u32>,
    /// One more than the largest row.
    bound: usize,
}

impl Selection {
    /// All rows of `range`, at most [`WINDOW_ROWS`] of them; returns where it stopped.
    pub fn fill(&mut self, range: std::ops::Range<usize>) -> usize {
        let end = range.end.min(range.start.saturating_add(WINDOW_ROWS)).max(range.start);
        self.rows.clear();
        self.rows.extend(range.start as u32..end as u32);
        self.bound = end;
        end
    }

    /// Any rows of a batch, in any order.
    pub fn set(&mut self, rows: impl IntoIterator<Item = u32>) {
        self.rows.clear();
        self.rows.extend(rows);
        self.bound = self.rows.iter().map(|&row| row as usize + 1).max().unwrap_or(0);
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// How many rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Keeps the first `count` rows.
    pub fn truncate(&mut self, count: usize) {
        self.rows.truncate(count);
    }

    /// Keeps the rows for which `keep` holds, given the position in the selection.
    pub fn keep_positions(&mut self, mut keep: impl FnMut(usize) -> bool) {
        let mut kept = 0;
        // Branch-free, as `retain`.
        for position in 0..self.rows.len() {
            self.rows[kept] = self.rows[position];
            kept += usize::from(keep(position));
        }
        self.rows.truncate(kept);
    }

    /// Keeps the rows of `batch` for which a predicate holds.
    ///
    /// Branch-free: every row is written to the next free place, and the place moves on only where the row is kept.
    #[inline(always)]
    pub fn retain<R>(
        &mut self,
        batch: &Batch<'_>,
        make: impl for<'b> FnOnce(LeafReader<'b>, &mut Retain<'_, 'b>) -> R,
    ) -> R {
        let bound = if self.bound <= batch.rows { self.rows.len() } else { 0 };
        let mut retain = Retain { rows: &mut self.rows[..bound], kept: 0, brand: PhantomData };
        let result = make(LeafReader::new(batch), &mut retain);
        let kept = retain.kept;
        self.rows.truncate(kept);
        result
    }
}

/// A selection while a predicate goes over it.
pub struct Retain<'s, 'b> {
    rows: &'s mut [u32],
    kept: usize,
    brand: Brand<'b>,
}

impl<'b> Retain<'_, 'b> {
    /// Calls `keep` for each row, in order.
    #[inline(always)]
    pub fn each(&mut self, mut keep: impl FnMut(Row<'b>) -> bool) {
        self.kept = 0;
        for position in 0..self.rows.len() {
            let row = self.rows[position];
            let kept = keep(Row { index: row as usize, brand: PhantomData });
            self.rows[self.kept] = row;
            self.kept += usize::from(kept);
        }
    }

    /// As [`Retain::each`], stopping at the first error.
    ///
    /// # Errors
    /// What `keep` gives.
    #[inline(always)]
    pub fn try_each<E>(&mut self, mut keep: impl FnMut(Row<'b>) -> Result<bool, E>) -> Result<(), E> {
        self.kept = 0;
        for position in 0..self.rows.len() {
            let row = self.rows[position];
            let kept = keep(Row { index: row as usize, brand: PhantomData })?;
            self.rows[self.kept] = row;
            self.kept += usize::from(kept);
        }
        Ok(())
    }
}

/// What a kernel is given: a batch and the rows of it that are asked for.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    batch: &'a Batch<'a>,
    selection: &'a Selection,
}

impl<'a> Input<'a> {
    /// Rows of a batch. A selection that does not fit the batch selects nothing.
    #[must_use]
    pub fn new(batch: &'a Batch<'a>, selection: &'a Selection) -> Self {
        static NOTHING: Selection = Selection { rows: Vec::new(), bound: 0 };
        Input { batch, selection: if selection.bound <= batch.rows { selection } else { &NOTHING } }
    }

    /// The batch.
    #[must_use]
    pub fn batch(&self) -> &'a Batch<'a> {
        self.batch
    }

    /// The rows asked for.
    #[must_use]
    pub fn selection(&self) -> &'a Selection {
        self.selection
    }

    /// Rows asked for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.selection.len()
    }

    /// Whether no row is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.selection.is_empty()
    }

    /// Leaves and rows under a fresh brand.
    #[inline(always)]
    pub fn visit<R>(&self, f: impl for<'b> FnOnce(LeafReader<'b>, RowIds<'b>) -> R) -> R {
        f(LeafReader::new(self.batch), RowIds { rows: &self.selection.rows, brand: PhantomData })
    }
}

/// Calls `f` for each window of a batch.
///
/// # Errors
/// What `f` gives.
pub fn windows<E>(batch: &Batch<'_>, mut f: impl FnMut(&Input<'_>) -> Result<(), E>) -> Result<(), E> {
    let mut selection = Selection::default();
    let mut next = 0;
    while next < batch.rows() {
        next = selection.fill(next..batch.rows());
        f(&Input::new(batch, &selection))?;
    }
    Ok(())
}

/// Invariant in its lifetime, so that two brands never unify.
type Brand<'b> = PhantomData<fn(&'b ()) -> &'b ()>;

/// A row that may be read through the cursors of its brand.
#[derive(Clone, Copy)]
pub struct Row<'b> {
    pub(super) index: usize,
    pub(super) brand: Brand<'b>,
}

/// The rows of an [`Input`].
#[derive(Clone, Copy)]
pub struct RowIds<'b> {
    rows: &'b [u32],
    brand: Brand<'b>,
}

impl<'b> RowIds<'b> {
    /// How many.
    #[inline(always)]
    #[must_use]
    pub fn len(self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.rows.is_empty()
    }

    /// The rows in order.
    #[inline(always)]
    pub fn iter(self) -> impl Iterator<Item = Row<'b>> {
        self.rows.iter().map(|&row| Row { index: row as usize, brand: PhantomData })
    }

    /// The row at a position of the selection.
    ///
    /// # Panics
    /// Where the position is out of range.
    #[inline(always)]
    #[must_use]
    pub fn get(self, position: usize) -> Row<'b> {
        Row { index: self.rows[position] as usize, brand: PhantomData }
    }
}

/// Hands out a batch's leaves in order while a cursor is made.
pub struct LeafReader<'b> {
    leaves: *const LeafPtr,
    left: usize,
    /// A record of a list, whose leaves are found by its layout.
    item: Option<(&'b RowLayout, *const u8)>,
    brand: Brand<'b>,
}

impl<'b> LeafReader<'b> {
    #[inline(always)]
    pub(super) fn new(batch: &Batch<'_>) -> Self {
        LeafReader { leaves: batch.leaves.as_ptr(), left: batch.leaves.len(), item: None, brand: PhantomData }
    }

    /// Leaves that live as long as the brand: of all rows that it is given to.
    pub(super) fn of(leaves: &'b [LeafPtr]) -> Self {
        LeafReader { leaves: leaves.as_ptr(), left: leaves.len(), item: None, brand: PhantomData }
    }

    /// The leaves of one record of a list, at every row the same.
    pub(super) fn of_item(layout: &'b RowLayout, record: *const u8) -> Self {
        let left = layout.types().len();
        LeafReader { leaves: std::ptr::null(), left, item: Some((layout, record)), brand: PhantomData }
    }

    fn next(&mut self, expected: LeafType, fits: impl FnOnce(LeafType) -> bool) -> LeafPtr {
        if self.left == 0 {
            debug_assert!(false, "a record has more leaves than its batch");
            return LeafPtr::dead(expected);
        }
        let leaf = match self.item {
            Some((layout, record)) => LeafPtr::near(layout, record, layout.types().len() - self.left, 0),
            // SAFETY: `left` leaves follow; they belong to the batch or table that `visit` holds while the brand lives.
            None => unsafe { *self.leaves },
        };
        self.leaves = self.leaves.wrapping_add(1);
        self.left -= 1;
        if fits(leaf.ty) {
            leaf
        } else {
            debug_assert!(false, "a leaf of type {} where {expected} is read", leaf.ty);
            LeafPtr::dead(expected)
        }
    }

    /// Passes over leaves.
    pub fn skip(&mut self, leaves: usize) {
        let leaves = leaves.min(self.left);
        self.leaves = self.leaves.wrapping_add(leaves);
        self.left -= leaves;
    }

    /// The next leaf, of plain values as wide as `P`.
    pub fn plain<P: Plain>(&mut self) -> Strided<'b, P> {
        let leaf = self.next(LeafType::U128, |ty| ty.physical() != Physical::Slot && ty.width() == size_of::<P>());
        Strided { base: leaf.base, stride: leaf.stride, of: PhantomData }
    }

    /// The next leaf, of texts.
    pub fn text(&mut self) -> StridedText<'b> {
        StridedText { leaf: self.next(LeafType::Text, |ty| ty == LeafType::Text), brand: PhantomData }
    }

    /// The next leaf, of byte strings.
    pub fn bytes(&mut self) -> StridedBytes<'b> {
        let leaf = self.next(LeafType::Bytes, |ty| matches!(ty, LeafType::Bytes | LeafType::Text));
        StridedBytes(StridedText { leaf, brand: PhantomData })
    }

    /// The next leaf, of lists of texts, as bytes.
    pub fn texts(&mut self) -> StridedBytes<'b> {
        let leaf = self.next(LeafType::Bytes, |ty| ty == LeafType::Texts);
        StridedBytes(StridedText { leaf, brand: PhantomData })
    }

    /// The next leaf, of lists of records.
    pub fn items(&mut self) -> StridedItems<'b> {
        let leaf = self.next(LeafType::Bytes, |ty| matches!(ty, LeafType::Items(_)));
        let items = if let LeafType::Items(items) = leaf.ty { Some(items) } else { None };
        StridedItems::new(StridedBytes(StridedText { leaf, brand: PhantomData }), items)
    }

    /// The next leaf, of lists.
    pub fn list<P: ListElement>(&mut self) -> StridedList<'b, P> {
        let fits = |ty| matches!(ty, LeafType::List(element) if element.width() == size_of::<P>());
        StridedList { leaf: self.next(LeafType::Bytes, fits), of: PhantomData }
    }
}

/// A leaf of plain values.
pub struct Strided<'b, P> {
    base: *const u8,
    stride: usize,
    of: PhantomData<(Brand<'b>, P)>,
}

impl<P> Clone for Strided<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<P> Copy for Strided<'_, P> {}

impl<'b, P: Plain> Strided<'b, P> {
    /// The value of a row.
    #[inline(always)]
    #[must_use]
    pub fn read(self, row: Row<'b>) -> P {
        // SAFETY: cursor and row share a brand, so the row lies in the batch or table; the width was checked, and any bytes are a `P`.
        unsafe { self.base.add(row.index * self.stride).cast::<P>().read_unaligned() }
    }
}

/// A leaf of texts.
#[derive(Clone, Copy)]
pub struct StridedText<'b> {
    leaf: LeafPtr,
    brand: Brand<'b>,
}

impl<'b> StridedText<'b> {
    #[inline(always)]
    fn bytes(self, row: Row<'b>) -> &'b [u8] {
        // SAFETY: cursor and row share a brand; the leaf was checked to be a slot; texts have elements of one byte.
        unsafe { self.leaf.bytes(row.index, 1) }
    }

    /// The text of a row.
    #[inline(always)]
    #[must_use]
    pub fn read(self, row: Row<'b>) -> &'b str {
        // SAFETY: the leaf was checked to be text, and text leaves hold what `OutText` wrote or a column of checked UTF-8.
        unsafe { std::str::from_utf8_unchecked(self.bytes(row)) }
    }
}

/// A leaf of byte strings.
#[derive(Clone, Copy)]
pub struct StridedBytes<'b>(StridedText<'b>);

impl<'b> StridedBytes<'b> {
    /// The bytes of a row.
    #[inline(always)]
    #[must_use]
    pub fn read(self, row: Row<'b>) -> &'b [u8] {
        self.0.bytes(row)
    }

    /// The bytes of a row's list of records.
    #[inline(always)]
    pub(super) fn words(self, row: Row<'b>) -> &'b [u8] {
        let leaf = self.0.leaf;
        // SAFETY: cursor and row share a brand; the leaf was checked to be a slot, and its type gives the width of its elements.
        unsafe { leaf.bytes(row.index, leaf.ty.element_width()) }
    }
}

/// A leaf of lists.
pub struct StridedList<'b, P> {
    leaf: LeafPtr,
    of: PhantomData<(Brand<'b>, P)>,
}

impl<P> Clone for StridedList<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<P> Copy for StridedList<'_, P> {}

impl<'b, P: ListElement> StridedList<'b, P> {
    /// The list of a row.
    #[inline(always)]
    #[must_use]
    pub fn read(self, row: Row<'b>) -> &'b [P] {
        // SAFETY: cursor and row share a brand; the leaf is a slot. Lists of more than one byte an element are never inline, and
        // are written aligned (16 bytes from the page's start, which is itself aligned), so the cast is aligned too; the
        // check covers columns and one-byte elements.
        unsafe {
            let at = self.leaf.base.add(row.index * self.leaf.stride);
            let slot = at.cast::<Slot>().read_unaligned();
            let length = slot::length(slot);
            if length == 0 {
                return &[];
            }
            let start = self.leaf.outside(at, slot).cast::<P>();
            if !start.is_aligned() {
                debug_assert!(false, "a misaligned list");
                return &[];
            }
            std::slice::from_raw_parts(start, length)
        }
    }
}
