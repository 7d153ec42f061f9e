//! Any number of records from each, with a state of the task, by closures that may fail:
//! `flow.try_flat_map_with(|task| state, |state, r| result)`.
//!
//! * **The first closure** makes the state in each task, as that of [`map_with`](super::map_with), and gives a `Result` of it.
//! * **The second closure sees** the state as `&mut`, and the record. It gives what that of [`try_flat_map`](super::try_flat_map) gives;
//!   `?` works in both.
//!
//! ```
//! # use dataflow::prelude::*;
//! /// Each number as often as is asked for.
//! #[dataflow]
//! fn repeated(texts: DataSet<String>, times: String) -> DataSet<u64> {
//!     texts.try_flat_map_with(
//!         |_| times.parse::<usize>(),
//!         |times, text| text.parse::<u64>().map(|n| std::iter::repeat_n(n, *times)),
//!     )
//! }
//!
//! # fn main() -> dataflow::Result<()> {
//! let texts = Env::embedded().collection(["1", "2"])?;
//! assert_eq!(repeated(texts.clone(), "2".to_owned()).collect()?, [1, 1, 2, 2]);
//! let error = repeated(texts, "twice".to_owned()).collect().unwrap_err().to_string();
//! assert!(error.starts_with("`try_flat_map_with` at "), "{error}");
//! # Ok(())
//! # }
//! ```
//!
//! * **Errors**: the first error of either closure ends the job. The message has the operator, its place in the program, and what the
//!   second closure reads of the record.
//! * **Order, tasks, cost**: as [`flat_map_with`](super::flat_map_with).
//! * **See also**: [`try_map_with`](super::try_map_with), [`try_filter_map_with`](super::try_filter_map_with).
