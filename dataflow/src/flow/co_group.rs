//! Groups of two flows by a common key.

use std::panic::Location;
use std::sync::Arc;

use runtime::operators;
use runtime::row::Schema;
use runtime::sort::{CoGroupFactory, OrderKey};

use crate::kernel::{Emitter, Group, co_group};
use crate::key::{Key, KeyedBy, Order};
use crate::record::Record;

use super::group::Grouped;
use super::{CombinesWith, Ends, Flow, Handle, Mode};

/// A co-group of two flows that needs its keys: call [`on`](CoGroup::on).
#[must_use = "a co-grouping needs `.on(…)`, then `.reduce_group(…)`"]
pub struct CoGroup<L, R, M> {
    left: Flow<L, M>,
    right: Flow<R, M>,
}

/// The groups of two flows by a common key. They need a closure: call
/// [`reduce_group`](CoGroups::reduce_group).
#[must_use = "a co-grouping needs a closure: `.reduce_group(|lefts, rights, out| …)`"]
pub struct CoGroups<L, R, K, M> {
    left: Grouped<L, K, M>,
    right: Grouped<R, K, M>,
    sorted: Sorted<L, R, K, M>,
}

/// Both sides with the values that their orders compute, and the orders.
type Sorted<L, R, K, M> = (Grouped<L, K, M>, Grouped<R, K, M>, [Vec<OrderKey>; 2]);

impl<L, R, K, M> Clone for CoGroups<L, R, K, M> {
    fn clone(&self) -> Self {
        CoGroups { left: self.left.clone(), right: self.right.clone(), sorted: self.sorted.clone() }
    }
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// Groups this flow and another one by a common key.
    ///
    /// For each key of either flow, [`CoGroups::reduce_group`] receives the records of both flows.
    /// One of the two groups may be empty. Null is a key like any other, as in [`Flow::group_by`]:
    /// records of both flows with a null key are in one pair of groups.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// /// The stock of each article: deliveries minus sales.
    /// #[dataflow]
    /// fn stock(delivered: DataSet<(u32, i64)>, sold: DataSet<(u32, i64)>) -> DataSet<(u32, i64)> {
    ///     delivered.co_group(sold).on(|d| d.0, |s| s.0).reduce_group(|delivered, sold, out| {
    ///         let (mut article, mut left) = (0, 0);
    ///         for d in delivered {
    ///             (article, left) = (d.0, left + d.1);
    ///         }
    ///         for s in sold {
    ///             (article, left) = (s.0, left - s.1);
    ///         }
    ///         out.emit((article, left));
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let delivered = env.collection([(1u32, 10i64), (2, 5), (1, 3)])?;
    /// let sold = env.collection([(1u32, 4i64), (3, 1)])?;
    /// let mut stock = stock(delivered, sold).collect()?;
    /// stock.sort();
    /// assert_eq!(stock, [(1, 9), (2, 5), (3, -1)]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn co_group<R: Record, N>(&self, right: Flow<R, N>) -> CoGroup<T, R, M>
    where
        M: Ends,
        N: CombinesWith<M, R>,
    {
        CoGroup { left: self.handle.called_at(Location::caller()).typed(), right: right.handle.typed() }
    }
}

impl<L: Record, R: Record, M: Ends> CoGroup<L, R, M> {
    /// Sets the keys, which must have equal types: `on(|l| l.orderkey, |o| o.orderkey)`.
    ///
    /// Keys can be computed: `on(|s| s.day.month(), |b| b.month)`.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn either(days: DataSet<(u32, i64)>, nights: DataSet<(u32, i64)>) -> DataSet<(u64, u64)> {
    ///     days.co_group(nights).on(|d| d.0, |n| n.0).reduce_group(|days, nights, out| {
    ///         out.emit((days.len() as u64, nights.len() as u64));
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let either =
    ///     either(env.collection([(1u32, 5i64)])?, env.collection([(1u32, 3i64), (1, 4)])?);
    /// assert_eq!(either.collect()?, [(1, 2)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on<A: Key<L>, B>(
        self,
        left: impl FnOnce(L::Fields<L>) -> A,
        right: impl FnOnce(R::Fields<R>) -> B,
    ) -> CoGroups<L, R, A::Value, M>
    where
        B: KeyedBy<R, A::Value>,
    {
        let (lefts, rights) = (self.left.handle, self.right.handle);
        let (left, right) = (left(L::fields(0)), right(R::fields(0)));
        let rights = rights.with_next(lefts.next.clone()).keyed(right.computation::<()>());
        let left = Grouped::new(lefts.keyed(left.computation::<()>()), left.leaves());
        let right = Grouped::new(rights, right.leaves());
        CoGroups { sorted: (left.clone(), right.clone(), [Vec::new(), Vec::new()]), left, right }
    }
}

