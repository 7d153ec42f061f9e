//! A run, as accumulators see it.
//!
//! A handle gathers for the run that is set on the thread that clones it. The engine sets the run
//! wherever it opens kernels.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use runtime::kernel::{RunScope, catching};

use super::any::AnyAccumulator;
use crate::error::Result;

thread_local! {
    static CURRENT: RefCell<Option<Arc<Run>>> = const { RefCell::new(None) };
    static NOTICED: Cell<bool> = const { Cell::new(false) };
}

/// One run of an environment.
pub(crate) struct Run {
    number: u64,
    /// Counts the times that somebody asked for values: tasks that see it change say what they have.
    asked: AtomicU32,
    accumulators: Mutex<Vec<Arc<dyn AnyAccumulator>>>,
}

impl Run {
    /// A new run, in which these have gathered nothing.
    pub(super) fn begin(accumulators: &[Arc<dyn AnyAccumulator>]) -> Arc<Self> {
        static RUNS: AtomicU64 = AtomicU64::new(1);
        let number = RUNS.fetch_add(1, Ordering::Relaxed);
        accumulators.iter().for_each(|accumulator| accumulator.begin(number));
        Arc::new(Run { number, asked: AtomicU32::new(0), accumulators: Mutex::new(accumulators.to_vec()) })
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Closures ask at each item.
    #[inline]
    pub(super) fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }

    /// Takes an accumulator of another environment in, which a closure brought along.
    pub(super) fn join(&self, accumulator: &Arc<dyn AnyAccumulator>) {
        let mut accumulators = self.accumulators.lock().unwrap_or_else(PoisonError::into_inner);
        if !accumulators.iter().any(|known| Arc::ptr_eq(known, accumulator)) {
            accumulator.begin(self.number);
            accumulators.push(accumulator.clone());
        }
    }

    /// Calls `f` with this as the run that handles gather for.
    pub(crate) fn within<R>(self: &Arc<Self>, f: impl FnOnce() -> R) -> R {
        /// Also where `f` panics.
        struct Restore(Option<Arc<Run>>);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(self.0.take());
            }
        }
        let _restore = Restore(CURRENT.replace(Some(self.clone())));
        f()
    }

    /// Names and values so far, as of the last time that this was asked for.
    pub(crate) fn shown(&self) -> Vec<(String, String)> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.all().iter().map(|accumulator| accumulator.shown(self.number)).collect()
    }

    /// The end: the values are now those of the last run; one that failed has none.
    ///
    /// # Errors
    /// Where an accumulator of the program's own panics; the run has failed then.
    pub(crate) fn end(&self, success: bool) -> Result<Vec<(String, String)>> {
        let end = |success: bool| self.all().iter().for_each(|accumulator| accumulator.end(self.number, success));
        if !success {
            end(false);
            return Ok(Vec::new());
        }
        let ended = catching(|| {
            let shown = self.shown();
            end(true);
            Ok(shown)
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
pub(crate) struct InRun(pub(crate) Arc<Run>);

impl RunScope for InRun {
    fn enter(&self, open: &mut dyn FnMut()) {
        self.0.within(open);
    }
}

/// The run that this thread opens kernels for.
pub(super) fn current() -> Option<Arc<Run>> {
    CURRENT.with_borrow(Clone::clone)
}

/// Whether `f` clones a handle. Compiled once, as each closure of a program is asked.
pub(super) fn notices(f: &mut dyn FnMut()) -> bool {
    let before = NOTICED.replace(false);
    f();
    NOTICED.replace(before)
}

pub(super) fn notice() {
    NOTICED.set(true);
}
