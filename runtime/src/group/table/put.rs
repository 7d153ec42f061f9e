//! Groups' rows that give way to whole records.

use smallvec::SmallVec;

use crate::error::Result;
use crate::group::table::GroupTable;
use crate::group::table::combine::Combining;
use crate::group::table::groups::Groups;
use crate::hash::{KeyShape, with_shape};
use crate::page::{Batch, Input, LeafPtr, Part, heap_bytes, source};
use crate::row::Physical;

impl GroupTable {
    /// Gives each group its input row, leaf by leaf; of several, the last. New groups must have been opened as copies of their first row. What finds no room
    /// is [uncombined](GroupTable::uncombined).
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn put(&mut self, input: &Input<'_>, groups: &Groups) -> Result<()> {
        let parts = self.parts_of(input.batch());
        if parts.iter().any(|part| part.from.ty.physical() == Physical::Slot) {
            return self.combine(input, groups, |_, _, mut pairs| {
                while let Some((_, row)) = pairs.next() {
                    pairs.replace(input.batch(), &parts, row.index)?;
                }
                Ok(())
            });
        }
        if groups.table == self.id && groups.places.len() == input.len() {
            let rows: SmallVec<[usize; 1024]> = input.selection().rows().iter().map(|&row| row as usize).collect();
            // SAFETY: the places are rows of this table, which `&mut self` owns; the rows are the input's batch's, and no leaf needs heap room.
            // They are written in order, so the last of several rows of a group stays.
            unsafe { self.parts[0].rows.copy_parts(&parts, &rows, &groups.places) };
        }
        Ok(())
    }

    /// What of a batch whose leaves are the table's own is copied to a row.
    pub(crate) fn parts_of(&self, batch: &Batch<'_>) -> SmallVec<[Part; 8]> {
        let part = |leaf: usize| {
            Some(Part { from: source(batch, leaf, self.layout.types()[leaf]), offset: self.layout.offset(leaf)? })
        };
        (0..self.leaves).filter_map(part).collect()
    }
}

impl Combining<'_, '_, '_> {
    /// Gives the group that was handed out last a copy of its pair's row, number `row` of the input's `batch`, whose leaves are `parts`.
    pub(crate) fn replace(&mut self, batch: &Batch<'_>, parts: &[Part], row: usize) -> Result<()> {
        let Some(group) = self.group.take() else { return Ok(()) };
        if batch.leaf_count() < self.table.leaves {
            return Ok(());
        }
        let slots: SmallVec<[LeafPtr; 4]> =
            parts.iter().map(|part| part.from).filter(|from| from.ty.physical() == Physical::Slot).collect();
        // SAFETY: `row` is a row of the batch.
        let heap = unsafe { heap_bytes(&slots, row) };
        if heap == 0 {
            // SAFETY: `group` is a row of the table, `row` one of the batch, and no leaf needs heap room. Who replaces whole rows holds nothing of them.
            let left = unsafe {
                let left = heap_bytes(&self.slots, group);
                self.table.parts[0].rows.copy_parts(parts, &[row], &[group]);
                left
            };
            if left > 0 {
                // SAFETY: `group` is a row of the table.
                let hash = with_shape!(&self.key, shape => unsafe { shape.hash(group) });
                let part = self.table.part_of(hash);
                self.table.parts[part].garbage += left;
            }
            return Ok(());
        }
        // SAFETY: `group` is a row of the table.
        let hash = with_shape!(&self.key, shape => unsafe { shape.hash(group) });
        let part = self.table.part_of(hash);
        if !self.table.has_room(part, heap) {
            self.stop_before(group);
            return Ok(());
        }
        let mut moved = group;
        // SAFETY: `row` is a row of the batch.
        unsafe { self.table.parts[part].rows.append_rows(batch, &[row], |_, place| moved = place)? };
        self.table.collect(part, heap);
        self.moved_from(group, moved, hash);
        Ok(())
    }
}
