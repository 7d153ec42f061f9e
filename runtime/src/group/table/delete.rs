//! Groups that are taken out one by one.

use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::group::table::GroupTable;
use crate::group::table::groups::Groups;
use crate::hash::{KeyShape, next_id, with_shape};
use crate::page::{LeafPtr, heap_bytes};
use crate::row::Physical;

impl GroupTable {
    /// Takes groups out; how many. Their room serves others. Places that were found before mean nothing then.
    ///
    /// # Errors
    /// A table whose rows have nothing to [say it](GroupTable::deletable).
    pub fn delete(&mut self, groups: &Groups) -> Result<usize> {
        if self.mark.is_none() {
            return Err(Error::Internal("rows are deleted of a table that was not made for it".to_owned()));
        }
        if groups.table != self.id {
            return Ok(0);
        }
        let (before, stored) = (self.index.len(), self.stored_key());
        let slots: SmallVec<[LeafPtr; 4]> = (0..self.layout.types().len())
            .map(|leaf| self.stored_leaf(leaf))
            .filter(|leaf| leaf.ty.physical() == Physical::Slot)
            .collect();
        with_shape!(&stored, shape => {
            for &place in &groups.places {
                // SAFETY: places of this table's groups are its rows; one that was deleted a moment ago, as another row has found it too,
                // still lies in its page, whatever its bytes are.
                let hash = unsafe { shape.hash(place) };
                // SAFETY: the index holds places of this table's rows.
                if self.index.take(hash, place, |place| unsafe { shape.hash(place) }) {
                    let part = self.part_of(hash);
                    // SAFETY: `place` is a row of the table that the index does not hold any more.
                    unsafe {
                        let heap = heap_bytes(&slots, place);
                        self.free(place, part, heap);
                    }
                }
            }
        });
        self.id = next_id();
        Ok(before - self.index.len())
    }
}
