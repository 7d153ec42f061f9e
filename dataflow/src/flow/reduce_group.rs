//! Groups as a whole: a closure iterates over the records of each group, in no particular order.

use std::panic::Location;

use runtime::operators::GroupReduce;
use runtime::row::Schema;
use runtime::sort::{GroupFactory, OrderKey};

use crate::error::UserError;
use crate::kernel::{Emitter, Group, reduce_group, try_reduce_group};
use crate::record::Record;

use super::group::Grouped;
use super::{Ends, Flow, Handle, Mode};

impl<T: Record, M: Mode> Flow<T, M> {
    /// Calls `body` once with all records of the flow, one at a time. It emits any number of
    /// records. For an empty flow it is not called.
    ///
    /// The records are in the order of the flow, which is only defined after [`Flow::sort`].
    ///
    /// # Cost
    /// All records are shipped to one task, which stores them, on disk if they do not fit into
    /// memory. [`Flow::aggregates`] and [`Flow::reduce`] ship one record per task.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// /// The differences between neighboring values, in ascending order of the values.
    /// #[dataflow]
    /// fn steps(values: DataSet<i64>) -> DataSet<i64> {
    ///     values.sort(|v| asc(v)).reduce_group(|values, out| {
    ///         let mut before = values.next();
    ///         for v in values {
    ///             out.emit(v - before.unwrap_or(v));
    ///             before = Some(v);
    ///         }
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// assert_eq!(steps(Env::embedded().collection([10i64, 4, 5])?).collect()?, [1, 5]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn reduce_group<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
        M: Ends,
    {
        self.as_one_group(Location::caller()).reduce_group(body)
    }

    /// Like [`Flow::reduce_group`], with a fallible closure, which ends with `Ok(())`. An error
    /// ends the job.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn sum(texts: DataSet<String>) -> DataSet<i64> {
    ///     texts.try_reduce_group(|texts, out| {
    ///         let mut sum = 0;
    ///         for text in texts {
    ///             sum += text.parse::<i64>()?;
    ///         }
    ///         out.emit(sum);
    ///         Ok(())
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let env = Env::embedded();
    /// assert_eq!(sum(env.collection(["3", "4"])?).collect()?, [7]);
    /// assert!(sum(env.collection(["3", "four"])?).collect().is_err());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn try_reduce_group<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
        M: Ends,
    {
        self.as_one_group(Location::caller()).try_reduce_group(body)
    }
}

impl<T: Record, K: Record, M: Mode> Grouped<T, K, M> {
    /// Calls `body` for each group. The records of the group are borrowed one at a time, in no
    /// particular order. The closure emits any number of records.
    ///
    /// `#[dataflow]` rewrites `for r in group` to `while let Some(r) = group.next()`. A record is
    /// valid until the next one is requested. [`Group::owned`] copies the records.
    ///
    /// # Cost
    /// All records are shipped to the task of their group, which sorts them by key, on disk if they
    /// do not fit into memory. An aggregate or [`Grouped::reduce`] is cheaper, as it stores one
    /// record per group.
    ///
    /// If the closure only loops over the group, or calls `next` and `len`, only the fields that it
    /// uses are read. Otherwise all fields are read.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// /// The words of each length, as one text.
    /// #[dataflow]
    /// fn by_length(words: DataSet<(u64, String)>) -> DataSet<(u64, String)> {
    ///     words.group_by(|w| w.0).reduce_group(|group, out| {
    ///         let (mut length, mut all) = (0, Vec::new());
    ///         for w in group {
    ///             length = w.0;
    ///             all.push(w.1.to_owned());
    ///         }
    ///         all.sort();
    ///         out.emit((length, all.join(" ")));
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let words = Env::embedded().collection([(2u64, "to"), (2, "be")])?;
    /// assert_eq!(by_length(words).collect()?, [(2, "be to".to_owned())]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn reduce_group<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
        M: Ends,
    {
        self.reduced(&[], body)
    }

