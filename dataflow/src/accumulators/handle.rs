//! The handle that programs and closures have on an accumulator.

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

/// Whether there was ever an accumulator: a program without any looks for none in its closures.
static ANY: AtomicBool = AtomicBool::new(false);

/// A handle on an accumulator: closures [`add`](Accumulated::add) to it, the program reads its [`value`](Accumulated::value).
///
/// [`Env::counter`] and its like give one. A clone is a handle on the same accumulator.
pub struct Accumulated<A: Accumulator> {
    declared: Arc<Declared<A>>,
    /// In a closure of a run.
    local: Option<Local<A>>,
}

/// The items that one closure of one task has gathered and not yet published.
struct Local<A: Accumulator> {
    run: Arc<Run>,
    gathered: RefCell<A>,
    empty: A,
    is_empty: Cell<bool>,
    asked: Cell<u32>,
}

impl<A: Accumulator> Accumulated<A> {
    /// Adds an item. Only closures add, while a job runs: outside of one nothing happens.
    ///
    /// Cost: the accumulator's own, and a nanosecond. No lock is taken.
    #[inline]
    pub fn add(&self, item: A::Item) {
        let Some(local) = &self.local else { return };
        local.gathered.borrow_mut().add(item);
        local.is_empty.set(false);
        if local.asked.get() != local.run.asked() {
            self.publish(local);
        }
    }

    /// The value that all tasks of the last run gathered.
    ///
    /// # Errors
    /// Where there was no run yet, and where the last one failed: what it had gathered would be some part of the truth.
    pub fn value(&self) -> Result<A::Value> {
        self.declared.value()
    }

    #[cold]
    fn publish(&self, local: &Local<A>) {
        local.asked.set(local.run.asked());
        if !local.is_empty.replace(true) {
            let gathered = local.gathered.replace(local.empty.clone());
            self.declared.publish(local.run.number(), gathered);
        }
    }
}

impl<A: Accumulator> Clone for Accumulated<A> {
    fn clone(&self) -> Self {
        run::notice();
        let started = run::current().inspect(|run| {
            let accumulator: Arc<dyn AnyAccumulator> = self.declared.clone();
            run.join(&accumulator);
        });
        // A clone that a closure makes gathers for the closure's run.
        let run = started.or_else(|| self.local.as_ref().map(|local| local.run.clone()));
        let local = run.map(|run| {
            let empty = self.local.as_ref().map_or_else(|| self.declared.empty(), |local| local.empty.clone());
            let asked = Cell::new(run.asked());
            Local { run, gathered: RefCell::new(empty.clone()), empty, is_empty: Cell::new(true), asked }
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

/// Whether a closure has a handle among what it captures, at any depth: cloning it clones the handle.
pub(crate) fn are_in<F: Clone>(closure: &F) -> bool {
    ANY.load(Ordering::Relaxed) && run::notices(&mut || drop(closure.clone()))
}

/// Accumulators. What is said of [`Env::counter`] goes for all of them.
impl Env {
    /// A counter that closures add to.
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
    /// The name stands in the progress line, where the value is shown while the job runs. Two accumulators of one name and type are the same;
    /// of two types, an error of the next run.
    ///
    /// What it counts are calls of the closure. In one run a closure over records is called once for each record, one over pairs of a join
    /// once for each pair, and `map_partition` and `reduce_group` once for each task or group; how often `reduce` calls its closure is up to
    /// the engine. A filter that has an accumulator stays where it is written and runs once, whatever the plan would gain otherwise. Every
    /// [`run`](Env::run), `collect` or `count` starts anew; one that fails leaves no value.
    ///
    /// Values are ordinary memory, one for each task, outside of the budget: they should be small.
    #[track_caller]
    #[must_use]
    pub fn counter(&self, name: &str) -> Accumulated<Count> {
        self.accumulated(name, Count::default(), Location::caller())
    }

    /// An average of the numbers that closures add; `None` of none.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// # fn main() -> dataflow::Result<()> {
    /// # let env = Env::embedded();
    /// let length = env.average("length");
    /// let of_closure = length.clone();
    /// env.collection(["to", "be", "or", "not"])?.filter(move |word| { of_closure.add(word.len() as f64); true }).count()?;
    /// assert_eq!(length.value()?, Some(2.25));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    #[must_use]
    pub fn average(&self, name: &str) -> Accumulated<Average> {
        self.accumulated(name, Average::default(), Location::caller())
    }

    /// The least of what closures add; `None` of nothing.
    #[track_caller]
    #[must_use]
    pub fn minimum<T>(&self, name: &str) -> Accumulated<Minimum<T>>
    where
        Minimum<T>: Accumulator,
    {
        self.accumulated(name, Minimum(None), Location::caller())
    }

    /// The greatest of what closures add; `None` of nothing.
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

    /// Counts of what closures add, by size: what is less than the first bound, from there to less than the second, and so on. Bounds are put
    /// in order.
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

    /// An accumulator of your own: see [`Accumulator`]. `empty` is what it is before anything is added.
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
        ANY.store(true, Ordering::Relaxed);
        Accumulated { declared: self.accumulators().declare(name, empty, location), local: None }
    }
}
