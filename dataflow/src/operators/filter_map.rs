//! A record from some: `flow.filter_map(|r| option)`, and of the pairs of a join `.filter_map(|l, r| option)`.
//!
//! * **The closure sees** what that of [`map`](super::map) sees.
//! * **It gives** an `Option`: the value of `Some` is the next record, `None` leaves this one out. `?` takes the value of an inner
//!   `Option`.
//!
//! ```
//! # use dataflow::prelude::*;
//! #[dataflow]
//! fn prices(lines: DataSet<String>) -> DataSet<(String, i64)> {
//!     lines.filter_map(|line| {
//!         let (item, price) = line.split_once(',')?;
//!         Some((item, price.parse::<i64>().ok()?))
//!     })
//! }
//!
//! # fn main() -> dataflow::Result<()> {
//! let lines = Env::embedded().collection(["tea,30", "rum", "ink,many"])?;
//! assert_eq!(prices(lines).collect()?, [("tea".to_owned(), 30)]);
//! # Ok(())
//! # }
//! ```
//!
//! * **Order and tasks**: each task keeps the order of its records.
//! * **Cost**: one call for each record, in one loop with the `map`s and filters around it. It keeps nothing in memory. What it leaves out
//!   is decided in its own place: a condition that stands in a [`filter`](super::filter) may move to the source, one in a `filter_map` may
//!   not.
//! * **See also**: [`try_filter_map`](super::try_filter_map), [`filter_map_with`](super::filter_map_with), and
//!   [`flat_map`](super::flat_map) for more than one record. Lines of CSV and JSON need no parsing by hand:
//!   [`Env::read_csv`](crate::Env::read_csv), [`Env::read_json`](crate::Env::read_json).
