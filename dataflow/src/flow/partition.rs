//! Operators that set the task of each record: `rebalance`, `partition_by`, `partition_by_range`,
//! `partition_with`.
//!
//! Operators that process the records of a task, such as [`Flow::process_with`] and
//! [`Flow::map_partition`], then receive these partitions. A grouping by the same key directly
//! after, or with only filters between, ships nothing. Other operators do not use the partitioning:
//! a join ships its records again, and EXPLAIN shows both exchanges.

use std::panic::Location;

use runtime::operators::{Partition, PartitionBy};

use super::{AnyMode, Ends, Flow, Handle, Mode};
use crate::kernel::{Emitter, process};
use crate::key::{Key, Order};
use crate::record::Record;

/// All leaves of the rows of a flow.
type Rows<T, M> = (T, <M as AnyMode>::Hidden);

impl<T: Record, M: Mode> Flow<T, M> {
    /// Distributes the records evenly over all tasks. The tasks receive equal numbers of records
    /// from each sender, up to a difference of one.
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
    /// # Cost
    /// An exchange if the job has several tasks.
    #[track_caller]
    pub fn rebalance(&self) -> Flow<T, M> {
        self.handle.called_at(Location::caller()).partitioned(PartitionBy::Turn).typed()
    }

    /// Ships all records with the same key to the same task: `|r| r.customer`, or
    /// `|r| (r.customer, r.day)`.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// /// Words that differ from the previous word of their task.
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
    /// # Cost
    /// A hash per record, and an exchange if the job has several tasks.
    #[track_caller]
    pub fn partition_by<K: Key<T>>(&self, key: impl FnOnce(T::Fields<T>) -> K) -> Flow<T, M> {
        let key = key(T::fields(0));
        let handle = self.handle.called_at(Location::caller()).keyed(key.computation::<()>());
        handle.partitioned(PartitionBy::Key(key.leaves())).typed()
    }

    /// Partitions the records by ranges of an order: the records of a task precede those of the
    /// next task.
    ///
    /// Tasks receive about the same number of records, but equal records stay together. Nulls come
    /// last. Followed by [`Flow::sort_partition`], this is a total sort in which all tasks take
    /// part.
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
    /// # Cost
    /// An exchange if the job has several tasks. Each task stores its records until all tasks have
    /// received theirs, on disk if they do not fit into memory. It then compares each record with
    /// the bounds of the ranges.
    #[track_caller]
    pub fn partition_by_range<O: Order<T>>(&self, order: impl FnOnce(T::Fields<T>) -> O) -> Flow<T, M>
    where
        M: Ends,
    {
        let (handle, order) = self.ordered(&order(T::fields(0)), Location::caller());
        handle.partitioned(PartitionBy::Range(order)).typed()
    }

    /// Ships each record to the task `number(record)`, modulo the number of tasks.
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
    /// # Cost
    /// One call per record, and an exchange if the job has several tasks.
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
        self.append(Partition { schema: self.schema(), by })
    }
}
