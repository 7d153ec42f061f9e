//! Grouping, and aggregates of single fields.

use std::marker::PhantomData;
use std::ops::Range;
use std::panic::Location;

use runtime::operators::{Aggregate, Fold, KeyedReduce, Reduction, StateLeaf, Updates};
use runtime::plan::{Forwards, Reads};
use runtime::row::{LeafType, Schema};

use super::aggregate::{Aggregates, Types, grouping};
use super::measures::Comparable;
use super::{AnyMode, Ends, Flow, Handle, Mode};
use crate::kernel::{Emitter, Measured, State, SumOf, finish_mean, folds, reduce};
use crate::key::{Field, Key};
use crate::record::Record;

/// A flow that is grouped by a key of type `K`. Its methods return one record per group.
#[must_use = "a grouping needs what is made of its groups: `.sum(|r| ..)`, `.aggregate(|g| ..)`"]
pub struct Grouped<T, K, M> {
    /// Its rows end with the computed key, if there is one: see [`Flow::keyed`].
    pub(super) handle: Handle,
    pub(super) key: Vec<usize>,
    pub(super) of: Types<T, K, M>,
}

impl<T, K, M> Clone for Grouped<T, K, M> {
    fn clone(&self) -> Self {
        Grouped::new(self.handle.clone(), self.key.clone())
    }
}

/// Numbers whose sum has the type of the field.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be summed",
    label = "not a number",
    note = "sums are over integers, floats, decimals and lengths of time, and over `Option`s of these, of which `None` is passed over"
)]
pub trait Total: Record {}
macro_rules! totals {
    ($([$($generics:tt)*] $ty:ty;)*) => {$(
        impl<$($generics)*> Total for $ty {}
        impl<$($generics)*> Total for Option<$ty> {}
    )*};
}
totals! {
    [] i8; [] i16; [] i32; [] i64; [] i128; [] u8; [] u16; [] u32; [] u64; [] u128; [] f32; [] f64;
    [] runtime::value::TimeDelta; [const SCALE: u8] runtime::value::Decimal<SCALE>;
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// Groups by a field (`|w| w.word`), by several fields (`|w| (w.word, w.day)`), or by a
    /// computed value (`|w| w.day.month()`).
    ///
    /// Null is a key like any other. Floats are not allowed as keys, because their equality depends
    /// on rounding.
    ///
    /// If the flow does not end, the results are [updates](Flow::updates) of groups.
    ///
    /// # Cost
    /// A lookup per record and a row per group. Groups that do not fit into memory are spilled in
    /// parts.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn by_year(visits: DataSet<Date>) -> DataSet<(i32, u64)> {
    ///     visits.group_by(|day| day.year()).count().sort(|year| year.0)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let visits = Env::embedded().collection([
    ///     date!("2024-02-29"),
    ///     date!("2023-03-01"),
    ///     date!("2024-12-24"),
    /// ])?;
    /// assert_eq!(by_year(visits).collect()?, [(2023, 1), (2024, 2)]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn group_by<K: Key<T>>(&self, key: impl FnOnce(T::Fields<T>) -> K) -> Grouped<T, K::Value, M> {
        let key = key(T::fields(0));
        Grouped::new(self.handle.called_at(Location::caller()).keyed(key.computation::<()>()), key.leaves())
    }
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// Groups all records together.
    pub(super) fn as_one_group(&self, caller: &'static Location<'static>) -> Grouped<T, (), M> {
        Grouped::new(self.handle.called_at(caller), Vec::new())
    }
}

impl<T, K, M> Grouped<T, K, M> {
    /// A grouping whose key is in these leaves of the rows.
    pub(super) fn new(handle: Handle, key: Vec<usize>) -> Self {
        Grouped { handle, key, of: PhantomData }
    }
}

impl<T: Record, M: Mode> Flow<T, M> {
    /// Combines all records into one, two at a time, like [`Grouped::reduce`]. An empty flow emits
    /// nothing.
    ///
    /// # Cost
    /// Each task combines its own records, then one task combines their results.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn longest(words: DataSet<String>) -> DataSet<String> {
    ///     words.reduce(|a, b| if (b.len(), a) > (a.len(), b) { b } else { a })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let words = Env::embedded().collection(["to", "question", "be"])?;
    /// assert_eq!(longest(words).collect()?, ["question"]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn reduce<F>(&self, body: F) -> Flow<T, M>
    where
        F: for<'l, 'r> Fn(T::At<'l>, T::At<'r>, &mut Emitter<'_, T>) + Clone + Send + 'static,
        M: Ends,
    {
        self.as_one_group(Location::caller()).reduce(body).handle.typed()
    }
}

impl<T: Record, K: Record, M: Mode> Grouped<T, K, M> {
    /// Sums a field for each group.
    ///
    /// All other fields of the record must be part of the key. In an `Option` field, `None` is
    /// skipped. The sum is `None` if a group has no other value.
    ///
    /// # Errors
    /// The job fails if the sum overflows the type of the field.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn totals(sales: DataSet<(u32, i64)>) -> DataSet<(u32, i64)> {
    ///     sales.group_by(|s| s.0).sum(|s| s.1)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let sales = Env::embedded().collection([(7u32, 3i64), (7, 4)])?;
    /// assert_eq!(totals(sales).collect()?, [(7, 7)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn sum<V: Total>(&self, field: impl FnOnce(T::Fields<T>) -> Field<T, V>) -> Flow<T, M::Grouped> {
        self.folded("sum", field(T::fields(0)), folds::sum)
    }

