//! Several measures of each group in one pass: `.group_by(|r| key).aggregate(|g| record)`; of a whole flow, `flow.aggregate(|g| record)`.
//!
//! * **The closure gets** a handle of the group: `g.key`, which is `g.key.0`, … where the key has parts, and the measures below. It gives
//!   one record for each group, made of them by any expression; a measure's value may go into a `let`.
//! * **Of windows**, `.group_by(|r| key).window(Tumbling::of(mins(1))).aggregate(|w| record)`, the handle also has `w.start`, where the window begins, and
//!   the record is given when time has passed the window. Distinct values, `median` and `percentile` are not there for windows.
//! * **Of a stream**, without windows, it gives updates: a group's record each time when records came for the group, in place of the one before. See
//!   [`updates`](crate::Flow::updates). Distinct values, `median` and `percentile` are not there for them.
//! * **A measure** is over a field, or over what its closure computes: `g.sum(|l| l.price * l.count)`. Of an `Option`, `None` is passed
//!   over.
//!
//! | Measures | |
//! |---|---|
//! | [`g.sum`](crate::Aggregates::sum), [`g.avg`](crate::Aggregates::avg), [`g.min`](crate::Aggregates::min), [`g.max`](crate::Aggregates::max) | of numbers and times; `min` and `max` of texts, too |
//! | [`g.count`](crate::Aggregates::count), [`g.count_if`](crate::Aggregates::count_if), [`g.count_distinct`](crate::Aggregates::count_distinct) | of records, or of values that are there: `g.count(\|r\| r.x)` |
//! | `g.median(\|r\| r.x)`, `g.percentile(0.95, \|r\| r.x)` | exact, linear between two values |
//! | [`g.variance`](crate::Aggregates::variance), [`g.stddev`](crate::Aggregates::stddev), [`g.variance_pop`](crate::Aggregates::variance_pop), [`g.stddev_pop`](crate::Aggregates::stddev_pop) | of a sample, of a population |
//! | [`g.min_by`](crate::Aggregates::min_by), [`g.max_by`](crate::Aggregates::max_by), [`g.first`](crate::Aggregates::first) | a value of the record where another is least or greatest, or of any record |
//! | [`g.fold`](crate::Aggregates::fold), [`g.fold_with`](crate::Aggregates::fold_with) | your own |
//!
//! ```
//! # use dataflow::prelude::*;
//! #[dataflow]
//! fn by_item(sales: DataSet<(String, i64, i64)>) -> DataSet<(String, i64, u64, f64)> {
//!     sales.group_by(|s| s.0).aggregate(|g| (g.key, g.sum(|s| s.1 * s.2), g.count(), g.median(|s| s.1)))
//! }
//!
//! #[dataflow]
//! fn total(sales: DataSet<(String, i64, i64)>) -> DataSet<i64> {
//!     sales.aggregate(|g| g.sum(|s| s.1 * s.2))
//! }
//!
//! # fn main() -> dataflow::Result<()> {
//! let sales = Env::embedded().collection([("tea", 3i64, 10i64), ("tea", 4, 1)])?;
//! assert_eq!(by_item(sales.clone()).collect()?, [("tea".to_owned(), 34, 2, 3.5)]);
//! assert_eq!(total(sales).collect()?, [34]);
//! # Ok(())
//! # }
//! ```
//!
//! * **Order and tasks**: groups come in no particular order. Each task aggregates what it has before anything is shipped, except for
//!   quantiles. A whole flow gives one record, from one task; an empty one none.
//! * **Cost**: a look-up for each record, and a row for each group; rows that do not fit memory go to disk. `median` and `percentile` bring
//!   a group's records together and sort them by key, on disk where they do not fit.
//! * **See also**: [`Grouped::sum`](crate::Grouped::sum) and its like for one field;
//!   [`Grouped::reduce_group`](crate::Grouped::reduce_group) for what goes over records one by one.
//!   [`Grouped::aggregates`](crate::Grouped::aggregates) and [`Flow::aggregates`](crate::Flow::aggregates) are what it becomes.
