//! Captured values.
//!
//! `#[dataflow]` writes `let x = x.__capture();` for every local that a record closure names. A blanket trait copies values; on a flow the
//! inherent method wins. Both have a bound whose message stands at the captured name.
//!
//! If the closure calls a method on the name that would change a collection, the macro writes `__capture_changed`: only the type tells a
//! collection from a value that can be shared.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque};

use super::Flow;

/// Copies what a record closure captures. Written by `#[dataflow]`.
pub trait Capture: Sized {
    /// A copy for the closure.
    #[must_use]
    fn __capture(&self) -> Self
    where
        Closure: Takes<Self>,
    {
        Closure::copy(self)
    }

    /// A copy for a closure that seems to change it, which this type allows.
    #[must_use]
    fn __capture_changed(&self) -> Self
    where
        Closure: Takes<Self>,
    {
        Closure::copy(self)
    }
}

impl<T> Capture for T {}

/// Collections, of which a closure over records would change a copy. The method takes the value itself, so that it is found before [`Capture`]'s.
pub trait Collection: Sized {
    /// Never to be called: see `ChangedByClosure`.
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

/// Implemented by nothing: its message says why a record closure cannot change a collection.
#[diagnostic::on_unimplemented(
    message = "a closure over records cannot change what it captures",
    label = "each task would change a copy of its own",
    note = "to keep one record of each key, write `.distinct_by(|record| record.id)`; to keep something from record to record, have it made in each task, \
            `.filter_with(|task| HashSet::new(), |seen, record| seen.insert(record.id))`, likewise `map_with` and `flat_map_with`; what is added up over all \
            records is a measure, `.aggregate(|g| …)`, or an accumulator, `env.counter(..)`"
)]
pub trait ChangedByClosure {}

/// A closure over records, for [`Takes`].
pub struct Closure;

/// Implemented for what a closure over records can own a copy of.
#[diagnostic::on_unimplemented(
    message = "a closure over records cannot take `{T}` with it",
    label = "each task needs a copy of this, on its own thread",
    note = "it must be `Clone` and `Send`: derive `Clone`, write `Arc` for `Rc`, or take what the closure needs of it by a `let` before"
)]
pub trait Takes<T> {
    /// A copy.
    fn copy(value: &T) -> T;
}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send> Takes<T> for Closure {
    fn copy(value: &T) -> T {
        value.clone()
    }
}

/// Implemented by nothing: its message says why a record closure cannot read a flow.
#[diagnostic::on_unimplemented(
    message = "a flow cannot be read inside of a closure over records",
    label = "this is a flow",
    note = "join it with `.join(..)`; a flow of one record comes to a closure by `.with(..)`, a small one by `.with_all(..)`"
)]
pub trait InsideClosure {}

impl<T, M> Flow<T, M> {
    /// Never to be called: see [`InsideClosure`].
    #[doc(hidden)]
    pub fn __capture(&self) -> Self
    where
        Self: InsideClosure,
    {
        self.clone()
    }
}
