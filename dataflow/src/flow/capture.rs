//! Captured values.
//!
//! `#[dataflow]` writes `let x = x.__capture();` for every local that a record closure names. A blanket trait copies values; on a flow the
//! inherent method wins. Both have a bound that prints a sentence at the captured name, and give back an associated type, so that
//! nothing more is said about what the closure does with it.

use super::Flow;

/// Values that a closure over records can own a copy of: each task has its own.
#[diagnostic::on_unimplemented(
    message = "a closure over records cannot take `{Self}` with it",
    label = "each task needs a copy of this, on its own thread",
    note = "it must be `Clone + Send`: derive `Clone`, or an `Arc` in place of an `Rc`; or take what the closure needs of it by a `let` before"
)]
pub trait Captured {
    /// The copy.
    type Copy;
    /// Makes one.
    fn copied(&self) -> Self::Copy;
}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send> Captured for T {
    type Copy = T;
    fn copied(&self) -> T {
        self.clone()
    }
}

/// Copies what a record closure captures. Written by `#[dataflow]`.
pub trait Capture {
    /// A copy for the closure.
    #[must_use]
    fn __capture(&self) -> <Self as Captured>::Copy
    where
        Self: Captured,
    {
        self.copied()
    }
}

impl<T> Capture for T {}

/// Implemented by nothing: what a flow would have to be, to be read inside a record closure.
#[diagnostic::on_unimplemented(
    message = "a flow cannot be read inside of a closure over records",
    label = "this is a flow",
    note = "join it with `.join(..)`, or compute what is needed of it first"
)]
pub trait InsideClosure {
    /// What the closure would see.
    type Seen;
    /// Looks at the flow.
    fn seen(&self) -> Self::Seen;
}

impl<T, M> Flow<T, M> {
    /// Never to be called: see [`InsideClosure`].
    #[doc(hidden)]
    #[must_use]
    pub fn __capture(&self) -> <Self as InsideClosure>::Seen
    where
        Self: InsideClosure,
    {
        self.seen()
    }
}
