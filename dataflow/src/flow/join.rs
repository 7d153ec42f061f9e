//! Inner joins.

use std::panic::Location;

use runtime::kernel::JoinFactory;
use runtime::operators;

use super::step::Next;
use super::{Flow, Mode};
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
    type Join<L: Record> = Join<L, R, M>;
    fn joined<L: Record>(self, left: Flow<L, M>, location: &'static Location<'static>) -> Join<L, R, M> {
        let next = left.next.called_at(location);
        Join { left, right: self, next }
    }
}

/// Two flows to be joined: say `on` which keys.
#[must_use = "a join needs `.on(…)`, then a closure"]
pub struct Join<L, R, M> {
    left: Flow<L, M>,
    right: Flow<R, M>,
    next: Next,
}

/// Pairs of a join: say what to make of them.
#[must_use = "a join's pairs need a closure: `.map(|l, r| …)`"]
pub struct Joined<L, R, M> {
    left: Flow<L, M>,
    right: Flow<R, M>,
    keys: [Vec<usize>; 2],
    next: Next,
}

impl<L, R, M> Clone for Joined<L, R, M> {
    fn clone(&self) -> Self {
        Joined { left: self.left.clone(), right: self.right.clone(), keys: self.keys.clone(), next: self.next.clone() }
    }
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// Joins with another flow: all pairs of records whose keys are equal. A null key equals nothing.
    #[track_caller]
    pub fn join<S: Side<M>>(&self, side: S) -> S::Join<T> {
        side.joined(self.clone(), Location::caller())
    }
}

impl<L: Record, R: Record, M: Mode> Join<L, R, M> {
    /// The keys: `on(|l| l.orderkey, |o| o.orderkey)`.
    pub fn on<A: Key<L>, B>(
        self,
        left: impl FnOnce(L::Fields<L>) -> A,
        right: impl FnOnce(R::Fields<R>) -> B,
    ) -> Joined<L, R, M>
    where
        B: KeyedBy<R, A::Value>,
    {
        let keys = [left(L::fields(0)).leaves(), right(R::fields(0)).leaves()];
        Joined { left: self.left, right: self.right, keys, next: self.next }
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
        self.with_kernel(try_join::<L, R, U, F>(body))
    }

    fn with_kernel<U: Record>(&self, kernel: JoinFactory) -> Flow<U, M> {
        let inputs = [L::schema(), R::schema()];
        let reads = [0, 1].map(|side| self.next.reads(side, &inputs[side]));
        let operator = operators::Join { inputs, keys: self.keys.clone(), output: U::schema(), kernel, reads };
        self.left.then(operator, std::slice::from_ref(&self.right.node), &self.next)
    }
}
