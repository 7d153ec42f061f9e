//! Operators with a state or a call per task: `process_with`, `filter_with`, their fallible
//! variants, and `map_partition`.
//!
//! `map_with`, `flat_map_with` and `filter_map_with` compile to `process_with`.

use std::panic::Location;

use runtime::operators::MapPartition;

use super::{Ends, Flow, Mode};
use crate::error::UserError;
use crate::kernel::{
    Emitter, Task, TaskRecords, TaskState, map_partition, process_with, try_predicate_with, try_process_with,
};
use crate::record::Record;

impl<T: Record, M: Mode> Flow<T, M> {
    /// Creates a state in each task with `open`, then calls `body` for each record with the state
    /// of its task. It emits any number of records.
    ///
    /// `open` runs before the first record. A state receives the records of its task in their
    /// order, and is never shared between tasks. The engine chooses the task of a record, unless an
    /// operator such as [`Flow::partition_by`] comes before.
    ///
    /// [`map_with`](crate::operators::map_with), [`flat_map_with`](crate::operators::flat_map_with)
    /// and [`filter_map_with`](crate::operators::filter_map_with) in `#[dataflow]` compile to this.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let amounts = env.collection([5i64, 7, 1])?;
    /// let running = amounts.process_with(
    ///     |_| 0i64,
    ///     |sum, amount, out| {
    ///         *sum += amount;
    ///         out.emit(*sum);
    ///     },
    /// );
    /// assert_eq!(running.collect()?, [5, 12, 13]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn process_with<S, U: Record, O, F>(&self, open: O, body: F) -> Flow<U, M>
    where
        S: TaskState,
        O: Fn(Task) -> S + Clone + Send + 'static,
        F: for<'a> Fn(&mut S, T::At<'a>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        self.chained("process_with", process_with::<T, U, S, O, F>(open, body), Location::caller())
    }

    /// Like [`Flow::process_with`], with fallible closures. An error ends the job, and names the
    /// operator and the record of `body`.
    ///
    /// [`try_map_with`](crate::operators::try_map_with),
    /// [`try_flat_map_with`](crate::operators::try_flat_map_with) and
    /// [`try_filter_map_with`](crate::operators::try_filter_map_with) in `#[dataflow]` compile to
    /// this.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn scaled(texts: DataSet<String>, factor: String) -> DataSet<u64> {
    ///     texts.try_map_with(
    ///         |_| factor.parse::<u64>(),
    ///         |factor, text| text.parse::<u64>().map(|n| n * *factor),
    ///     )
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let texts = env.collection(["1", "2"])?;
    /// assert_eq!(scaled(texts.clone(), "10".to_owned()).collect()?, [10, 20]);
    /// let error = scaled(texts, "ten".to_owned()).collect().unwrap_err().to_string();
    /// assert!(
    ///     error.starts_with("`try_map_with` at ")
    ///         && error.ends_with("invalid digit found in string"),
    ///     "{error}"
    /// );
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn try_process_with<S, U: Record, O, F>(&self, open: O, body: F) -> Flow<U, M>
    where
        S: TaskState,
        O: Fn(Task) -> Result<S, UserError> + Clone + Send + 'static,
        F: for<'a> Fn(&mut S, T::At<'a>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
    {
        let kernel = try_process_with::<T, U, S, O, F>(open, body, self.reads());
        self.chained("try_process_with", kernel, Location::caller())
    }

    /// Creates a state in each task with `open`, and keeps the records for which `keep` returns
    /// `true`. `keep` receives the state of its task.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// /// The first visit of each customer.
    /// #[dataflow]
    /// fn arrivals(visits: DataSet<(u64, u32)>) -> DataSet<(u64, u32)> {
    ///     visits.partition_by(|v| v.0).sort_partition(|v| (asc(v.0), asc(v.1))).filter_with(
    ///         |_| None,
    ///         |last, v| last.replace(v.0) != Some(v.0),
    ///     )
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let visits = env.collection([(2u64, 9u32), (1, 5), (2, 4)])?;
    /// assert_eq!(arrivals(visits).collect()?, [(1, 5), (2, 4)]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cost
    /// One call per record, in place. Nothing is copied. The filter is never moved, because its
    /// result depends on the records that it receives.
    #[track_caller]
    pub fn filter_with<S, O, F>(&self, open: O, keep: F) -> Flow<T, M>
    where
        S: TaskState,
        O: Fn(Task) -> S + Clone + Send + 'static,
        F: for<'a> Fn(&mut S, T::At<'a>) -> bool + Clone + Send + 'static,
    {
        let keep = move |state: &mut S, record: T::At<'_>| Ok(keep(state, record));
        let predicate = try_predicate_with::<T, S, _, _>(move |task| Ok(open(task)), keep, self.reads());
        self.filtered(predicate, Location::caller())
    }

    /// Like [`Flow::filter_with`], with fallible closures. An error ends the job, and names the
    /// operator and the record of `keep`.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn listed(words: DataSet<String>, pattern: String) -> DataSet<String> {
    ///     words.try_filter_with(
    ///         |_| pattern.parse::<usize>(),
    ///         |length, word| Ok::<_, std::num::ParseIntError>(word.len() == *length),
    ///     )
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let words = env.collection(["to", "not"])?;
    /// assert_eq!(listed(words.clone(), "3".to_owned()).collect()?, ["not"]);
    /// assert!(listed(words, "three".to_owned()).collect().is_err());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn try_filter_with<S, O, F>(&self, open: O, keep: F) -> Flow<T, M>
    where
        S: TaskState,
        O: Fn(Task) -> Result<S, UserError> + Clone + Send + 'static,
        F: for<'a> Fn(&mut S, T::At<'a>) -> Result<bool, UserError> + Clone + Send + 'static,
    {
        self.filtered(try_predicate_with::<T, S, O, F>(open, keep, self.reads()), Location::caller())
    }

    /// Calls `body` once in each task with all of its records, also if there are none. It emits any
    /// number of records.
    ///
    /// The records are in the order of the task, for example that of [`Flow::sort_partition`].
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// /// The days between consecutive visits of each customer.
    /// #[dataflow]
    /// fn gaps(visits: DataSet<(u64, u32)>) -> DataSet<(u64, u32)> {
    ///     visits.partition_by(|v| v.0).sort_partition(|v| (asc(v.0), asc(v.1))).map_partition(
    ///         |records, out| {
    ///             let mut last = None;
    ///             for (customer, day) in records {
    ///                 if let Some((_, before)) = last.filter(|(of, _)| *of == customer) {
    ///                     out.emit((customer, day - before));
    ///                 }
    ///                 last = Some((customer, day));
    ///             }
    ///         },
    ///     )
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let visits = env.collection([(2u64, 9u32), (1, 5), (2, 4)])?;
    /// assert_eq!(gaps(visits).collect()?, [(2, 5)]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Only the fields that a `for` loop over `records` uses are read. If `records` is used in any
    /// other way, all fields are read.
    ///
    /// # Cost
    /// A task stores its records, with 16 more bytes each, and the output of `body` in memory until
    /// `body` returns. `body` runs without interruption on one thread of the pool.
    /// [`Flow::process_with`] stores nothing, and takes turns with other tasks.
    #[track_caller]
    pub fn map_partition<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'r> Fn(TaskRecords<'r, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
        M: Ends,
    {
        let (input, output, reads) = (T::schema(), U::schema(), self.reads());
        let operator = MapPartition { input, output, whole: map_partition::<T, U, F>(body), reads };
        self.handle.called_at(Location::caller()).append(operator).typed()
    }
}
