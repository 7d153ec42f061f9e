//! Several aggregates in one pass.

use std::marker::PhantomData;
use std::panic::Location;

use runtime::operators::{Aggregate, Fold, GroupReduce, Project, StateLeaf};
use runtime::plan;
use runtime::plan::Forwards;
use runtime::row::Schema;

use super::step::NextStep;
use super::{Ends, Flow, Mode};
use crate::accumulators;
use crate::kernel::{Emitter, Slots, Summaries, accumulate, finish, in_groups};
use crate::record::Record;

/// Aggregates of groups under construction, whose keys are `K`: a slot for each, in order, nested as `((((), a), b), c)`.
pub struct Aggregates<T, K, M, S> {
    pub(super) flow: Flow<T, M>,
    pub(super) key: Vec<usize>,
    pub(super) next: NextStep,
    pub(super) slots: S,
    of: PhantomData<fn() -> K>,
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// Aggregates over all records, as one group. A flow without records gives no record.
    ///
    /// It is what [`aggregate`](crate::operators::aggregate) of the language becomes.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn totals(sales: DataSet<i64>) -> DataSet<(i64, u64)> {
    ///     sales.aggregate(|g| (g.sum(|s| s), g.count()))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let sales = Env::embedded().collection([3i64, 4])?;
    /// assert_eq!(totals(sales).collect()?, [(7, 2)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn aggregates(&self) -> Aggregates<T, (), M, ()> {
        self.as_one_group(Location::caller()).aggregates()
    }
}

impl<T, K, M> Aggregates<T, K, M, ()> {
    pub(super) fn new(flow: Flow<T, M>, key: Vec<usize>, next: NextStep) -> Self {
        Aggregates { flow, key, next, slots: (), of: PhantomData }
    }
}

impl<T: Record, K: Record, M: Mode, S> Aggregates<T, K, M, S> {
    pub(super) fn with<A>(self, slot: A) -> Aggregates<T, K, M, (S, A)> {
        let Aggregates { flow, key, next, slots, of } = self;
        Aggregates { flow, key, next, slots: (slots, slot), of }
    }

    /// Makes the group's record from the key and the slots' values.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let readings = env.collection([(7u32, 1i64), (7, 4)])?;
    /// let totals = readings.group_by(|r| r.0).aggregates().sum(|r| r.1).count();
    /// let totals = totals.finish(|key, (((), sum), count), out| out.emit((key, sum, count)));
    /// assert_eq!(totals.collect()?, [(7u32, 5i64, 2u64)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn finish<U: Record, F>(self, body: F) -> Flow<M::Grouped<U>, M>
    where
        S: Slots<T>,
        F: for<'a> Fn(K::At<'a>, S::Values<'a>, &mut Emitter<'_, M::Grouped<U>>) + Clone + Send + 'static,
    {
        let Aggregates { flow, key, next, slots, .. } = self;
        let mut kernel_leaves = Vec::new();
        slots.leaves(&mut kernel_leaves);
        let kernel_reads = next.reads(0, &T::schema());
        let finishing_slots = slots.clone();
        let kernel = Some(accumulate::<T, S>(slots, key.len()));
        let rows = [flow.schema(), <(K, S::Record)>::schema()];
        let grouping = grouping("aggregate", rows, key, kernel_leaves, kernel, kernel_reads);
        let states: Flow<(K, S::Record), M> = flow.then(grouping, &[], &next);
        // The key's leaves stand first in the states' record, as they do in the key. A closure that adds to an accumulator must see all groups.
        let acts = accumulators::are_in(&finishing_slots) || accumulators::are_in(&body);
        let inputs = [&K::schema()];
        let forwards = if acts { Forwards::default() } else { next.forwards(&<M::Grouped<U>>::schema(), &inputs) };
        let finishing = next.behind("finish");
        states.chained_with("finish", finish::<T, K, S, M::Grouped<U>, F>(finishing_slots, body), forwards, &finishing)
    }
}

impl<T: Record, K: Record, M: Ends, S> Aggregates<T, K, M, S> {
    /// As [`Aggregates::finish`], where one of the slots is of [`quantiles`](Aggregates::quantiles).
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let readings = env.collection([(7u32, 1i64), (7, 4)])?;
    /// let medians = readings.group_by(|r| r.0).aggregates().sum(|r| r.1).quantiles([0.5], |r| r.1);
    /// let medians = medians.finish_groups(|key, (((), sum), [median]), out| out.emit((key, sum, median)));
    /// assert_eq!(medians.collect()?, [(7u32, 5i64, 2.5)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn finish_groups<U: Record, F>(self, body: F) -> Flow<U, M>
    where
        S: Summaries<T>,
        F: for<'a> Fn(K::At<'a>, S::Values<'a>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        let Aggregates { flow, key, next, slots, .. } = self;
        let input = <(T, K)>::schema();
        // The key's leaves stand behind the record's, also where it is a field.
        let leaves: Vec<usize> = (0..T::LEAVES).chain(key).collect();
        let view = Project { word: "group", input: flow.schema(), output: input.clone(), leaves };
        let keyed: Flow<(T, K), M> = flow.then(view, &[], &next.behind("group"));
        let operator = GroupReduce {
            word: "aggregate",
            reads: next.reads(0, &T::schema()),
            input,
            output: U::schema(),
            key: (T::LEAVES..T::LEAVES + K::LEAVES).collect(),
            order: Vec::new(),
            aside: slots.aside(),
            refused: slots.refused(),
            kernel: in_groups::<T, K, S, U, F>(slots, body),
            partial: false,
        };
        keyed.then(operator, &[], &next)
    }
}

/// A grouping whose rows are a key and states. Compiled once, whatever the records of a program are.
#[inline(never)]
pub(super) fn grouping(
    word: &'static str,
    [input, output]: [Schema; 2],
    key: Vec<usize>,
    states: Vec<StateLeaf>,
    kernel: Option<runtime::group::AccumulateFactory>,
    kernel_reads: plan::Reads,
) -> Aggregate {
    let keys = key.iter().zip(output.types()).map(|(&leaf, ty)| StateLeaf { ty, fold: Fold::Key(leaf) });
    let state = keys.chain(states).collect();
    Aggregate { word, input, output, key, state, kernel, kernel_reads }
}
