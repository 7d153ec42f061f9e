//! `fold` and `fold_with`: aggregates with an accumulator of the user.

use crate::flow::AnyMode;
use crate::flow::aggregate::Aggregates;
use crate::kernel::{Aggregator, ByAggregator, ByClosures, FoldState, Folded};
use crate::record::Record;

impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
    /// Folds the records of a group into an accumulator, which is a `Copy` record of fixed size.
    ///
    /// Each task starts with `init` and passes the records of a group to `accumulate`, in no
    /// particular order. `merge` adds the accumulator of another task.
    ///
    /// # Cost
    /// The accumulator is stored in the row of the group. It is read and written for each record.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// #[derive(Record, Clone, Copy)]
    /// struct Range {
    ///     least: f64,
    ///     most: f64,
    /// }
    ///
    /// impl Range {
    ///     const EMPTY: Range = Range { least: f64::INFINITY, most: f64::NEG_INFINITY };
    ///
    ///     fn add(&mut self, other: Range) {
    ///         *self =
    ///             Range { least: self.least.min(other.least), most: self.most.max(other.most) };
    ///     }
    /// }
    ///
    /// #[dataflow]
    /// fn spreads(readings: DataSet<(u32, f64)>) -> DataSet<(u32, u64, f64)> {
    ///     readings.group_by(|r| r.0).aggregate(|g| {
    ///         let range = g.fold(
    ///             Range::EMPTY,
    ///             |range, r| range.add(Range { least: r.1, most: r.1 }),
    ///             |range, other| range.add(other),
    ///         );
    ///         (g.key, g.count(), range.most - range.least)
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let readings = Env::embedded().collection([(7u32, 1.5f64), (7, 4.0), (7, 2.0)])?;
    /// assert_eq!(spreads(readings).collect()?, [(7, 3, 2.5)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn fold<A: FoldState, F, G>(
        self,
        init: A,
        accumulate: F,
        merge: G,
    ) -> Aggregates<T, K, M, (S, Folded<ByClosures<A, F, G>>)>
    where
        F: for<'a> Fn(&mut A, T::At<'a>) + Clone + Send + 'static,
        G: Fn(&mut A, A) + Clone + Send + 'static,
    {
        self.with(Folded(ByClosures { init, accumulate, merge }))
    }

    /// Applies an [`Aggregator`] to a measure. An aggregator is a named aggregate that a library
    /// can provide. Its documentation has an example.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// use dataflow::Aggregator;
    ///
    /// /// The difference between the greatest and the least value.
    /// #[derive(Clone, Copy)]
    /// struct Range;
    ///
    /// impl Aggregator for Range {
    ///     type Input = i64;
    ///     type Accumulator = (i64, i64);
    ///     type Output = i64;
    ///
    ///     fn init(&self) -> (i64, i64) {
    ///         (i64::MAX, i64::MIN)
    ///     }
    ///     fn accumulate(&self, range: &mut (i64, i64), value: i64) {
    ///         self.merge(range, (value, value));
    ///     }
    ///     fn merge(&self, range: &mut (i64, i64), other: (i64, i64)) {
    ///         *range = (range.0.min(other.0), range.1.max(other.1));
    ///     }
    ///     fn finish(&self, range: (i64, i64)) -> i64 {
    ///         range.1 - range.0
    ///     }
    /// }
    ///
    /// #[dataflow]
    /// fn ranges(readings: DataSet<(u32, i64)>) -> DataSet<(u32, i64)> {
    ///     readings.group_by(|r| r.0).aggregate(|g| (g.key, g.fold_with(Range, |r| r.1)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let readings = Env::embedded().collection([(7u32, 5i64), (7, -2)])?;
    /// assert_eq!(ranges(readings).collect()?, [(7, 7)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn fold_with<G: Aggregator, F>(
        self,
        aggregator: G,
        value: F,
    ) -> Aggregates<T, K, M, (S, Folded<ByAggregator<G, F>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> G::Input + Clone + Send + 'static,
    {
        self.with(Folded(ByAggregator { aggregator, value }))
    }
}
