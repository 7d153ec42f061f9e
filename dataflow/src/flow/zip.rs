//! Records with numbers.

use std::panic::Location;

use runtime::operators::{Numbers, Zip};

use super::{Ends, Flow, Mode};
use crate::record::Record;

impl<T: Record, M: Mode> Flow<T, M> {
    /// Each record behind its number: 0, 1, 2, … over the whole flow.
    ///
    /// The records of a task are numbered in the order in which they come, the tasks one after the other. So behind a `sort` a number is the
    /// record's rank; behind a source it says nothing but that no other record has it.
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
    /// Cost: a copy of each record. Tasks other than the first keep their records, on disk where they do not fit memory, until those before them have
    /// counted theirs;
    /// [`Flow::zip_with_unique_id`] keeps nothing.
    #[track_caller]
    pub fn zip_with_index(&self) -> Flow<(u64, T), M>
    where
        M: Ends,
    {
        self.zipped(Numbers::Consecutive, Location::caller())
    }

    /// Each record behind a number that no other record of the flow has. There are gaps where tasks have different numbers of records.
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
    /// Cost: a copy of each record. Task `i` of `n` gives `i`, `i + n`, `i + 2 n`, …
    #[track_caller]
    pub fn zip_with_unique_id(&self) -> Flow<(u64, T), M> {
        self.zipped(Numbers::Unique, Location::caller())
    }

    fn zipped(&self, numbers: Numbers, caller: &'static Location<'static>) -> Flow<(u64, T), M> {
        let output = self.handle.rows_of(<(u64, T)>::schema());
        let operator = Zip { input: self.handle.schema(), output, numbers };
        self.handle.called_at(caller).then(operator).typed()
    }
}
