//! Several aggregates in one pass.

use std::marker::PhantomData;
use std::panic::Location;

use runtime::operators::{Aggregate, Fold, Merge, StateLeaf};
use runtime::plan;

use super::group::Grouped;
use super::step::Next;
use super::{Flow, Mode};
use crate::kernel::{
    Avg, Count, Emitter, Extreme, Greatest, Least, Measure, Slots, State, Sum, accumulate, finish, finish_mean,
};
use crate::key::Field;
use crate::record::Record;

/// Aggregates of groups under construction, whose keys are `K`: a slot for each, in order, nested as `((((), a), b), c)`.
pub struct Aggregates<T, K, M, S> {
    flow: Flow<T, M>,
    key: Vec<usize>,
    next: Next,
    slots: S,
    of: PhantomData<fn() -> K>,
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// Aggregates over all records, as one group. A flow without records gives no record.
    #[must_use]
    #[track_caller]
    pub fn aggregates(&self) -> Aggregates<T, (), M, ()> {
        Aggregates::new(self.clone(), Vec::new(), self.next.called_at(Location::caller()))
    }
}

impl<T, K, M> Aggregates<T, K, M, ()> {
    pub(super) fn new(flow: Flow<T, M>, key: Vec<usize>, next: Next) -> Self {
        Aggregates { flow, key, next, slots: (), of: PhantomData }
    }
}

impl<T: Record, K: Record, M: Mode, S: Slots<T>> Aggregates<T, K, M, S> {
    fn with<A>(self, slot: A) -> Aggregates<T, K, M, (S, A)> {
        let Aggregates { flow, key, next, slots, of } = self;
        Aggregates { flow, key, next, slots: (slots, slot), of }
    }

    /// The sum of a measure: `i64`, `u64`, `f64` or the decimal's own type. One that does not fit ends the job.
    #[must_use]
    pub fn sum<V: Measure, F>(self, measure: F) -> Aggregates<T, K, M, (S, Sum<V, F>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(Sum(measure, PhantomData))
    }

    /// The mean of a measure, as `f64`.
    #[must_use]
    pub fn avg<V: Measure, F>(self, measure: F) -> Aggregates<T, K, M, (S, Avg<V, F>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(Avg(measure, PhantomData))
    }

    /// The least of a measure.
    #[must_use]
    pub fn min<V: Extreme, F>(self, measure: F) -> Aggregates<T, K, M, (S, Least<V, F>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(Least(measure, PhantomData))
    }

    /// The greatest of a measure.
    #[must_use]
    pub fn max<V: Extreme, F>(self, measure: F) -> Aggregates<T, K, M, (S, Greatest<V, F>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
    {
        self.with(Greatest(measure, PhantomData))
    }

    /// The number of records.
    #[must_use]
    pub fn count(self) -> Aggregates<T, K, M, (S, Count)> {
        self.with(Count)
    }

    /// Makes the group's record from the key and the slots' values.
    #[must_use]
    pub fn finish<U: Record, F>(self, body: F) -> Flow<M::Grouped<U>, M>
    where
        F: for<'a> Fn(K::At<'a>, S::Values, &mut Emitter<'_, M::Grouped<U>>) + Clone + Send + 'static,
    {
        let Aggregates { flow, key, next, slots, .. } = self;
        let mut kernel_leaves = Vec::new();
        slots.leaves(&mut kernel_leaves);
        let kernel_reads = next.reads(0, &T::schema());
        let kernel = Some(accumulate::<T, S>(slots, key.len()));
        let states: Flow<(K, S::Record), M> =
            flow.then(grouping::<T, (K, S::Record)>("aggregate", key, kernel_leaves, kernel, kernel_reads), &[], &next);
        let finishing = next.behind("finish");
        states.chained(finish::<T, K, S, M::Grouped<U>, F>(body), &finishing)
    }
}

/// A grouping whose rows are a key and states.
fn grouping<T: Record, G: Record>(
    word: &'static str,
    key: Vec<usize>,
    states: Vec<StateLeaf>,
    kernel: Option<runtime::kernel::AccumulateFactory>,
    kernel_reads: plan::Reads,
) -> Aggregate {
    let output = G::schema();
    let keys = key.iter().zip(output.types()).map(|(&leaf, ty)| StateLeaf { ty, fold: Fold::Key(leaf) });
    let state = keys.chain(states).collect();
    Aggregate { word, input: T::schema(), output, key, state, kernel, kernel_reads }
}

/// The mean of a field: the engine's own sum and count, then a division.
pub(super) fn mean<T: Record, K: Record, M: Mode, V: Measure>(
    grouped: &Grouped<T, K, M>,
    field: Field<T, V>,
) -> Flow<(K, f64), M> {
    let measure = StateLeaf { ty: <V::Sum as State>::LEAF, fold: Fold::Sum(field.first_leaf()) };
    let count = StateLeaf { ty: runtime::row::LeafType::U64, fold: Fold::Count };
    debug_assert_ne!(measure.fold, Fold::Kernel(Merge::Sum));
    let grouping = grouping::<T, (K, (V::Sum, u64))>(
        "avg",
        grouped.key.clone(),
        vec![measure, count],
        None,
        plan::Reads::Leaves(runtime::row::LeafSet::none()),
    );
    let states: Flow<(K, (V::Sum, u64)), M> = grouped.flow.then(grouping, &[], &grouped.next);
    states.chained(finish_mean::<K, V>(), &grouped.next.behind("finish"))
}
