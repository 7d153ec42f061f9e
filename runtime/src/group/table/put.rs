//! Replaces rows of groups by whole records.

use smallvec::SmallVec;

use crate::error::Result;
use crate::group::table::GroupTable;
use crate::group::table::combine::Combining;
use crate::group::table::groups::Groups;
use crate::hash::{KeyShape, with_shape};
use crate::page::{Batch, Input, LeafCopy, LeafPtr, heap_bytes};
use crate::row::Physical;

impl GroupTable {
    /// Copies each input row to its group; of several, the last one stays. New groups must have
    /// been opened as copies of their first row. Rows that find no room are
    /// [uncombined](GroupTable::uncombined).
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn put(&mut self, input: &Input<'_>, groups: &Groups) -> Result<()> {
        let parts = self.store.parts_of(input.batch());
        if parts.iter().any(|part| part.from.ty.physical() == Physical::Slot) {
            return self.combine(input, groups, |_, _, mut pairs| {
                while let Some((_, row)) = pairs.next() {
                    pairs.replace(input.batch(), &parts, row.index)?;
                }
                Ok(())
            });
        }
        if self.knows(input, groups) {
            let rows: SmallVec<[usize; 1024]> = input.selection().rows().iter().map(|&row| row as usize).collect();
            // SAFETY: the places are rows of this table, which `&mut self` owns; the rows are the
            // input's batch's, and no leaf needs heap room. They are written in order, so the last
            // of several rows of a group stays.
            unsafe { self.store.parts[0].rows.copy_leaves(&parts, &rows, &groups.places) };
        }
        Ok(())
    }
}

impl Combining<'_, '_, '_> {
    /// Copies the row of the last pair, number `row` of the input's `batch`, to its group. `parts`
    /// are the leaves of the batch.
    pub(crate) fn replace(&mut self, batch: &Batch<'_>, parts: &[LeafCopy], row: usize) -> Result<()> {
        let Some(group) = self.group.take() else { return Ok(()) };
        if batch.leaf_count() < self.table.store.leaves {
            return Ok(());
        }
        let slots: SmallVec<[LeafPtr; 4]> =
            parts.iter().map(|part| part.from).filter(|from| from.ty.physical() == Physical::Slot).collect();
        // SAFETY: `row` is a row of the batch.
        let heap = unsafe { heap_bytes(&slots, row) };
        if heap == 0 {
            // SAFETY: `group` is a row of the table, `row` one of the batch, and no leaf needs heap
            // room. The caller has no references into rows that it replaces.
            let left = unsafe {
                let left = heap_bytes(&self.slots, group);
                self.table.store.parts[0].rows.copy_leaves(parts, &[row], &[group]);
                left
            };
            if left > 0 {
                // SAFETY: `group` is a row of the table.
                let hash = with_shape!(&self.key, shape => unsafe { shape.hash(group) });
                let part = self.table.part_of(hash);
                self.table.store.parts[part].garbage += left;
            }
            return Ok(());
        }
        // SAFETY: `group` is a row of the table.
        let hash = with_shape!(&self.key, shape => unsafe { shape.hash(group) });
        let part = self.table.part_of(hash);
        // SAFETY: `row` is a row of the batch.
        match unsafe { self.table.store.append_row(batch, row, part, heap)? } {
            Some(moved) => self.moved_from(group, moved, hash),
            None => self.stop_before(group),
        }
        Ok(())
    }
}
