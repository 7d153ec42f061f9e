//! A closure that each task gets a clone of.

use std::mem::needs_drop;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use runtime::error::Result;
use runtime::kernel::{Factory, TaskContext};

use crate::accumulators;

/// Holds a closure for factories, which are shared, without asking that the closure be `Sync`.
pub(super) struct SharedClosure<F>(Mutex<Guarded<F>>);

impl<F: Clone> SharedClosure<F> {
    pub(super) fn new(closure: F) -> Self {
        SharedClosure(Mutex::new(Guarded::new(closure)))
    }

    /// Whether the closure adds to an accumulator.
    pub(super) fn accumulates(&self) -> bool {
        accumulators::are_in(&**self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn get(&self) -> Guarded<F> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Opens kernels that call a closure: `kernel` makes one of a task's clone.
struct ClosureFactory<F, M> {
    closure: SharedClosure<F>,
    kernel: M,
}

/// A factory of kernels that call `closure`. They have effects where the closure adds to an accumulator.
pub(super) fn kernels<K, F, M>(closure: F, kernel: M) -> Arc<dyn Factory<K>>
where
    K: ?Sized + 'static,
    F: Clone + Send + 'static,
    M: Fn(Guarded<F>) -> Box<K> + Send + Sync + 'static,
{
    Arc::new(ClosureFactory { closure: SharedClosure::new(closure), kernel })
}

impl<K: ?Sized, F: Clone + Send, M: Fn(Guarded<F>) -> Box<K> + Send + Sync> Factory<K> for ClosureFactory<F, M> {
    fn open(&self, _: &TaskContext) -> Result<Box<K>> {
        Ok((self.kernel)(self.closure.get()))
    }

    fn has_effects(&self) -> bool {
        self.closure.accumulates()
    }
}

/// A value of the user's whose `Drop` may panic, such as a closure with captured values.
///
/// A second panic while a first one unwinds would abort the process. All values of a task are dropped while one panic unwinds, so a panic of this `Drop`
/// is then suppressed, and the first panic is the job's error. (Two values that *one* closure captured are dropped by the language itself, which does
/// abort.)
pub(super) struct Guarded<V>(Option<V>);

impl<V: Clone> Clone for Guarded<V> {
    fn clone(&self) -> Self {
        Guarded::new(V::clone(self))
    }
}

impl<V> Guarded<V> {
    pub(super) fn new(value: V) -> Self {
        Guarded(Some(value))
    }
}

impl<V> Deref for Guarded<V> {
    type Target = V;

    #[inline(always)]
    fn deref(&self) -> &V {
        match &self.0 {
            Some(value) => value,
            None => unreachable!("it is taken out where it is dropped"),
        }
    }
}

impl<V> DerefMut for Guarded<V> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut V {
        match &mut self.0 {
            Some(value) => value,
            None => unreachable!("it is taken out where it is dropped"),
        }
    }
}

impl<V> Drop for Guarded<V> {
    fn drop(&mut self) {
        if !needs_drop::<V>() {
            return;
        }
        let value = self.0.take();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(value)))
            && !std::thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}
