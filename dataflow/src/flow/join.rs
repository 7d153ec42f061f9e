//! Inner and outer joins before their keys are set.

use std::marker::PhantomData;
use std::panic::Location;

use runtime::operators::Nulls;

use crate::key::{Key, KeyedBy};
use crate::record::Record;

use super::hint::{Hint, Hinted};
use super::join_kind::{FullOuter, Inner, LeftOuter, Outer, RightOuter};
use super::join_sides::{JoinSides, Types};
use super::joined::Joined;
use super::{AnyMode, CombinesWith, Ends, Flow, Mode};

/// Values that can be the right side of a join.
#[diagnostic::on_unimplemented(
    message = "this cannot stand on the right of this join",
    label = "not a flow",
    note = "join a `DataSet` with a `DataSet`, or a `DataStream` with a `DataStream`"
)]
pub trait Side {
    /// The mode of the right side.
    type Mode: AnyMode;
    /// The record type of the right side.
    type Record: Record;
    /// The result of `join`, which needs keys.
    type Join<L: Record, M: Mode>;
    /// The result of `left_join`, which needs keys.
    type LeftJoin<L: Record, M: Mode>;
    /// Creates an inner join of `left` and this side.
    fn joined<L: Record, M: Mode>(self, left: &Flow<L, M>, location: &'static Location<'static>) -> Self::Join<L, M>;
    /// Creates a left join of `left` and this side.
    fn left_joined<L: Record, M: Mode>(
        self,
        left: &Flow<L, M>,
        location: &'static Location<'static>,
    ) -> Self::LeftJoin<L, M>;
}

impl<R: Record, N: AnyMode> Side for Flow<R, N> {
    type Mode = N;
    type Record = R;

    type Join<L: Record, M: Mode> = Join<L, R, M, Inner>;
    fn joined<L: Record, M: Mode>(self, left: &Flow<L, M>, location: &'static Location<'static>) -> Self::Join<L, M> {
        Join::new(left, self, location)
    }

    type LeftJoin<L: Record, M: Mode> = Join<L, R, M, LeftOuter>;
    fn left_joined<L: Record, M: Mode>(
        self,
        left: &Flow<L, M>,
        location: &'static Location<'static>,
    ) -> Self::LeftJoin<L, M> {
        Join::new(left, self, location)
    }
}

/// A join of two flows that needs its keys: call [`on`](Join::on).
#[must_use = "a join needs `.on(…)`, then a closure"]
pub struct Join<L, R, M, K = Inner> {
    sides: JoinSides,
    of: Types<L, R, M, K>,
}

impl<L: Record, R: Record, M: Mode, K: Outer> Join<L, R, M, K> {
    fn new<N>(left: &Flow<L, M>, right: Flow<R, N>, location: &'static Location<'static>) -> Self {
        Join { sides: JoinSides::new(left, right, location), of: PhantomData }
    }
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// Joins with another flow and emits all pairs of records with equal keys.
    ///
    /// A null key equals nothing, except after [`on_nulls_equal`](Join::on_nulls_equal). The join
    /// of two `TimedStream`s is a `DataStream`, because a pair has two event times.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn named(
    ///     sales: DataSet<(u64, i64)>,
    ///     names: DataSet<(u64, String)>,
    /// ) -> DataSet<(String, i64)> {
    ///     sales.join(names).on(|s| s.0, |n| n.0).map(|s, n| (n.1, s.1))
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let names = env.collection([(1u64, "Ada".to_owned())])?;
    /// let named = named(env.collection([(1u64, 30i64), (2, 50)])?, names).collect()?;
    /// assert_eq!(named, [("Ada".to_owned(), 30)]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn join<S: Side>(&self, side: S) -> S::Join<T, M>
    where
        S::Mode: CombinesWith<M, S::Record>,
    {
        side.joined(self, Location::caller())
    }

    /// Joins with another flow and keeps records of this flow without a partner. The closure
    /// receives an `Option` of the right record.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn named(
    ///     sales: DataSet<(u64, i64)>,
    ///     names: DataSet<(u64, String)>,
    /// ) -> DataSet<(Option<String>, i64)> {
    ///     sales.left_join(names).on(|s| s.0, |n| n.0).map(|s, n| (n.map(|n| n.1), s.1))
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let names = env.collection([(1u64, "Ada".to_owned())])?;
    /// let named = named(env.collection([(1u64, 30i64), (2, 50)])?, names).collect()?;
    /// assert_eq!(named, [(Some("Ada".to_owned()), 30), (None, 50)]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn left_join<S: Side>(&self, right: S) -> S::LeftJoin<T, M>
    where
        M: Ends,
        S::Mode: CombinesWith<M, S::Record>,
    {
        right.left_joined(self, Location::caller())
    }

    /// Joins with another flow and keeps records of the other flow without a partner. The closure
    /// receives an `Option` of the left record.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn sold(
    ///     sales: DataSet<(u64, i64)>,
    ///     items: DataSet<(u64, String)>,
    /// ) -> DataSet<(String, Option<i64>)> {
    ///     sales
    ///         .right_join(items)
    ///         .on(|s| s.0, |i| i.0)
    ///         .map(|s, i| (i.1, s.map(|s| s.1)))
    ///         .sort(|sold| sold.0)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let items = env.collection([(1u64, "ink".to_owned()), (2, "pen".to_owned())])?;
    /// let sold = sold(env.collection([(1u64, 30i64)])?, items).collect()?;
    /// assert_eq!(sold, [("ink".to_owned(), Some(30)), ("pen".to_owned(), None)]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn right_join<R: Record, N>(&self, right: Flow<R, N>) -> Join<T, R, M, RightOuter>
    where
        M: Ends,
        N: CombinesWith<M, R>,
    {
        Join::new(self, right, Location::caller())
    }

