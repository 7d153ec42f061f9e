//! Captured values of closures over records.
//!
//! `#[dataflow]` writes `let x = x.__capture();` for every local variable that a closure over
//! records uses. A blanket trait copies values. On a flow, the inherent method takes precedence.
//! Both have a bound whose message the compiler reports at the captured name.
//!
//! If the closure calls a method on the name that changes collections, the macro writes
//! `__capture_changed`. Only the type decides whether the value is a collection, or can be shared.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque};

use super::Flow;

/// Copies the captured values of closures over records. Only `#[dataflow]` calls this.
pub trait Capture: Sized {
    /// Returns a copy for the closure.
    #[must_use]
    fn __capture(&self) -> Self
    where
        Closure: Takes<Self>,
    {
        Closure::copy(self)
    }

    /// Returns a copy for a closure that calls a changing method on a type that allows this.
    #[must_use]
    fn __capture_changed(&self) -> Self
    where
        Closure: Takes<Self>,
    {
        Closure::copy(self)
    }
}

impl<T> Capture for T {}

/// Collections, of which a closure over records would only change a copy. The method takes `self`
/// by value, so the compiler finds it before that of [`Capture`].
pub trait Collection: Sized {
    /// Never callable: see `ChangedByClosure`.
    #[must_use]
    fn __capture_changed(self) -> Self
    where
        Self: ChangedByClosure,
    {
        self
    }
}

impl Collection for String {}
impl<T> Collection for Vec<T> {}
impl<T> Collection for VecDeque<T> {}
impl<T> Collection for BinaryHeap<T> {}
impl<T> Collection for BTreeSet<T> {}
impl<T, S> Collection for HashSet<T, S> {}
impl<K, V> Collection for BTreeMap<K, V> {}
impl<K, V, S> Collection for HashMap<K, V, S> {}

/// Implemented by nothing. The message explains why a closure over records cannot change a
/// collection.
#[diagnostic::on_unimplemented(
    message = "a closure over records cannot change what it captures",
    label = "each task would change a copy of its own",
    note = "to keep one record of each key, write `.distinct_by(|record| record.id)`; to keep something from record to record, have it made in each task, \
            `.filter_with(|task| HashSet::new(), |seen, record| seen.insert(record.id))`, likewise `map_with` and `flat_map_with`; what is added up over all \
            records is a measure, `.aggregate(|g| …)`, or an accumulator, `env.counter(..)`"
)]
pub trait ChangedByClosure {}

/// A closure over records. See [`Takes`].
pub struct Closure;

/// Implemented for values that a closure over records can own a copy of.
#[diagnostic::on_unimplemented(
    message = "a closure over records cannot take `{T}` with it",
    label = "each task needs a copy of this, on its own thread",
    note = "it must be `Clone` and `Send`: derive `Clone`, write `Arc` for `Rc`, or take what the closure needs of it by a `let` before"
)]
pub trait Takes<T> {
    /// Returns a copy of `value`.
    fn copy(value: &T) -> T;
}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send> Takes<T> for Closure {
    fn copy(value: &T) -> T {
        value.clone()
    }
}

/// Implemented by nothing. The message explains why a closure over records cannot read a flow.
#[diagnostic::on_unimplemented(
    message = "a flow cannot be read inside of a closure over records",
    label = "this is a flow",
    note = "join it with `.join(..)`; a flow of one record comes to a closure by `.with(..)`, a small one by `.with_all(..)`"
)]
pub trait InsideClosure {}

impl<T, M> Flow<T, M> {
    /// Never callable: see [`InsideClosure`].
    #[doc(hidden)]
    pub fn __capture(&self) -> Self
    where
        Self: InsideClosure,
    {
        self.clone()
    }
}
