//! One record from each, with a state of the task: `flow.map_with(|task| state, |state, r| value)`.
//!
//! * **The first closure sees** its [`Task`](crate::Task), of which it may read `task.index` and `task.tasks`. It gives the state: any
//!   value that is `Send` and borrows nothing. It runs once in each task, before the first record.
//! * **The second closure sees** the state as `&mut`, and the record as that of [`map`](super::map) does. It gives what that of `map`
//!   gives.
//!
//! ```
//! # use dataflow::prelude::*;
//! /// Each amount with the sum of those before it and its own.
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
//! * **Order and tasks**: a state sees the records of its task alone, in their order. Which these are is up to the engine, unless an
//!   operator before says so: [`Flow::partition_by`](crate::Flow::partition_by) with [`Flow::sort_partition`](crate::Flow::sort_partition),
//!   or [`Flow::sort`](crate::Flow::sort), behind which one task has all. Filters stay behind it.
//! * **Cost**: one call for each record. It keeps the state and nothing else; what the state allocates is outside of the budget.
//! * **See also**: [`flat_map_with`](super::flat_map_with), [`filter_map_with`](super::filter_map_with),
//!   [`filter_with`](super::filter_with), and [`try_map_with`](super::try_map_with) where setting up may fail;
//!   [`Flow::map_partition`](crate::Flow::map_partition) goes over all records of a task in one loop.
