//! Keeps the records for which a condition holds, with a state per task:
//! `flow.filter_with(|task| state, |state, r| condition)`.
//!
//! * **First closure**: creates the state of each task, as in [`map_with`](super::map_with).
//! * **Second closure**: receives the state as `&mut`, and the record. Returns a `bool`.
//!
//! ```
//! # use dataflow::prelude::*;
//! /// The first visit of each customer.
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
//! * **Order and tasks**: a state sees only the records of its task, see
//!   [`map_with`](super::map_with). The filter does not move, because the result depends on the
//!   records that reach it.
//! * **Cost**: one call per record, in place, without copies. Holds only the state. Memory that the
//!   state allocates does not count towards the budget.
//! * **See also**: the method [`Flow::filter_with`](crate::Flow::filter_with);
//!   [`try_filter_with`](super::try_filter_with); [`Flow::distinct_by`](crate::Flow::distinct_by)
//!   for one record per key over all tasks.