impl<L: Record, R: Record, K: Record, M: Ends> CoGroups<L, R, K, M> {
    /// Sorts the records of each group: those of the left flow by the first closure, those of the
    /// right flow by the second. Nulls come last. A second call replaces the orders.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// /// The last value and the last fault of each sensor.
    /// #[dataflow]
    /// fn last(
    ///     values: DataSet<(u32, u64, i64)>,
    ///     faults: DataSet<(u32, u64)>,
    /// ) -> DataSet<(Option<i64>, Option<u64>)> {
    ///     let both = values
    ///         .co_group(faults)
    ///         .on(|v| v.0, |f| f.0)
    ///         .sorted_by(|v| desc(v.1), |f| desc(f.1));
    ///     both.reduce_group(|values, faults, out| {
    ///         out.emit((values.next().map(|v| v.2), faults.next().map(|f| f.1)));
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let values = env.collection([(7u32, 1u64, 20i64), (7, 5, 30), (7, 3, 25)])?;
    /// let faults = env.collection([(7u32, 2u64), (7, 4)])?;
    /// assert_eq!(last(values, faults).collect()?, [(Some(30), Some(4))]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn sorted_by<A: Order<L>, B: Order<R>>(
        &self,
        left: impl FnOnce(L::Fields<L>) -> A,
        right: impl FnOnce(R::Fields<R>) -> B,
    ) -> Self {
        let (left, of_left) = self.left.ordered(&left(L::fields(0)));
        let (right, of_right) = self.right.ordered(&right(R::fields(0)));
        CoGroups { sorted: (left, right, [of_left, of_right]), ..self.clone() }
    }

    /// Calls `body` once for each key, with the records of both sides. It emits any number of
    /// records.
    ///
    /// At least one of the groups has a record. The records of a group are borrowed one at a time,
    /// in no particular order. As in [`Grouped::reduce_group`](super::Grouped::reduce_group),
    /// `#[dataflow]` rewrites `for l in lefts` to `while let Some(l) = lefts.next()`. A record is
    /// valid until the next one of its side is requested. To iterate more than once,
    /// [`Group::owned`] copies the remaining records.
    ///
    /// # Cost
    /// All records of both flows are shipped to the task of their key, which sorts them, on disk if
    /// they do not fit into memory. A join is cheaper, as it stores only the smaller side. The
    /// fields that are read are found as in
    /// [`Grouped::reduce_group`](super::Grouped::reduce_group).
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// /// Members without a task, in teams that have tasks.
    /// #[dataflow]
    /// fn idle(members: DataSet<(u32, String)>, tasks: DataSet<(u32, String)>) -> DataSet<String> {
    ///     members.co_group(tasks).on(|m| m.0, |t| t.0).reduce_group(|members, tasks, out| {
    ///         let busy: Vec<(u32, String)> = tasks.owned();
    ///         if busy.is_empty() {
    ///             return;
    ///         }
    ///         for m in members {
    ///             if busy.iter().all(|task| task.1 != m.1) {
    ///                 out.emit(m.1);
    ///             }
    ///         }
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let members = env.collection([(1u32, "Ann"), (1, "Bob"), (2, "Cy")])?;
    /// let tasks = env.collection([(1u32, "Bob"), (3, "Dee")])?;
    /// assert_eq!(idle(members, tasks).collect()?, ["Ann"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn reduce_group<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'l, 'r> Fn(&mut Group<'l, L>, &mut Group<'r, R>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        let (left, right, orders) = &self.sorted;
        let keys = [left.key.clone(), right.key.clone()];
        let (schemas, kernel) = ([L::schema(), R::schema(), U::schema()], co_group::<L, R, U, F>(body));
        left.handle.co_grouped(&right.handle, keys, orders, schemas, kernel).typed()
    }
}

impl Handle {
    #[inline(never)]
    fn co_grouped(
        &self,
        right: &Handle,
        keys: [Vec<usize>; 2],
        orders: &[Vec<OrderKey>; 2],
        [left_record, right_record, output]: [Schema; 3],
        kernel: CoGroupFactory,
    ) -> Handle {
        let reads = [self.next.reads(0, &left_record), self.next.reads(1, &right_record)];
        let (inputs, orders) = ([self.schema(), right.schema()], orders.clone());
        let operator = operators::CoGroup { reads, inputs, keys, orders, output, kernel };
        self.append_with_inputs(Arc::new(operator), std::slice::from_ref(&right.node))
    }
}
