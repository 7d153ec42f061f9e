//! Lists of records: read where they lie, and written record by record into the page of their row.

use std::marker::PhantomData;

use crate::row::{FIRST_ITEM, Items, LeafType, WORD};

use super::batch::{Batch, LeafPtr, LeafReader, Row, StridedBytes};
use super::slot;
use super::slot::Slot;
use super::writer::{Brand, Claims, LIST_ALIGN, NewRow, RowWriter, SinkLeaves};

/// A leaf of lists of records.
#[derive(Clone, Copy)]
pub struct StridedItems<'b> {
    leaf: StridedBytes<'b>,
    items: Option<&'static Items>,
}

impl<'b> StridedItems<'b> {
    pub(crate) fn new(leaf: StridedBytes<'b>, items: Option<&'static Items>) -> Self {
        StridedItems { leaf, items }
    }

    /// The list of a row.
    #[inline(always)]
    #[must_use]
    pub fn read(self, row: Row<'b>) -> StoredItems<'b> {
        StoredItems { items: self.items, bytes: self.leaf.words(row), row: row.index }
    }
}

/// A list of records as it lies in a row: of one kind, checked where it came from outside.
#[derive(Clone, Copy)]
pub struct StoredItems<'b> {
    items: Option<&'static Items>,
    bytes: &'b [u8],
    /// The row that it was read from.
    row: usize,
}

impl<'b> StoredItems<'b> {
    /// How many records.
    #[inline]
    #[must_use]
    pub fn len(self) -> usize {
        self.items.map_or(0, |items| items.count(self.bytes))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// One of the records, by cursors that are made for it and a row to read them at.
    #[inline]
    #[must_use]
    pub fn get(self, index: usize) -> Option<(LeafReader<'b>, Row<'b>)> {
        let items = self.items.filter(|_| index < self.len())?;
        let start = FIRST_ITEM + index * items.layout().width();
        let record = self.bytes.get(start..start + items.layout().width())?.as_ptr();
        // A pointer into all of the list, since slots point behind the record.
        let record = self.bytes.as_ptr().with_addr(record.addr());
        // Whichever row of the brand such a cursor is given, it reads this record. The row is the one that the list was read
        // from: a shorter 'b than that row's own is no brand of any batch, so it can be read only through cursors that
        // are made here, and where 'b is the brand, it is a row of that batch.
        Some((LeafReader::of_item(items.layout(), record), Row { index: self.row, brand: PhantomData }))
    }
}

impl Batch<'_> {
    /// The records of a list as a batch: of a row, where the leaf holds lists of records.
    #[must_use]
    pub fn items(&self, leaf: usize, row: usize) -> Batch<'_> {
        let bytes = self.leaf_bytes(leaf, row);
        let LeafType::Items(items) = self.leaf(leaf).ty else { return Batch::of_nulls(&[]).without_rows() };
        let (layout, first) = (items.layout(), bytes.as_ptr().wrapping_add(FIRST_ITEM));
        let leaves = (0..layout.types().len()).map(|leaf| LeafPtr::near(layout, first, leaf, layout.width()));
        // SAFETY: lists of records hold as many rows of the layout as `count` finds room for, and what their slots point to; they
        // live as long as this batch.
        unsafe { Batch::from_leaves(items.count(bytes), leaves) }
    }
}

/// Records that become a list.
pub trait PutItems {
    /// The list that they are already, where it may be copied.
    fn stored(&self) -> Option<StoredItems<'_>>;
    /// How many.
    fn count(&self) -> usize;
    /// Bytes that they all take beyond their fixed parts.
    fn heap_bytes(&self, leaves: SinkLeaves<'_>) -> usize;
    /// Writes them, each into a row.
    fn write<'i>(&self, leaves: SinkLeaves<'i>, rows: NewItems<'i>, claims: &mut Claims<'i>);
}

/// The rows of a list that is written, in order.
pub struct NewItems<'i> {
    next: usize,
    width: usize,
    left: usize,
    brand: Brand<'i>,
}

impl<'i> Iterator for NewItems<'i> {
    type Item = NewRow<'i>;

