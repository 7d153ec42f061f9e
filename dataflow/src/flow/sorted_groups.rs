//! Sorted groups: a closure iterates over the records of each group in order.

use runtime::sort::OrderKey;

use crate::error::UserError;
use crate::kernel::{Emitter, Group};
use crate::key::Order;
use crate::record::Record;

use super::group::Grouped;
use super::{Ends, Flow, Mode};

/// A grouped flow whose groups are sorted.
#[must_use = "groups in an order need a closure: `.reduce_group(|group, out| ..)`"]
pub struct SortedGroups<T, K, M> {
    groups: Grouped<T, K, M>,
    order: Vec<OrderKey>,
}

impl<T, K, M> Clone for SortedGroups<T, K, M> {
    fn clone(&self) -> Self {
        SortedGroups { groups: self.groups.clone(), order: self.order.clone() }
    }
}

impl<T: Record, K: Record, M: Mode> Grouped<T, K, M> {
    /// Sorts the records of each group, `|r| (asc(r.time), desc(r.price))`, for
    /// [`SortedGroups::reduce_group`]. Nulls come last.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// /// The difference of each reading from the previous one.
    /// #[dataflow]
    /// fn changes(readings: DataSet<(u32, u64, i64)>) -> DataSet<(u32, i64)> {
    ///     readings.group_by(|r| r.0).sorted_by(|r| asc(r.1)).reduce_group(|group, out| {
    ///         let mut before = None;
    ///         for r in group {
    ///             if let Some(before) = before {
    ///                 out.emit((r.0, r.2 - before));
    ///             }
    ///             before = Some(r.2);
    ///         }
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let readings = Env::embedded().collection([(7u32, 3u64, 10i64), (7, 1, 4), (7, 2, 5)])?;
    /// assert_eq!(changes(readings).collect()?, [(7, 1), (7, 5)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn sorted_by<O: Order<T>>(&self, order: impl FnOnce(T::Fields<T>) -> O) -> SortedGroups<T, K, M>
    where
        M: Ends,
    {
        let (groups, order) = self.ordered(&order(T::fields(0)));
        SortedGroups { groups, order }
    }
}

impl<T: Record, K: Record, M: Mode> SortedGroups<T, K, M> {
    /// Like [`Grouped::reduce_group`], with the records of each group in order.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn rises(prices: DataSet<(u32, u64, i64)>) -> DataSet<(u32, i64)> {
    ///     prices.group_by(|p| p.0).sorted_by(|p| p.1).reduce_group(|prices, out| {
    ///         let mut last = None;
    ///         for p in prices {
    ///             if let Some(last) = last {
    ///                 out.emit((p.0, p.2 - last));
    ///             }
    ///             last = Some(p.2);
    ///         }
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let prices = Env::embedded().collection([(7u32, 2u64, 15i64), (7, 1, 10), (7, 3, 12)])?;
    /// assert_eq!(rises(prices).collect()?, [(7, 5), (7, -3)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn reduce_group<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        self.groups.reduced(&self.order, body)
    }

    /// Like [`SortedGroups::reduce_group`], with a fallible closure, which ends with `Ok(())`. An
    /// error in one group ends the job.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// /// The difference of the last and first reading of each meter.
    /// #[dataflow]
    /// fn used(meters: DataSet<(u32, u64, i64)>) -> DataSet<(u32, i64)> {
    ///     meters.group_by(|m| m.0).sorted_by(|m| m.1).try_reduce_group(|readings, out| {
    ///         let mut last = None;
    ///         let mut sum = 0;
    ///         let mut meter = 0;
    ///         for r in readings {
    ///             let step = r.2 - last.unwrap_or(r.2);
    ///             if step < 0 {
    ///                 return Err(format!("meter {} runs backwards", r.0).into());
    ///             }
    ///             (meter, sum, last) = (r.0, sum + step, Some(r.2));
    ///         }
    ///         out.emit((meter, sum));
    ///         Ok(())
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let env = Env::embedded();
    /// assert_eq!(used(env.collection([(7u32, 2u64, 15i64), (7, 1, 10)])?).collect()?, [(7, 5)]);
    /// let error = used(env.collection([(7u32, 1u64, 15i64), (7, 2, 10)])?)
    ///     .collect()
    ///     .unwrap_err()
    ///     .to_string();
    /// assert!(error.contains("meter 7 runs backwards"), "{error}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_reduce_group<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
    {
        self.groups.try_reduced(&self.order, body)
    }

    /// Like [`Grouped::combine_group`], with the records of each partial group in order.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn spans(visits: DataSet<(u32, u64)>) -> DataSet<(u32, u64, u64)> {
    ///     let partial = visits.group_by(|v| v.0).sorted_by(|v| v.1).combine_group(|visits, out| {
    ///         if let Some(first) = visits.next() {
    ///             let mut last = first.1;
    ///             for v in visits {
    ///                 last = v.1;
    ///             }
    ///             out.emit((first.0, first.1, last));
    ///         }
    ///     });
    ///     partial.group_by(|p| p.0).aggregate(|g| (g.key, g.min(|p| p.1), g.max(|p| p.2)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let visits = Env::embedded().collection([(7u32, 3u64), (7, 9), (7, 5)])?;
    /// assert_eq!(spans(visits).collect()?, [(7, 3, 9)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn combine_group<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        self.groups.combined(&self.order, body)
    }

    /// Keeps the first `count` records of each group, like [`Grouped::top`] by the order of the
    /// groups.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn latest(orders: DataSet<(u32, u64)>) -> DataSet<(u32, u64)> {
    ///     orders.group_by(|o| o.0).sorted_by(|o| desc(o.1)).first(1)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let orders = Env::embedded().collection([(7u32, 3u64), (7, 9), (7, 5)])?;
    /// assert_eq!(latest(orders).collect()?, [(7, 9)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn first(&self, count: usize) -> Flow<T, M> {
        self.groups.handle.first(self.groups.key.clone(), count, self.order.clone()).typed()
    }
}
