//! `sort`, `sort_partition`, `top` and `first`.

use std::panic::Location;

use runtime::operators::{First, Sort, Within};
use runtime::sort::OrderKey;

use super::{Ends, Flow, Handle, Mode};
use crate::key::Order;
use crate::record::Record;

impl<T: Record, M: Mode> Flow<T, M> {
    /// Sorts all records: `|r| (desc(r.revenue), asc(r.day))`.
    ///
    /// Nulls come last. A field without a direction is ascending. NaN is greater than all other
    /// floats, so it comes last, or first with `desc`.
    ///
    /// # Cost
    /// All records are stored, with 16 more bytes each. Records that do not fit into memory are
    /// spilled in sorted runs, which are merged.
    ///
    /// # Examples
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

    /// Sorts the records of each task. Nulls come last.
    ///
    /// Operators such as [`Flow::partition_by`] and [`Flow::partition_with`] determine the task of
    /// a record. The order is kept while records stay in their tasks, as in [`Flow::process_with`]
    /// and operators on single records.
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
    /// # Cost
    /// Each task stores its records, with 16 more bytes each. Records that do not fit into memory
    /// are spilled in sorted runs, which are merged.
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

    /// Returns the first `count` records by an order, in this order. If records tie, any of them
    /// are returned.
    ///
    /// # Cost
    /// Each task stores a multiple of `count` records, and ships `count`.
    ///
    /// # Examples
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

    /// Returns any `count` records, or the first ones of a sorted flow.
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
        self.append(Sort { schema: self.schema(), order, within })
    }

    /// Appends an operator that keeps the first `count` records of each group. An empty key is one
    /// group. Without an order, it keeps any records.
    #[inline(never)]
    pub(super) fn first(&self, key: Vec<usize>, count: usize, order: Vec<OrderKey>) -> Handle {
        self.append(First { schema: self.schema(), key, count, order })
    }
}
