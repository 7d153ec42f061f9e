//! A record from some, with a state of the task: `flow.filter_map_with(|task| state, |state, r| option)`.
//!
//! * **The first closure** makes the state in each task, as that of [`map_with`](super::map_with).
//! * **The second closure sees** the state as `&mut`, and the record. It gives what that of [`filter_map`](super::filter_map) gives.
//!
//! ```
//! # use dataflow::prelude::*;
//! /// By how much each reading differs from the one before, where there is one.
//! #[dataflow]
//! fn steps(readings: DataSet<(u32, i64)>) -> DataSet<(u32, i64)> {
//!     readings.sort(|r| r.0).filter_map_with(|_| None, |last, (second, value)| last.replace(value).map(|before| (second, value - before)))
//! }
//!
//! # fn main() -> dataflow::Result<()> {
//! let readings = Env::embedded().collection([(3u32, 9i64), (1, 5), (2, 7)])?;
//! assert_eq!(steps(readings).collect()?, [(2, 2), (3, 2)]);
//! # Ok(())
//! # }
//! ```
//!
//! * **Order and tasks**: a state sees the records of its task alone, as said at [`map_with`](super::map_with).
//! * **Cost**: one call for each record. It keeps the state and nothing else; what the state allocates is outside of the budget.
//! * **See also**: [`try_filter_map_with`](super::try_filter_map_with), [`filter_with`](super::filter_with) where records stay as they are.
