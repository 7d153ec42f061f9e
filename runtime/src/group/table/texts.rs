//! Groups' least and greatest texts: a row whose text gives way to another is replaced, since texts are of any length.
//!
//! **A text in a state replaces its row.** The least and greatest texts of a group lie in its row, as its key does, and a better one replaces the
//! row, as in a `reduce`: the table has one way for rows that grow. It is done before anything of a window is added up, and groups are looked up
//! again where a row has moved, so a row whose text finds no room is left as a whole and counts once. Tables of distinct values know groups by
//! place, so the two do not meet.

use smallvec::SmallVec;

use crate::error::Result;
use crate::group::table::GroupTable;
use crate::group::table::combine::Combining;
use crate::group::table::groups::Groups;
use crate::hash::{KeyShape, with_shape};
use crate::page::{Batch, Input, LeafPtr, Row, heap_bytes};
use crate::row::Physical;
use crate::sort::compare_leaves;

/// A leaf of the groups' rows that is the least or greatest of an input's texts.
#[derive(Clone, Copy, Debug)]
pub struct ExtremeText {
    /// The input's leaf.
    pub from: usize,
    /// The table's leaf.
    pub to: usize,
    /// Whether the leaf before says, here and there, if there is a text.
    pub is_optional: bool,
    /// Whether it is the greatest.
    pub greatest: bool,
}

/// One of them, ready: texts in the input and in stored rows, and what says whether they are there.
struct Compared {
    asked: LeafPtr,
    stored: LeafPtr,
    valid: Option<[LeafPtr; 2]>,
    extreme: ExtremeText,
}

impl Compared {
    /// Whether the text of a row of the input is the group's from now on.
    ///
    /// # Safety
    /// `row` is a row of the input's batch, `group` one of the table's.
    unsafe fn is_better(&self, row: usize, group: usize) -> bool {
        if let Some([here, there]) = self.valid {
            // SAFETY: the caller's promise; validity leaves are single bytes.
            let (here, there) = unsafe { (here.read::<u8>(row), there.read::<u8>(group)) };
            if here == 0 || there == 0 {
                return here != 0;
            }
        }
        // SAFETY: the caller's promise.
        let order = unsafe { compare_leaves(self.asked, row, self.stored, group) };
        if self.extreme.greatest { order.is_gt() } else { order.is_lt() }
    }
}

impl GroupTable {
    /// Gives each group the least or greatest texts of its row and the input's rows. New groups must have been opened with those of their first
    /// row. Rows that are replaced move: the groups are to be looked up again where the table does not [know](GroupTable::knows) them after it.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn keep_texts(&mut self, input: &Input<'_>, groups: &Groups, extremes: &[ExtremeText]) -> Result<()> {
        let batch = input.batch();
        let compared = |&extreme: &ExtremeText| {
            let ExtremeText { from, to, is_optional, .. } = extreme;
            let valid = is_optional.then(|| [batch.leaf(from - 1), self.stored_leaf(to - 1)]);
            Compared { asked: batch.leaf(from), stored: self.stored_leaf(to), valid, extreme }
        };
        let compared: SmallVec<[Compared; 2]> = extremes.iter().map(compared).collect();
        let fits = compared.iter().all(|leaf| leaf.asked.ty == leaf.stored.ty);
        debug_assert!(fits, "texts are compared with something else");
        if !fits {
            return Ok(());
        }
        let mut taken: SmallVec<[(usize, LeafPtr); 4]> = SmallVec::new();
        self.combine(input, groups, |_, _, mut pairs| {
            while let Some((group, row)) = pairs.next() {
                taken.clear();
                // SAFETY: `row` is a row of the input's batch, `group` one of this table's.
                let better = compared.iter().filter(|leaf| unsafe { leaf.is_better(row.index, group.index) });
                for Compared { asked, valid, extreme, .. } in better {
                    taken.push((extreme.to, *asked));
                    taken.extend(valid.map(|[here, _]| (extreme.to - 1, here)));
                }
                if taken.is_empty() {
                    pairs.group = None;
                } else {
                    pairs.take_leaves(&row, &taken)?;
                }
            }
            Ok(())
        })
    }

    /// Whether what was found of an input's groups still holds: no row has moved since.
    #[must_use]
    pub fn knows(&self, input: &Input<'_>, groups: &Groups) -> bool {
        groups.table == self.id && groups.places.len() == input.len()
    }
}

impl<'b> Combining<'_, '_, 'b> {
    /// Gives the group that was handed out last some leaves (of the table, of the input's batch) of its pair's row.
    fn take_leaves(&mut self, row: &Row<'b>, taken: &[(usize, LeafPtr)]) -> Result<()> {
        let Some(group) = self.group.take() else { return Ok(()) };
        let only =
            |leaf: LeafPtr, row: usize| LeafPtr { base: leaf.base.wrapping_add(row * leaf.stride), stride: 0, ..leaf };
        let leaf_of = |leaf: usize| match taken.iter().find(|(to, _)| *to == leaf) {
            Some(&(_, from)) => only(from, row.index),
            None => only(self.table.stored_leaf(leaf), group),
        };
        let leaves: SmallVec<[LeafPtr; 8]> = (0..self.table.layout.types().len()).map(leaf_of).collect();
        let slots: SmallVec<[LeafPtr; 4]> =
            leaves.iter().copied().filter(|leaf| leaf.ty.physical() == Physical::Slot).collect();
        // SAFETY: `group` is a row of the table, and each leaf is of that row or of the input's row that the pair has: one row each.
        let (hash, heap) = unsafe { (with_shape!(&self.key, shape => shape.hash(group)), heap_bytes(&slots, 0)) };
        let part = self.table.part_of(hash);
        if !self.table.has_room(part, heap) {
            self.stop_before(group);
            return Ok(());
        }
        // SAFETY: as above: the leaves are readable as one row; neither lies where the new row is written, which was claimed for it alone.
        let merged = unsafe { Batch::from_leaves(1, leaves) };
        let mut moved = group;
        // SAFETY: the batch has one row.
        unsafe { self.table.parts[part].rows.append_rows(&merged, &[0], |_, place| moved = place)? };
        self.table.collect(part, heap);
        self.moved_from(group, moved, hash);
        Ok(())
    }
}