    /// Returns the least value of a field for each group.
    ///
    /// All other fields of the record must be part of the key. In an `Option` field, `None` is
    /// skipped. The result is `None` if a group has no other value. Text fields are supported, too.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn lowest(readings: DataSet<(u32, i64)>) -> DataSet<(u32, i64)> {
    ///     readings.group_by(|r| r.0).min(|r| r.1)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let readings = Env::embedded().collection([(7u32, 4i64), (7, 1)])?;
    /// assert_eq!(lowest(readings).collect()?, [(7, 1)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn min<V: Comparable>(&self, field: impl FnOnce(T::Fields<T>) -> Field<T, V>) -> Flow<T, M::Grouped> {
        self.folded("min", field(T::fields(0)), folds::min)
    }

    /// Returns the greatest value of a field for each group. The rules are those of
    /// [`Grouped::min`].
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn highest(readings: DataSet<(u32, i64)>) -> DataSet<(u32, i64)> {
    ///     readings.group_by(|r| r.0).max(|r| r.1)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let readings = Env::embedded().collection([(7u32, 1i64), (7, 4)])?;
    /// assert_eq!(highest(readings).collect()?, [(7, 4)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn max<V: Comparable>(&self, field: impl FnOnce(T::Fields<T>) -> Field<T, V>) -> Flow<T, M::Grouped> {
        self.folded("max", field(T::fields(0)), folds::max)
    }

    /// Makes the build check that the record consists of key and measure: the argument is compiled
    /// and never called. Only `#[dataflow]` calls this.
    #[doc(hidden)]
    pub fn covering(&self, _: fn(PhantomData<T>)) -> &Self {
        self
    }

    fn folded<V: Record>(
        &self,
        word: &'static str,
        field: Field<T, V>,
        fold: fn(Range<usize>) -> Vec<Fold>,
    ) -> Flow<T, M::Grouped> {
        self.handle.folded(word, (self.key.clone(), field.leaves()), fold, M::Grouped::UPDATES).typed()
    }

    /// Counts the records of each group. Emits the key and the count.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn frequencies(words: DataSet<String>) -> DataSet<(String, u64)> {
    ///     words.group_by(|w| w).count().sort(|w| w.0)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let words = Env::embedded().collection(["to", "be", "to"])?;
    /// assert_eq!(frequencies(words).collect()?, [("be".to_owned(), 1), ("to".to_owned(), 2)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn count(&self) -> Flow<(K, u64), M::Grouped> {
        let count = StateLeaf { ty: LeafType::U64, fold: Fold::Count };
        self.handle.grouped("count", self.key.clone(), vec![count], <(K, u64)>::schema(), M::Grouped::UPDATES).typed()
    }

    /// Computes the mean of a field for each group. Emits the key and the mean.
    ///
    /// In an `Option` field, `None` is skipped. The mean is then an `Option<f64>`, which is `None`
    /// if a group has no other value.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn means(readings: DataSet<(u32, i64)>) -> DataSet<(u32, f64)> {
    ///     readings.group_by(|r| r.0).avg(|r| r.1)
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let readings = Env::embedded().collection([(7u32, 1i64), (7, 4)])?;
    /// assert_eq!(means(readings).collect()?, [(7, 2.5)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn avg<V: Measured>(&self, field: impl FnOnce(T::Fields<T>) -> Field<T, V>) -> Flow<(K, V::Of<f64>), M::Grouped>
    where
        V::Of<f64>: Record,
        for<'a> V::Of<f64>: Record<At<'a> = V::Of<f64>>,
    {
        // The engine sums and counts, then a kernel divides. The count of an `Option` field is the
        // sum of its validity leaf.
        let field = field(T::fields(0));
        let first = field.first_leaf();
        let (value, count) = match <V::Tally as Record>::LEAVES {
            0 => (first, Fold::Count),
            _ => (first + 1, Fold::Sum(first)),
        };
        let measure = StateLeaf { ty: <SumOf<V> as State>::LEAF, fold: Fold::Sum(value) };
        let count = StateLeaf { ty: LeafType::U64, fold: count };
        let states = <(K, (SumOf<V>, u64))>::schema();
        let finishing =
            self.handle.grouped("avg", self.key.clone(), vec![measure, count], states.clone(), M::Grouped::UPDATES);
        let finishing = finishing.with_next(self.handle.next.for_part("finish"));
        let schemas = [states, <(K, V::Of<f64>)>::schema()];
        finishing.chained_with("process", finish_mean::<K, V>(), schemas, Forwards::default()).typed()
    }

    /// Combines the records of each group into one, two at a time.
    ///
    /// `body` receives two records and emits the one record that replaces them. It must be
    /// associative and must keep the key. The order of calls is unspecified.
    ///
    /// # Cost
    /// A record per group, which is spilled if it does not fit into memory. Each task combines its
    /// own records before they are shipped.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn longest(words: DataSet<(char, String)>) -> DataSet<(char, String)> {
    ///     words
    ///         .group_by(|w| w.0)
    ///         .reduce(|a, b| if (b.1.len(), a.1) > (a.1.len(), b.1) { b } else { a })
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let words = Env::embedded().collection([('b', "be"), ('b', "bare")])?;
    /// assert_eq!(longest(words).collect()?, [('b', "bare".to_owned())]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn reduce<F>(&self, body: F) -> Flow<T, M::Grouped>
    where
        F: for<'l, 'r> Fn(T::At<'l>, T::At<'r>, &mut Emitter<'_, T>) + Clone + Send + 'static,
    {
        let reduction = Reduction::Closure { kernel: reduce::<T, F>(body), leaves: T::LEAVES };
        self.handle.reduced("reduce", self.key.clone(), reduction, M::Grouped::UPDATES).typed()
    }

    /// Sets the source text of the closure of the next `reduce`. A snapshot with another text for
    /// its state is not restored. Only `#[dataflow]` calls this.
    pub fn written(&self, closure: &'static str) -> Self {
        Grouped::new(self.handle.clone().with_closure_texts(vec![closure]), self.key.clone())
    }

    /// Computes several aggregates in one pass. Each call adds a slot, and `finish` makes the
    /// record.
    ///
    /// [`aggregate`](crate::operators::aggregate) in `#[dataflow]` compiles to this.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn totals(sales: DataSet<(u32, i64)>) -> DataSet<(u32, i64, u64)> {
    ///     sales.group_by(|s| s.0).aggregate(|g| (g.key, g.sum(|s| s.1), g.count()))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let sales = Env::embedded().collection([(7u32, 3i64), (7, 4)])?;
    /// assert_eq!(totals(sales).collect()?, [(7, 7, 2)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn aggregates(&self) -> Aggregates<T, K, M::Grouped, ()> {
        Aggregates::new(self.handle.clone(), self.key.clone())
    }
}

