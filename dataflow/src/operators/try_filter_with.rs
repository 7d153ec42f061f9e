//! Keeps the records for which a condition holds, with a state of the task, by closures that may fail:
//! `flow.try_filter_with(|task| state, |state, r| result)`.
//!
//! * **The first closure** makes the state in each task, as that of [`map_with`](super::map_with), and gives a `Result` of it.
//! * **The second closure sees** the state as `&mut`, and the record. It gives a `Result` of a `bool`; `?` works in both.
//!
//! ```
//! # use dataflow::prelude::*;
//! /// Refuses readings that are not in order, and leaves out those that come twice.
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
//! assert!(error.starts_with("`try_filter_with` at ") && error.contains("not in order"), "{error}");
//! # Ok(())
//! # }
//! ```
//!
//! * **Errors**: the first error of either closure ends the job. The message has the operator, its place in the program, and what the
//!   second closure reads of the record.
//! * **Order, tasks, cost**: as [`filter_with`](super::filter_with).
//! * **See also**: [`Flow::try_filter_with`](crate::Flow::try_filter_with) is the method; [`try_filter`](super::try_filter) without a
//!   state.
