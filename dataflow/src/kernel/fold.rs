//! Slots of folds, which hold an accumulator.
//!
//! The accumulator is a `Copy` record of fixed size. It is read and written in its group's row,
//! through the cursors and sinks that all records have. It has plain leaves only, so no closure can
//! keep a reference into it. The program provides a closure that merges accumulators, so partial
//! states are shipped like those of other measures.

use std::marker::PhantomData;

use runtime::group::{StateReader, StateRow, StateSlot};
use runtime::operators::{Merge, StateLeaf};
use runtime::page::Claims;
use runtime::row::Schema;
use runtime::value::Overflow;

use crate::record::Record;

use super::numbers::no_value;
use super::slots::{Keeps, add_slot, kernel_leaves};
use super::{Room, Slots, Summary};

/// The accumulator of a fold: a `Copy` record of fixed size, which is its own twin. Implemented for
/// all such records.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the accumulator of a fold",
    label = "not a record of fixed size",
    note = "an accumulator is a plain value, or a struct or tuple of plain values with `#[derive(Record, Clone, Copy)]`: no text, no list"
)]
pub trait FoldState: Copy + Send + for<'a> Record<At<'a> = Self> {}

#[diagnostic::do_not_recommend]
impl<A: Copy + Send + for<'a> Record<At<'a> = A>> FoldState for A {}

/// An aggregate function, for `fold_with`. Libraries implement it.
///
/// [`merge`](Aggregator::merge) must not depend on how the values were split: each task accumulates
/// the values that it has, and the results are merged.
///
/// ```
/// use dataflow::Aggregator;
/// use dataflow::prelude::*;
///
/// /// The sample variance, by Welford's algorithm, with the merge of Chan et al.
/// #[derive(Clone, Copy)]
/// struct Variance;
///
/// #[derive(Record, Clone, Copy)]
/// struct Moments {
///     count: u64,
///     mean: f64,
///     squares: f64,
/// }
///
/// impl Aggregator for Variance {
///     type Input = f64;
///     type Accumulator = Moments;
///     type Output = f64;
///
///     fn init(&self) -> Moments {
///         Moments { count: 0, mean: 0.0, squares: 0.0 }
///     }
///     fn accumulate(&self, moments: &mut Moments, value: f64) {
///         self.merge(moments, Moments { count: 1, mean: value, squares: 0.0 });
///     }
///     fn merge(&self, moments: &mut Moments, other: Moments) {
///         let (count, distance) = (moments.count + other.count, other.mean - moments.mean);
///         let share = other.count as f64 / count as f64;
///         moments.squares += other.squares + distance * distance * share * moments.count as f64;
///         moments.mean += distance * share;
///         moments.count = count;
///     }
///     fn finish(&self, moments: Moments) -> f64 {
///         moments.squares / (moments.count as f64 - 1.0)
///     }
/// }
///
/// #[dataflow]
/// fn spread(readings: DataSet<(u32, i64)>) -> DataSet<(u32, u64, f64)> {
///     readings
///         .group_by(|r| r.0)
///         .aggregate(|g| (g.key, g.count(), g.fold_with(Variance, |r| r.1 as f64)))
/// }
///
/// # fn main() -> dataflow::Result<()> {
/// let readings = Env::new(Options::default()).collection([(7u32, 1i64), (7, 3), (7, 5)])?;
/// assert_eq!(spread(readings).collect()?, [(7, 3, 4.0)]);
/// # Ok(())
/// # }
/// ```
pub trait Aggregator: Clone + Send + 'static {
    /// The value that is computed from each record.
    type Input;
    /// The type of the accumulator.
    type Accumulator: FoldState;
    /// The type of the result.
    type Output;

    /// Returns the accumulator before the first value.
    fn init(&self) -> Self::Accumulator;
    /// Adds a value.
    fn accumulate(&self, accumulator: &mut Self::Accumulator, value: Self::Input);
    /// Merges the accumulator of another task for the same group.
    fn merge(&self, accumulator: &mut Self::Accumulator, other: Self::Accumulator);
    /// Returns the result of a group. A group has at least one value.
    fn finish(&self, accumulator: Self::Accumulator) -> Self::Output;
}

/// A slot that holds an accumulator.
#[derive(Clone)]
pub struct Folded<X>(pub(crate) X);

/// A fold by two closures: one adds a record, the other merges an accumulator.
#[derive(Clone)]
pub struct ByClosures<A, F, G> {
    pub(crate) init: A,
    pub(crate) accumulate: F,
    pub(crate) merge: G,
}

/// A fold by an aggregator, over the values that a closure computes.
#[derive(Clone)]
pub struct ByAggregator<G, F> {
    pub(crate) aggregator: G,
    pub(crate) value: F,
}

/// A fold of records of `T`.
pub trait Folding<T: Record>: Clone + Send + 'static {
    /// The type of the accumulator.
    type Accumulator: FoldState;
    /// The type of the result.
    type Output;
    /// Adds a record. `accumulator` is `None` for the first record.
    fn add(&self, accumulator: Option<Self::Accumulator>, record: T::At<'_>) -> Self::Accumulator;
    /// Merges two accumulators.
    fn merge(&self, accumulator: Self::Accumulator, other: Self::Accumulator) -> Self::Accumulator;
    /// Returns the result of a group.
    fn finish(&self, accumulator: Self::Accumulator) -> Self::Output;
}

