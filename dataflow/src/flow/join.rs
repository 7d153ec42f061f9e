//! Joins whose pairs go through a closure: inner and outer joins, products, and flows of one record taken as a value.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use runtime::kernel::JoinFactory;
use runtime::operators::{self, JoinKind};
use runtime::plan::{Node, Reads};
use runtime::row::Schema;

use super::step::Next;
use super::{DataSet, Ends, Flow, Mode};
use crate::env::Env;
use crate::error::UserError;
use crate::kernel::{Emitter, join, try_join};
use crate::key::{Key, KeyedBy};
use crate::record::Record;

/// What can stand on the right of a join.
#[diagnostic::on_unimplemented(
    message = "this cannot stand on the right of this join",
    label = "not a flow of the same kind",
    note = "join a `DataSet` with a `DataSet`, or a `DataStream` with a `DataStream`"
)]
pub trait Side<M> {
    /// The join under construction.
    type Join<L: Record>;
    /// Joins `left` with this.
    fn joined<L: Record>(self, left: Flow<L, M>, location: &'static Location<'static>) -> Self::Join<L>;
}

impl<R: Record, M: Mode> Side<M> for Flow<R, M> {
    type Join<L: Record> = Join<L, R, M, Inner>;
    fn joined<L: Record>(self, left: Flow<L, M>, location: &'static Location<'static>) -> Self::Join<L> {
        Join::new(&left, self, location)
    }
}

/// Which records of a join the closure may see without a partner: the other side is an `Option` to it.
pub trait Outer: 'static {
    /// What the closure sees of the left side.
    type Left<L: Record>: Record;
    /// What the closure sees of the right side.
    type Right<R: Record>: Record;
    /// The kind, as a value.
    const KIND: JoinKind;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident, $kind:ident, $l:ident => $left:ty, $r:ident => $right:ty;)*) => {$(
        $(#[$doc])*
        pub enum $name {}
        impl Outer for $name {
            type Left<$l: Record> = $left;
            type Right<$r: Record> = $right;
            const KIND: JoinKind = JoinKind::$kind;
        }
    )*};
}
kinds! {
    /// Pairs only.
    Inner, Inner, L => L, R => R;
    /// Every left record; the right one is an `Option`.
    LeftOuter, Left, L => L, R => Option<R>;
    /// Every right record; the left one is an `Option`.
    RightOuter, Right, L => Option<L>, R => R;
    /// Every record of both sides; both are `Option`s, of which at least one is there.
    FullOuter, Full, L => Option<L>, R => Option<R>;
}

/// Two flows to be joined: say `on` which keys.
#[must_use = "a join needs `.on(…)`, then a closure"]
pub struct Join<L, R, M, K = Inner> {
    pairing: Pairing,
    of: Types<L, R, M, K>,
}

type Types<L, R, M, K> = PhantomData<fn() -> (L, R, M, K)>;

/// Pairs of a join: say what to make of them. `L` and `R` are what the closure sees.
#[must_use = "a join's pairs need a closure: `.map(|l, r| …)`"]
pub struct Joined<L, R, M> {
    pairing: Pairing,
    kind: JoinKind,
    keys: [Vec<usize>; 2],
    of: Types<L, R, M, ()>,
}

/// The two flows, whatever their records are.
#[derive(Clone)]
pub(super) struct Pairing {
    pub(super) nodes: [Arc<Node>; 2],
    pub(super) inputs: [Schema; 2],
    pub(super) env: Env,
    pub(super) next: Next,
}

impl<L, R, M> Clone for Joined<L, R, M> {
    fn clone(&self) -> Self {
        Joined { pairing: self.pairing.clone(), kind: self.kind, keys: self.keys.clone(), of: PhantomData }
    }
}

impl<L: Record, R: Record, M: Mode, K: Outer> Join<L, R, M, K> {
    fn new(left: &Flow<L, M>, right: Flow<R, M>, location: &'static Location<'static>) -> Self {
        Join { pairing: Pairing::new(left, right, location), of: PhantomData }
    }
}

impl Pairing {
    pub(super) fn new<L: Record, R: Record, M, N>(
        left: &Flow<L, M>,
        right: Flow<R, N>,
        location: &'static Location<'static>,
    ) -> Self {
        Pairing {
            nodes: [left.node.clone(), right.node],
            inputs: [L::schema(), R::schema()],
            env: left.env.clone(),
            next: left.next.called_at(location),
        }
    }

    /// What the next closure reads of each side.
    pub(super) fn reads(&self) -> [Reads; 2] {
        [0, 1].map(|side| self.next.reads(side, &self.inputs[side]))
    }

    /// All pairs.
    fn product<L, R, M>(self, kind: JoinKind) -> Joined<L, R, M> {
        Joined { pairing: self, kind, keys: [Vec::new(), Vec::new()], of: PhantomData }
    }
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// Joins with another flow: all pairs of records whose keys are equal. A null key equals nothing.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn named(sales: DataSet<(u64, i64)>, names: DataSet<(u64, String)>) -> DataSet<(String, i64)> {
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
    pub fn join<S: Side<M>>(&self, side: S) -> S::Join<T> {
        side.joined(self.clone(), Location::caller())
    }

