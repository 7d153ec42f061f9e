//! Rows kept to be given back in order.

mod merge;

use std::cmp::Ordering;
use std::marker::PhantomData;
use std::sync::Arc;

use smallvec::SmallVec;

use super::batch::{Batch, Input, LeafPtr, LeafReader, Row};
use super::index::address_of;
use super::run::Page;
use super::stored::StoredRows;
use super::writer::RowWriter;
use crate::error::Result;
use crate::memory::{Memory, Reservation};
use crate::row::{LeafType, Physical, RowLayout};
use crate::value::Texts;

/// One leaf of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderKey {
    /// The leaf.
    pub leaf: usize,
    /// Largest first.
    pub descending: bool,
}

/// Rows, and an index of (normalized prefix of the first key leaf, place).
pub struct SortBuffer {
    layout: Arc<RowLayout>,
    order: Box<[OrderKey]>,
    rows: RowWriter,
    pages: Vec<Page>,
    entries: Vec<(u64, usize)>,
    paid: Reservation,
    base: *mut u8,
    memory: Memory,
    next: usize,
}

// SAFETY: `base` is the region's start, which all threads share; rows are reached through `&mut self` only.
unsafe impl Send for SortBuffer {}

impl SortBuffer {
    /// An empty buffer for rows of `layout`.
    ///
    /// # Errors
    /// When the region cannot be had.
    pub fn new(layout: Arc<RowLayout>, order: impl Into<Box<[OrderKey]>>, memory: &Memory) -> Result<Self> {
        Ok(SortBuffer {
            rows: RowWriter::new(layout.clone(), memory.clone()),
            layout,
            order: order.into(),
            pages: Vec::new(),
            entries: Vec::new(),
            paid: memory.reserve(0)?,
            base: address_of(0)?,
            memory: memory.clone(),
            next: 0,
        })
    }

