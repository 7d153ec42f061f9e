//! Groups as a whole: a closure goes over the records of each, in an order or in none.

use std::panic::Location;

use runtime::operators::{GroupReduce, Top};
use runtime::sort::{GroupFactory, OrderKey};

use crate::error::UserError;
use crate::kernel::{Emitter, Group, reduce_group, try_reduce_group};
use crate::key::Order;
use crate::record::Record;

use super::group::Grouped;
use super::step::Next;
use super::{Ends, Flow, Mode};

/// A flow by key, whose groups are in an order.
pub struct SortedGroups<T, K, M> {
    groups: Grouped<T, K, M>,
    order: Vec<OrderKey>,
}

impl<T, K, M> Clone for SortedGroups<T, K, M> {
    fn clone(&self) -> Self {
        SortedGroups { groups: self.groups.clone(), order: self.order.clone() }
    }
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// Calls `body` once with all records of the flow, one at a time; it emits any number. An empty flow gives no call.
    ///
    /// The records come in the order in which the flow has them: none but behind [`Flow::sort`].
    ///
    /// Cost: all records come to one task, which keeps them, on disk where they do not fit memory. [`Flow::aggregates`] and [`Flow::reduce`] need
    /// one record of each task.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// /// The steps between the values, from the least to the greatest.
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
    #[must_use]
    #[track_caller]
    pub fn reduce_group<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
        M: Ends,
    {
        let next = self.next.called_at(Location::caller());
        Groups { flow: self, key: &[], order: &[], next: &next, partial: false }.reduced(body)
    }

    /// As [`Flow::reduce_group`], with a closure that may fail: it ends with `Ok(())`, and an error ends the job.
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
    #[must_use]
    #[track_caller]
    pub fn try_reduce_group<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
        M: Ends,
    {
        let next = self.next.called_at(Location::caller());
        Groups { flow: self, key: &[], order: &[], next: &next, partial: false }.tried(body)
    }
}

impl<T: Record, K: Record, M: Ends> Grouped<T, K, M> {
    /// Puts the records of each group in order, `|r| (asc(r.time), desc(r.price))`, for [`SortedGroups::reduce_group`]. Nulls come last.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// /// How much each reading differs from the one before.
    /// #[dataflow]
    /// fn changes(readings: DataSet<(u32, u64, i64)>) -> DataSet<(u32, i64)> {
    ///     readings.group_by(|r| r.0).sorted_by(|r| asc(r.1)).reduce_group(|group, out| {
    ///         let mut before = None;
    ///         for r in group {
    ///             if let Some(before) = before {
    ///                 out.emit((r.0, r.2 - before));
    ///             }
    ///             before = Some(r.2);
    ///         }
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let readings = Env::embedded().collection([(7u32, 3u64, 10i64), (7, 1, 4), (7, 2, 5)])?;
    /// assert_eq!(changes(readings).collect()?, [(7, 1), (7, 5)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn sorted_by<O: Order<T>>(&self, order: impl FnOnce(T::Fields<T>) -> O) -> SortedGroups<T, K, M> {
        let (groups, order) = self.ordered(&order(T::fields(0)));
        SortedGroups { groups, order }
    }

    /// Calls `body` for each group: it is lent the group's records one at a time, in no particular order, and emits any number.
    ///
    /// `#[dataflow]` writes `for r in group` as `while let Some(r) = group.next()`. A record is there until the next one is asked for;
    /// [`Group::owned`] copies them.
    ///
    /// Cost: all records come to their group's task, which sorts them by key, on disk where they do not fit memory. What can be said as an aggregate
    /// or with [`Grouped::reduce`] is cheaper: it needs one record for each group. Where the closure does no more with the group than to
    /// loop over it, to ask for its next record or its length, only the fields are read that it names of its records; else all.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// /// The words of each length, in one text.
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
    #[must_use]
    pub fn reduce_group<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        self.groups(&[]).reduced(body)
    }

    /// As [`Grouped::reduce_group`], with a closure that may fail: it ends with `Ok(())`, and an error of one group ends the job.
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
    #[must_use]
    pub fn try_reduce_group<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
    {
        self.groups(&[]).tried(body)
    }

    /// Calls `body` for groups of the records that a task has, without bringing those of one key together: a group is what of it a task
    /// keeps in its part of memory, so a key may have several. Else as [`Grouped::reduce_group`].
    ///
    /// It makes the work of an operator behind it less, as a combiner does: what it emits is shipped in place of the records. Its
    /// result depends on tasks and memory, so what follows has to put partial groups together, as [`Grouped::reduce_group`] does here:
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// /// The two largest sales of each shop: no task ships more than two of each of its partial groups.
    /// #[dataflow]
    /// fn largest(sales: DataSet<(u32, i64)>) -> DataSet<(u32, i64)> {
    ///     let partly = sales.group_by(|s| s.0).sorted_by(|s| desc(s.1)).combine_group(|group, out| {
    ///         for _ in 0..2 {
    ///             if let Some(s) = group.next() {
    ///                 out.emit(s);
    ///             }
    ///         }
    ///     });
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
    /// let sales = Env::new(Options::default()).collection([(7u32, 3i64), (8, 1), (7, 9), (7, 5)])?;
    /// let mut largest = largest(sales).collect()?;
    /// largest.sort();
    /// assert_eq!(largest, [(7, 5), (7, 9), (8, 1)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn combine_group<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        Groups { partial: true, ..self.groups(&[]) }.reduced(body)
    }

    fn groups<'g>(&'g self, order: &'g [OrderKey]) -> Groups<'g, T, M> {
        Groups { flow: &self.flow, key: &self.key, order, next: &self.next, partial: false }
    }
}

