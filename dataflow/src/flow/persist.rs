//! `persist`: stores the records of a flow for several runs.

use std::panic::Location;

use runtime::operators::Persist;

use super::{Ends, Flow, Mode};
use crate::record::Record;

impl<T: Record, M: Mode> Flow<T, M> {
    /// Stores the records of this flow. Its readers, in this run and in later ones, do not compute
    /// them again.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn parsed(lines: DataSet<String>) -> DataSet<u64> {
    ///     lines.try_map(|line| line.parse::<u64>()).persist()
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let numbers = parsed(env.collection(["1", "20", "300"])?);
    /// let (most, count) = (numbers.max_by(|n| n).collect()?, numbers.count()?);
    /// assert_eq!((most, count), (vec![300], 3));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Without it, each `collect`, `count` or `run` computes the records again. The first run that
    /// reads the whole flow stores its records, even if the run fails later. Later runs start with
    /// the stored records, in the same tasks and orders. They call no closures of earlier
    /// operators, so accumulators there add nothing. The records belong to this flow: two calls of
    /// a pipeline create two flows, each with its own records.
    ///
    /// # Cost
    /// All records are copied once, with all of their fields. They are stored until this flow and
    /// all flows made of it are dropped, in memory or on disk. Runs read the records from memory or
    /// disk. If branches after this operator meet again, the first run stores the records of the
    /// waiting branch a second time.
    #[track_caller]
    pub fn persist(&self) -> Flow<T, M>
    where
        M: Ends,
    {
        let persist = Persist { schema: T::schema(), kept: Default::default() };
        self.handle.called_at(Location::caller()).append(persist).typed()
    }
}
