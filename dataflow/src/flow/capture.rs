//! Captured values.
//!
//! `#[dataflow]` writes `let x = x.__capture();` for every local that a record closure names. A blanket trait clones values; on a flow the
//! inherent method wins, and its bound prints a sentence.

use super::Flow;

/// Clones what a record closure captures. Written by `#[dataflow]`.
pub trait Capture: Sized {
    /// A clone for the closure.
    #[must_use]
    fn __capture(&self) -> Self
    where
        Self: Clone;
}

impl<T> Capture for T {
    fn __capture(&self) -> T
    where
        T: Clone,
    {
        self.clone()
    }
}

/// Implemented by nothing: what a flow would have to be, to be read inside a record closure.
#[diagnostic::on_unimplemented(
    message = "a flow cannot be read inside a record closure",
    label = "this is a flow",
    note = "join it with the flow that the closure belongs to"
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
