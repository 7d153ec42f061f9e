//! Emits any number of records for each record, with a state per task:
//! `flow.flat_map_with(|task| state, |state, r| items)`.
//!
//! * **First closure**: creates the state of each task, as in [`map_with`](super::map_with).
//! * **Second closure**: receives the state as `&mut`, and the record. Returns the same as the
//!   closure of [`flat_map`](super::flat_map).
//!
//! ```
//! # use dataflow::prelude::*;
//! /// The days without a reading of a meter, between one reading and the next.
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
//! * **Order and tasks**: a state sees only the records of its task, see
//!   [`map_with`](super::map_with). The items of a record stay together.
//! * **Cost**: one call per record. Items are written as they are returned. Holds only the state.
//!   Memory that the state allocates does not count towards the budget.
//! * **See also**: [`try_flat_map_with`](super::try_flat_map_with);
//!   [`Flow::map_partition`](crate::Flow::map_partition), which can also emit records after the
//!   last one.
