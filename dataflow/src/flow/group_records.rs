//! Groupings that give records as they are: some of each group, its first in an order, its least or greatest.

use std::panic::Location;

use runtime::operators::{Reduction, distinct_by};
use runtime::sort::OrderKey;

use crate::key::{Key, Order, Projection, nulls_last};
use crate::record::Record;

use super::group::Grouped;
use super::{AnyMode, Ends, Flow, Handle, Mode};

impl<T: Record, M: Mode> Flow<T, M> {
    /// One record for each value of a field, or of several, `|r| (r.name, r.day)`: whichever comes first to its task, so with more than one
    /// task not always the same. For a certain one, `group_by` with `min_by`, `max_by` or `top`.
    ///
    /// Cost: a look-up for each record, and a row for each value; rows that do not fit memory go to disk in parts.
    ///
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

    /// The record of the whole flow where a field is least; none of an empty flow. As [`Grouped::min_by`].
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

    /// The record of the whole flow where a field is greatest; none of an empty flow. As [`Grouped::max_by`].
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
    /// Any `count` records of each group, all of a group that has fewer.
    ///
    /// Cost: a look-up for each record, and a key with a count for each group; records go on as they come, and those of groups that do not fit memory go to
    /// disk first.
    ///
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

    /// The first `count` records of each group in an order: `|r| (desc(r.revenue), asc(r.day))`. Nulls come last. Which of those that tie
    /// are given is not specified, nor is the order of the result.
    ///
    /// Cost: a sort by key and order, of some multiple of the result at a time.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn best_two(sales: DataSet<(String, u64)>) -> DataSet<(String, u64)> {
    ///     sales.group_by(|s| s.0).top(2, |s| desc(s.1)).sort(|s| (s.0, desc(s.1)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let sales = Env::embedded().collection([("ink", 3u64), ("pen", 5), ("ink", 9), ("ink", 4)])?;
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

    /// The record of each group where a field is least, or several, `|r| (r.price, r.day)`, the first one before the next. Nulls come last.
    /// Of records that tie, the one whose other fields are least, in their order: so the result does not depend on the tasks.
    ///
    /// Cost: a look-up and a comparison for each record, and a record for each group, on disk where they do not fit memory; all fields are read.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn cheapest(offers: DataSet<(String, u64, String)>) -> DataSet<(String, u64, String)> {
    ///     offers.group_by(|o| o.0).min_by(|o| o.1)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let offers = Env::embedded().collection([("ink", 5u64, "Bob"), ("ink", 3, "Cy"), ("ink", 3, "Ann")])?;
    /// assert_eq!(cheapest(offers).collect()?, [("ink".to_owned(), 3, "Ann".to_owned())]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn min_by<P: Projection<T>>(&self, field: impl FnOnce(T::Fields<T>) -> P) -> Flow<T, M::Grouped> {
        self.min_max_by("min_by", &field(T::fields(0)), false)
    }

    /// The record of each group where a field is greatest, or several. Nulls come last. Of records that tie, the one whose other
    /// fields are least. As [`Grouped::min_by`].
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
        self.then(distinct_by(self.schema(), key))
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
