//! One record from each, with a state of the task, by closures that may fail: `flow.try_map_with(|task| state, |state, r| result)`.
//!
//! * **The first closure** makes the state in each task, as that of [`map_with`](super::map_with), and gives a `Result` of it: what opens a
//!   file or a connection.
//! * **The second closure sees** the state as `&mut`, and the record. It gives what that of [`try_map`](super::try_map) gives; `?` works in
//!   both.
//!
//! ```
//! # use dataflow::prelude::*;
//! #[dataflow]
//! fn scaled(texts: DataSet<String>, factor: String) -> DataSet<u64> {
//!     texts.try_map_with(|_| factor.parse::<u64>(), |factor, text| text.parse::<u64>().map(|n| n * *factor))
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
//! * **Errors**: the first error of either closure ends the job. The message has the operator, its place in the program, and what the
//!   second closure reads of the record.
//! * **Order, tasks, cost**: as [`map_with`](super::map_with).
//! * **See also**: [`try_flat_map_with`](super::try_flat_map_with), [`try_filter_map_with`](super::try_filter_map_with),
//!   [`try_filter_with`](super::try_filter_with).
