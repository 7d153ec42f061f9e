//! Flows whose records are kept: `persist`.

use std::panic::Location;

use runtime::operators::Persist;

use super::{Ends, Flow, Mode};
use crate::record::Record;

impl<T: Record, M: Mode> Flow<T, M> {
    /// Keeps the records, once they are made: whatever reads this flow, in the same run or a later one, makes them no second time.
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
    /// Without it each `collect`, `count` or `run` makes its records anew. The first run that reads all of this flow keeps them, also where it
    /// fails later; the runs after it begin here, with the same tasks and orders, and call no closure before it: accumulators there gather
    /// nothing. The records belong to this flow: a pipeline that is called twice makes two.
    ///
    /// Cost: all records are copied once, with all of their fields, and kept until this flow and those made of it are dropped: in memory as far as
    /// it goes, the rest on disk, where each run that reads this flow reads them. In the first run, where branches behind it meet again, those of the
    /// branch that waits are kept a second time.
    #[track_caller]
    pub fn persist(&self) -> Flow<T, M>
    where
        M: Ends,
    {
        let persist = Persist { schema: T::schema(), kept: Default::default() };
        self.handle.called_at(Location::caller()).then(persist).typed()
    }
}
