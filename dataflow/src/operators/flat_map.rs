//! Emits any number of records for each record: `flow.flat_map(|r| items)`.
//!
//! It also takes each of the pairs of a join: `.flat_map(|l, r| items)`.
//!
//! * **Closure**: receives the record, or the pair, in the form that [`map`](super::map) describes.
//!   Returns anything that a `for` loop accepts: an iterator, a `Vec`, an array, an `Option`. Its
//!   items are of the types that the closure of `map` may return, and may borrow from the record.
//!
//! ```
//! # use dataflow::prelude::*;
//! #[dataflow]
//! fn words(lines: DataSet<String>) -> DataSet<String> {
//!     lines.flat_map(|line| line.words())
//! }
//!
//! /// A row for each day of an offer.
//! #[dataflow]
//! fn days(offers: DataSet<(String, u32, u32)>) -> DataSet<(String, u32)> {
//!     offers.flat_map(|offer| (offer.1..=offer.2).map(|day| (offer.0, day)))
//! }
//!
//! # fn main() -> dataflow::Result<()> {
//! let env = Env::embedded();
//! assert_eq!(words(env.collection(["to be", "or not"])?).collect()?, ["to", "be", "or", "not"]);
//! let days = days(env.collection([("tea", 3u32, 4u32)])?).collect()?;
//! assert_eq!(days, [("tea".to_owned(), 3), ("tea".to_owned(), 4)]);
//! # Ok(())
//! # }
//! ```
//!
//! * **Order and tasks**: each task keeps the order of its records. The items of a record stay
//!   together.
//! * **Cost**: one call per record. Items are written one by one as the iterator returns them.
//!   Holds nothing in memory. Plans estimate five items per record unless they can sample the input
//!   before the run. [`Flow::expect_rows`](crate::Flow::expect_rows) sets another estimate.
//! * **See also**: [`filter_map`](super::filter_map) for at most one item,
//!   [`try_flat_map`](super::try_flat_map), [`flat_map_with`](super::flat_map_with).
