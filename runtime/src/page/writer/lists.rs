//! Lists of records, written record by record into the page of their row.

use std::marker::PhantomData;

use crate::page::batch::StoredItems;
use crate::page::brand::Brand;
use crate::page::slot::{self, Slot};
use crate::row::{FIRST_ITEM, Items, LeafType, WORD};

use super::RowWriter;
use super::sinks::{Claims, LIST_ALIGN, NewRow, SinkLeaves};

/// Records to write as a list.
pub trait PutItems {
    /// The stored list with the same records, if it may be copied.
    fn stored(&self) -> Option<StoredItems<'_>>;
    /// Number of records.
    fn count(&self) -> usize;
    /// Bytes of all records, without their fixed parts.
    fn heap_bytes(&self, leaves: SinkLeaves<'_>) -> usize;
    /// Writes each record into a row.
    fn write<'i>(&self, leaves: SinkLeaves<'i>, rows: NewItems<'i>, claims: &mut Claims<'i>);
}

/// The rows of a list that is being written, in order.
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

/// A sink for lists of records.
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

    /// Bytes to claim for a list, without the row's fixed part. At least as many as it takes.
    pub fn heap_bytes(self, list: &impl PutItems) -> usize {
        let Some(items) = self.items.filter(|_| self.mask != 0) else { return 0 };
        match list.stored() {
            Some(stored) if stored.items == self.items => stored.bytes.len() + LIST_ALIGN,
            Some(_) => 0,
            None if list.count() == 0 => 0,
            None => max_bytes(items, list).saturating_add(LIST_ALIGN),
        }
    }

    /// Writes the leaf of a row. Its claim must include [`OutItems::heap_bytes`].
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

impl<'w> SinkLeaves<'w> {
    /// The next leaf, of lists of records.
    pub fn items(&mut self) -> OutItems<'w> {
        let mut items = None;
        let place = self.next(|ty| {
            if let LeafType::Items(found) = ty {
                items = Some(found);
            }
            items.is_some()
        });
        OutItems::new(place, items)
    }
}

/// Writes a list, and returns its slot, which will be at address `at`. If too few bytes were
/// claimed, the list is empty and the visit fails.
fn list_slot(items: &'static Items, list: &impl PutItems, at: *mut u8, writer: &mut RowWriter) -> Slot {
    match list.stored() {
        // Bytes of another kind of list would be misread.
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
        writer.fail_oversized();
        0
    })
}

fn put_records(items: &'static Items, list: &impl PutItems, at: *mut u8, writer: &mut RowWriter) -> Option<Slot> {
    let (count, width) = (list.count(), items.layout().width());
    let number = u32::try_from(count).ok()?;
    let open = writer.open_list(FIRST_ITEM.checked_add(count.checked_mul(width)?)?, max_bytes(items, list))?;
    writer.put_in_list(open.start(), &number.to_le_bytes());
    let base = writer.region_start()?;
    // The rows were claimed just now, the sinks have the layout of the list, and both get a brand
    // of their own. So neither can be used with rows around the list. The writer claims no row
    // while a list is open.
    let leaves = SinkLeaves::all((base, writer.scratch()), items.layout());
    let rows = NewItems { next: open.start() + FIRST_ITEM, width, left: count, brand: PhantomData };
    list.write(leaves, rows, &mut Claims::of(writer));
    let (words, place) = writer.close_list(open, at)?;
    Some(slot::list(words, place))
}

/// Upper bound of the bytes of a list. Inner lists may need less padding.
fn max_bytes(items: &'static Items, list: &impl PutItems) -> usize {
    // Nothing is written through these sinks, because there is no row of their brand.
    let leaves = SinkLeaves::all((std::ptr::null_mut(), std::ptr::null_mut()), items.layout());
    let rows = list.count().saturating_mul(items.layout().width());
    let bytes = rows.saturating_add(list.heap_bytes(leaves)).saturating_add(FIRST_ITEM);
    // A sum that saturated stays too large to be claimed.
    bytes.checked_next_multiple_of(WORD).unwrap_or(usize::MAX)
}

/// A list that is being written into the variable part of a row.
pub(crate) struct OpenList {
    /// Places of the list's start, of the next value in it, and of the end of its claimed bytes.
    start: usize,
    next: usize,
    end: usize,
    /// The list around it, if any.
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
    /// Opens a list of at most `bytes` bytes. The first `fixed` are for rows, and zeroed. No row
    /// can be claimed until the list is closed.
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

    /// Closes a list. Returns its number of words, and its offset as stored in the slot `at`.
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
                Some((words, self.offset_from_slot(list.start, at)?))
            }
            None => {
                self.set_limit(list.limit);
                let in_page = list.start.checked_sub(self.run.as_ref()?.offset())?;
                Some((words, u32::try_from(in_page).ok()?))
            }
        }
    }

    /// As [`RowWriter::push_heap`]. While a list is being written, adds to the list. Returns the
    /// offset as stored in the slot `at`.
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
        self.offset_from_slot(start, at)
    }

    /// Converts a place to an offset from the first byte of the slot `at`, as slots in lists store
    /// it.
    fn offset_from_slot(&mut self, place: usize, at: *const u8) -> Option<u32> {
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
