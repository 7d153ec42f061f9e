//! Computes several measures of each group in one pass: `.group_by(|r| key).aggregate(|g| record)`,
//! or of a whole flow: `flow.aggregate(|g| record)`.
//!
//! * **Closure**: receives a handle of the group, with the key `g.key` and the measures below. If
//!   the key has parts, they are `g.key.0`, `g.key.1`, …. It returns one record per group: any
//!   expression over measures. A `let` can hold the value of a measure.
//! * **Windows**: `.group_by(|r| key).window(Tumbling::of(mins(1))).aggregate(|w| record)`. The
//!   handle also has `w.start`, the start of the window. The record is emitted when the watermark
//!   reaches the end of the window. `count_distinct`, `median` and `percentile` are not available.
//! * **Streams without windows**: emits updates, see [`updates`](crate::Flow::updates). When
//!   records of a group arrive, its new record replaces the previous one. `count_distinct`,
//!   `median` and `percentile` are not available.
//! * **Measures**: take a field, or a closure that computes a value:
//!   `g.sum(|l| l.price * l.count)`. Of an `Option`, `None` is ignored.
//!
//! | Measures | |
//! |---|---|
//! | [`g.sum`], [`g.avg`], [`g.min`], [`g.max`] | of numbers and times; `min` and `max` also of texts |
//! | [`g.count`], [`g.count_if`], [`g.count_distinct`] | the number of records, or of values that are not `None`: `g.count(\|r\| r.x)` |
//! | `g.median(\|r\| r.x)`, `g.percentile(0.95, \|r\| r.x)` | exact, with linear interpolation |
//! | [`g.variance`], [`g.stddev`], [`g.variance_pop`], [`g.stddev_pop`] | of a sample, of a population |
//! | [`g.min_by`], [`g.max_by`], [`g.first`] | a value of the record in which another value is least or greatest, or of any record |
//! | [`g.fold`], [`g.fold_with`] | a measure of your own |
//!
//! ```
//! # use dataflow::prelude::*;
//! #[dataflow]
//! fn by_item(sales: DataSet<(String, i64, i64)>) -> DataSet<(String, i64, u64, f64)> {
//!     sales
//!         .group_by(|s| s.0)
//!         .aggregate(|g| (g.key, g.sum(|s| s.1 * s.2), g.count(), g.median(|s| s.1)))
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
//! * **Order and tasks**: groups are emitted in no particular order. Each task aggregates its
//!   records before they are shipped, except for quantiles. A whole flow emits one record, from one
//!   task, or none if the flow is empty.
//! * **Cost**: one lookup per record, and one row per group. Rows that do not fit in memory are
//!   spilled. `median` and `percentile` ship all records and sort them by key, and spill them if
//!   they do not fit.
//! * **See also**: [`Grouped::sum`](crate::Grouped::sum) and similar methods for one field, and
//!   [`Grouped::reduce_group`](crate::Grouped::reduce_group) for a loop over the records of a
//!   group. The macro expands this operator to [`Grouped::aggregates`](crate::Grouped::aggregates)
//!   or [`Flow::aggregates`](crate::Flow::aggregates).
//!
//! [`g.avg`]: crate::Aggregates::avg
//! [`g.count_distinct`]: crate::Aggregates::count_distinct
//! [`g.count_if`]: crate::Aggregates::count_if
//! [`g.count`]: crate::Aggregates::count
//! [`g.first`]: crate::Aggregates::first
//! [`g.fold_with`]: crate::Aggregates::fold_with
//! [`g.fold`]: crate::Aggregates::fold
//! [`g.max_by`]: crate::Aggregates::max_by
//! [`g.max`]: crate::Aggregates::max
//! [`g.min_by`]: crate::Aggregates::min_by
//! [`g.min`]: crate::Aggregates::min
//! [`g.stddev_pop`]: crate::Aggregates::stddev_pop
//! [`g.stddev`]: crate::Aggregates::stddev
//! [`g.sum`]: crate::Aggregates::sum
//! [`g.variance_pop`]: crate::Aggregates::variance_pop
//! [`g.variance`]: crate::Aggregates::variance
