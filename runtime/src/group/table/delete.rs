//! Deletes single groups.

use crate::error::{Error, Result};
use crate::group::table::GroupTable;
use crate::group::table::groups::Groups;
use crate::hash::{KeyShape, next_table_id, with_shape};
use crate::page::heap_bytes;

impl GroupTable {
    /// Deletes groups, whose places other rows may take. Returns their number. Places that were
    /// found before are invalid afterwards.
    ///
    /// # Errors
    /// Fails if rows of the table cannot be marked as deleted.
    pub fn delete(&mut self, groups: &Groups) -> Result<usize> {
        if !self.store.has_marks() {
            return Err(Error::Internal("rows are deleted of a table that was not made for it".to_owned()));
        }
        if !self.has(groups) {
            return Ok(0);
        }
        let (before, stored, slots) = (self.index.len(), self.stored_key(), self.store.slots());
        with_shape!(&stored, shape => {
            for &place in &groups.places {
                // SAFETY: places of this table's groups are its rows. One that was deleted in this
                // loop, as another row has found it too, is still in its page.
                let hash = unsafe { shape.hash(place) };
                // SAFETY: the index holds places of this table's rows.
                if self.index.take(hash, place, |place| unsafe { shape.hash(place) }) {
                    let part = self.part_of(hash);
                    if let Some(chains) = &mut self.chains {
                        // SAFETY: `place` is a row of the table that is not free yet.
                        unsafe { chains.unlink(place, &mut self.store, &stored) };
                    }
                    // SAFETY: `place` is a row of the table that the index does not hold any more.
                    unsafe {
                        let heap = heap_bytes(&slots, place);
                        self.store.free(place, part, heap);
                    }
                }
            }
        });
        self.id = next_table_id();
        Ok(before - self.index.len())
    }
}