impl Handle {
    #[inline(never)]
    fn folded(
        &self,
        word: &'static str,
        (key, field): (Vec<usize>, Range<usize>),
        fold: fn(Range<usize>) -> Vec<Fold>,
        updates: bool,
    ) -> Handle {
        let (folds, input) = (fold(field.clone()), self.schema());
        let time = input.event_time();
        let fold_of = |leaf: usize| match leaf {
            leaf if key.contains(&leaf) => Fold::Key(leaf),
            leaf if field.contains(&leaf) => folds[leaf - field.start].clone(),
            // A group has no event time. The leaf is dropped later, so any value will do.
            leaf if time == Some(leaf) => Fold::First(leaf),
            _ => Fold::Nothing,
        };
        let types = input.types().into_iter().enumerate();
        let state = types.map(|(leaf, ty)| StateLeaf { ty, fold: fold_of(leaf) }).collect();
        let output = input.clone();
        let (kernel_reads, closures) = (Reads::All, self.next.closures.clone());
        let grouping =
            Aggregate { word, input, output, key, state, kernel: None, kernel_reads, closures, measures: Vec::new() };
        if updates { self.append(Updates(grouping)) } else { self.append(grouping) }
    }

    #[inline(never)]
    pub(super) fn reduced(&self, word: &'static str, key: Vec<usize>, reduction: Reduction, updates: bool) -> Handle {
        let closures = self.next.closures.clone();
        let reduce = KeyedReduce { word, schema: self.schema(), key, reduction, closures };
        if updates { self.append(Updates(reduce)) } else { self.append(reduce) }
    }

    /// Groups with measures that the engine computes without a kernel.
    #[inline(never)]
    fn grouped(
        &self,
        word: &'static str,
        key: Vec<usize>,
        states: Vec<StateLeaf>,
        output: Schema,
        updates: bool,
    ) -> Handle {
        let mut grouping = grouping(word, [self.schema(), output], key, states, None, Reads::All);
        grouping.closures = self.next.closures.clone();
        if updates { self.append(Updates(grouping)) } else { self.append(grouping) }
    }
}
