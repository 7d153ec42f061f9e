//! A closure that each task gets a clone of.

use std::sync::{Mutex, PoisonError};

use crate::accumulators;

/// Holds a closure for factories, which are shared, without asking that the closure be `Sync`.
pub(super) struct Shared<F>(Mutex<F>);

impl<F: Clone> Shared<F> {
    pub(super) fn new(closure: F) -> Self {
        Shared(Mutex::new(closure))
    }

    /// Whether the closure adds to an accumulator.
    pub(super) fn accumulates(&self) -> bool {
        accumulators::are_in(&*self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn get(&self) -> F {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
