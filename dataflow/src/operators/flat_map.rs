//! Any number of records from each: `flow.flat_map(|r| items)`, and of the pairs of a join `.flat_map(|l, r| items)`.
//!
//! * **The closure sees** what that of [`map`](super::map) sees.
//! * **It gives** anything that a `for` loop goes over: an iterator, a `Vec`, an array, an `Option`. Its items are what `map` may give, and
//!   may borrow from the record.
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
//! * **Order and tasks**: each task keeps the order of its records; the items of one record follow each other.
//! * **Cost**: one call for each record; the items are taken one by one and written as they come. It keeps nothing in memory. Plans guess
//!   five items for each record, where they cannot try it on some before the run: [`Flow::expect_rows`](crate::Flow::expect_rows) says better.
//! * **See also**: [`filter_map`](super::filter_map) where there is one item at most, [`try_flat_map`](super::try_flat_map),
//!   [`flat_map_with`](super::flat_map_with).
