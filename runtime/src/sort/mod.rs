//! Sorting: rows in memory in an order, sorted runs on disk, and merges of both.

mod buffer;
mod external;
mod frozen;
mod in_memory;
mod kernel;
pub(crate) mod key;
mod merge;
mod order;
pub(crate) mod ranges;
mod small_rows;

pub use buffer::{SortBuffer, SortedRows};
pub use external::{GroupSorter, LargeGroup, Sorter, TotalOrderRendezvous, TotalOrderSorter};
pub use frozen::FrozenRows;
pub use in_memory::InMemorySort;
pub use kernel::{
    CoGroupFactory, CoGroupKernel, GROUP_ROWS, GroupFactory, GroupKernel, PartitionFactory, PartitionKernel,
    SideInputFactory, SideInputKernel,
};
pub use key::order_prefixes;
pub use merge::{Merge, MergeStep};
pub use order::OrderKey;
pub(crate) use order::compare_leaves;
pub use small_rows::{BucketSort, KeyBounds, SharedSplitters, SpreadRows};
