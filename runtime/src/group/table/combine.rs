//! Rows of groups that a kernel replaces, one input row after the other.

use std::marker::PhantomData;

use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::group::table::GroupTable;
use crate::group::table::groups::Groups;
use crate::group::table::growth::GrowthPolicy;
use crate::hash::{KeyLeaf, KeyShape, next_table_id, with_shape};
use crate::memory::limits::PAGE_BYTES;
use crate::page::{Batch, Claims, Input, LeafPtr, LeafReader, Row, RowIds, RowWriter};

/// Most bytes of closed pages with records of the kernel. Beyond them, [`Combining`] returns no
/// more pairs, unless growth of the table is required.
const SCRATCH_BYTES: usize = 4 * PAGE_BYTES;

/// The result of [`Combining::settle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combined {
    /// The record is the group's row now.
    Kept,
    /// The kernel wrote no record, or more than one.
    NotOne,
    /// The record has another key.
    KeyChanged,
}

/// Iterates over the rows of an input that did not open their group, each with the current row of
/// its group.
pub struct Combining<'c, 'g, 'b> {
    pub(crate) table: &'c mut GroupTable,
    rows: RowIds<'b>,
    places: &'c [usize],
    fresh: &'c [u32],
    pub(crate) key: SmallVec<[KeyLeaf; 4]>,
    pub(crate) slots: SmallVec<[LeafPtr; 4]>,
    position: usize,
    /// The group's row of the last pair.
    pub(crate) group: Option<usize>,
    /// Number of rows that the kernel has written.
    written: usize,
    /// Rows that were replaced since the table was probed: place, part, and the bytes that slots
    /// point to. The kernel may hold references into them, so their places are freed when it is
    /// done.
    left: Vec<(usize, usize, usize)>,
    /// Whether a group's row has moved since the table was probed.
    moved: bool,
    /// No more pairs are returned, as the table or the kernel's records have no room.
    stopped: bool,
    brand: PhantomData<fn(&'g ()) -> &'g ()>,
}

impl GroupTable {
    /// Calls `f` with the groups' leaves, the input's leaves, and the pairs of rows to combine.
    /// [`Combining::settle`] makes the record that a kernel wrote for a pair the group's row. New
    /// groups must have been opened as copies of their first row.
    ///
    /// If there is no room for a row, or the kernel's records take some pages, no more pairs are
    /// returned. [`GroupTable::uncombined`] returns the rest.
    #[inline(always)]
    pub fn combine<R>(
        &mut self,
        input: &Input<'_>,
        groups: &Groups,
        f: impl for<'g, 'b> FnOnce(LeafReader<'g>, LeafReader<'b>, Combining<'_, 'g, 'b>) -> R,
    ) -> R {
        // SAFETY: the leaves are read through `Row`s that `Combining` makes of places of the
        // table's rows. It borrows the table as long as the leaves' brand lives, so the table is
        // neither drained nor compacted meanwhile. Only rows without slots, into which there are no
        // references, are written over.
        let stored = unsafe { self.store.batch(self.store.layout.types().len()) };
        input.visit(|leaves, rows| f(LeafReader::new(&stored), leaves, Combining::new(self, rows, groups)))
    }
}

impl<'c, 'g, 'b> Combining<'c, 'g, 'b> {
    fn new(table: &'c mut GroupTable, rows: RowIds<'b>, groups: &'c Groups) -> Self {
        let own = table.has(groups) && groups.places.len() == rows.len();
        let (places, fresh) = if own { (&groups.places[..], &groups.fresh[..]) } else { (&[][..], &[][..]) };
        // Rows are compared with rows of the same layout: places on both sides.
        Combining {
            key: table.stored_key(),
            slots: table.store.slots(),
            table,
            rows,
            places,
            fresh,
            position: 0,
            group: None,
            written: 0,
            left: Vec::new(),
            moved: false,
            stopped: false,
            brand: PhantomData,
        }
    }

    /// The next pair: the group's row, and a row that did not open the group.
    #[allow(clippy::should_implement_trait, reason = "`settle` is called between two pairs")]
    pub fn next(&mut self) -> Option<(Row<'g>, Row<'b>)> {
        if self.stopped {
            return None;
        }
        while self.fresh.first() == Some(&(self.position as u32)) {
            self.fresh = &self.fresh[1..];
            self.position += 1;
        }
        let probed = *self.places.get(self.position)?;
        let row = self.rows.get(self.position);
        self.position += 1;
        let place = if self.moved { self.current(probed) } else { probed };
        self.group = Some(place);
        Some((Row { index: place, brand: PhantomData }, row))
    }

    /// The place of the row of a group that was at `probed`. A replaced row still has its bytes
    /// there, with the same key.
    fn current(&self, probed: usize) -> usize {
        let table = &self.table;
        with_shape!(&self.key, shape => {
            // SAFETY: `probed` and the index's places are rows of the table.
            let same = |place: usize| unsafe { shape.same(probed, table.store.base.add(place)) };
            // SAFETY: as above.
            table.index.find(unsafe { shape.hash(probed) }, same)
        })
        .unwrap_or(probed)
    }

