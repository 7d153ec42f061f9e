//! Groups' rows that give way to better ones.

use smallvec::SmallVec;

use crate::error::Result;
use crate::group::table::GroupTable;
use crate::group::table::groups::Groups;
use crate::page::{Input, LeafPtr};
use crate::sort::{OrderKey, compare_leaves};

/// One leaf of an order: in the input, in stored rows, and which way.
type Compared = (LeafPtr, LeafPtr, bool);

impl GroupTable {
    /// Gives each group the first of its row and the input's rows in an order, whose leaves are the
    /// same in both. New groups must have been opened as copies of their first row, leaf by leaf.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn keep_best(&mut self, input: &Input<'_>, groups: &Groups, order: &[OrderKey]) -> Result<()> {
        let compared: SmallVec<[Compared; 8]> = order
            .iter()
            .map(|key| (input.batch().leaf(key.leaf), self.store.stored_leaf(key.leaf), key.descending))
            .collect();
        let fits = compared.iter().all(|(asked, stored, _)| asked.ty == stored.ty);
        debug_assert!(fits, "rows are compared with rows of another kind");
        if !fits {
            return Ok(());
        }
        let parts = self.store.parts_of(input.batch());
        self.combine(input, groups, |_, _, mut pairs| {
            while let Some((group, row)) = pairs.next() {
                let is_better = compared.iter().find_map(|&(asked, stored, descending)| {
                    // SAFETY: `row` is a row of the input's batch, `group` one of this table's.
                    let order = unsafe { compare_leaves(asked, row.index, stored, group.index) };
                    order.is_ne().then_some(if descending { order.is_gt() } else { order.is_lt() })
                });
                if is_better == Some(true) {
                    pairs.replace(input.batch(), &parts, row.index)?;
                } else {
                    pairs.group = None;
                }
            }
            Ok(())
        })
    }
}
