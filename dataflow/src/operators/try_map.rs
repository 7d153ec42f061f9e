//! Emits one record for each record, by a fallible closure: `flow.try_map(|r| result)`.
//!
//! It also takes each of the pairs of a join: `.try_map(|l, r| result)`.
//!
//! * **Closure**: receives the record, or the pair, in the form that [`map`](super::map) describes.
//!   Returns a `Result` of what the closure of `map` returns. The error is a text, or of any type
//!   that `?` converts to a `Box<dyn Error + Send + Sync>`. `?` works inside.
//!
//! ```
//! # use dataflow::prelude::*;
//! #[dataflow]
//! fn parsed(lines: DataSet<String>) -> DataSet<u64> {
//!     lines.try_map(|line| line.parse::<u64>())
//! }
//!
//! #[dataflow]
//! fn shares(sales: DataSet<(u64, i64)>, totals: DataSet<(u64, i64)>) -> DataSet<(u64, i64)> {
//!     let both = sales.join(totals).on(|s| s.0, |t| t.0);
//!     both.try_map(|s, t| {
//!         (s.1 * 100).checked_div(t.1).map(|percent| (s.0, percent)).ok_or("a total of nothing")
//!     })
//! }
//!
//! # fn main() -> dataflow::Result<()> {
//! let env = Env::embedded();
//! assert_eq!(parsed(env.collection(["12", "7"])?).collect()?, [12, 7]);
//! let error = parsed(env.collection(["a dozen"])?).collect().unwrap_err().to_string();
//! assert!(
//!     error.starts_with("`try_map` at ")
//!         && error.contains("invalid digit")
//!         && error.contains("a dozen"),
//!     "{error}"
//! );
//! assert_eq!(
//!     shares(env.collection([(1u64, 5i64)])?, env.collection([(1u64, 20i64)])?).collect()?,
//!     [(1, 25)]
//! );
//! # Ok(())
//! # }
//! ```
//!
//! * **Errors**: the first error ends the job. The message names the operator, its place in the
//!   program, and the fields of the record that the closure reads.
//! * **Order, tasks, cost**: like [`map`](super::map). Later filters do not move before it, so it
//!   also receives the records that they drop.
//! * **See also**: [`try_filter_map`](super::try_filter_map), which skips some records and fails
//!   for others; [`filter_map`](super::filter_map), which skips records that do not parse.
