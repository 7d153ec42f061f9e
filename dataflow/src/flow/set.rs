//! `union` and `distinct`.

use std::panic::Location;
use std::sync::Arc;

use runtime::operators::{Union, distinct};
use runtime::plan::Node;
use runtime::row::Schema;

use super::{CombinesWith, Ends, Flow, Handle, Mode};
use crate::record::Record;

impl<T: Record, M: Mode> Flow<T, M> {
    /// Emits all records of both flows with duplicates, in no particular order.
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
    /// assert_eq!(
    ///     both(env.collection([3u64, 1])?, env.collection([1u64, 2])?).collect()?,
    ///     [1, 1, 2, 3]
    /// );
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

    /// Keeps one of several equal records. To compare only some fields, use [`Flow::distinct_by`].
    ///
    /// # Cost
    /// A lookup per record, and a row per distinct record. Rows that do not fit into memory are
    /// spilled in parts.
    ///
    /// # Examples
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
        self.called_at(location).append_with_inputs(Arc::new(Union(self.rows_of(schema))), std::slice::from_ref(other))
    }

    #[inline(never)]
    fn distinct(&self, schema: Schema, location: &'static Location<'static>) -> Handle {
        self.called_at(location).append(distinct(schema))
    }
}