    #[inline]
    fn next(&mut self) -> Option<NewRow<'i>> {
        self.left = self.left.checked_sub(1)?;
        let row = NewRow::at(self.next);
        self.next += self.width;
        Some(row)
    }
}

/// Where a list of records is written.
#[derive(Clone, Copy)]
pub struct OutItems<'w> {
    base: *mut u8,
    mask: usize,
    items: Option<&'static Items>,
    brand: Brand<'w>,
}

impl<'w> OutItems<'w> {
    pub(crate) fn new((base, mask): (*mut u8, usize), items: Option<&'static Items>) -> Self {
        OutItems { base, mask, items, brand: PhantomData }
    }

    /// Bytes to claim for a list beyond the row's fixed part: at least as many as it takes.
    pub fn heap_bytes(self, list: &impl PutItems) -> usize {
        let Some(items) = self.items.filter(|_| self.mask != 0) else { return 0 };
        match list.stored() {
            Some(stored) if stored.items == self.items => stored.bytes.len() + LIST_ALIGN,
            Some(_) => 0,
            None if list.count() == 0 => 0,
            None => most_bytes(items, list).saturating_add(LIST_ALIGN),
        }
    }

    /// Writes the leaf of a row, whose claim counted [`OutItems::heap_bytes`].
    pub fn write(self, row: NewRow<'w>, list: &impl PutItems, claims: &mut Claims<'w>) {
        let at = self.base.wrapping_add(row.place() & self.mask);
        let slot = match self.items.filter(|_| self.mask != 0) {
            Some(items) => list_slot(items, list, at, claims.writer()),
            None => 0,
        };
        // SAFETY: as `Out::write`.
        unsafe { at.cast::<Slot>().write_unaligned(slot) }
    }

    /// Writes the empty list.
    pub fn write_empty(self, row: NewRow<'w>) {
        // SAFETY: as `Out::write`.
        unsafe { self.base.add(row.place() & self.mask).cast::<Slot>().write_unaligned(0) }
    }
}

/// The slot `at` of a list that was put beside it. Room was claimed; without, the list is empty and the visit fails.
fn list_slot(items: &'static Items, list: &impl PutItems, at: *mut u8, writer: &mut RowWriter) -> Slot {
    match list.stored() {
        // Bytes of another kind of list would be read as what they are not.
        Some(stored) if stored.items != Some(items) || stored.bytes.is_empty() => 0,
        Some(stored) => {
            let place = writer.push_value(stored.bytes, LIST_ALIGN, at);
            written_or_none(place.map(|place| slot::list(stored.bytes.len() / WORD, place)), writer)
        }
        None if list.count() == 0 => 0,
        None => written_or_none(put_records(items, list, at, writer), writer),
    }
}

fn written_or_none(slot: Option<Slot>, writer: &mut RowWriter) -> Slot {
    slot.unwrap_or_else(|| {
        writer.fail_larger();
        0
    })
}

fn put_records(items: &'static Items, list: &impl PutItems, at: *mut u8, writer: &mut RowWriter) -> Option<Slot> {
    let (count, width) = (list.count(), items.layout().width());
    let number = u32::try_from(count).ok()?;
    let open = writer.open_list(FIRST_ITEM.checked_add(count.checked_mul(width)?)?, most_bytes(items, list))?;
    writer.put_in_list(open.start(), &number.to_le_bytes());
    let base = writer.region_start()?;
    // The rows were claimed just now, the sinks have the layout that was asked for, and both get a brand of their own: neither meets
    // those of the rows around. The writer claims no row while a list is open.
    let leaves = SinkLeaves::of_item((base, writer.scratch()), items.layout());
    let rows = NewItems { next: open.start() + FIRST_ITEM, width, left: count, brand: PhantomData };
    list.write(leaves, rows, &mut Claims::of(writer));
    let (words, place) = writer.close_list(open, at)?;
    Some(slot::list(words, place))
}

