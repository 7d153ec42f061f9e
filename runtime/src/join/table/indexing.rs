//! A table that several tasks index at the same time, and then all of them probe.
//!
//! Each task takes a page that no other has taken, and puts its rows into the one index by hashes, whose entries are swapped atomically: a row that comes to the entry of its
//! key takes its place, and links to the row that was there. So rows of one key may come from any tasks. Nobody probes before the rows of all pages are indexed. (Leis and
//! others, *Morsel-Driven Parallelism*, 2014.)
//!
//! An index by the keys themselves is made by one task. It hashes and compares nothing, so atomic operations would take longer than all else that it does: with them, two
//! tasks were slower than one without.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Result;
use crate::join::table::JoinTable;
use crate::join::table::lookup::Lookup;

/// A table with all of its rows, of which some may not be indexed yet.
pub(crate) struct SharedTable {
    table: JoinTable,
    /// The first page that no task has taken.
    next: AtomicUsize,
    /// Pages that are not indexed yet.
    left: AtomicUsize,
}

impl SharedTable {
    /// A table whose rows are all there, and are to be indexed by several tasks where that is by hashes; takes the memory for the index.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub(crate) fn new(mut table: JoinTable) -> Result<Self> {
        table.rows.seal();
        table.collect();
        let pages = table.rows.pages().len();
        let lookup = table.empty_lookup()?;
        let (next, left) = match lookup {
            Lookup::Hashed(..) => {
                table.lookup = lookup;
                (0, pages)
            }
            Lookup::Dense(_) | Lookup::DenseFar(_) => {
                table.index(lookup);
                (pages, 0)
            }
        };
        Ok(SharedTable { table, next: AtomicUsize::new(next), left: AtomicUsize::new(left) })
    }

    /// Indexes the rows of the next page; whether there was one that no task had taken.
    pub(crate) fn index_next(&self) -> bool {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let Some(page) = self.table.rows.pages().get(number) else { return false };
        // SAFETY: the page is the table's. Only this call got its number. `table` gives the table to nobody as long as this page counts as left.
        unsafe { self.table.index_shared(page) };
        // What this thread wrote is seen by who finds that no page is left.
        self.left.fetch_sub(1, Ordering::AcqRel);
        true
    }

    /// The table, once all of its rows are indexed.
    #[inline(always)]
    pub(crate) fn table(&self) -> Option<&JoinTable> {
        (self.left.load(Ordering::Acquire) == 0).then_some(&self.table)
    }
}
