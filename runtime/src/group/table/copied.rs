//! Groups' rows as they are now, for whoever gives them while the table lives on.

use crate::error::{Error, Result};
use crate::group::table::GroupTable;
use crate::group::table::groups::Groups;
use crate::page::{Batch, RowWriter};

impl GroupTable {
    /// Copies the row of each of these groups, once for each group, to a writer of rows with the same leaves.
    ///
    /// # Errors
    /// [`OutOfMemory`](Error::OutOfMemory), and groups that were looked up in another table, or in this one before places lost their meaning.
    pub fn copy_groups(&self, groups: &Groups, to: &mut RowWriter) -> Result<()> {
        if groups.table != self.id {
            return Err(Error::Internal("groups that are to be copied are of another table".to_owned()));
        }
        let mut places = groups.places.clone();
        places.sort_unstable();
        places.dedup();
        // SAFETY: read only at the places of groups, which are rows of this table, as the ids agree; it is borrowed meanwhile.
        let batch = unsafe { Batch::from_leaves(usize::MAX, (0..self.leaves).map(|leaf| self.stored_leaf(leaf))) };
        // SAFETY: the places are rows of the batch.
        unsafe { to.append_rows(&batch, None, &places, |_, _| ()) }
    }
}
