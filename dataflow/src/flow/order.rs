//! Total order, order within tasks, top, first.

use std::panic::Location;

use runtime::operators::{First, Sort, Within};
use runtime::sort::OrderKey;

use super::{Ends, Flow, Handle, Mode};
use crate::key::Order;
use crate::record::Record;

impl<T: Record, M: Mode> Flow<T, M> {
    /// All records in order: `|r| (desc(r.revenue), asc(r.day))`. Nulls come last.
    ///
    /// A field without a direction is ascending. NaN is greater than all other floats, so it comes last, and first with `desc`.
    ///
    /// Cost: all records are kept, with 16 bytes more for each; what does not fit memory goes to disk in sorted runs, which are merged.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn ranking(sales: DataSet<(String, i64)>) -> DataSet<(String, i64)> {
    ///     sales.sort(|s| (desc(s.1), asc(s.0)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let sales = Env::embedded().collection([("pen", 5i64), ("ink", 9), ("cap", 5)])?;
    /// let names = ranking(sales).collect()?.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    /// assert_eq!(names, ["ink", "cap", "pen"]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn sort<O: Order<T>>(&self, order: impl FnOnce(T::Fields<T>) -> O) -> Flow<T, M>
    where
        M: Ends,
    {
        self.sorted(Within::Flow, order(T::fields(0)), Location::caller())
    }

    /// The records of each task in order. Nulls come last.
    ///
    /// Which records those are, an operator before says: [`Flow::partition_by`], [`Flow::partition_with`]. The order holds as long as records
    /// stay in their tasks, as in [`Flow::process_with`] and what works record by record.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// /// The first day of each customer.
    /// #[dataflow]
    /// fn first_days(visits: DataSet<(u64, u32)>) -> DataSet<(u64, u32)> {
    ///     visits.partition_by(|v| v.0).sort_partition(|v| (asc(v.0), asc(v.1))).filter_map_with(
    ///         |_| None,
    ///         |last, v| (last.replace(v.0) != Some(v.0)).then_some(v),
    ///     )
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let visits = env.collection([(2u64, 9u32), (1, 5), (2, 4)])?;
    /// assert_eq!(first_days(visits).collect()?, [(1, 5), (2, 4)]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Cost: each task keeps its records, with 16 bytes more for each; what does not fit memory goes to disk in sorted runs, which are merged.
    #[track_caller]
    pub fn sort_partition<O: Order<T>>(&self, order: impl FnOnce(T::Fields<T>) -> O) -> Flow<T, M>
    where
        M: Ends,
    {
        self.sorted(Within::Task, order(T::fields(0)), Location::caller())
    }

    fn sorted(&self, within: Within, order: impl Order<T>, caller: &'static Location<'static>) -> Flow<T, M> {
        let (handle, order) = self.ordered(&order, caller);
        handle.sorted(order, within).typed()
    }

    /// The first `count` records of an order, in order.
    ///
    /// Which of those that tie are given is not specified.
    ///
    /// Cost: each task keeps some multiple of `count` records, and ships `count`.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn best(sales: DataSet<(String, i64)>) -> DataSet<(String, i64)> {
    ///     sales.top(2, |s| desc(s.1))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let sales = Env::embedded().collection([("pen", 5i64), ("ink", 9), ("cap", 7)])?;
    /// assert_eq!(best(sales).collect()?, [("ink".to_owned(), 9), ("cap".to_owned(), 7)]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn top<O: Order<T>>(&self, count: usize, order: impl FnOnce(T::Fields<T>) -> O) -> Flow<T, M>
    where
        M: Ends,
    {
        let (handle, order) = self.ordered(&order(T::fields(0)), Location::caller());
        handle.first(Vec::new(), count, order).typed()
    }

    /// Any `count` records; the first ones of a sorted flow.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn some(lines: DataSet<String>) -> DataSet<String> {
    ///     lines.first(2)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let lines = Env::embedded().collection(["a", "b", "c"])?;
    /// assert_eq!(some(lines).count()?, 2);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn first(&self, count: usize) -> Flow<T, M> {
        self.handle.called_at(Location::caller()).first(Vec::new(), count, Vec::new()).typed()
    }
}

impl Handle {
    #[inline(never)]
    fn sorted(&self, order: Vec<OrderKey>, within: Within) -> Handle {
        self.then(Sort { schema: self.schema(), order, within })
    }

    /// The first of each group, or of all without a key. Without an order, any of them.
    #[inline(never)]
    pub(super) fn first(&self, key: Vec<usize>, count: usize, order: Vec<OrderKey>) -> Handle {
        self.then(First { schema: self.schema(), key, count, order })
    }
}
