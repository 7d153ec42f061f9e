//! Keeps the records for which a fallible condition holds: `flow.try_filter(|r| result)`.
//!
//! It also takes each of the pairs of a join: `.try_filter(|l, r| result)`.
//!
//! * **Closure**: receives the record, or the pair, in the form that [`map`](super::map) describes.
//!   Returns a `Result` of a `bool`. `?` works inside.
//!
//! ```
//! # use dataflow::prelude::*;
//! #[dataflow]
//! fn large(texts: DataSet<String>) -> DataSet<String> {
//!     texts.try_filter(|text| text.parse::<u64>().map(|n| n > 9))
//! }
//!
//! /// The visits after the first day of their page.
//! #[dataflow]
//! fn later(visits: DataSet<(u64, u32)>, pages: DataSet<(u64, String)>) -> DataSet<(u64, u32)> {
//!     visits
//!         .join(pages)
//!         .on(|v| v.0, |p| p.0)
//!         .try_filter(|v, p| Ok(v.1 > p.1.parse::<u32>()?))
//!         .map(|v, _| v)
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
//! * **Errors**: the first error ends the job. The message names the operator, its place in the
//!   program, and the fields of the record that the closure reads.
//! * **Order and tasks**: each task keeps the order of its records. The filter does not move, and
//!   later filters do not move before it, because the job fails depending on the records that it
//!   receives.
//! * **Cost**: one call per record, in place. Copies nothing and holds nothing in memory.
//! * **See also**: the method [`Flow::try_filter`](crate::Flow::try_filter);
//!   [`filter`](super::filter), which can move; [`try_filter_with`](super::try_filter_with).