impl<T: Record, A: FoldState, F, G> Folding<T> for ByClosures<A, F, G>
where
    F: for<'a> Fn(&mut A, T::At<'a>) + Clone + Send + 'static,
    G: Fn(&mut A, A) + Clone + Send + 'static,
{
    type Accumulator = A;
    type Output = A;
    #[inline(always)]
    fn add(&self, accumulator: Option<A>, record: T::At<'_>) -> A {
        let mut accumulator = accumulator.unwrap_or(self.init);
        (self.accumulate)(&mut accumulator, record);
        accumulator
    }
    fn merge(&self, mut accumulator: A, other: A) -> A {
        (self.merge)(&mut accumulator, other);
        accumulator
    }
    fn finish(&self, accumulator: A) -> A {
        accumulator
    }
}

impl<T: Record, G: Aggregator, F> Folding<T> for ByAggregator<G, F>
where
    F: for<'a> Fn(T::At<'a>) -> G::Input + Clone + Send + 'static,
{
    type Accumulator = G::Accumulator;
    type Output = G::Output;
    #[inline(always)]
    fn add(&self, accumulator: Option<G::Accumulator>, record: T::At<'_>) -> G::Accumulator {
        let mut accumulator = accumulator.unwrap_or_else(|| self.aggregator.init());
        self.aggregator.accumulate(&mut accumulator, (self.value)(record));
        accumulator
    }
    fn merge(&self, mut accumulator: G::Accumulator, other: G::Accumulator) -> G::Accumulator {
        self.aggregator.merge(&mut accumulator, other);
        accumulator
    }
    fn finish(&self, accumulator: G::Accumulator) -> G::Output {
        self.aggregator.finish(accumulator)
    }
}

/// The leaves of an accumulator in a row, and the leaf that marks it as present.
pub struct FoldPlaces<'t, A: Record> {
    is_present: StateSlot<'t, u8>,
    cursor: A::Cursor<'t>,
    sink: A::Sink<'t>,
    of: PhantomData<fn() -> A>,
}

copies! { [A: Record] FoldPlaces<'_, A> }

impl<'t, A: FoldState> FoldPlaces<'t, A> {
    #[inline(always)]
    fn get(self, group: StateRow<'t>) -> Option<A> {
        (self.is_present.get(group) != 0).then(|| A::at(self.cursor, group.row()))
    }

    #[inline(always)]
    fn set(self, group: StateRow<'t>, accumulator: A, claims: &mut Claims<'t>) {
        self.is_present.set(group, 1);
        A::write(accumulator, self.sink, group.in_place(), claims);
    }
}

#[inline(never)]
fn accumulator_leaves(schema: &Schema) -> Vec<StateLeaf> {
    kernel_leaves(&schema.types().into_iter().map(|ty| (ty, Merge::Kernel)).collect::<Vec<_>>())
}

impl<T: Record, S: Slots<T>, X: Folding<T>> Slots<T> for (S, Folded<X>) {
    type Record = (S::Record, Option<X::Accumulator>);
    type Values<'a> = (S::Values<'a>, X::Output);
    type Places<'t> = (S::Places<'t>, FoldPlaces<'t, X::Accumulator>);
    const MERGES: bool = true;
    const KEEPS: Keeps = S::KEEPS;

    fn leaves(&self, slots: &mut Vec<Vec<StateLeaf>>) {
        self.0.leaves(slots);
        add_slot(slots, accumulator_leaves(&<Option<X::Accumulator>>::schema()));
    }
    fn places<'t>(reader: &mut StateReader<'t>) -> Option<Self::Places<'t>> {
        let before = S::places(reader)?;
        let is_present = reader.plain()?;
        let (mut leaves, mut sinks) = reader.record(X::Accumulator::LEAVES)?;
        let (cursor, sink) = (X::Accumulator::cursor(&mut leaves), X::Accumulator::sink(&mut sinks));
        Some((before, FoldPlaces { is_present, cursor, sink, of: PhantomData }))
    }
    #[inline(always)]
    fn add<'t>(&self, (before, at): Self::Places<'t>, group: StateRow<'t>, record: T::At<'_>, claims: &mut Claims<'t>) {
        self.0.add(before, group, record, claims);
        at.set(group, self.1.0.add(at.get(group), record), claims);
    }
    #[inline(always)]
    fn merge<'t>(
        &self,
        (before, at): Self::Places<'t>,
        group: StateRow<'t>,
        (state, other): <Self::Record as Record>::At<'_>,
        claims: &mut Claims<'t>,
    ) {
        self.0.merge(before, group, state, claims);
        let Some(other) = other else { return };
        let merged = at.get(group).map_or(other, |accumulator| self.1.0.merge(accumulator, other));
        at.set(group, merged, claims);
    }
    fn values<'a>(&self, (before, state): <Self::Record as Record>::At<'a>) -> Result<Self::Values<'a>, Overflow> {
        // A group has at least one record, so it has an accumulator.
        let state = state.ok_or_else(no_value::<X::Accumulator>)?;
        Ok((self.0.values(before)?, self.1.0.finish(state)))
    }
}

impl<T: Record, X: Folding<T>> Summary<T> for Folded<X> {
    type State = Option<X::Accumulator>;
    type Value<'a> = X::Output;
    fn begin(&self, _: Room) -> Option<X::Accumulator> {
        None
    }
    #[inline(always)]
    fn add(&self, state: &mut Option<X::Accumulator>, record: T::At<'_>) {
        *state = Some(self.0.add(*state, record));
    }
    fn value(&self, state: &mut Option<X::Accumulator>) -> Result<X::Output, Overflow> {
        state.map(|state| self.0.finish(state)).ok_or_else(no_value::<X::Accumulator>)
    }
}
