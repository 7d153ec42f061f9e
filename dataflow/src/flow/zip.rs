//! Records with numbers.

use std::panic::Location;

use runtime::operators::{Numbers, Zip};

use super::{Ends, Flow, Mode};
use crate::record::Record;

impl<T: Record, M: Mode> Flow<T, M> {
    /// Adds a number to each record: 0, 1, 2, … over the whole flow.
    ///
    /// A task numbers its records in their order, starting after the last number of the task before
    /// it. So after a `sort` the number is the rank of the record. After a source it is only
    /// unique.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn ranks(names: DataSet<String>) -> DataSet<(u64, String)> {
    ///     names.sort(|name| asc(name)).zip_with_index()
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let names = env.collection(["Grace".to_owned(), "Ada".to_owned()])?;
    /// assert_eq!(ranks(names).collect()?, [(0, "Ada".to_owned()), (1, "Grace".to_owned())]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cost
    /// A copy of each record. Tasks other than the first store their records until the tasks before
    /// them have counted theirs, on disk if they do not fit into memory.
    /// [`Flow::zip_with_unique_id`] stores nothing.
    #[track_caller]
    pub fn zip_with_index(&self) -> Flow<(u64, T), M>
    where
        M: Ends,
    {
        self.zipped(Numbers::Consecutive, Location::caller())
    }

    /// Adds a unique number to each record. Numbers have gaps if tasks have different numbers of
    /// records.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let names = env.collection(["Ada".to_owned(), "Grace".to_owned()])?;
    /// let mut ids: Vec<u64> = names.zip_with_unique_id().project(|n| n.0).collect()?;
    /// ids.dedup();
    /// assert_eq!(ids.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cost
    /// A copy of each record. Task `i` of `n` assigns the numbers `i`, `i + n`, `i + 2 n`, …
    #[track_caller]
    pub fn zip_with_unique_id(&self) -> Flow<(u64, T), M> {
        self.zipped(Numbers::Unique, Location::caller())
    }

    fn zipped(&self, numbers: Numbers, caller: &'static Location<'static>) -> Flow<(u64, T), M> {
        let output = self.handle.rows_of(<(u64, T)>::schema());
        let operator = Zip { input: self.handle.schema(), output, numbers };
        self.handle.called_at(caller).append(operator).typed()
    }
}
