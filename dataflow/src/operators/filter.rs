//! Keeps the records for which a condition holds: `flow.filter(|r| condition)`.
//!
//! It also takes each of the pairs of a join: `.filter(|l, r| condition)`.
//!
//! * **Closure**: receives the record, or the pair, in the form that [`map`](super::map) describes.
//!   Returns a `bool`. Kept records are unchanged. After a join, pairs remain pairs, so a `map`
//!   follows.
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
//! * **Order and tasks**: each task keeps the order of its records. The optimizer splits a
//!   condition at `&&` and moves the parts as early as possible: before closures, to one side of a
//!   join, or to the source, for example into the statistics of a Parquet file. Only parts that
//!   return for every record move. A filter with an accumulator does not move, and is called once
//!   for each record that reaches it.
//! * **Cost**: one call per record, in place. Copies nothing and holds nothing in memory.
//! * **See also**: the method [`Flow::filter`](crate::Flow::filter);
//!   [`filter_map`](super::filter_map), which tests and converts in one step;
//!   [`try_filter`](super::try_filter), [`filter_with`](super::filter_with);
//!   [`Flow::semi_join`](crate::Flow::semi_join), which keeps the records whose key another flow
//!   has.
