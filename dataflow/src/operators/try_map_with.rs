//! Emits one record for each record, with a state per task, by fallible closures:
//! `flow.try_map_with(|task| state, |state, r| result)`.
//!
//! * **First closure**: creates the state of each task, as in [`map_with`](super::map_with), for
//!   example a file or a connection. Returns a `Result` of it.
//! * **Second closure**: receives the state as `&mut`, and the record. Returns the same as the
//!   closure of [`try_map`](super::try_map). `?` works in both.
//!
//! ```
//! # use dataflow::prelude::*;
//! #[dataflow]
//! fn scaled(texts: DataSet<String>, factor: String) -> DataSet<u64> {
//!     texts.try_map_with(
//!         |_| factor.parse::<u64>(),
//!         |factor, text| text.parse::<u64>().map(|n| n * *factor),
//!     )
//! }
//!
//! # fn main() -> dataflow::Result<()> {
//! let texts = Env::embedded().collection(["1", "2"])?;
//! assert_eq!(scaled(texts.clone(), "10".to_owned()).collect()?, [10, 20]);
//! let error = scaled(texts, "ten".to_owned()).collect().unwrap_err().to_string();
//! assert!(error.starts_with("`try_map_with` at ") && error.contains("invalid digit"), "{error}");
//! # Ok(())
//! # }
//! ```
//!
//! * **Errors**: the first error of either closure ends the job. The message names the operator,
//!   its place in the program, and the fields of the record that the second closure reads.
//! * **Order, tasks, cost**: like [`map_with`](super::map_with).
//! * **See also**: [`try_flat_map_with`](super::try_flat_map_with),
//!   [`try_filter_map_with`](super::try_filter_map_with),
//!   [`try_filter_with`](super::try_filter_with).
