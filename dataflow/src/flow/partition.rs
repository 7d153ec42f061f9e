//! Which task sees which records: `rebalance`, `partition_by`, `partition_by_range`, `partition_with`.
//!
//! What stays in a task, such as [`Flow::process_with`] or [`Flow::map_partition`], sees the records of these partitions. A grouping by
//! the same key right behind, with nothing but filters between, ships nothing. The engine remembers a partitioning no further: a join ships its
//! records once more, and EXPLAIN shows both exchanges.

use std::panic::Location;

use runtime::operators::{Partition, PartitionBy};

use super::{AnyMode, Ends, Flow, Handle, Mode};
use crate::kernel::{Emitter, process};
use crate::key::{Key, Order};
use crate::record::Record;

/// All leaves of a flow's rows.
type Rows<T, M> = (T, <M as AnyMode>::Hidden);

impl<T: Record, M: Mode> Flow<T, M> {
    /// The same records, spread evenly over all tasks: each sender deals its records out so that no task gets two more than another.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn lengths(names: DataSet<String>) -> DataSet<u64> {
    ///     names.rebalance().map(|name| name.len() as u64)
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let names = env.collection(["Ada".to_owned(), "Grace".to_owned()])?;
    /// assert_eq!(lengths(names).collect()?, [3, 5]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Cost: an exchange, where the job has more than one task.
    #[track_caller]
    pub fn rebalance(&self) -> Flow<T, M> {
        self.handle.called_at(Location::caller()).partitioned(PartitionBy::Turn).typed()
    }

    /// The same records, those of one key in one task: `|r| r.customer`, or `|r| (r.customer, r.day)`.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// /// Each word that is not the one before it, in the order of its task.
    /// #[dataflow]
    /// fn changes(words: DataSet<String>) -> DataSet<String> {
    ///     words.partition_by(|word| word).filter_map_with(
    ///         |_| String::new(),
    ///         |last, word| {
    ///             let is_new = last != word;
    ///             word.clone_into(last);
    ///             is_new.then_some(word)
    ///         },
    ///     )
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let words = env.collection(["a", "a", "b"].map(str::to_owned))?;
    /// assert_eq!(changes(words).collect()?, ["a", "b"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Cost: a hash for each record and an exchange, where the job has more than one task.
    #[track_caller]
    pub fn partition_by<K: Key<T>>(&self, key: impl FnOnce(T::Fields<T>) -> K) -> Flow<T, M> {
        let key = key(T::fields(0));
        let handle = self.handle.called_at(Location::caller()).keyed(key.computation::<()>());
        handle.partitioned(PartitionBy::Key(key.leaves())).typed()
    }

    /// The same records in tasks that follow each other in an order: what a task has comes before what the next one has. Tasks get about the same
    /// number of records, as far as equal ones, which are never parted, allow. Nulls come last.
    ///
    /// Followed by [`Flow::sort_partition`] it is a total order that all tasks work on.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn sorted(names: DataSet<String>) -> DataSet<String> {
    ///     names.partition_by_range(|name| desc(name)).sort_partition(|name| desc(name))
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let names = env.collection(["Ada".to_owned(), "Grace".to_owned()])?;
    /// assert_eq!(sorted(names).collect()?, ["Grace", "Ada"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Cost: an exchange, where the job has more than one task. Each task keeps its records, on disk where they do not fit memory, until all tasks have
    /// seen theirs, and compares each with the bounds of the ranges.
    #[track_caller]
    pub fn partition_by_range<O: Order<T>>(&self, order: impl FnOnce(T::Fields<T>) -> O) -> Flow<T, M>
    where
        M: Ends,
    {
        let (handle, order) = self.ordered(&order(T::fields(0)), Location::caller());
        handle.partitioned(PartitionBy::Range(order)).typed()
    }

    /// The same records, each in the task whose number `number` gives, modulo the number of tasks.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn by_parity(numbers: DataSet<u64>) -> DataSet<u64> {
    ///     numbers.partition_with(|n| n % 2).sort_partition(|n| n)
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// assert_eq!(by_parity(env.collection([3u64, 2, 1])?).collect()?, [1, 2, 3]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Cost: one call for each record and an exchange, where the job has more than one task.
    #[track_caller]
    pub fn partition_with<F>(&self, number: F) -> Flow<T, M>
    where
        F: for<'a> Fn(T::At<'a>) -> u64 + Clone + Send + 'static,
    {
        let reads = self.reads();
        let numbered = move |(record, hidden): <Rows<T, M> as Record>::At<'_>,
                             out: &mut Emitter<'_, (Rows<T, M>, u64)>| {
            out.emit(((record, hidden), number(record)));
        };
        let by = PartitionBy::Number { chain: process::<Rows<T, M>, (Rows<T, M>, u64), _>(numbered), reads };
        self.handle.called_at(Location::caller()).partitioned(by).typed()
    }
}

impl Handle {
    #[inline(never)]
    fn partitioned(&self, by: PartitionBy) -> Handle {
        self.then(Partition { schema: self.schema(), by })
    }
}
