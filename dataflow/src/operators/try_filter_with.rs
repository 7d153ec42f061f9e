//! Keeps the records for which a condition holds, with a state per task, by fallible closures:
//! `flow.try_filter_with(|task| state, |state, r| result)`.
//!
//! * **First closure**: creates the state of each task, as in [`map_with`](super::map_with).
//!   Returns a `Result` of it.
//! * **Second closure**: receives the state as `&mut`, and the record. Returns a `Result` of a
//!   `bool`. `?` works in both.
//!
//! ```
//! # use dataflow::prelude::*;
//! /// Rejects readings that are out of order, and skips duplicates.
//! #[dataflow]
//! fn once(seconds: DataSet<u64>) -> DataSet<u64> {
//!     seconds.try_filter_with(
//!         |_| Ok::<_, std::num::ParseIntError>(0u64),
//!         |last, second| {
//!             let before = std::mem::replace(last, second);
//!             if second < before { Err("readings are not in order") } else { Ok(second > before) }
//!         },
//!     )
//! }
//!
//! # fn main() -> dataflow::Result<()> {
//! let env = Env::embedded();
//! assert_eq!(once(env.collection([1u64, 3, 3, 4])?).collect()?, [1, 3, 4]);
//! let error = once(env.collection([3u64, 1])?).collect().unwrap_err().to_string();
//! assert!(
//!     error.starts_with("`try_filter_with` at ") && error.contains("not in order"),
//!     "{error}"
//! );
//! # Ok(())
//! # }
//! ```
//!
//! * **Errors**: the first error of either closure ends the job. The message names the operator,
//!   its place in the program, and the fields of the record that the second closure reads.
//! * **Order, tasks, cost**: like [`filter_with`](super::filter_with).
//! * **See also**: the method [`Flow::try_filter_with`](crate::Flow::try_filter_with);
//!   [`try_filter`](super::try_filter) without a state.
