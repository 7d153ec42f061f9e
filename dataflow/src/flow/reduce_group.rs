//! Groups as a whole: a closure goes over the records of each, in an order or in none.

use runtime::operators::{GroupReduce, GroupTop};
use runtime::page::OrderKey;
use runtime::plan::Reads;

use super::group::Grouped;
use super::{Ends, Flow, Mode};
use crate::kernel::{Emitter, Group, reduce_group};
use crate::key::Order;
use crate::record::Record;

/// A flow by key, whose groups are in an order.
pub struct SortedGroups<T, K, M> {
    groups: Grouped<T, K, M>,
    order: Vec<OrderKey>,
}

impl<T, K, M> Clone for SortedGroups<T, K, M> {
    fn clone(&self) -> Self {
        SortedGroups { groups: self.groups.clone(), order: self.order.clone() }
    }
}

impl<T: Record, K: Record, M: Ends> Grouped<T, K, M> {
    /// Puts the records of each group in order, `|r| (asc(r.time), desc(r.price))`, for [`SortedGroups::reduce_group`]. Nulls come last.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// /// How much each reading differs from the one before.
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
    #[must_use]
    pub fn sorted_by<O: Order<T>>(&self, order: impl FnOnce(T::Fields<T>) -> O) -> SortedGroups<T, K, M> {
        let (groups, order) = self.ordered(&order(T::fields(0)));
        SortedGroups { groups, order }
    }

    /// Calls `body` for each group: it is lent the group's records one at a time, in no particular order, and emits any number.
    ///
    /// `#[dataflow]` writes `for r in group` as `while let Some(r) = group.next()`. A record is there until the next one is asked for;
    /// [`Group::owned`] copies them.
    ///
    /// Cost: all records come to their group's task, which keeps them in memory and sorts them by key; all fields are read. What
    /// can be said as an aggregate or with [`Grouped::reduce`] is cheaper: it needs one record for each group.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// /// The words of each length, in one text.
    /// #[dataflow]
    /// fn by_length(words: DataSet<(u64, String)>) -> DataSet<(u64, String)> {
    ///     words.group_by(|w| w.0).reduce_group(|group, out| {
    ///         let (mut length, mut all) = (0, Vec::new());
    ///         for w in group {
    ///             length = w.0;
    ///             all.push(w.1.to_owned());
    ///         }
    ///         all.sort();
    ///         out.emit((length, all.join(" ")));
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let words = Env::embedded().collection([(2u64, "to"), (2, "be")])?;
    /// assert_eq!(by_length(words).collect()?, [(2, "be to".to_owned())]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn reduce_group<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        reduced(self, Vec::new(), body)
    }
}

impl<T: Record, K: Record, M: Ends> SortedGroups<T, K, M> {
    /// As [`Grouped::reduce_group`], with each group's records in order.
    #[must_use]
    pub fn reduce_group<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        reduced(&self.groups, self.order.clone(), body)
    }

    /// The first `count` records of each group: [`Grouped::top`] by the groups' order.
    #[must_use]
    pub fn first(&self, count: usize) -> Flow<T, M> {
        let (groups, order) = (&self.groups, self.order.clone());
        let top = GroupTop { schema: groups.flow.schema(), key: groups.key.clone(), count, order };
        groups.flow.then::<T, M>(top, &[], &groups.next).unkeyed(&groups.next)
    }
}

fn reduced<T: Record, K, U: Record, M: Mode, F>(groups: &Grouped<T, K, M>, order: Vec<OrderKey>, body: F) -> Flow<U, M>
where
    F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
{
    let operator = GroupReduce {
        input: groups.flow.schema(),
        output: U::schema(),
        key: groups.key.clone(),
        order,
        kernel: reduce_group::<T, U, F>(body),
        reads: Reads::All,
    };
    groups.flow.then(operator, &[], &groups.next)
}
