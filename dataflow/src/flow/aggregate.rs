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

/// Aggregates of groups with keys `K`, under construction. The result has mode `M`.
///
/// Each aggregate has a slot in `S`. Slots are nested in order: `((((), a), b), c)`.
#[must_use = "aggregates need `.finish(|key, slots, out| ..)`"]
pub struct Aggregates<T, K, M, S> {
    handle: Handle,
    key: Vec<usize>,
    slots: S,
    /// The length of the windows in microseconds, if the groups are those of windows.
    window: Option<i64>,
    /// The source texts of the measures. Empty without `#[dataflow]`.
    measures: Vec<&'static str>,
    of: Types<T, K, M>,
}

/// The results of a grouping.
enum GroupingOutput {
    Groups,
    Updates,
    /// The groups of windows that have ended.
    Windows {
        micros: i64,
    },
}

/// The types of its records and keys, and its mode.
pub(super) type Types<T, K, M> = PhantomData<fn() -> (T, K, M)>;

impl<T: Record, M: Mode> Flow<T, M> {
    /// Aggregates all records as one group. An empty flow emits nothing.
    ///
    /// [`aggregate`](crate::operators::aggregate) in `#[dataflow]` compiles to this.
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

    /// Sets the source texts of the measures, in order. Snapshots name states by them. Only
    /// `#[dataflow]` calls this.
    pub fn written(self, measures: &[&'static str]) -> Self {
        Aggregates { measures: measures.to_vec(), ..self }
    }

    /// Aggregates windows of `micros` microseconds. The last leaf of the key is the start of the
    /// window.
    pub(super) fn of_windows(self, micros: i64) -> Self {
        Aggregates { window: Some(micros), ..self }
    }
}

impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
    pub(super) fn with<A>(self, slot: A) -> Aggregates<T, K, M, (S, A)> {
        let Aggregates { handle, key, slots, window, measures, of } = self;
        Aggregates { handle, key, slots: (slots, slot), window, measures, of }
    }

    /// Makes the record of a group from its key and the values of the slots.
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
        let has_effects = accumulators::captures_accumulator(&slots) || accumulators::captures_accumulator(&body);
        let accumulate = accumulate::<T, S>(slots.clone(), key.len());
        let finish = finish::<T, K, S, U, F>(slots, body);
        let schemas = [T::schema(), K::schema(), <(K, S::Record)>::schema(), U::schema()];
        let grouping = match window {
            Some(micros) => GroupingOutput::Windows { micros },
            None if M::UPDATES => GroupingOutput::Updates,
            None => GroupingOutput::Groups,
        };
        handle.aggregated((key, grouping), (states, measures), (accumulate, finish), has_effects, schemas).typed()
    }
}

impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
    /// Like [`Aggregates::finish`], if one of the slots is of [`quantiles`](Aggregates::quantiles).
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let readings = env.collection([(7u32, 1i64), (7, 4)])?;
    /// let medians =
    ///     readings.group_by(|r| r.0).aggregates().sum(|r| r.1).quantiles([0.5], |r| r.1);
    /// let medians =
    ///     medians.finish_groups(|key, (((), sum), [median]), out| out.emit((key, sum, median)));
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
        // The leaves of the key follow the record's, also if the key is a field.
        let leaves = (0..T::LEAVES).chain(key).collect();
        let keyed = handle.with_next(handle.next.for_part("group")).projected("group", input.clone(), leaves);
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
        keyed.with_next(handle.next).append(operator).typed()
    }
}

impl Handle {
    /// Groups with the kernel `accumulate`, then makes records of the states with `finish`. The
    /// record of a state begins with the leaves of the key. `has_effects` states that a closure
    /// adds to an accumulator: it must see all groups.
    #[inline(never)]
    fn aggregated(
        &self,
        (key, kind): (Vec<usize>, GroupingOutput),
        (slots, measures): (Vec<Vec<StateLeaf>>, Vec<&'static str>),
        (accumulate, finish): (AccumulateFactory, ChainFactory),
        has_effects: bool,
        [record, key_schema, states_schema, output]: [Schema; 4],
    ) -> Handle {
        let reads = self.next.reads(0, &record);
        let rows = [self.schema(), states_schema.clone()];
        let sizes: Vec<usize> = slots.iter().map(Vec::len).collect();
        let states = slots.into_iter().flatten().collect();
        let mut aggregate = grouping("aggregate", rows, key, states, Some(accumulate), reads);
        aggregate.closures = self.next.closures.clone();
        aggregate.measures = measures.into_iter().map(str::to_owned).zip(sizes).collect();
        let states = match kind {
            GroupingOutput::Groups => self.append(aggregate),
            GroupingOutput::Updates => self.append(Updates(aggregate)),
            GroupingOutput::Windows { micros } => self.append(WindowAggregate { aggregate, micros }),
        };
        let forwards = if has_effects { Forwards::default() } else { self.next.forwards(&output, &[&key_schema]) };
        let states = states.with_next(self.next.for_part("finish"));
        states.chained_with("finish", finish, [states_schema, output], forwards)
    }
}

/// A grouping whose output rows are a key and states.
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
