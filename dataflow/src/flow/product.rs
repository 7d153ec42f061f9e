//! Joins without keys: products, and flows of one record taken as a value.

use std::panic::Location;

use runtime::operators::JoinKind;

use super::hint::{BroadcastLeft, BroadcastRight};
use super::join::Joined;
use super::join_sides::JoinSides;
use super::{CombinesWith, DataSet, Ends, Flow, Mode};
use crate::record::Record;

impl<T: Record, M: Mode> Flow<T, M> {
    /// All pairs with another flow's records. The side that is estimated to be smaller is kept by each task, as much of it at a time as fits memory;
    /// [`Flow::cross_with_tiny`] and [`Flow::cross_with_huge`] say which.
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
    pub fn cross<R: Record, N>(&self, other: Flow<R, N>) -> Joined<T, R, M>
    where
        M: Ends,
        N: CombinesWith<M, R>,
    {
        Joined::product(JoinSides::new(self, other, Location::caller()), JoinKind::Cross)
    }

    /// As [`Flow::cross`] with a flow that is known to be small: it is the one that each task keeps.
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
    /// assert_eq!(in_all_sizes(env.collection([100u64, 200])?, env.collection([1u64, 2])?).count()?, 4);
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

    /// As [`Flow::cross`] with a flow that is known to be large: this one is what each task keeps.
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
    /// assert_eq!(in_all_sizes(env.collection([1u64, 2])?, env.collection([100u64, 200])?).count()?, 4);
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

    /// Takes a flow of one record as a value: closures get it beside each record. What SQL calls a scalar sub-query.
    ///
    /// Any other number of records than one ends the job.
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
        Joined::product(JoinSides::new(self, one, Location::caller()), JoinKind::With)
    }
}
