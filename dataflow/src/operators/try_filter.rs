//! Keeps the records for which a condition holds, which may fail: `flow.try_filter(|r| result)`, and of the pairs of a join
//! `.try_filter(|l, r| result)`.
//!
//! * **The closure sees** what that of [`map`](super::map) sees.
//! * **It gives** a `Result` of a `bool`. `?` works inside.
//!
//! ```
//! # use dataflow::prelude::*;
//! #[dataflow]
//! fn large(texts: DataSet<String>) -> DataSet<String> {
//!     texts.try_filter(|text| text.parse::<u64>().map(|n| n > 9))
//! }
//!
//! /// The visits after the day that their page is told from.
//! #[dataflow]
//! fn later(visits: DataSet<(u64, u32)>, pages: DataSet<(u64, String)>) -> DataSet<(u64, u32)> {
//!     visits.join(pages).on(|v| v.0, |p| p.0).try_filter(|v, p| Ok(v.1 > p.1.parse::<u32>()?)).map(|v, _| v)
//! }
//!
//! # fn main() -> dataflow::Result<()> {
//! let env = Env::embedded();
//! assert_eq!(large(env.collection(["5", "10"])?).collect()?, ["10"]);
//! let error = large(env.collection(["ten"])?).collect().unwrap_err().to_string();
//! assert!(error.starts_with("`try_filter` at ") && error.contains("ten"), "{error}");
//! let visits = env.collection([(1u64, 3u32), (1, 9)])?;
//! assert_eq!(later(visits, env.collection([(1u64, "5")])?).collect()?, [(1, 9)]);
//! # Ok(())
//! # }
//! ```
//!
//! * **Errors**: the first error ends the job. The message has the operator, its place in the program, and what the closure reads of the
//!   record.
//! * **Order and tasks**: each task keeps the order of its records. It runs where it is written, and other filters stay behind it: which
//!   records it sees decides whether the job fails.
//! * **Cost**: one call for each record, in place; nothing is copied, and nothing is kept in memory.
//! * **See also**: [`Flow::try_filter`](crate::Flow::try_filter) is the method; [`filter`](super::filter) may move;
//!   [`try_filter_with`](super::try_filter_with).
