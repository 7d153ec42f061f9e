//! Emits one record or none for each record, by a fallible closure:
//! `flow.try_filter_map(|r| result)`.
//!
//! It also takes each of the pairs of a join: `.try_filter_map(|l, r| result)`.
//!
//! * **Closure**: receives the record, or the pair, in the form that [`map`](super::map) describes.
//!   Returns a `Result` of an `Option`. `Ok(Some(value))` emits the value, `Ok(None)` skips the
//!   record, and an error ends the job. `?` unwraps a `Result`.
//!
//! ```
//! # use dataflow::prelude::*;
//! /// Skips comments. A line that is neither a comment nor a number is an error.
//! #[dataflow]
//! fn numbers(lines: DataSet<String>) -> DataSet<i64> {
//!     lines.try_filter_map(|line| {
//!         if line.starts_with('#') { Ok(None) } else { line.parse::<i64>().map(Some) }
//!     })
//! }
//!
//! # fn main() -> dataflow::Result<()> {
//! let env = Env::embedded();
//! assert_eq!(numbers(env.collection(["# of sales", "12"])?).collect()?, [12]);
//! let error = numbers(env.collection(["twelve"])?).collect().unwrap_err().to_string();
//! assert!(error.starts_with("`try_filter_map` at ") && error.contains("twelve"), "{error}");
//! # Ok(())
//! # }
//! ```
//!
//! * **Errors**: the first error ends the job. The message names the operator, its place in the
//!   program, and the fields of the record that the closure reads.
//! * **Order, tasks, cost**: like [`filter_map`](super::filter_map). Later filters do not move
//!   before it, as for [`try_map`](super::try_map).
//! * **See also**: [`filter_map`](super::filter_map), [`try_filter`](super::try_filter),
//!   [`try_filter_map_with`](super::try_filter_map_with).
