//! Emits any number of records for each record, with a state per task, by fallible closures:
//! `flow.try_flat_map_with(|task| state, |state, r| result)`.
//!
//! * **First closure**: creates the state of each task, as in [`map_with`](super::map_with).
//!   Returns a `Result` of it.
//! * **Second closure**: receives the state as `&mut`, and the record. Returns the same as the
//!   closure of [`try_flat_map`](super::try_flat_map). `?` works in both.
//!
//! ```
//! # use dataflow::prelude::*;
//! /// Repeats each number as often as its record requests.
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
//! * **Errors**: the first error of either closure ends the job. The message names the operator,
//!   its place in the program, and the fields of the record that the second closure reads.
//! * **Order, tasks, cost**: like [`flat_map_with`](super::flat_map_with).
//! * **See also**: [`try_map_with`](super::try_map_with),
//!   [`try_filter_map_with`](super::try_filter_map_with).