/// Bytes of a list that is not written yet, at most: lists within it may need less to be aligned.
fn most_bytes(items: &'static Items, list: &impl PutItems) -> usize {
    // Nothing is written through these sinks, as there is no row of their brand.
    let leaves = SinkLeaves::of_item((std::ptr::null_mut(), std::ptr::null_mut()), items.layout());
    let rows = list.count().saturating_mul(items.layout().width());
    let bytes = rows.saturating_add(list.heap_bytes(leaves)).saturating_add(FIRST_ITEM);
    // What is more than can be claimed stays so.
    bytes.checked_next_multiple_of(WORD).unwrap_or(usize::MAX)
}

/// A list that is being written into the variable part of a row.
pub(crate) struct OpenList {
    /// Where it begins, where the next value in it may lie, and where its room ends: places of the region.
    start: usize,
    next: usize,
    end: usize,
    /// What is open around it, and what else it holds up.
    outer: Option<Box<OpenList>>,
    limit: usize,
}

/// A list that was opened.
pub(crate) struct Opened(usize);

impl Opened {
    fn start(&self) -> usize {
        self.0
    }
}

impl RowWriter {
    /// Opens a list of `fixed` bytes of rows, which are zero, and at most `bytes` in all; rows are not claimed until it is closed.
    fn open_list(&mut self, fixed: usize, bytes: usize) -> Option<Opened> {
        if fixed > bytes {
            return None;
        }
        let (start, limit) = match &self.list {
            Some(outer) => {
                let start = outer.next.next_multiple_of(LIST_ALIGN);
                (start.checked_add(bytes)? <= outer.end).then_some((start, 0))?
            }
            None => self.lower_floor(bytes)?,
        };
        let mut outer = self.list.take();
        if let Some(outer) = &mut outer {
            let gap = outer.next..start;
            self.zero(gap);
            outer.next = start;
        }
        self.zero(start..start + fixed);
        self.list = Some(Box::new(OpenList { start, next: start + fixed, end: start + bytes, outer, limit }));
        Some(Opened(start))
    }

    /// Closes a list: its words, and its place as the slot `at` gives it.
    fn close_list(&mut self, opened: Opened, at: *const u8) -> Option<(usize, u32)> {
        let list = self.list.take()?;
        debug_assert_eq!(list.start, opened.0);
        let end = list.next.next_multiple_of(WORD);
        self.zero(list.next..end);
        self.list = list.outer;
        let words = (end - list.start) / WORD;
        match &mut self.list {
            Some(outer) => {
                outer.next = end;
                Some((words, self.behind_slot(list.start, at)?))
            }
            None => {
                self.set_limit(list.limit);
                Some((words, self.behind_page(list.start)?))
            }
        }
    }

    /// As [`RowWriter::push_heap`], for the slot `at`; while a list is written, into the list.
    #[inline(always)]
    pub(crate) fn push_value(&mut self, bytes: &[u8], align: usize, at: *const u8) -> Option<u32> {
        match self.list {
            None => self.push_heap(bytes, align),
            Some(_) => self.push_into_list(bytes, align, at),
        }
    }

    #[inline(never)]
    fn push_into_list(&mut self, bytes: &[u8], align: usize, at: *const u8) -> Option<u32> {
        let list = self.list.as_mut()?;
        let start = list.next.next_multiple_of(align);
        let end = start + bytes.len();
        if end > list.end {
            return None;
        }
        let gap = std::mem::replace(&mut list.next, end)..start;
        self.zero(gap);
        self.put_in_list(start, bytes);
        self.behind_slot(start, at)
    }

    /// A place as the slot `at` of a list gives it: from the slot's own first byte.
    fn behind_slot(&self, place: usize, at: *const u8) -> Option<u32> {
        let slot = at.addr().checked_sub(self.region_start()?.addr())?;
        u32::try_from(place.checked_sub(slot)?).ok()
    }

    fn zero(&mut self, places: std::ops::Range<usize>) {
        if let Some(bytes) = self.run_bytes(places) {
            bytes.fill(0);
        }
    }

    fn put_in_list(&mut self, place: usize, value: &[u8]) {
        if let Some(bytes) = self.run_bytes(place..place + value.len()) {
            bytes.copy_from_slice(value);
        }
    }
}
