//! Emits one record for each record, with a state per task:
//! `flow.map_with(|task| state, |state, r| value)`.
//!
//! * **First closure**: creates the state. Runs once per task, before the first record. Receives
//!   the [`Task`](crate::Task), with `task.index` and `task.tasks`. The state is any value that is
//!   `Send` and borrows nothing.
//! * **Second closure**: receives the state as `&mut`, and the record in the form that
//!   [`map`](super::map) describes. Returns the same as the closure of `map`.
//!
//! ```
//! # use dataflow::prelude::*;
//! /// Each amount with the sum up to and including it.
//! #[dataflow]
//! fn running(amounts: DataSet<(u32, i64)>) -> DataSet<(u32, i64, i64)> {
//!     amounts.sort(|a| a.0).map_with(
//!         |_| 0i64,
//!         |sum, (day, amount)| {
//!             *sum += amount;
//!             (day, amount, *sum)
//!         },
//!     )
//! }
//!
//! # fn main() -> dataflow::Result<()> {
//! let amounts = Env::embedded().collection([(2u32, 7i64), (1, 5), (3, 1)])?;
//! assert_eq!(running(amounts).collect()?, [(1, 5, 5), (2, 7, 12), (3, 1, 13)]);
//! # Ok(())
//! # }
//! ```
//!
//! * **Order and tasks**: a state sees only the records of its task, in order. The engine decides
//!   which records these are, unless an operator before it does:
//!   [`Flow::partition_by`](crate::Flow::partition_by) with
//!   [`Flow::sort_partition`](crate::Flow::sort_partition), or [`Flow::sort`](crate::Flow::sort),
//!   after which one task has all records. Later filters do not move before it.
//! * **Cost**: one call per record. Holds only the state. Memory that the state allocates does not
//!   count towards the budget.
//! * **See also**: [`flat_map_with`](super::flat_map_with),
//!   [`filter_map_with`](super::filter_map_with), [`filter_with`](super::filter_with);
//!   [`try_map_with`](super::try_map_with) if the setup can fail;
//!   [`Flow::map_partition`](crate::Flow::map_partition) for one loop over all records of a task.
