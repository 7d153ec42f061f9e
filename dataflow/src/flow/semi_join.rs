//! Semi-joins and anti-joins.

use std::panic::Location;

use runtime::operators;

use super::step::Next;
use super::{Ends, Flow, Mode};
use crate::key::{Key, KeyedBy};
use crate::record::Record;

/// A flow and the flow whose keys decide what stays: say `on` which keys.
#[must_use = "a semi-join needs `.on(…)`"]
pub struct SemiJoin<L, R, M> {
    /// Whether records with a partner stay, or those without.
    matched: bool,
    left: Flow<L, M>,
    right: Flow<R, M>,
    next: Next,
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// Keeps the records whose key is among the other flow's keys, each once, unchanged.
    #[track_caller]
    pub fn semi_join<R: Record>(&self, other: Flow<R, M>) -> SemiJoin<T, R, M> {
        SemiJoin { matched: true, left: self.clone(), right: other, next: self.next.called_at(Location::caller()) }
    }

    /// Keeps the records whose key is not among the other flow's keys, unchanged. A null key is among none, so its record stays.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn unsold(items: DataSet<u64>, sales: DataSet<(u64, i64)>) -> DataSet<u64> {
    ///     items.anti_join(sales).on(|i| i, |s| s.0)
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let unsold = unsold(env.collection([1u64, 2, 3])?, env.collection([(2u64, 30i64)])?).collect()?;
    /// assert_eq!(unsold, [1, 3]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn anti_join<R: Record>(&self, other: Flow<R, M>) -> SemiJoin<T, R, M>
    where
        M: Ends,
    {
        SemiJoin { matched: false, left: self.clone(), right: other, next: self.next.called_at(Location::caller()) }
    }
}

impl<L: Record, R: Record, M: Mode> SemiJoin<L, R, M> {
    /// The keys: `on(|o| o.custkey, |c| c.custkey)`.
    #[must_use]
    pub fn on<A: Key<L>, B>(
        self,
        left: impl FnOnce(L::Fields<L>) -> A,
        right: impl FnOnce(R::Fields<R>) -> B,
    ) -> Flow<L, M>
    where
        B: KeyedBy<R, A::Value>,
    {
        let (left, right) = (left(L::fields(0)), right(R::fields(0)));
        let keys = [left.leaves(), right.leaves()];
        let left = self.left.keyed(left.computation::<()>(), &self.next);
        let right = self.right.keyed(right.computation::<()>(), &self.next);
        let operator = operators::SemiJoin { matched: self.matched, inputs: [left.schema(), right.schema()], keys };
        left.then::<L, M>(operator, &[right.node], &self.next).unkeyed(&self.next)
    }
}
