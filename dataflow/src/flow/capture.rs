//! Captured values.
//!
//! `#[dataflow]` writes `let x = x.__capture();` for every local that a record closure names. A blanket trait copies values; on a flow the
//! inherent method wins. Both have a bound that prints a sentence at the captured name.

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
}

impl<T> Capture for T {}

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

/// Implemented by nothing: what a flow would have to be, to be read inside a record closure.
#[diagnostic::on_unimplemented(
    message = "a flow cannot be read inside of a closure over records",
    label = "this is a flow",
    note = "join it with `.join(..)`; a flow of one record comes to a closure by `.with(..)`, a small one by `.with_all(..)`"
)]
pub trait InsideClosure {}

impl<T, M> Flow<T, M> {
    /// Never to be called: see [`InsideClosure`].
    #[doc(hidden)]
    #[must_use]
    pub fn __capture(&self) -> Self
    where
        Self: InsideClosure,
    {
        self.clone()
    }
}
