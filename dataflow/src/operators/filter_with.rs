//! Keeps the records for which a condition holds, with a state of the task: `flow.filter_with(|task| state, |state, r| condition)`.
//!
//! * **The first closure** makes the state in each task, as that of [`map_with`](super::map_with).
//! * **The second closure sees** the state as `&mut`, and the record. It gives a `bool`.
//!
//! ```
//! # use dataflow::prelude::*;
//! /// Of each customer's visits in a row the first.
//! #[dataflow]
//! fn arrivals(visits: DataSet<(u64, u32)>) -> DataSet<(u64, u32)> {
//!     visits.partition_by(|v| v.0).sort_partition(|v| (v.0, v.1)).filter_with(
//!         |_| None,
//!         |last, v| last.replace(v.0) != Some(v.0),
//!     )
//! }
//!
//! # fn main() -> dataflow::Result<()> {
//! let visits = Env::embedded().collection([(2u64, 9u32), (1, 5), (2, 4)])?;
//! assert_eq!(arrivals(visits).collect()?, [(1, 5), (2, 4)]);
//! # Ok(())
//! # }
//! ```
//!
//! * **Order and tasks**: a state sees the records of its task alone, as said at [`map_with`](super::map_with). It runs where it is
//!   written: which records come to it decides what it keeps.
//! * **Cost**: one call for each record, in place; nothing is copied. It keeps the state and nothing else; what the state allocates is
//!   outside of the budget.
//! * **See also**: [`Flow::filter_with`](crate::Flow::filter_with) is the method; [`try_filter_with`](super::try_filter_with). One record
//!   of each key, whichever task has it: [`Flow::distinct_by`](crate::Flow::distinct_by).