    /// Joins with another flow, and keeps the records that have no partner there: the closure gets an `Option` of the right record.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn named(sales: DataSet<(u64, i64)>, names: DataSet<(u64, String)>) -> DataSet<(Option<String>, i64)> {
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
    pub fn left_join<R: Record>(&self, right: Flow<R, M>) -> Join<T, R, M, LeftOuter>
    where
        M: Ends,
    {
        Join::new(self, right, Location::caller())
    }

    /// Joins with another flow, and keeps the other flow's records that have no partner here: the closure gets an `Option` of the left
    /// record.
    #[track_caller]
    pub fn right_join<R: Record>(&self, right: Flow<R, M>) -> Join<T, R, M, RightOuter>
    where
        M: Ends,
    {
        Join::new(self, right, Location::caller())
    }

    /// Joins with another flow, and keeps the records of both that have no partner: the closure gets two `Option`s, of which at least one
    /// is there.
    #[track_caller]
    pub fn full_join<R: Record>(&self, right: Flow<R, M>) -> Join<T, R, M, FullOuter>
    where
        M: Ends,
    {
        Join::new(self, right, Location::caller())
    }

    /// All pairs with another flow's records. The smaller side is kept in memory, by each task.
    ///
    /// Cost: the product of both sides' records.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn pairs(days: DataSet<u64>, hours: DataSet<u64>) -> DataSet<u64> {
    ///     days.cross(hours).map(|day, hour| day * 24 + hour)
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let mut pairs = pairs(env.collection([0u64, 1])?, env.collection([6u64, 18])?).collect()?;
    /// pairs.sort();
    /// assert_eq!(pairs, [6, 18, 30, 42]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn cross<R: Record>(&self, other: Flow<R, M>) -> Joined<T, R, M>
    where
        M: Ends,
    {
        Pairing::new(self, other, Location::caller()).product(JoinKind::Cross)
    }

    /// Takes a flow of one record as a value: closures get it beside each record. What SQL calls a scalar sub-query.
    ///
    /// Any other number of records than one ends the job; [`Flow::with_all`] takes a flow of any number.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn above_average(sales: DataSet<i64>) -> DataSet<i64> {
    ///     let average = sales.aggregate(|g| g.avg(|s| s));
    ///     sales.with(average).filter(|s, average| s as f64 > average).map(|s, _| s)
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let above = above_average(env.collection([1i64, 2, 9])?).collect()?;
    /// assert_eq!(above, [9]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn with<R: Record>(&self, one: DataSet<R>) -> Joined<T, R, M> {
        Pairing::new(self, one, Location::caller()).product(JoinKind::With)
    }
}

impl<L: Record, R: Record, M: Mode, K: Outer> Join<L, R, M, K> {
    /// The keys: `on(|l| l.orderkey, |o| o.orderkey)`.
    pub fn on<A: Key<L>, B>(
        self,
        left: impl FnOnce(L::Fields<L>) -> A,
        right: impl FnOnce(R::Fields<R>) -> B,
    ) -> Joined<K::Left<L>, K::Right<R>, M>
    where
        B: KeyedBy<R, A::Value>,
    {
        let keys = [left(L::fields(0)).leaves(), right(R::fields(0)).leaves()];
        Joined { pairing: self.pairing, kind: K::KIND, keys, of: PhantomData }
    }
}

impl<L: Record, R: Record, M: Mode> Joined<L, R, M> {
    /// Calls `body` for each pair; it emits any number of records.
    #[must_use]
    pub fn process<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'l, 'r> Fn(L::At<'l>, R::At<'r>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        self.with_kernel(join::<L, R, U, F>(body))
    }

    /// As [`Joined::process`]; an error ends the job.
    #[must_use]
    pub fn try_process<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'l, 'r> Fn(L::At<'l>, R::At<'r>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
    {
        let reads = [0, 1].map(|side| self.shown(side));
        self.with_kernel(try_join::<L, R, U, F>(body, reads))
    }

    /// What may be shown of a side: its key and what a closure reads, in terms of the record that the closure sees.
    fn shown(&self, side: usize) -> Reads {
        let Reads::Leaves(mut leaves) = self.pairing.next.reads(side, &self.pairing.inputs[side]) else {
            return Reads::All;
        };
        self.keys[side].iter().for_each(|&leaf| leaves.insert(leaf));
        if !self.kind.may_miss(side) {
            return Reads::Leaves(leaves);
        }
        // The validity leaf of the `Option` stands before the record's own.
        Reads::Leaves(std::iter::once(0).chain(leaves.iter().map(|leaf| leaf + 1)).collect())
    }

    fn with_kernel<U: Record>(&self, kernel: JoinFactory) -> Flow<U, M> {
        let reads = self.pairing.reads();
        let Pairing { nodes, inputs, env, next } = self.pairing.clone();
        let operator =
            operators::Join { kind: self.kind, inputs, keys: self.keys.clone(), output: U::schema(), kernel, reads };
        Flow::behind(env, operator, nodes.into(), &next)
    }
}
