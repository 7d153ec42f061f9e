//! Joins without keys: cross products, and flows of one record that are passed to closures.

use std::panic::Location;

use runtime::operators::JoinKind;

use super::hint::{BroadcastLeft, BroadcastRight};
use super::join_sides::JoinSides;
use super::joined::Joined;
use super::{CombinesWith, DataSet, Ends, Flow, Mode};
use crate::record::Record;

impl<T: Record, M: Mode> Flow<T, M> {
    /// Emits all pairs of records of two flows.
    ///
    /// Each task stores the side with the smaller estimate, in portions that fit into memory.
    /// [`Flow::cross_with_tiny`] and [`Flow::cross_with_huge`] set this side.
    ///
    /// # Cost
    /// The product of the numbers of records.
    ///
    /// # Examples
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
    pub fn cross<R: Record, N>(&self, other: Flow<R, N>) -> Joined<T, R, M>
    where
        M: Ends,
        N: CombinesWith<M, R>,
    {
        Joined::product(JoinSides::new(self, other, Location::caller()), JoinKind::Cross)
    }

    /// Like [`Flow::cross`] with a small flow: each task stores `tiny`.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn in_all_sizes(shirts: DataSet<u64>, sizes: DataSet<u64>) -> DataSet<u64> {
    ///     shirts.cross_with_tiny(sizes).map(|shirt, size| shirt + size)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// assert_eq!(
    ///     in_all_sizes(env.collection([100u64, 200])?, env.collection([1u64, 2])?).count()?,
    ///     4
    /// );
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn cross_with_tiny<R: Record, N>(&self, tiny: Flow<R, N>) -> Joined<T, R, M>
    where
        M: Ends,
        N: CombinesWith<M, R>,
    {
        Joined::product(JoinSides::new(self, tiny, Location::caller()).hinted(BroadcastRight), JoinKind::Cross)
    }

    /// Like [`Flow::cross`] with a large flow: each task stores this flow.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn in_all_sizes(sizes: DataSet<u64>, shirts: DataSet<u64>) -> DataSet<u64> {
    ///     sizes.cross_with_huge(shirts).map(|size, shirt| shirt + size)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// assert_eq!(
    ///     in_all_sizes(env.collection([1u64, 2])?, env.collection([100u64, 200])?).count()?,
    ///     4
    /// );
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn cross_with_huge<R: Record, N>(&self, huge: Flow<R, N>) -> Joined<T, R, M>
    where
        M: Ends,
        N: CombinesWith<M, R>,
    {
        Joined::product(JoinSides::new(self, huge, Location::caller()).hinted(BroadcastLeft), JoinKind::Cross)
    }

    /// Passes a flow of one record to closures, with each record of this flow. In SQL this is a
    /// scalar subquery.
    ///
    /// # Errors
    /// The job fails if `one` does not have exactly one record.
    ///
    /// # Examples
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
        Joined::product(JoinSides::new(self, one, Location::caller()), JoinKind::With)
    }
}