    /// Joins with another flow and keeps records of both flows without a partner. The closure
    /// receives two `Option`s, of which at least one is `Some`.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn stock(ours: DataSet<(u64, i64)>, theirs: DataSet<(u64, i64)>) -> DataSet<i64> {
    ///     ours.full_join(theirs)
    ///         .on(|o| o.0, |t| t.0)
    ///         .map(|o, t| o.map_or(0, |o| o.1) - t.map_or(0, |t| t.1))
    ///         .sort(|n| n)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let ours = env.collection([(1u64, 5i64), (2, 7)])?;
    /// let theirs = env.collection([(1u64, 4i64), (3, 2)])?;
    /// assert_eq!(stock(ours, theirs).collect()?, [-2, 1, 7]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn full_join<R: Record, N>(&self, right: Flow<R, N>) -> Join<T, R, M, FullOuter>
    where
        M: Ends,
        N: CombinesWith<M, R>,
    {
        Join::new(self, right, Location::caller())
    }
}

impl<L: Record, R: Record, M: Mode, K: Outer> Join<L, R, M, K> {
    /// Sets the keys, which must have equal types: `on(|l| l.orderkey, |o| o.orderkey)`.
    ///
    /// Keys can be computed: `on(|s| s.day.month(), |b| b.month)`.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn within_budget(
    ///     sales: DataSet<(Date, i64)>,
    ///     budgets: DataSet<(u32, i64)>,
    /// ) -> DataSet<bool> {
    ///     sales.join(budgets).on(|s| s.0.month(), |b| b.0).map(|s, b| s.1 <= b.1)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let sales = env.collection([(date!("2024-02-29"), 30i64)])?;
    /// assert_eq!(within_budget(sales, env.collection([(2u32, 50i64)])?).collect()?, [true]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on<A: Key<L>, B>(
        self,
        left: impl FnOnce(L::Fields<L>) -> A,
        right: impl FnOnce(R::Fields<R>) -> B,
    ) -> Joined<K::Left<L>, K::Right<R>, M::Joined>
    where
        B: KeyedBy<R, A::Value>,
    {
        self.joined(&left(L::fields(0)), &right(R::fields(0)), Nulls::Differ)
    }

    /// Like [`Join::on`], but a null equals another null, as in SQL's `is not distinct from`.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn by_region(
    ///     shops: DataSet<(u64, Option<u32>)>,
    ///     taxes: DataSet<(Option<u32>, i64)>,
    /// ) -> DataSet<(u64, i64)> {
    ///     shops.join(taxes).on_nulls_equal(|s| s.1, |t| t.0).map(|s, t| (s.0, t.1))
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let shops = env.collection([(1u64, None::<u32>), (2, Some(7))])?;
    /// let taxes = env.collection([(None::<u32>, 10i64)])?;
    /// assert_eq!(by_region(shops, taxes).collect()?, [(1, 10)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_nulls_equal<A: Key<L>, B>(
        self,
        left: impl FnOnce(L::Fields<L>) -> A,
        right: impl FnOnce(R::Fields<R>) -> B,
    ) -> Joined<K::Left<L>, K::Right<R>, M::Joined>
    where
        B: KeyedBy<R, A::Value>,
    {
        self.joined(&left(L::fields(0)), &right(R::fields(0)), Nulls::Equal)
    }

    /// Sets the strategy of the join, if you know better than the estimates.
    ///
    /// The hints are [`BuildLeft`](crate::joins::BuildLeft) and `BuildRight`, `BroadcastLeft` and
    /// `BroadcastRight`, `Repartition`, `RepartitionBuildLeft` and `RepartitionBuildRight`, and
    /// [`SortMerge`](crate::joins::SortMerge). A hint that the kind of join cannot follow does not
    /// compile. EXPLAIN marks the strategy with `by hint`.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn named(
    ///     sales: DataSet<(u64, i64)>,
    ///     names: DataSet<(u64, String)>,
    /// ) -> DataSet<(String, i64)> {
    ///     sales.join(names).hint(BroadcastRight).on(|s| s.0, |n| n.0).map(|s, n| (n.1, s.1))
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// # let names = env.collection([(1u64, "Ada".to_owned())])?;
    /// # let named = named(env.collection([(1u64, 30i64), (2, 50)])?, names).collect()?;
    /// # assert_eq!(named, [("Ada".to_owned(), 30)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn hint<H: Hint<K>>(mut self, hint: H) -> Join<L, R, M, Hinted<K>> {
        let _ = hint;
        self.sides.hint = Some(H::HINT);
        Join { sides: self.sides, of: PhantomData }
    }

    fn joined<A: Key<L>>(
        self,
        left: &A,
        right: &impl KeyedBy<R, A::Value>,
        nulls: Nulls,
    ) -> Joined<K::Left<L>, K::Right<R>, M::Joined> {
        let sides = self.sides.keyed([left.computation::<()>(), right.computation::<()>()]);
        Joined::of_keys(sides, K::KIND, [left.leaves(), right.leaves()], nulls)
    }
}
