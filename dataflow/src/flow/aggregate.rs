//! Several aggregates in one pass.

use std::marker::PhantomData;
use std::panic::Location;

use runtime::group::AccumulateFactory;
use runtime::kernel::ChainFactory;
use runtime::operators::{Aggregate, Fold, GroupReduce, StateLeaf, Updates, WindowAggregate};
use runtime::plan;
use runtime::plan::Forwards;
use runtime::row::Schema;

use super::{AnyMode, Ends, Flow, Handle, Mode};
use crate::accumulators;
use crate::kernel::{Emitter, Slots, Summaries, accumulate, finish, summarize_groups};
use crate::record::Record;

/// Aggregates of groups under construction, whose keys are `K`: a slot for each, in order, nested as `((((), a), b), c)`. `M` is what the flow of them will be.
#[must_use = "aggregates need `.finish(|key, slots, out| ..)`"]
pub struct Aggregates<T, K, M, S> {
    handle: Handle,
    key: Vec<usize>,
    slots: S,
    /// The length of the windows whose groups they are, in microseconds.
    window: Option<i64>,
    /// The source texts of the measures. Empty without `#[dataflow]`.
    measures: Vec<&'static str>,
    of: Types<T, K, M>,
}

/// What a grouping gives.
enum Grouping {
    Groups,
    Updates,
    /// The groups of windows that have ended.
    Windows {
        micros: i64,
    },
}

/// Its records, its keys, and whether it ends.
pub(super) type Types<T, K, M> = PhantomData<fn() -> (T, K, M)>;

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
    #[track_caller]
    pub fn aggregates(&self) -> Aggregates<T, (), M, ()>
    where
        M: Ends,
    {
        let group = self.as_one_group(Location::caller());
        Aggregates::new(group.handle, group.key)
    }
}

impl<T, K, M> Aggregates<T, K, M, ()> {
    pub(super) fn new(handle: Handle, key: Vec<usize>) -> Self {
        Aggregates { handle, key, slots: (), window: None, measures: Vec::new(), of: PhantomData }
    }

    /// The source texts of its measures, in order. Snapshots name their states by these. `#[dataflow]`
    /// writes this.
    pub fn written(self, measures: &[&'static str]) -> Self {
        Aggregates { measures: measures.to_vec(), ..self }
    }

    /// The same, of groups of windows of so many microseconds: the last leaf of the key is where a window begins.
    pub(super) fn of_windows(self, micros: i64) -> Self {
        Aggregates { window: Some(micros), ..self }
    }
}

impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
    pub(super) fn with<A>(self, slot: A) -> Aggregates<T, K, M, (S, A)> {
        let Aggregates { handle, key, slots, window, measures, of } = self;
        Aggregates { handle, key, slots: (slots, slot), window, measures, of }
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
    pub fn finish<U: Record, F>(self, body: F) -> Flow<U, M>
    where
        S: Slots<T>,
        F: for<'a> Fn(K::At<'a>, S::Values<'a>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        const { <S as Slots<T>>::KEEPS.must_go_together() }
        let Aggregates { handle, key, slots, window, measures, .. } = self;
        let mut states = Vec::new();
        slots.leaves(&mut states);
        let acts = accumulators::captures_accumulator(&slots) || accumulators::captures_accumulator(&body);
        let accumulate = accumulate::<T, S>(slots.clone(), key.len());
        let finish = finish::<T, K, S, U, F>(slots, body);
        let schemas = [T::schema(), K::schema(), <(K, S::Record)>::schema(), U::schema()];
        let grouping = match window {
            Some(micros) => Grouping::Windows { micros },
            None if M::UPDATES => Grouping::Updates,
            None => Grouping::Groups,
        };
        handle.aggregated((key, grouping), (states, measures), (accumulate, finish), acts, schemas).typed()
    }
}

impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
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
    pub fn finish_groups<U: Record, F>(self, body: F) -> Flow<U, M>
    where
        S: Summaries<T>,
        F: for<'a> Fn(K::At<'a>, S::Values<'a>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        let Aggregates { handle, key, slots, .. } = self;
        let input = <(T, K)>::schema();
        // The key's leaves stand behind the record's, also where it is a field.
        let leaves = (0..T::LEAVES).chain(key).collect();
        let keyed = handle.described(handle.next.behind("group")).projected("group", input.clone(), leaves);
        let operator = GroupReduce {
            word: "aggregate",
            reads: handle.next.reads(0, &T::schema()),
            input,
            output: U::schema(),
            key: (T::LEAVES..T::LEAVES + K::LEAVES).collect(),
            order: Vec::new(),
            aside: slots.aside(),
            refused: slots.refused(),
            kernel: summarize_groups::<T, K, S, U, F>(slots, body),
            partial: false,
        };
        keyed.described(handle.next).then(operator).typed()
    }
}

impl Handle {
    /// A grouping by a kernel, and what makes records of its states: the key's leaves stand first in a state's record, as they do in the key. A closure
    /// that adds to an accumulator must see all groups.
    #[inline(never)]
    fn aggregated(
        &self,
        (key, of): (Vec<usize>, Grouping),
        (slots, measures): (Vec<Vec<StateLeaf>>, Vec<&'static str>),
        (accumulate, finish): (AccumulateFactory, ChainFactory),
        acts: bool,
        [record, of_key, of_states, output]: [Schema; 4],
    ) -> Handle {
        let reads = self.next.reads(0, &record);
        let rows = [self.schema(), of_states.clone()];
        let sizes: Vec<usize> = slots.iter().map(Vec::len).collect();
        let states = slots.into_iter().flatten().collect();
        let mut aggregate = grouping("aggregate", rows, key, states, Some(accumulate), reads);
        aggregate.closures = self.next.closures.clone();
        aggregate.measures = measures.into_iter().map(str::to_owned).zip(sizes).collect();
        let states = match of {
            Grouping::Groups => self.then(aggregate),
            Grouping::Updates => self.then(Updates(aggregate)),
            Grouping::Windows { micros } => self.then(WindowAggregate { aggregate, micros }),
        };
        let forwards = if acts { Forwards::default() } else { self.next.forwards(&output, &[&of_key]) };
        let states = states.described(self.next.behind("finish"));
        states.chained_with("finish", finish, [of_states, output], forwards)
    }
}

/// A grouping whose rows are a key and states.
pub(super) fn grouping(
    word: &'static str,
    [input, output]: [Schema; 2],
    key: Vec<usize>,
    states: Vec<StateLeaf>,
    kernel: Option<AccumulateFactory>,
    kernel_reads: plan::Reads,
) -> Aggregate {
    let keys = key.iter().zip(output.types()).map(|(&leaf, ty)| StateLeaf { ty, fold: Fold::Key(leaf) });
    let state = keys.chain(states).collect();
    Aggregate { word, input, output, key, state, kernel, kernel_reads, closures: Vec::new(), measures: Vec::new() }
}