impl<T: Record, K: Record, M: Ends> SortedGroups<T, K, M> {
    /// As [`Grouped::reduce_group`], with each group's records in order.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn rises(prices: DataSet<(u32, u64, i64)>) -> DataSet<(u32, i64)> {
    ///     prices.group_by(|p| p.0).sorted_by(|p| p.1).reduce_group(|prices, out| {
    ///         let mut last = None;
    ///         for p in prices {
    ///             if let Some(last) = last {
    ///                 out.emit((p.0, p.2 - last));
    ///             }
    ///             last = Some(p.2);
    ///         }
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let prices = Env::embedded().collection([(7u32, 2u64, 15i64), (7, 1, 10), (7, 3, 12)])?;
    /// assert_eq!(rises(prices).collect()?, [(7, 5), (7, -3)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn reduce_group<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        self.groups.groups(&self.order).reduced(body)
    }

    /// As [`SortedGroups::reduce_group`], with a closure that may fail: it ends with `Ok(())`, and an error of one group ends the job.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// /// How far each meter has run; it never runs backwards.
    /// #[dataflow]
    /// fn used(meters: DataSet<(u32, u64, i64)>) -> DataSet<(u32, i64)> {
    ///     meters.group_by(|m| m.0).sorted_by(|m| m.1).try_reduce_group(|readings, out| {
    ///         let mut last = None;
    ///         let mut sum = 0;
    ///         let mut meter = 0;
    ///         for r in readings {
    ///             let step = r.2 - last.unwrap_or(r.2);
    ///             if step < 0 {
    ///                 return Err(format!("meter {} runs backwards", r.0).into());
    ///             }
    ///             (meter, sum, last) = (r.0, sum + step, Some(r.2));
    ///         }
    ///         out.emit((meter, sum));
    ///         Ok(())
    ///     })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let env = Env::embedded();
    /// assert_eq!(used(env.collection([(7u32, 2u64, 15i64), (7, 1, 10)])?).collect()?, [(7, 5)]);
    /// let error = used(env.collection([(7u32, 1u64, 15i64), (7, 2, 10)])?).collect().unwrap_err().to_string();
    /// assert!(error.contains("meter 7 runs backwards"), "{error}");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn try_reduce_group<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
    {
        self.groups.groups(&self.order).tried(body)
    }

    /// As [`Grouped::combine_group`], with each partial group's records in order.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn spans(visits: DataSet<(u32, u64)>) -> DataSet<(u32, u64, u64)> {
    ///     let partial = visits.group_by(|v| v.0).sorted_by(|v| v.1).combine_group(|visits, out| {
    ///         if let Some(first) = visits.next() {
    ///             let mut last = first.1;
    ///             for v in visits {
    ///                 last = v.1;
    ///             }
    ///             out.emit((first.0, first.1, last));
    ///         }
    ///     });
    ///     partial.group_by(|p| p.0).aggregate(|g| (g.key, g.min(|p| p.1), g.max(|p| p.2)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let visits = Env::embedded().collection([(7u32, 3u64), (7, 9), (7, 5)])?;
    /// assert_eq!(spans(visits).collect()?, [(7, 3, 9)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn combine_group<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        Groups { partial: true, ..self.groups.groups(&self.order) }.reduced(body)
    }

    /// The first `count` records of each group: [`Grouped::top`] by the groups' order.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn latest(orders: DataSet<(u32, u64)>) -> DataSet<(u32, u64)> {
    ///     orders.group_by(|o| o.0).sorted_by(|o| desc(o.1)).first(1)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let orders = Env::embedded().collection([(7u32, 3u64), (7, 9), (7, 5)])?;
    /// assert_eq!(latest(orders).collect()?, [(7, 9)]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn first(&self, count: usize) -> Flow<T, M> {
        let (groups, order) = (&self.groups, self.order.clone());
        let top = Top { schema: groups.flow.schema(), key: groups.key.clone(), count, order };
        groups.flow.then::<T, M>(top, &[], &groups.next).unkeyed(&groups.next)
    }
}

/// Groups that a closure is to go over.
struct Groups<'g, T, M> {
    flow: &'g Flow<T, M>,
    key: &'g [usize],
    order: &'g [OrderKey],
    next: &'g Next,
    partial: bool,
}

impl<T: Record, M: Ends> Groups<'_, T, M> {
    fn reduced<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) + Clone + Send + 'static,
    {
        self.by(if self.partial { "combine_group" } else { "reduce_group" }, reduce_group::<T, U, F>(body))
    }

    fn tried<U: Record, F>(&self, body: F) -> Flow<U, M>
    where
        F: for<'b> Fn(&mut Group<'b, T>, &mut Emitter<'_, U>) -> Result<(), UserError> + Clone + Send + 'static,
    {
        self.by("try_reduce_group", try_reduce_group::<T, U, F>(body))
    }

    fn by<U: Record>(&self, word: &'static str, kernel: GroupFactory) -> Flow<U, M> {
        let operator = GroupReduce {
            reads: self.next.reads(0, &T::schema()),
            input: self.flow.schema(),
            output: U::schema(),
            key: self.key.to_vec(),
            order: self.order.to_vec(),
            kernel,
            word,
            aside: 0,
            refused: None,
            partial: self.partial,
        };
        self.flow.then(operator, &[], self.next)
    }
}
