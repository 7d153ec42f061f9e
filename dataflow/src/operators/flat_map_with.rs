//! Any number of records from each, with a state of the task: `flow.flat_map_with(|task| state, |state, r| items)`.
//!
//! * **The first closure** makes the state in each task, as that of [`map_with`](super::map_with).
//! * **The second closure sees** the state as `&mut`, and the record. It gives what that of [`flat_map`](super::flat_map) gives.
//!
//! ```
//! # use dataflow::prelude::*;
//! /// The days on which a meter said nothing: those between one reading and the next.
//! #[dataflow]
//! fn silent(readings: DataSet<u32>) -> DataSet<u32> {
//!     readings.sort(|day| day).flat_map_with(
//!         |_| None,
//!         |last, day| {
//!             let before = last.replace(day).unwrap_or(day);
//!             before + 1..day
//!         },
//!     )
//! }
//!
//! # fn main() -> dataflow::Result<()> {
//! assert_eq!(silent(Env::embedded().collection([7u32, 3, 4])?).collect()?, [5, 6]);
//! # Ok(())
//! # }
//! ```
//!
//! * **Order and tasks**: a state sees the records of its task alone, as said at [`map_with`](super::map_with); the items of one record
//!   follow each other.
//! * **Cost**: one call for each record; items are written as they come. It keeps the state and nothing else; what the state allocates is
//!   outside of the budget.
//! * **See also**: [`try_flat_map_with`](super::try_flat_map_with), [`Flow::map_partition`](crate::Flow::map_partition), which can also
//!   emit something after the last record.