    /// Makes the record that was written since the last call the row of the last pair's group. The
    /// writer has the table's layout, and was empty at the first pair.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn settle(&mut self, claims: &mut Claims<'_>) -> Result<Combined> {
        if !claims.is_whole() {
            // The visit returns the error.
            return Ok(Combined::NotOne);
        }
        let writer = claims.writer();
        let Some(group) = self.group.take().filter(|_| writer.layout() == self.table.layout()) else {
            return Err(Error::Internal("a record without a group to replace".to_owned()));
        };
        if writer.sealed_rows() + writer.open_rows() != self.written + 1 {
            // If the record found no room, the pair may be combined again.
            self.group = Some(group);
            return Ok(Combined::NotOne);
        }
        self.written += 1;
        let Some(made) = writer.last_row() else { return Ok(Combined::NotOne) };
        let is_much =
            self.table.store.growth.policy != GrowthPolicy::Required && writer.sealed_bytes() >= SCRATCH_BYTES;
        let base = self.table.store.base;
        self.keep(group, made, writer);
        // SAFETY: `made` is a row of the writer's, `group` one of the table's, of one layout.
        if !self.keeps_key() && !with_shape!(&self.key, shape => unsafe { shape.same(made, base.add(group)) }) {
            return Ok(Combined::KeyChanged);
        }
        let width = self.table.store.layout.width();
        if self.slots.is_empty() {
            // SAFETY: both are rows of `width` bytes, of different runs. There are no references
            // into a row without slots.
            unsafe { self.table.store.in_place.copy(made, group, width) };
        } else {
            // SAFETY: `group` is a row of the table.
            let hash = with_shape!(&self.key, shape => unsafe { shape.hash(group) });
            match self.moved_to(made, group, self.table.part_of(hash))? {
                Some(moved) => self.moved_from(group, moved, hash),
                None => self.stop_before(group),
            }
        }
        self.stopped |= is_much;
        Ok(Combined::Kept)
    }

    /// Stops. The last pair is to be combined again, later.
    pub(crate) fn stop_before(&mut self, group: usize) {
        (self.group, self.stopped) = (Some(group), true);
    }

    /// Copies the leaves that a kernel does not write from the group's row to a written row. Of a
    /// slot, only the length is valid there: its variable part is in the page of the group's row.
    fn keep(&self, group: usize, made: usize, writer: &mut RowWriter) {
        let table = &self.table;
        for leaf in table.written..table.store.layout.types().len() {
            let Some(offset) = table.store.layout.offset(leaf) else { continue };
            let (width, Some(start)) = (table.store.layout.types()[leaf].width(), writer.region_start()) else {
                continue;
            };
            // SAFETY: both are rows of the table's layout, of different runs, the second one the
            // writer's. The kernel has no reference into a leaf that it does not write.
            unsafe {
                std::ptr::copy_nonoverlapping(table.store.base.add(group + offset), start.add(made + offset), width);
            }
        }
    }

    /// Whether the kernel writes no leaf of the key.
    fn keeps_key(&self) -> bool {
        !self.table.key.is_empty() && self.table.key.iter().all(|&leaf| leaf >= self.table.written)
    }

    /// Points the table to the row at `moved`, which replaces that at `group`. Their key has this
    /// hash.
    pub(crate) fn moved_from(&mut self, group: usize, moved: usize, hash: u64) {
        // SAFETY: the row at `moved` replaces that at `group`, which is not free yet.
        unsafe { self.table.move_row(hash, [group, moved], &self.key) };
        // SAFETY: `group` is a row of the table.
        let heap = unsafe { crate::page::heap_bytes(&self.slots, group) };
        self.left.push((group, self.table.part_of(hash), heap));
        self.moved = true;
    }

    /// Copies a written row with its variable parts to the end of a part. Leaves that the kernel
    /// does not write are copied from `group`. Returns the place; `None` if memory is refused.
    fn moved_to(&mut self, made: usize, group: usize, part: usize) -> Result<Option<usize>> {
        let store = &mut self.table.store;
        // SAFETY: `made` is a row of the writer's, whose layout is the table's.
        let heap = unsafe { crate::page::heap_bytes(&self.slots, made) };
        if heap == 0 {
            let Some(place) = store.claim(part, 0)? else { return Ok(None) };
            // SAFETY: `width` bytes at `place` were claimed, now or for a row that was replaced
            // before this call of `combine`, into which there are no references. Slots without
            // variable parts are valid at any place.
            unsafe {
                store.in_place.copy(made, place, store.layout.width());
            }
            store.collect(part, 0);
            return Ok(Some(place));
        }
        let kept_from = self.table.written;
        let leaves = store.stored_leaves().enumerate().map(|(leaf, stored)| match stored {
            // The leaf is read at `made`, and its value is at `group`.
            kept if leaf >= kept_from && kept.stride != 0 => {
                LeafPtr { base: kept.base.wrapping_add(group).wrapping_sub(made), ..kept }
            }
            written => written,
        });
        // SAFETY: read at `made` only, a row of the writer's, whose layout is the table's. Leaves
        // that are kept are then read at `group`, a row of the table's.
        let written = unsafe { Batch::from_leaves(usize::MAX, leaves) };
        // SAFETY: as above.
        unsafe { store.append_row(&written, made, part, heap) }
    }
}

impl Drop for Combining<'_, '_, '_> {
    /// Frees the places of replaced rows, as the kernel is done.
    fn drop(&mut self) {
        // The last pair was not combined if it was not settled.
        let position = self.position - usize::from(self.group.is_some());
        self.table.stopped = (position < self.places.len()).then_some((position, self.group.is_some()));
        for (place, part, heap) in self.left.drain(..) {
            // SAFETY: the index has another row for the group, and the kernel is done.
            unsafe { self.table.store.free(place, part, heap) };
        }
        if self.moved {
            self.table.id = next_table_id();
        }
    }
}

impl GroupTable {
    /// Lists the positions of the input that the last call of [`GroupTable::combine`] did not
    /// combine. Returns `true` if memory was refused.
    pub fn uncombined(&mut self, groups: &Groups, positions: &mut Vec<usize>) -> bool {
        positions.clear();
        let Some((first, refused)) = self.stopped.take() else { return false };
        let opens = |position: &usize| groups.fresh.binary_search(&(*position as u32)).is_err();
        positions.extend((first..groups.places.len()).filter(opens));
        refused
    }
}
