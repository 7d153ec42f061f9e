//! Emits one record or none for each record, with a state per task, by fallible closures:
//! `flow.try_filter_map_with(|task| state, |state, r| result)`.
//!
//! * **First closure**: creates the state of each task, as in [`map_with`](super::map_with).
//!   Returns a `Result` of it.
//! * **Second closure**: receives the state as `&mut`, and the record. Returns the same as the
//!   closure of [`try_filter_map`](super::try_filter_map). `?` works in both.
//!
//! ```
//! # use dataflow::prelude::*;
//! /// The numbers above a limit.
//! #[dataflow]
//! fn above(texts: DataSet<String>, limit: String) -> DataSet<u64> {
//!     texts.try_filter_map_with(
//!         |_| limit.parse::<u64>(),
//!         |limit, text| text.parse::<u64>().map(|n| (n > *limit).then_some(n)),
//!     )
//! }
//!
//! # fn main() -> dataflow::Result<()> {
//! let texts = Env::embedded().collection(["1", "20"])?;
//! assert_eq!(above(texts.clone(), "9".to_owned()).collect()?, [20]);
//! let error = above(texts, "nine".to_owned()).collect().unwrap_err().to_string();
//! assert!(error.starts_with("`try_filter_map_with` at "), "{error}");
//! # Ok(())
//! # }
//! ```
//!
//! * **Errors**: the first error of either closure ends the job. The message names the operator,
//!   its place in the program, and the fields of the record that the second closure reads.
//! * **Order, tasks, cost**: like [`filter_map_with`](super::filter_map_with).
//! * **See also**: [`try_map_with`](super::try_map_with),
//!   [`try_filter_with`](super::try_filter_with).
