//! Emits one record or none for each record, with a state per task:
//! `flow.filter_map_with(|task| state, |state, r| option)`.
//!
//! * **First closure**: creates the state of each task, as in [`map_with`](super::map_with).
//! * **Second closure**: receives the state as `&mut`, and the record. Returns the same as the
//!   closure of [`filter_map`](super::filter_map).
//!
//! ```
//! # use dataflow::prelude::*;
//! /// The difference of each reading to the previous one, except for the first.
//! #[dataflow]
//! fn steps(readings: DataSet<(u32, i64)>) -> DataSet<(u32, i64)> {
//!     readings.sort(|r| r.0).filter_map_with(
//!         |_| None,
//!         |last, (second, value)| last.replace(value).map(|before| (second, value - before)),
//!     )
//! }
//!
//! # fn main() -> dataflow::Result<()> {
//! let readings = Env::embedded().collection([(3u32, 9i64), (1, 5), (2, 7)])?;
//! assert_eq!(steps(readings).collect()?, [(2, 2), (3, 2)]);
//! # Ok(())
//! # }
//! ```
//!
//! * **Order and tasks**: a state sees only the records of its task, see
//!   [`map_with`](super::map_with).
//! * **Cost**: one call per record. Holds only the state. Memory that the state allocates does not
//!   count towards the budget.
//! * **See also**: [`try_filter_map_with`](super::try_filter_map_with);
//!   [`filter_with`](super::filter_with) if records do not change.
