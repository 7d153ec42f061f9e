//! Groups with texts in their state: a new row replaces a row whose text changes, as texts have any
//! length.
//!
//! The least and greatest texts of a group are in its row, like its key. So are the values that
//! `min_by` and `max_by` carry. A better value replaces the row, as in a `reduce`. Rows are
//! replaced before any other value of a window is added, and moved groups are looked up again. So
//! an input row whose text finds no room is left as a whole, and is counted once.
//!
//! # Limits
//! Tables of distinct values refer to groups by place, so one aggregate cannot have both.

use std::cmp::Ordering;

use smallvec::SmallVec;

use crate::error::Result;
use crate::group::table::GroupTable;
use crate::group::table::combine::Combining;
use crate::group::table::groups::Groups;
use crate::hash::{KeyShape, with_shape};
use crate::page::{Batch, Input, LeafPtr, Row, heap_bytes};
use crate::row::{LeafType, Physical};
use crate::sort::compare_leaves;

/// Leaves of the groups' rows that are of one input record. The first of them decides which record.
#[derive(Clone, Debug)]
pub struct Deciding {
    /// Pairs of a leaf of the input and one of the table. Among records with equal first leaves,
    /// the one with the least other leaves is kept. Missing values are the greatest.
    pub leaves: SmallVec<[(usize, usize); 2]>,
    /// Whether the first leaf is the validity of the second one, which decides.
    pub is_optional: bool,
    /// Whether the greatest value is kept, not the least.
    pub greatest: bool,
}

/// A [`Deciding`] with each leaf in the input and in stored rows.
struct Compared<'d> {
    leaves: SmallVec<[[LeafPtr; 2]; 2]>,
    deciding: &'d Deciding,
}

/// The order of two values, with missing ones last.
pub(crate) fn nulls_last(ty: LeafType, order: Ordering) -> Ordering {
    if ty == LeafType::Valid { order.reverse() } else { order }
}

impl Compared<'_> {
    /// Whether the values of a row of the input replace those of the group.
    ///
    /// # Safety
    /// `row` is a row of the input's batch, `group` one of the table's.
    unsafe fn is_better(&self, row: usize, group: usize) -> bool {
        let mut leaves = self.leaves.iter();
        if self.deciding.is_optional
            && let Some([here, there]) = leaves.next()
        {
            // SAFETY: the caller's promise; validity leaves are single bytes.
            let (here, there) = unsafe { (here.read::<u8>(row), there.read::<u8>(group)) };
            if here == 0 || there == 0 {
                return here != 0;
            }
        }
        let compare = |&[here, there]: &[LeafPtr; 2]| {
            // SAFETY: the caller's promise.
            let order = unsafe { compare_leaves(here, row, there, group) };
            nulls_last(here.ty, order)
        };
        let first = leaves.next().map_or(Ordering::Equal, compare);
        let first = if self.deciding.greatest { first.reverse() } else { first };
        leaves.fold(first, |order, leaf| order.then_with(|| compare(leaf))).is_lt()
    }
}

impl GroupTable {
    /// Gives each group the best values of its row and the input's rows. New groups must have been
    /// opened with those of their first row. Replaced rows move, so groups that are not
    /// [known](GroupTable::knows) after it are to be looked up again.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn replace_rows(&mut self, input: &Input<'_>, groups: &Groups, deciding: &[Deciding]) -> Result<()> {
        let batch = input.batch();
        let mut compared: SmallVec<[Compared<'_>; 2]> = SmallVec::new();
        for deciding in deciding {
            let pair = |&(from, to): &(usize, usize)| [batch.leaf(from), self.store.stored_leaf(to)];
            compared.push(Compared { leaves: deciding.leaves.iter().map(pair).collect(), deciding });
        }
        let fits = compared.iter().flat_map(|compared| &compared.leaves).all(|[here, there]| here.ty == there.ty);
        debug_assert!(fits, "values are compared with something else");
        if !fits {
            return Ok(());
        }
        let mut taken: SmallVec<[(usize, LeafPtr); 4]> = SmallVec::new();
        self.combine(input, groups, |_, _, mut pairs| {
            while let Some((group, row)) = pairs.next() {
                taken.clear();
                // SAFETY: `row` is a row of the input's batch, `group` one of this table's.
                let better = compared.iter().filter(|compared| unsafe { compared.is_better(row.index, group.index) });
                for Compared { leaves, deciding } in better {
                    taken.extend(deciding.leaves.iter().zip(leaves).map(|(&(_, to), &[here, _])| (to, here)));
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

    /// Whether groups are those of an input, and no row has moved since they were looked up.
    #[must_use]
    pub fn knows(&self, input: &Input<'_>, groups: &Groups) -> bool {
        self.has(groups) && groups.places.len() == input.len()
    }
}

impl<'b> Combining<'_, '_, 'b> {
    /// Replaces some leaves of the last pair's group (leaf of the table, leaf of the input's batch)
    /// by those of the pair's row.
    fn take_leaves(&mut self, row: &Row<'b>, taken: &[(usize, LeafPtr)]) -> Result<()> {
        let Some(group) = self.group.take() else { return Ok(()) };
        let only =
            |leaf: LeafPtr, row: usize| LeafPtr { base: leaf.base.wrapping_add(row * leaf.stride), stride: 0, ..leaf };
        let leaf_of = |leaf: usize| match taken.iter().find(|(to, _)| *to == leaf) {
            Some(&(_, from)) => only(from, row.index),
            None => only(self.table.store.stored_leaf(leaf), group),
        };
        let leaves: SmallVec<[LeafPtr; 8]> = (0..self.table.store.layout.types().len()).map(leaf_of).collect();
        let slots: SmallVec<[LeafPtr; 4]> =
            leaves.iter().copied().filter(|leaf| leaf.ty.physical() == Physical::Slot).collect();
        // SAFETY: `group` is a row of the table. Each leaf is of that row or of the pair's row of
        // the input, with a stride of 0.
        let (hash, heap) = unsafe { (with_shape!(&self.key, shape => shape.hash(group)), heap_bytes(&slots, 0)) };
        let part = self.table.part_of(hash);
        // SAFETY: as above, the leaves are readable as one row. The new row is written to a place
        // that was claimed for it alone.
        let merged = unsafe { Batch::from_leaves(1, leaves) };
        // SAFETY: the batch has one row.
        match unsafe { self.table.store.append_row(&merged, 0, part, heap)? } {
            Some(moved) => self.moved_from(group, moved, hash),
            None => self.stop_before(group),
        }
        Ok(())
    }
}
