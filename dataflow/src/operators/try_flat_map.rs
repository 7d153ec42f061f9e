//! Emits any number of records for each record, by a fallible closure:
//! `flow.try_flat_map(|r| result)`.
//!
//! It also takes each of the pairs of a join: `.try_flat_map(|l, r| result)`.
//!
//! * **Closure**: receives the record, or the pair, in the form that [`map`](super::map) describes.
//!   Returns a `Result` of the items that [`flat_map`](super::flat_map) describes: all items of a
//!   record, or an error. `?` works inside.
//!
//! ```
//! # use dataflow::prelude::*;
//! /// `3-5` are the days 3, 4 and 5.
//! #[dataflow]
//! fn days(ranges: DataSet<String>) -> DataSet<u32> {
//!     ranges.try_flat_map(|range| {
//!         let (first, last) = range.split_once('-').ok_or("expected two days")?;
//!         Ok(first.parse::<u32>()?..=last.parse::<u32>()?)
//!     })
//! }
//!
//! # fn main() -> dataflow::Result<()> {
//! let env = Env::embedded();
//! assert_eq!(days(env.collection(["3-5", "9-9"])?).collect()?, [3, 4, 5, 9]);
//! let error = days(env.collection(["3"])?).collect().unwrap_err().to_string();
//! assert!(
//!     error.starts_with("`try_flat_map` at ") && error.contains("expected two days"),
//!     "{error}"
//! );
//! # Ok(())
//! # }
//! ```
//!
//! * **Errors**: the first error ends the job. The message names the operator, its place in the
//!   program, and the fields of the record that the closure reads.
//! * **Order, tasks, cost**: like [`flat_map`](super::flat_map). Later filters do not move before
//!   it, as for [`try_map`](super::try_map).
//! * **See also**: [`try_map`](super::try_map), [`try_filter_map`](super::try_filter_map),
//!   [`try_flat_map_with`](super::try_flat_map_with).
