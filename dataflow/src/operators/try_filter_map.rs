//! A record from some, by a closure that may fail: `flow.try_filter_map(|r| result)`, and of the pairs of a join
//! `.try_filter_map(|l, r| result)`.
//!
//! * **The closure sees** what that of [`map`](super::map) sees.
//! * **It gives** a `Result` of an `Option`: `Ok(Some(value))` is the next record, `Ok(None)` leaves this one out, an error ends the job.
//!   `?` takes the value of a `Result`.
//!
//! ```
//! # use dataflow::prelude::*;
//! /// Comments are left out; what is neither a comment nor a number is an error.
//! #[dataflow]
//! fn numbers(lines: DataSet<String>) -> DataSet<i64> {
//!     lines.try_filter_map(|line| if line.starts_with('#') { Ok(None) } else { line.parse::<i64>().map(Some) })
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
//! * **Errors**: the first error ends the job. The message has the operator, its place in the program, and what the closure reads of the
//!   record.
//! * **Order, tasks, cost**: as [`filter_map`](super::filter_map); filters stay behind it, as behind [`try_map`](super::try_map).
//! * **See also**: [`filter_map`](super::filter_map), [`try_filter`](super::try_filter),
//!   [`try_filter_map_with`](super::try_filter_map_with).
