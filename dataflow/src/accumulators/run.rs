//! A run, as accumulators see it.
//!
//! A handle collects for the run that is set on the thread that clones it. The engine sets the run
//! wherever it opens kernels.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use runtime::kernel::{RunScope, catching};

use super::any::AnyAccumulator;
use crate::error::Result;

thread_local! {
    static CURRENT: RefCell<Option<Arc<Run>>> = const { RefCell::new(None) };
    static HANDLE_CLONED: Cell<bool> = const { Cell::new(false) };
}

/// One run of an environment.
pub(crate) struct Run {
    number: u64,
    /// Incremented to request values. A task publishes its partial values when it sees a change.
    requests: AtomicU32,
    accumulators: Mutex<Vec<Arc<dyn AnyAccumulator>>>,
}

impl Run {
    /// Begins a run in which the accumulators have no items.
    pub(super) fn begin(accumulators: &[Arc<dyn AnyAccumulator>]) -> Arc<Self> {
        static RUNS: AtomicU64 = AtomicU64::new(1);
        let number = RUNS.fetch_add(1, Ordering::Relaxed);
        accumulators.iter().for_each(|accumulator| accumulator.begin(number));
        Arc::new(Run { number, requests: AtomicU32::new(0), accumulators: Mutex::new(accumulators.to_vec()) })
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The number of requests so far. Closures compare it at each item.
    #[inline]
    pub(super) fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Adds an accumulator of another environment that a closure has captured.
    pub(super) fn add_accumulator(&self, accumulator: &Arc<dyn AnyAccumulator>) {
        let mut accumulators = self.accumulators.lock().unwrap_or_else(PoisonError::into_inner);
        if !accumulators.iter().any(|known| Arc::ptr_eq(known, accumulator)) {
            accumulator.begin(self.number);
            accumulators.push(accumulator.clone());
        }
    }

    /// Calls `f` with this run set on the thread.
    pub(crate) fn within<R>(self: &Arc<Self>, f: impl FnOnce() -> R) -> R {
        /// Restores the previous run, also if `f` panics.
        struct Restore(Option<Arc<Run>>);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(self.0.take());
            }
        }
        let _restore = Restore(CURRENT.replace(Some(self.clone())));
        f()
    }

    /// Returns names and formatted values, and requests new values from the tasks. So the values
    /// are as of the previous request.
    pub(crate) fn formatted(&self) -> Vec<(String, String)> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.all().iter().map(|accumulator| accumulator.formatted(self.number)).collect()
    }

    /// Ends the run, and returns names and formatted values. Accumulators keep these values if
    /// `success` is `true`.
    ///
    /// # Errors
    /// Fails if an accumulator of the program panics. The run then counts as failed.
    pub(crate) fn end(&self, success: bool) -> Result<Vec<(String, String)>> {
        let end = |success: bool| self.all().iter().for_each(|accumulator| accumulator.end(self.number, success));
        if !success {
            end(false);
            return Ok(Vec::new());
        }
        let ended = catching(|| {
            let formatted = self.formatted();
            end(true);
            Ok(formatted)
        });
        ended.map_err(|error| {
            end(false);
            error.into()
        })
    }

    fn all(&self) -> Vec<Arc<dyn AnyAccumulator>> {
        self.accumulators.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A run, as the engine sees it.
pub(crate) struct AccumulatorScope(pub(crate) Arc<Run>);

impl RunScope for AccumulatorScope {
    fn enter(&self, open: &mut dyn FnMut()) {
        self.0.within(open);
    }
}

/// The run that is set on this thread.
pub(super) fn current() -> Option<Arc<Run>> {
    CURRENT.with_borrow(Clone::clone)
}

/// Returns `true` if `f` clones a handle. Not generic, so that it is compiled once.
pub(super) fn clones_handle(f: &mut dyn FnMut()) -> bool {
    let before = HANDLE_CLONED.replace(false);
    f();
    HANDLE_CLONED.replace(before)
}

pub(super) fn note_handle_clone() {
    HANDLE_CLONED.set(true);
}