    /// Like [`Grouped::reduce_group`], with a fallible closure, which ends with `Ok(())`. An error
    /// in one group ends the job.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// /// The sum of each sensor's readings, which are texts.
    /// #[dataflow]
    /// fn sums(readings: DataSet<(u32, String)>) -> DataSet<(u32, i64)> {
    ///     readings.group_by(|r| r.0).try_reduce_group(|group, out| {
    ///         let (mut sensor, mut sum) = (0, 0);
    ///         for r in group {
    ///             sensor = r.0;
    ///             sum += r.1.parse::<i64>()?;
    ///         }
    ///         out.emit((sensor, sum));
    ///         Ok(())
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let env = Env::embedded();
    /// assert_eq!(sums(env.collection([(7u32, "3"), (7, "4")])?).collect()?, [(7, 7)]);
    /// assert!(sums(env.collection([(7u32, "3"), (7, "four")])?).collect().is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_reduce_group<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
        M: Ends,
    {
        self.try_reduced(&[], body)
    }

    /// Calls `body` for partial groups, without shipping records of a key to one task.
    ///
    /// A partial group has the records of a key that a task holds in its share of memory, so a key
    /// may have several. In other respects it works like [`Grouped::reduce_group`].
    ///
    /// It is a combiner: its output is shipped instead of the records. The output depends on tasks
    /// and memory. So an operator that follows must combine the partial groups, as
    /// [`Grouped::reduce_group`] does here:
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// /// The two largest sales of each shop. A task ships at most two per partial group.
    /// #[dataflow]
    /// fn largest(sales: DataSet<(u32, i64)>) -> DataSet<(u32, i64)> {
    ///     let partly =
    ///         sales.group_by(|s| s.0).sorted_by(|s| desc(s.1)).combine_group(|group, out| {
    ///             for _ in 0..2 {
    ///                 if let Some(s) = group.next() {
    ///                     out.emit(s);
    ///                 }
    ///             }
    ///         });
    ///     partly.group_by(|s| s.0).sorted_by(|s| desc(s.1)).reduce_group(|group, out| {
    ///         for _ in 0..2 {
    ///             if let Some(s) = group.next() {
    ///                 out.emit(s);
    ///             }
    ///         }
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let sales =
    ///     Env::new(Options::default()).collection([(7u32, 3i64), (8, 1), (7, 9), (7, 5)])?;
    /// let mut largest = largest(sales).collect()?;
    /// largest.sort();
    /// assert_eq!(largest, [(7, 5), (7, 9), (8, 1)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn combine_group<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
        M: Ends,
    {
        self.combined(&[], body)
    }

    pub(super) fn reduced<U: Record, F>(&self, order: &[OrderKey], body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        self.reduced_with("reduce_group", order, reduce_group::<T, U, F>(body))
    }

    pub(super) fn try_reduced<U: Record, F>(&self, order: &[OrderKey], body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
    {
        self.reduced_with("try_reduce_group", order, try_reduce_group::<T, U, F>(body))
    }

    pub(super) fn combined<U: Record, F>(&self, order: &[OrderKey], body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        self.reduced_with("combine_group", order, reduce_group::<T, U, F>(body))
    }

    fn reduced_with<U: Record>(&self, word: &'static str, order: &[OrderKey], kernel: GroupFactory) -> Flow<U, M> {
        self.handle.group_reduced(word, [T::schema(), U::schema()], &self.key, order, kernel).typed()
    }
}

impl Handle {
    #[inline(never)]
    fn group_reduced(
        &self,
        word: &'static str,
        [record, output]: [Schema; 2],
        key: &[usize],
        order: &[OrderKey],
        kernel: GroupFactory,
    ) -> Handle {
        self.append(GroupReduce {
            reads: self.next.reads(0, &record),
            input: self.schema(),
            output,
            key: key.to_vec(),
            order: order.to_vec(),
            kernel,
            word,
            aside: 0,
            refused: None,
            partial: word == "combine_group",
        })
    }
}
