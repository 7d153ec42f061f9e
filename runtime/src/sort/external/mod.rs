//! External merge sort: rows are sorted in memory, or in runs on disk that are merged.
//!
//! ```text
//!   add ─► buffer ─(full: sort, write)─► run, run … ─(too many: merge some)─► emit: merge
//!             └──(everything fits)─────────────────────────────────────────────► emit: from memory
//! ```
//! A run is written while the next rows arrive. Rows that are in memory at the end stay there as
//! one stream of the merge, if the merge has enough memory besides. If memory cannot hold a page of
//! each run, the runs are merged in several passes. The smallest runs are merged first, and only as
//! many as needed to make all later merges full.
//!
//! Source: Knuth, *The Art of Computer Programming*, vol. 3, 5.4.9.

mod groups;
mod large;
mod merging;
mod runs;
mod shares;
mod cogroup;
mod sorter;
mod streams;
#[cfg(test)]
mod tests;
mod total;

pub use groups::GroupSorter;
pub use large::LargeGroup;
pub use sorter::Sorter;
pub use total::{TotalOrderRendezvous, TotalOrderSorter};

/// A call that writes or merges returns `Yield` after this number of pages.
const PAGES_PER_CALL: usize = 16;

/// The minimum and the maximum number of pages that wait to be written.
const UNWRITTEN_PAGES: [usize; 2] = [3, 64];
