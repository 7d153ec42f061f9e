//! Emits one record or none for each record: `flow.filter_map(|r| option)`.
//!
//! It also takes each of the pairs of a join: `.filter_map(|l, r| option)`.
//!
//! * **Closure**: receives the record, or the pair, in the form that [`map`](super::map) describes.
//!   Returns an `Option`. `Some` emits its value, and `None` skips the record. `?` unwraps an
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
//! * **Cost**: one call per record, in one loop with the `map`s and filters around it. Holds
//!   nothing in memory. The condition in a `filter_map` does not move towards the source. That in a
//!   [`filter`](super::filter) can.
//! * **See also**: [`try_filter_map`](super::try_filter_map),
//!   [`filter_map_with`](super::filter_map_with), and [`flat_map`](super::flat_map) for more than
//!   one record. For lines of CSV and JSON use [`Env::read_csv`](crate::Env::read_csv) and
//!   [`Env::read_json`](crate::Env::read_json).
