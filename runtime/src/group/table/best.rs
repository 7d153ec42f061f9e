//! Groups' rows that give way to better ones.

use smallvec::SmallVec;

use crate::error::Result;
use crate::group::table::GroupTable;
use crate::group::table::groups::Groups;
use crate::hash::{KeyShape, with_shape};
use crate::page::{Batch, Input, LeafPtr, heap_bytes};
use crate::row::Physical;
use crate::sort::{OrderKey, compare_leaves};

/// One leaf of an order: in the input, in stored rows, and which way.
type Compared = (LeafPtr, LeafPtr, bool);

impl GroupTable {
    /// Gives each group the first of its row and the input's rows in an order, whose leaves are the same in both. New groups must have been
    /// opened as copies of their first row, leaf by leaf.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn keep_best(&mut self, input: &Input<'_>, groups: &Groups, order: &[OrderKey]) -> Result<()> {
        let compared: SmallVec<[Compared; 8]> = order
            .iter()
            .map(|key| (input.batch().leaf(key.leaf), self.stored_leaf(key.leaf), key.descending))
            .collect();
        let fits = compared.iter().all(|(asked, stored, _)| asked.ty == stored.ty);
        debug_assert!(fits, "rows are compared with rows of another kind");
        if !fits {
            return Ok(());
        }
        self.combine(input, groups, |_, _, mut pairs| {
            while let Some((group, row)) = pairs.next() {
                let is_better = compared.iter().find_map(|&(asked, stored, descending)| {
                    // SAFETY: `row` is a row of the input's batch, `group` one of this table's.
                    let order = unsafe { compare_leaves(asked, row.index, stored, group.index) };
                    order.is_ne().then_some(if descending { order.is_gt() } else { order.is_lt() })
                });
                if is_better == Some(true) {
                    pairs.replace(input.batch(), row.index)?;
                } else {
                    pairs.group = None;
                }
            }
            Ok(())
        })
    }
}

impl crate::group::table::combine::Combining<'_, '_, '_> {
    /// Gives the group that was handed out last a copy of its pair's row, number `row` of the input's `batch`.
    fn replace(&mut self, batch: &Batch<'_>, row: usize) -> Result<()> {
        let Some(group) = self.group.take() else { return Ok(()) };
        if batch.leaf_count() < self.table.layout.types().len() {
            return Ok(());
        }
        if self.slots.is_empty() {
            let leaves: SmallVec<[(usize, usize); 8]> =
                (0..self.table.layout.types().len()).map(|leaf| (leaf, leaf)).collect();
            // SAFETY: `group` is a row of the table, `row` one of the batch, and no leaf needs heap room.
            unsafe { self.table.parts[0].rows.copy_row(batch, row, &leaves, group) };
            return Ok(());
        }
        // SAFETY: `group` is a row of the table, `row` one of the batch.
        let (hash, heap) = unsafe {
            let leaves: SmallVec<[LeafPtr; 4]> = (0..self.table.layout.types().len())
                .map(|leaf| batch.leaf(leaf))
                .filter(|leaf| leaf.ty.physical() == Physical::Slot)
                .collect();
            (with_shape!(&self.key, shape => shape.hash(group)), heap_bytes(&leaves, row))
        };
        let part = self.table.part_of(hash);
        if !self.table.has_room(part, heap) {
            self.stop_before(group);
            return Ok(());
        }
        let mut moved = group;
        // SAFETY: `row` is a row of the batch.
        unsafe { self.table.parts[part].rows.append_rows(batch, None, &[row], |_, place| moved = place)? };
        self.table.collect(part, heap);
        self.moved_from(group, moved, hash);
        Ok(())
    }
}
