//! A table that several tasks index at the same time. After that all of them probe it.
//!
//! Each task takes pages that no other task has taken, and adds their rows to one hash index.
//! Entries are swapped atomically: a row takes the entry of its key and links to the row that was
//! there. So rows of one key may come from any tasks. No task probes before the rows of all pages
//! are indexed.
//!
//! A dense index is built by one task. It hashes and compares nothing, so atomic operations would
//! dominate: with them, two tasks were slower than one task without.
//!
//! Source: Leis and others, *Morsel-Driven Parallelism*, 2014.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Result;
use crate::join::table::JoinTable;
use crate::join::table::lookup::Lookup;

/// A table with all of its rows. Some of them may not be indexed yet.
pub(crate) struct SharedTable {
    table: JoinTable,
    /// The first page that no task has taken.
    next: AtomicUsize,
    /// Pages that are not indexed yet.
    left: AtomicUsize,
}

impl SharedTable {
    /// Prepares a table with all its rows for indexing by several tasks. Allocates the index. A
    /// dense index is built here.
    ///
    /// # Errors
    /// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory).
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

    /// Indexes the rows of the next page. Returns `false` if all pages are taken.
    pub(crate) fn index_next(&self) -> bool {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let Some(page) = self.table.rows.pages().get(number) else { return false };
        // SAFETY: the page is one of the table's. Only this call received its number. `table` does
        // not return the table while this page counts as left.
        unsafe { self.table.index_shared(page) };
        // A thread that finds no page left sees all writes of this thread.
        self.left.fetch_sub(1, Ordering::AcqRel);
        true
    }

    /// The table. `None` until all of its rows are indexed.
    #[inline(always)]
    pub(crate) fn table(&self) -> Option<&JoinTable> {
        (self.left.load(Ordering::Acquire) == 0).then_some(&self.table)
    }
}
