//! The handle of an accumulator, in programs and in closures.

use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::any::AnyAccumulator;
use super::declared::Declared;
use super::run::{self, Run};
use super::{Accumulator, Average, Count, Histogram, Maximum, Minimum};
use crate::env::Env;
use crate::error::Result;

/// `true` after the first declaration. Before it, closures are not searched for handles.
static ANY_DECLARED: AtomicBool = AtomicBool::new(false);

/// A handle of an accumulator. Closures [`add`](Accumulated::add) to it, and the program reads its
/// [`value`](Accumulated::value).
///
/// [`Env::counter`] and similar methods return one. A clone is a handle of the same accumulator.
pub struct Accumulated<A: Accumulator> {
    declared: Arc<Declared<A>>,
    /// Present in the closures of a run.
    local: Option<PartialValue<A>>,
}

/// The items that one closure of one task has added and not yet published.
struct PartialValue<A: Accumulator> {
    run: Arc<Run>,
    pending: RefCell<A>,
    empty: A,
    is_empty: Cell<bool>,
    requests: Cell<u32>,
}

impl<A: Accumulator> Accumulated<A> {
    /// Adds an item. Has an effect only in closures of a running job.
    ///
    /// # Cost
    /// That of the accumulator's `add`, and about a nanosecond. Takes no lock.
    #[inline]
    pub fn add(&self, item: A::Item) {
        let Some(local) = &self.local else { return };
        local.pending.borrow_mut().add(item);
        local.is_empty.set(false);
        if local.requests.get() != local.run.requests() {
            self.publish(local);
        }
    }

    /// Returns the value of the last run, over all tasks.
    ///
    /// # Errors
    /// Fails if there was no run yet, or if the last one failed, since its value would be
    /// incomplete.
    pub fn value(&self) -> Result<A::Value> {
        self.declared.value()
    }

    #[cold]
    fn publish(&self, local: &PartialValue<A>) {
        local.requests.set(local.run.requests());
        if !local.is_empty.replace(true) {
            let pending = local.pending.replace(local.empty.clone());
            self.declared.publish(local.run.number(), pending);
        }
    }
}

impl<A: Accumulator> Clone for Accumulated<A> {
    fn clone(&self) -> Self {
        run::note_handle_clone();
        let started = run::current().inspect(|run| {
            let accumulator: Arc<dyn AnyAccumulator> = self.declared.clone();
            run.add_accumulator(&accumulator);
        });
        // A clone that a closure makes adds to the closure's run.
        let run = started.or_else(|| self.local.as_ref().map(|local| local.run.clone()));
        let local = run.map(|run| {
            let empty = self.local.as_ref().map_or_else(|| self.declared.empty(), |local| local.empty.clone());
            let requests = Cell::new(run.requests());
            PartialValue { run, pending: RefCell::new(empty.clone()), empty, is_empty: Cell::new(true), requests }
        });
        Accumulated { declared: self.declared.clone(), local }
    }
}

impl<A: Accumulator> Drop for Accumulated<A> {
    fn drop(&mut self) {
        if let Some(local) = &self.local {
            self.publish(local);
        }
    }
}

/// Returns `true` if a closure captures a handle, at any depth: cloning the closure then clones the
/// handle.
pub(crate) fn captures_accumulator<F: Clone>(closure: &F) -> bool {
    ANY_DECLARED.load(Ordering::Relaxed) && run::clones_handle(&mut || drop(closure.clone()))
}

