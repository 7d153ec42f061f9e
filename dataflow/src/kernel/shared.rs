//! A closure that each task gets a clone of.

use std::mem::needs_drop;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use runtime::error::{Error, Result};
use runtime::group::{Accumulate, Reduce};
use runtime::join::JoinKernel;
use runtime::kernel::{Chain, Factory, Predicate, TaskContext};
use runtime::page::Input;
use runtime::plan::Reads;
use runtime::row::Schema;
use runtime::sort::{CoGroupKernel, GroupKernel, PartitionKernel};

use crate::accumulators;
use crate::error::UserError;
use crate::record::show_record;

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

/// Opens kernels of one closure.
pub(super) trait Maker<K: ?Sized>: Send {
    fn kernel(&self) -> Box<K>;
    fn accumulates(&self) -> bool;
    fn captures(&self) -> bool;
}

/// The maker of a closure's kernels.
struct ClosureMaker<F, M> {
    closure: Guarded<F>,
    kernel: M,
}

impl<K: ?Sized, F: Clone + Send, M: Fn(Guarded<F>) -> Box<K> + Send> Maker<K> for ClosureMaker<F, M> {
    fn kernel(&self) -> Box<K> {
        (self.kernel)(self.closure.clone())
    }

    fn accumulates(&self) -> bool {
        accumulators::are_in(&*self.closure)
    }

    fn captures(&self) -> bool {
        size_of::<F>() > 0
    }
}

/// A maker that tasks share, without asking that the closure be `Sync`.
struct SharedMaker<K: ?Sized>(Mutex<Box<dyn Maker<K>>>);

impl<K: ?Sized> SharedMaker<K> {
    fn lock(&self) -> MutexGuard<'_, Box<dyn Maker<K>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: ?Sized> Factory<K> for SharedMaker<K> {
    fn open(&self, _: &TaskContext) -> Result<Box<K>> {
        Ok(self.lock().kernel())
    }

    fn has_effects(&self) -> bool {
        self.lock().accumulates()
    }

    fn captures(&self) -> bool {
        self.lock().captures()
    }
}

/// Kinds of kernels. Their factories are compiled once for each kind, and not for each closure.
pub(super) trait Kind {
    fn factory(maker: Box<dyn Maker<Self>>) -> Arc<dyn Factory<Self>>;
}

macro_rules! kinds {
    ($($kind:path)*) => {$(
        impl Kind for dyn $kind {
            #[inline(never)]
            fn factory(maker: Box<dyn Maker<Self>>) -> Arc<dyn Factory<Self>> {
                Arc::new(SharedMaker(Mutex::new(maker)))
            }
        }
    )*};
}
kinds! { Chain Predicate JoinKernel Accumulate Reduce GroupKernel CoGroupKernel PartitionKernel }

/// A factory that opens a kernel with a clone of a closure.
pub(super) fn kernels<K, F, M>(closure: F, kernel: M) -> Arc<dyn Factory<K>>
where
    K: Kind + ?Sized + 'static,
    F: Clone + Send + 'static,
    M: Fn(Guarded<F>) -> Box<K> + Send + 'static,
{
    K::factory(Box::new(ClosureMaker { closure: Guarded::new(closure), kernel }))
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

/// A closure's error, with the fields in `reads` of the record that it was about. Compiled once.
#[cold]
#[inline(never)]
pub(super) fn about_record(
    error: UserError,
    schema: fn() -> Schema,
    reads: &Reads,
    input: &Input<'_>,
    position: usize,
) -> Error {
    error.with_record(&show_record(&schema(), reads, input, position))
}