    /// How many rows it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of memory that it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.pages.iter().map(Page::bytes).sum::<usize>() + self.entries.capacity() * size_of::<(u64, usize)>()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds rows.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn add(&mut self, input: &Input<'_>) -> Result<()> {
        self.reserve(self.entries.len() + input.len())?;
        let rows: SmallVec<[usize; 64]> = input.selection().rows().iter().map(|&row| row as usize).collect();
        let entries = &mut self.entries;
        // SAFETY: an input's rows are rows of its batch.
        unsafe { self.rows.append_rows(input.batch(), None, &rows, |_, place| entries.push((0, place)))? };
        self.pages.extend(self.rows.take_sealed());
        let Some(first) = self.order.first().copied() else { return Ok(()) };
        let (leaf, start) = (self.stored_leaf(first.leaf), self.entries.len() - rows.len());
        for (prefix, place) in &mut self.entries[start..] {
            // SAFETY: the place was written just now.
            let normalized = unsafe { normalized_prefix(leaf, *place) };
            *prefix = if first.descending { !normalized } else { normalized };
        }
        Ok(())
    }

    /// The rows, to which nobody adds any more.
    #[must_use]
    pub fn freeze(mut self) -> StoredRows {
        self.rows.seal();
        self.pages.extend(self.rows.take_sealed());
        StoredRows::new(self.layout, self.pages, self.entries, self.paid)
    }

    fn reserve(&mut self, wanted: usize) -> Result<()> {
        if wanted > self.entries.capacity() {
            let grown = wanted.next_power_of_two().max(1024);
            self.paid.resize(grown * size_of::<(u64, usize)>())?;
            self.entries.reserve_exact(grown - self.entries.len());
        }
        Ok(())
    }

    /// Puts the rows in order; without one they stay as they came.
    pub fn sort(&mut self) {
        self.next = 0;
        if self.order.is_empty() {
            return;
        }
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_unstable_by(|left, right| self.order_of(left, right));
        self.entries = entries;
    }

    /// Drops all but the first `count` rows of the order, without sorting them.
    fn select(&mut self, count: usize) {
        if count < self.entries.len() {
            let mut entries = std::mem::take(&mut self.entries);
            entries.select_nth_unstable_by(count, |left, right| self.order_of(left, right));
            entries.truncate(count);
            self.entries = entries;
        }
    }

    /// The order of two entries: by prefix, then by the rows themselves.
    fn order_of(&self, left: &(u64, usize), right: &(u64, usize)) -> Ordering {
        left.0.cmp(&right.0).then_with(|| self.compare(&self.order, left.1, right.1))
    }

    /// Keeps the first `count` rows in order, and gives the memory of the others back.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn keep_first(&mut self, count: usize) -> Result<()> {
        self.select(count);
        self.sort();
        self.shed()
    }

    /// Keeps the first `count` rows of each group in order, and gives the memory of the others back; rows that agree in the first `leading`
    /// leaves of the order are a group.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn keep_first_of_groups(&mut self, count: usize, leading: usize) -> Result<()> {
        self.sort();
        let mut entries = std::mem::take(&mut self.entries);
        // Rows that are kept move to the front, where the next group begins: so its first row is read before it is written over.
        let (mut kept, mut start) = (0, 0);
        while start < entries.len() {
            let end = self.end_of_group(&entries, start, leading);
            let first = start..end.min(start.saturating_add(count));
            entries.copy_within(first.clone(), kept);
            kept += first.len();
            start = end;
        }
        entries.truncate(kept);
        self.entries = entries;
        self.shed()
    }

    /// Where the group ends that begins at `start` of sorted entries.
    fn end_of_group(&self, entries: &[(u64, usize)], start: usize, leading: usize) -> usize {
        let (prefix, first) = entries[start];
        let same = |&(other, place): &(u64, usize)| {
            (leading == 0 || other == prefix)
                && self.compare(&self.order[..leading.min(self.order.len())], first, place).is_eq()
        };
        start + 1 + entries[start + 1..].iter().take_while(|entry| same(entry)).count()
    }

    /// Gives the memory of rows back that have no entry any more.
    fn shed(&mut self) -> Result<()> {
        let mut kept = SortBuffer::new(self.layout.clone(), self.order.clone(), &self.memory)?;
        kept.reserve(self.entries.len())?;
        let places: Vec<usize> = self.entries.iter().map(|&(_, place)| place).collect();
        let (batch, entries, prefixes) = (self.stored_batch(), &mut kept.entries, &self.entries);
        // SAFETY: entries hold places of this buffer's rows.
        unsafe { kept.rows.append_rows(&batch, None, &places, |row, place| entries.push((prefixes[row].0, place)))? };
        kept.pages.extend(kept.rows.take_sealed());
        *self = kept;
        Ok(())
    }

    /// Where the group ends that begins at a position of the sorted rows: rows that agree in the first `leading` leaves of the order.
    #[must_use]
    pub fn group_end(&self, start: usize, leading: usize) -> usize {
        if start < self.entries.len() { self.end_of_group(&self.entries, start, leading) } else { start }
    }

    /// Gives all rows up, and their memory back.
    pub fn clear(&mut self) {
        self.rows.seal();
        drop(self.rows.take_sealed());
        self.pages.clear();
        self.entries = Vec::new();
        self.paid.release();
        self.next = 0;
    }

    /// Writes the next rows in order until a page of `out` is closed; whether rows are left.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn emit(&mut self, out: &mut RowWriter) -> Result<bool> {
        const AT_ONCE: usize = 256;
        while self.next < self.entries.len() && !out.has_sealed() {
            let end = (self.next + AT_ONCE).min(self.entries.len());
            let places: SmallVec<[usize; AT_ONCE]> =
                self.entries[self.next..end].iter().map(|&(_, place)| place).collect();
            // SAFETY: entries hold places of this buffer's rows.
            unsafe { out.append_rows(&self.stored_batch(), None, &places, |_, _| ())? };
            self.next = end;
        }
        Ok(self.next < self.entries.len())
    }

    /// Leaves and rows under a fresh brand: all rows, in the order in which they were added, or in theirs once they are sorted.
    #[inline(always)]
    pub fn visit<R>(&self, f: impl for<'b> FnOnce(LeafReader<'b>, KeptRows<'b>) -> R) -> R {
        f(LeafReader::new(&self.stored_batch()), KeptRows { entries: &self.entries, brand: PhantomData })
    }

    /// All leaves of the stored rows, whose "row number" is the place.
    fn stored_batch(&self) -> Batch<'_> {
        // SAFETY: read only at places of this buffer's rows, which the batch borrows.
        unsafe { Batch::from_leaves(usize::MAX, (0..self.layout.types().len()).map(|leaf| self.stored_leaf(leaf))) }
    }

    fn stored_leaf(&self, leaf: usize) -> LeafPtr {
        LeafPtr::stored(&self.layout, self.base, leaf)
    }

    fn compare(&self, order: &[OrderKey], left: usize, right: usize) -> Ordering {
        for key in order {
            let leaf = self.stored_leaf(key.leaf);
            // SAFETY: both are places of this buffer's rows.
            let order = unsafe { compare_leaves(leaf, left, leaf, right) };
            if order.is_ne() {
                return if key.descending { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    }
}

/// The rows of a [`SortBuffer`].
#[derive(Clone, Copy)]
pub struct KeptRows<'b> {
    pub(super) entries: &'b [(u64, usize)],
    pub(super) brand: PhantomData<fn(&'b ()) -> &'b ()>,
}

impl<'b> KeptRows<'b> {
    /// How many.
    #[must_use]
    pub fn len(self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.entries.is_empty()
    }

    /// The row at a position.
    #[inline(always)]
    #[must_use]
    pub fn get(self, position: usize) -> Option<Row<'b>> {
        self.entries.get(position).map(|&(_, place)| Row { index: place, brand: PhantomData })
    }

    /// The rows at some positions; those that are out of range are left out.
    #[must_use]
    pub fn slice(self, positions: std::ops::Range<usize>) -> Self {
        let end = positions.end.min(self.entries.len());
        KeptRows { entries: &self.entries[positions.start.min(end)..end], brand: PhantomData }
    }
}

/// Eight bytes that compare as unsigned numbers like the values they stand for, or are equal.
///
/// # Safety
/// `row` is a row that the leaf may be read at.
unsafe fn normalized_prefix(leaf: LeafPtr, row: usize) -> u64 {
    // SAFETY: the caller's promise; each arm reads the type's own width.
    unsafe {
        match leaf.ty {
            LeafType::Text | LeafType::Bytes => {
                let bytes = leaf.bytes(row, 1);
                let mut prefix = [0; 8];
                let length = bytes.len().min(8);
                prefix[..length].copy_from_slice(&bytes[..length]);
                u64::from_be_bytes(prefix)
            }
            LeafType::List(_) | LeafType::Texts | LeafType::Items(_) => 0,
            ty if ty.physical() == Physical::W16 => (normalized(leaf, row) >> 64) as u64,
            _ => normalized(leaf, row) as u64,
        }
    }
}

/// A plain value as an unsigned number of the same order; floats in total order with NaN last and -0 = 0.
///
/// # Safety
/// `row` is a row that the leaf may be read at; the leaf is plain.
unsafe fn normalized(leaf: LeafPtr, row: usize) -> u128 {
    use LeafType as L;
    let signed = |value: i64| u128::from(value as u64 ^ (1 << 63));
    // SAFETY: the caller's promise; each arm reads the type's own width.
    unsafe {
        match leaf.ty {
            L::Bool | L::U8 | L::Valid | L::Tag(_) => leaf.read::<u8>(row).into(),
            L::I8 => signed(leaf.read::<i8>(row).into()),
            L::U16 => leaf.read::<u16>(row).into(),
            L::I16 => signed(leaf.read::<i16>(row).into()),
            L::U32 | L::Char => leaf.read::<u32>(row).into(),
            L::I32 | L::Date => signed(leaf.read::<i32>(row).into()),
            L::U64 => leaf.read::<u64>(row).into(),
            L::I64 | L::Timestamp | L::Decimal(_) => signed(leaf.read::<i64>(row)),
            L::F32 => float(leaf.read::<f32>(row).into()),
            L::F64 => float(leaf.read::<f64>(row)),
            L::U128 => leaf.read::<u128>(row),
            L::I128 => leaf.read::<u128>(row) ^ (1 << 127),
            L::Text | L::Bytes | L::Texts | L::List(_) | L::Items(_) => 0,
        }
    }
}

fn float(value: f64) -> u128 {
    if value.is_nan() {
        return u64::MAX.into();
    }
    // -0 becomes 0; then the sign bit is flipped, or all bits where it is set.
    let bits = (value + 0.0).to_bits();
    let bits = if value == 0.0 { 0 } else { bits };
    u128::from(if bits >> 63 == 1 { !bits } else { bits | (1 << 63) })
}

/// The order of two values of one type.
///
/// # Safety
/// Each row may be read through the leaf before it; the leaves are of one type.
pub(super) unsafe fn compare_leaves(left_leaf: LeafPtr, left: usize, right_leaf: LeafPtr, right: usize) -> Ordering {
    // SAFETY: the caller's promise.
    unsafe {
        match left_leaf.ty {
            LeafType::Text | LeafType::Bytes => left_leaf.bytes(left, 1).cmp(right_leaf.bytes(right, 1)),
            LeafType::Texts => {
                let left = Texts::stored(left_leaf.bytes(left, 1)).iter();
                left.cmp(Texts::stored(right_leaf.bytes(right, 1)).iter())
            }
            LeafType::Items(items) => {
                let width = left_leaf.ty.element_width();
                items.compare(left_leaf.bytes(left, width), right_leaf.bytes(right, width))
            }
            LeafType::List(element) => {
                let width = element.width();
                let part = |bytes: &[u8], index: usize| {
                    let inner = LeafPtr::rows(bytes.as_ptr(), width, element.leaf());
                    // Elements of the slice, by index below its length.
                    normalized(inner, index)
                };
                let (left, right) = (left_leaf.bytes(left, width), right_leaf.bytes(right, width));
                (0..(left.len() / width).min(right.len() / width))
                    .map(|index| part(left, index).cmp(&part(right, index)))
                    .find(|order| order.is_ne())
                    .unwrap_or_else(|| left.len().cmp(&right.len()))
            }
            _ => normalized(left_leaf, left).cmp(&normalized(right_leaf, right)),
        }
    }
}