/// Accumulators. The description of [`Env::counter`] applies to all of them.
impl Env {
    /// Declares a counter.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # use dataflow::{Accumulated, accumulators::Count};
    /// #[dataflow]
    /// fn complete(lines: DataSet<String>, bad: Accumulated<Count>) -> DataSet<String> {
    ///     lines.filter(|line| {
    ///         let is_complete = line.contains(',');
    ///         if !is_complete {
    ///             bad.add(1);
    ///         }
    ///         is_complete
    ///     })
    /// }
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let bad = env.counter("bad lines");
    /// let lines = env.collection(["a,b", "c", "d,e"])?;
    /// assert_eq!(complete(lines, bad.clone()).count()?, 2);
    /// assert_eq!(bad.value()?, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The progress line shows the name and the value while the job runs. Two accumulators of the
    /// same name and type are the same accumulator. If the types differ, the next run fails.
    ///
    /// A counter counts calls of the closure. In one run a closure over records is called once per
    /// record. A closure over pairs of a join is called once per pair, that of `map_partition` once
    /// per task, and that of `reduce_group` once per group. The number of calls by `reduce` is
    /// unspecified. A filter with an accumulator is neither moved nor repeated, even if the plan
    /// would be faster.
    ///
    /// Each [`run`](Env::run), `collect` or `count` starts from zero. A failed run has no values.
    ///
    /// # Cost
    /// One value per task, in memory outside of the budget. So values should be small.
    #[track_caller]
    #[must_use]
    pub fn counter(&self, name: &str) -> Accumulated<Count> {
        self.accumulated(name, Count::default(), Location::caller())
    }

    /// Declares an average of numbers. `None` if there are none.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let length = env.average("length");
    /// let of_closure = length.clone();
    /// env.collection(["to", "be", "or", "not"])?
    ///     .filter(move |word| {
    ///         of_closure.add(word.len() as f64);
    ///         true
    ///     })
    ///     .count()?;
    /// assert_eq!(length.value()?, Some(2.25));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    #[must_use]
    pub fn average(&self, name: &str) -> Accumulated<Average> {
        self.accumulated(name, Average::default(), Location::caller())
    }

    /// Declares a minimum of values. `None` if there are none.
    #[track_caller]
    #[must_use]
    pub fn minimum<T>(&self, name: &str) -> Accumulated<Minimum<T>>
    where
        Minimum<T>: Accumulator,
    {
        self.accumulated(name, Minimum(None), Location::caller())
    }

    /// Declares a maximum of values. `None` if there are none.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let (low, high) = (env.minimum::<i64>("low"), env.maximum::<i64>("high"));
    /// let numbers = env.collection([3i64, -1, 8])?;
    /// let (l, h) = (low.clone(), high.clone());
    /// numbers.filter(move |n| { l.add(n); h.add(n); true }).count()?;
    /// assert_eq!((low.value()?, high.value()?), (Some(-1), Some(8)));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    #[must_use]
    pub fn maximum<T>(&self, name: &str) -> Accumulated<Maximum<T>>
    where
        Maximum<T>: Accumulator,
    {
        self.accumulated(name, Maximum(None), Location::caller())
    }

    /// Declares a histogram. The first bucket counts values below the first bound, and the last one
    /// those from the last bound on. The other buckets start at a bound and end before the next
    /// one. Bounds are sorted.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let sizes = env.histogram("sizes", [10u64, 100]);
    /// let of_closure = sizes.clone();
    /// env.collection([3u64, 10, 99, 100])?.filter(move |n| { of_closure.add(n); true }).count()?;
    /// assert_eq!(sizes.value()?.counts, [1, 2, 1]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    #[must_use]
    pub fn histogram<T>(&self, name: &str, bounds: impl IntoIterator<Item = T>) -> Accumulated<Histogram<T>>
    where
        T: Ord,
        Histogram<T>: Accumulator,
    {
        self.accumulated(name, Histogram::new(bounds), Location::caller())
    }

    /// Declares an accumulator of your own type: see [`Accumulator`]. `empty` is its value without
    /// items.
    #[track_caller]
    #[must_use]
    pub fn accumulator<A: Accumulator>(&self, name: &str, empty: A) -> Accumulated<A> {
        self.accumulated(name, empty, Location::caller())
    }

    fn accumulated<A: Accumulator>(
        &self,
        name: &str,
        empty: A,
        location: &'static Location<'static>,
    ) -> Accumulated<A> {
        ANY_DECLARED.store(true, Ordering::Relaxed);
        Accumulated { declared: self.accumulators().declare(name, empty, location), local: None }
    }
}
