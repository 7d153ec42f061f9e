//! Union and distinct.

use std::panic::Location;
use std::sync::Arc;

use runtime::operators::{Union, distinct};
use runtime::plan::Node;
use runtime::row::Schema;

use super::{CombinesWith, Ends, Flow, Handle, Mode};
use crate::record::Record;

impl<T: Record, M: Mode> Flow<T, M> {
    /// All records of both flows, duplicates kept, in no particular order.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn both(here: DataSet<u64>, there: DataSet<u64>) -> DataSet<u64> {
    ///     here.union(there).sort(|n| n)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// assert_eq!(both(env.collection([3u64, 1])?, env.collection([1u64, 2])?).collect()?, [1, 1, 2, 3]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn union<N>(&self, other: Flow<T, N>) -> Flow<T, M>
    where
        N: CombinesWith<M, T>,
    {
        self.handle.union(T::schema(), &other.handle.node, Location::caller()).typed()
    }

    /// One of all records that are equal.
    ///
    /// For records that are equal in some of their fields there is [`Flow::distinct_by`].
    ///
    /// Cost: a look-up for each record, and a row for each one that is given; rows that do not fit memory go to disk in parts.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn words(words: DataSet<String>) -> DataSet<String> {
    ///     words.distinct().sort(|word| word)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let all = Env::embedded().collection(["to", "be", "to"])?;
    /// assert_eq!(words(all).collect()?, ["be", "to"]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn distinct(&self) -> Flow<T, M>
    where
        M: Ends,
    {
        self.handle.distinct(T::schema(), Location::caller()).typed()
    }
}

impl Handle {
    #[inline(never)]
    fn union(&self, schema: Schema, other: &Arc<Node>, location: &'static Location<'static>) -> Handle {
        self.called_at(location).then_with(Arc::new(Union(self.rows_of(schema))), std::slice::from_ref(other))
    }

    #[inline(never)]
    fn distinct(&self, schema: Schema, location: &'static Location<'static>) -> Handle {
        self.called_at(location).then(distinct(schema))
    }
}
