//! The external sort: rows are sorted in memory as far as it goes, in runs on disk beyond that, and merged.
//!
//! ```text
//!   add ──► buffer ──(full: sort, write)──► run, run, run … ──(too many: merge some)──► emit: merge of what is left
//!              └────────────(everything fits)──────────────────────────────────────────► emit: as it lies in memory
//! ```
//! A run is written while the next rows come. What is in memory at the end stays there as one of the merge's streams if the merge has room
//! beside it. A merge of more runs than there are pages for is done in several passes, the smallest runs first and as few of them as make
//! the later passes full (Knuth, The Art of Computer Programming 3, 5.4.9).

mod groups;
mod large;
mod merging;
mod runs;
mod shares;
mod side_by_side;
mod sorter;
mod streams;
#[cfg(test)]
mod tests;
mod total;

pub use groups::GroupSorter;
pub use large::LargeGroup;
pub use sorter::Sorter;
pub use total::{TotalOrderRendezvous, TotalOrderSorter};

/// A call that writes or merges gives its thread back after so many pages.
const PAGES_A_CALL: usize = 16;

/// Pages that may wait to be written, at least and at most.
const UNWRITTEN_PAGES: [usize; 2] = [3, 64];
