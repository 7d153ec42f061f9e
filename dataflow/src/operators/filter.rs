//! Keeps the records for which a condition holds: `flow.filter(|r| condition)`, and of the pairs of a join `.filter(|l, r| condition)`.
//!
//! * **The closure sees** what that of [`map`](super::map) sees.
//! * **It gives** a `bool`. Records that are kept are unchanged; behind a join, pairs stay pairs, and a `map` follows.
//!
//! ```
//! # use dataflow::prelude::*;
//! #[dataflow]
//! fn large(numbers: DataSet<u64>, least: u64) -> DataSet<u64> {
//!     numbers.filter(|n| n >= least)
//! }
//!
//! /// The sales above a customer's limit.
//! #[dataflow]
//! fn over(sales: DataSet<(u64, i64)>, limits: DataSet<(u64, i64)>) -> DataSet<(u64, i64)> {
//!     sales.join(limits).on(|s| s.0, |l| l.0).filter(|s, l| s.1 > l.1).map(|s, _| s)
//! }
//!
//! # fn main() -> dataflow::Result<()> {
//! let env = Env::embedded();
//! assert_eq!(large(env.collection([1u64, 20, 3])?, 3).collect()?, [20, 3]);
//! let sales = env.collection([(1u64, 30i64), (1, 5)])?;
//! assert_eq!(over(sales, env.collection([(1u64, 10i64)])?).collect()?, [(1, 30)]);
//! # Ok(())
//! # }
//! ```
//!
//! * **Order and tasks**: each task keeps the order of its records. A filter runs as early as it can: parts of it, split at `&&`, move in
//!   front of closures, to one side of a join, and into a Parquet file's statistics. Only what has an answer for every record moves. What
//!   counts in an accumulator stays, and is called once for each record that reaches it.
//! * **Cost**: one call for each record, in place; nothing is copied, and nothing is kept in memory.
//! * **See also**: [`Flow::filter`](crate::Flow::filter) is the method, [`filter_map`](super::filter_map) tests and converts at once,
//!   [`try_filter`](super::try_filter), [`filter_with`](super::filter_with); [`Flow::semi_join`](crate::Flow::semi_join) keeps the records
//!   whose key another flow has.
