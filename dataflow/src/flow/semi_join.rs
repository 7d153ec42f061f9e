//! Semi-joins and anti-joins.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use runtime::operators::{self, JoinHint, Keyed, Nulls};
use runtime::plan::Node;

use super::handle::keyed;
use super::hint::{Hint, Hinted, Semi};
use super::join_sides::Types;
use super::{CombinesWith, Ends, Flow, Handle, Mode};
use crate::key::{Key, KeyedBy};
use crate::record::Record;

/// A semi-join or anti-join that needs its keys: call [`on`](SemiJoin::on).
#[must_use = "a semi-join needs `.on(…)`"]
pub struct SemiJoin<L, R, M, K = Semi> {
    sides: SemiJoinSides,
    of: Types<L, R, M, K>,
}

/// The inputs of a semi-join (`matched`) or an anti-join, without their record types.
struct SemiJoinSides {
    matched: bool,
    left: Handle,
    right: Arc<Node>,
    hint: Option<JoinHint>,
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// Keeps the records whose key is a key of the other flow, once and unchanged.
    ///
    /// For a `TimedStream` the result is a `DataStream`: records are emitted when the streams end,
    /// after all windows.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn sold(items: DataSet<u64>, sales: DataSet<(u64, i64)>) -> DataSet<u64> {
    ///     items.semi_join(sales).on(|i| i, |s| s.0)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let sold = sold(env.collection([1u64, 2, 3])?, env.collection([(2u64, 30i64), (2, 50)])?)
    ///     .collect()?;
    /// assert_eq!(sold, [2]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn semi_join<R: Record, N>(&self, other: Flow<R, N>) -> SemiJoin<T, R, M>
    where
        N: CombinesWith<M, R>,
    {
        SemiJoin::new(true, self, other, Location::caller())
    }

    /// Keeps the records whose key is not a key of the other flow, unchanged. A null key equals no
    /// key, so its record is kept.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn unsold(items: DataSet<u64>, sales: DataSet<(u64, i64)>) -> DataSet<u64> {
    ///     items.anti_join(sales).on(|i| i, |s| s.0)
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let unsold =
    ///     unsold(env.collection([1u64, 2, 3])?, env.collection([(2u64, 30i64)])?).collect()?;
    /// assert_eq!(unsold, [1, 3]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn anti_join<R: Record, N>(&self, other: Flow<R, N>) -> SemiJoin<T, R, M>
    where
        M: Ends,
        N: CombinesWith<M, R>,
    {
        SemiJoin::new(false, self, other, Location::caller())
    }
}

impl<L: Record, R: Record, M: Mode> SemiJoin<L, R, M> {
    fn new<N>(matched: bool, left: &Flow<L, M>, right: Flow<R, N>, location: &'static Location<'static>) -> Self {
        let (left, right) = (left.handle.called_at(location), right.handle.node);
        SemiJoin { sides: SemiJoinSides { matched, left, right, hint: None }, of: PhantomData }
    }
}

impl<L: Record, R: Record, M: Mode, K> SemiJoin<L, R, M, K> {
    /// Sets the keys, which must have equal types: `on(|o| o.custkey, |c| c.custkey)`.
    ///
    /// Keys can be computed. A null key equals nothing.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn of_known(orders: DataSet<(u64, Date)>, years: DataSet<i32>) -> DataSet<u64> {
    ///     orders.semi_join(years).on(|o| o.1.year(), |year| year).map(|o| o.0)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let orders = env.collection([(1u64, date!("2023-03-01")), (2, date!("2024-02-29"))])?;
    /// assert_eq!(of_known(orders, env.collection([2024])?).collect()?, [2]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on<A: Key<L>, B>(
        self,
        left: impl FnOnce(L::Fields<L>) -> A,
        right: impl FnOnce(R::Fields<R>) -> B,
    ) -> Flow<L, M::Joined>
    where
        B: KeyedBy<R, A::Value>,
    {
        self.filtered(&left(L::fields(0)), &right(R::fields(0)), Nulls::Differ)
    }

    /// Like [`SemiJoin::on`], but a null equals another null.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn unsold(
    ///     items: DataSet<Option<u64>>,
    ///     sales: DataSet<Option<u64>>,
    /// ) -> DataSet<Option<u64>> {
    ///     items.anti_join(sales).on_nulls_equal(|i| i, |s| s)
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let unsold = unsold(env.collection([Some(1u64), None])?, env.collection([None::<u64>])?)
    ///     .collect()?;
    /// assert_eq!(unsold, [Some(1)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_nulls_equal<A: Key<L>, B>(
        self,
        left: impl FnOnce(L::Fields<L>) -> A,
        right: impl FnOnce(R::Fields<R>) -> B,
    ) -> Flow<L, M::Joined>
    where
        B: KeyedBy<R, A::Value>,
    {
        self.filtered(&left(L::fields(0)), &right(R::fields(0)), Nulls::Equal)
    }

    /// Sets the strategy. See [`Join::hint`](super::Join::hint).
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn sold(items: DataSet<u64>, sales: DataSet<(u64, i64)>) -> DataSet<u64> {
    ///     items.semi_join(sales).hint(BroadcastRight).on(|i| i, |s| s.0)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// # use dataflow::joins::BroadcastRight;
    /// # let env = Env::embedded();
    /// let sold = sold(env.collection([1u64, 2, 3])?, env.collection([(2u64, 30i64)])?).collect()?;
    /// assert_eq!(sold, [2]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn hint<H: Hint<K>>(self, hint: H) -> SemiJoin<L, R, M, Hinted<K>> {
        let _ = hint;
        SemiJoin { sides: SemiJoinSides { hint: Some(H::HINT), ..self.sides }, of: PhantomData }
    }

    fn filtered<A: Key<L>>(self, left: &A, right: &impl KeyedBy<R, A::Value>, nulls: Nulls) -> Flow<L, M::Joined> {
        let keys = [left.leaves(), right.leaves()];
        let computations = [left.computation::<()>(), right.computation::<()>()];
        self.sides.filtered(computations, keys, nulls).typed()
    }
}

impl SemiJoinSides {
    #[inline(never)]
    fn filtered(self, [of_left, of_right]: [Option<Keyed>; 2], keys: [Vec<usize>; 2], nulls: Nulls) -> Handle {
        let SemiJoinSides { matched, left, right, hint } = self;
        let right = keyed(&right, of_right, &left.next);
        let left = left.keyed(of_left);
        let inputs = [left.schema(), right.schema().clone()];
        let operator = operators::SemiJoin { matched, inputs, keys, nulls, hint };
        left.append_with_inputs(Arc::new(operator), &[right])
    }
}
