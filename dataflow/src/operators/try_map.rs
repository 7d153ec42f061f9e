//! One record from each, by a closure that may fail: `flow.try_map(|r| result)`, and of the pairs of a join `.try_map(|l, r| result)`.
//!
//! * **The closure sees** what that of [`map`](super::map) sees.
//! * **It gives** a `Result` of what `map` gives. The error is of any type that `?` turns into a `Box<dyn Error + Send + Sync>`, also a
//!   text; `?` works inside.
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
//!     both.try_map(|s, t| (s.1 * 100).checked_div(t.1).map(|percent| (s.0, percent)).ok_or("a total of nothing"))
//! }
//!
//! # fn main() -> dataflow::Result<()> {
//! let env = Env::embedded();
//! assert_eq!(parsed(env.collection(["12", "7"])?).collect()?, [12, 7]);
//! let error = parsed(env.collection(["a dozen"])?).collect().unwrap_err().to_string();
//! assert!(error.starts_with("`try_map` at ") && error.contains("invalid digit") && error.contains("a dozen"), "{error}");
//! assert_eq!(shares(env.collection([(1u64, 5i64)])?, env.collection([(1u64, 20i64)])?).collect()?, [(1, 25)]);
//! # Ok(())
//! # }
//! ```
//!
//! * **Errors**: the first error ends the job. The message has the operator, its place in the program, and what the closure reads of the
//!   record.
//! * **Order, tasks, cost**: as [`map`](super::map). No filter moves from behind it to in front of it: records that a later filter leaves
//!   out are still looked at.
//! * **See also**: [`try_filter_map`](super::try_filter_map) leaves out some records and fails at others; [`filter_map`](super::filter_map)
//!   leaves out what does not parse.
