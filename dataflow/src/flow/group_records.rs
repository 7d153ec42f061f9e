//! Groupings that return whole records: any of each group, the first by an order, the least or the
//! greatest.

use std::panic::Location;

use runtime::operators::{Reduction, distinct_by};
use runtime::sort::OrderKey;

use crate::key::{Key, Order, Projection, nulls_last};
use crate::record::Record;

use super::group::Grouped;
use super::{AnyMode, Ends, Flow, Handle, Mode};

impl<T: Record, M: Mode> Flow<T, M> {
    /// Keeps one record for each value of a field, or of several fields together:
    /// `|r| (r.name, r.day)`.
    ///
    /// Each task keeps the first record that it receives. So with several tasks, runs may keep
    /// different records. To choose a record, use `group_by` with `min_by`, `max_by` or `top`.
    ///
    /// # Cost
    /// A lookup per record and a row per value. Rows that do not fit into memory are spilled in
    /// parts.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn customers(orders: DataSet<(u32, String)>) -> DataSet<(u32, String)> {
    ///     orders.distinct_by(|o| o.0)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let orders = Env::embedded().collection([(1u32, "Ann"), (2, "Bob"), (1, "Ann")])?;
    /// assert_eq!(customers(orders).count()?, 2);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn distinct_by<K: Key<T>>(&self, key: impl FnOnce(T::Fields<T>) -> K) -> Flow<T, M>
    where
        M: Ends,
    {
        let key = key(T::fields(0));
        let handle = self.handle.called_at(Location::caller()).keyed(key.computation::<()>());
        handle.distinct_by(key.leaves()).typed()
    }

    /// Returns the record of the flow whose field is least. An empty flow emits nothing. The rules
    /// are those of [`Grouped::min_by`].
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn cheapest(offers: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    ///     offers.min_by(|o| o.1)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let offers = Env::embedded().collection([("Ann", 5u64), ("Bob", 7)])?;
    /// assert_eq!(cheapest(offers).collect()?, [("Ann".to_owned(), 5)]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn min_by<P: Projection<T>>(&self, field: impl FnOnce(T::Fields<T>) -> P) -> Flow<T, M>
    where
        M: Ends,
    {
        self.as_one_group(Location::caller()).min_by(field).handle.typed()
    }

    /// Returns the record of the flow whose field is greatest. An empty flow emits nothing. The
    /// rules are those of [`Grouped::max_by`].
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn dearest(offers: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    ///     offers.max_by(|o| o.1)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let offers = Env::embedded().collection([("Ann", 5u64), ("Bob", 7)])?;
    /// assert_eq!(dearest(offers).collect()?, [("Bob".to_owned(), 7)]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn max_by<P: Projection<T>>(&self, field: impl FnOnce(T::Fields<T>) -> P) -> Flow<T, M>
    where
        M: Ends,
    {
        self.as_one_group(Location::caller()).max_by(field).handle.typed()
    }
}

impl<T: Record, K: Record, M: Mode> Grouped<T, K, M> {
    /// Keeps any `count` records of each group, or all records of a smaller group.
    ///
    /// # Cost
    /// A lookup per record, and a key with a count per group. Records are emitted as they arrive.
    /// Records of groups that do not fit into memory are spilled first.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn samples(lines: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    ///     lines.group_by(|l| l.0).first(1)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let lines = Env::embedded().collection([("error", 3u64), ("info", 5), ("error", 8)])?;
    /// assert_eq!(samples(lines).count()?, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn first(&self, count: usize) -> Flow<T, M>
    where
        M: Ends,
    {
        self.handle.first(self.key.clone(), count, Vec::new()).typed()
    }

    /// Keeps the first `count` records of each group by an order:
    /// `|r| (desc(r.revenue), asc(r.day))`.
    ///
    /// Nulls come last. If records tie, any of them are kept. The order of the result is
    /// unspecified.
    ///
    /// # Cost
    /// Sorts records by key and order, a multiple of the result at a time.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn best_two(sales: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    ///     sales.group_by(|s| s.0).top(2, |s| desc(s.1)).sort(|s| (s.0, desc(s.1)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let sales =
    ///     Env::embedded().collection([("ink", 3u64), ("pen", 5), ("ink", 9), ("ink", 4)])?;
    /// let sale = |item: &str, price| (item.to_owned(), price);
    /// assert_eq!(best_two(sales).collect()?, [sale("ink", 9), sale("ink", 4), sale("pen", 5)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn top<O: Order<T>>(&self, count: usize, order: impl FnOnce(T::Fields<T>) -> O) -> Flow<T, M>
    where
        M: Ends,
    {
        let (groups, order) = self.ordered(&order(T::fields(0)));
        groups.handle.first(groups.key, count, order).typed()
    }

    /// Returns the record of each group whose field is least.
    ///
    /// With several fields, `|r| (r.price, r.day)`, later fields decide ties. Nulls come last. If
    /// records still tie, the other fields decide, in their order, so the result does not depend on
    /// tasks.
    ///
    /// # Cost
    /// A lookup and a comparison per record, and a record per group, which is spilled if it does
    /// not fit into memory. All fields are read.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn cheapest(offers: DataSet<(String, u64, String)>) -> DataSet<(String, u64, String)> {
    ///     offers.group_by(|o| o.0).min_by(|o| o.1)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let offers = Env::embedded().collection([
    ///     ("ink", 5u64, "Bob"),
    ///     ("ink", 3, "Cy"),
    ///     ("ink", 3, "Ann"),
    /// ])?;
    /// assert_eq!(cheapest(offers).collect()?, [("ink".to_owned(), 3, "Ann".to_owned())]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn min_by<P: Projection<T>>(&self, field: impl FnOnce(T::Fields<T>) -> P) -> Flow<T, M::Grouped> {
        self.min_max_by("min_by", &field(T::fields(0)), false)
    }

    /// Returns the record of each group whose field is greatest, or whose fields are. Nulls come
    /// last. If records tie, the one whose other fields are least is returned. See
    /// [`Grouped::min_by`].
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn latest(orders: DataSet<(u32, Date, i64)>) -> DataSet<(u32, Date, i64)> {
    ///     orders.group_by(|o| o.0).max_by(|o| o.1)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let (early, late) = (date!("2024-01-31"), date!("2024-02-29"));
    /// let orders = Env::embedded().collection([(7u32, late, 5i64), (7, early, 9)])?;
    /// assert_eq!(latest(orders).collect()?, [(7, late, 5)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_by<P: Projection<T>>(&self, field: impl FnOnce(T::Fields<T>) -> P) -> Flow<T, M::Grouped> {
        self.min_max_by("max_by", &field(T::fields(0)), true)
    }

    fn min_max_by<P: Projection<T>>(&self, word: &'static str, fields: &P, descending: bool) -> Flow<T, M::Grouped> {
        let (groups, leaves) = self.projected(fields);
        groups.handle.min_max_by((word, descending), groups.key, leaves, M::Grouped::UPDATES).typed()
    }
}

impl Handle {
    #[inline(never)]
    fn distinct_by(&self, key: Vec<usize>) -> Handle {
        self.append(distinct_by(self.schema(), key))
    }

    #[inline(never)]
    fn min_max_by(
        &self,
        (word, descending): (&'static str, bool),
        key: Vec<usize>,
        leaves: Vec<usize>,
        updates: bool,
    ) -> Handle {
        let schema = self.schema();
        let order = leaves.into_iter().map(|leaf| OrderKey { leaf, descending }).collect();
        self.reduced(word, key, Reduction::First(nulls_last(order, &schema)), updates)
    }
}
