//! Factories of kernels, each with a clone of the program's closure.

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

/// Shares a closure between tasks without requiring `Sync`.
pub(super) struct SharedClosure<F>(Mutex<Guarded<F>>);

impl<F: Clone> SharedClosure<F> {
    pub(super) fn new(closure: F) -> Self {
        SharedClosure(Mutex::new(Guarded::new(closure)))
    }

    /// Returns `true` if the closure contains a handle of an accumulator.
    pub(super) fn accumulates(&self) -> bool {
        accumulators::captures_accumulator(&**self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn get(&self) -> Guarded<F> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Creates the kernels of one closure.
pub(super) trait KernelMaker<K: ?Sized>: Send {
    fn kernel(&self) -> Box<K>;
    fn accumulates(&self) -> bool;
    fn captures(&self) -> bool;
}

/// The maker for one type of closure.
struct ClosureMaker<F, M> {
    closure: Guarded<F>,
    kernel: M,
}

impl<K: ?Sized, F: Clone + Send, M: Fn(Guarded<F>) -> Box<K> + Send> KernelMaker<K> for ClosureMaker<F, M> {
    fn kernel(&self) -> Box<K> {
        (self.kernel)(self.closure.clone())
    }

    fn accumulates(&self) -> bool {
        accumulators::captures_accumulator(&*self.closure)
    }

    fn captures(&self) -> bool {
        size_of::<F>() > 0
    }
}

/// Shares a maker between tasks without requiring `Sync`.
struct SharedMaker<K: ?Sized>(Mutex<Box<dyn KernelMaker<K>>>);

impl<K: ?Sized> SharedMaker<K> {
    fn lock(&self) -> MutexGuard<'_, Box<dyn KernelMaker<K>>> {
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

/// The kinds of kernels. A factory is compiled once per kind, and not per closure.
pub(super) trait KernelKind {
    fn factory(maker: Box<dyn KernelMaker<Self>>) -> Arc<dyn Factory<Self>>;
}

macro_rules! kernel_kinds {
    ($($kind:path)*) => {$(
        impl KernelKind for dyn $kind {
            #[inline(never)]
            fn factory(maker: Box<dyn KernelMaker<Self>>) -> Arc<dyn Factory<Self>> {
                Arc::new(SharedMaker(Mutex::new(maker)))
            }
        }
    )*};
}
kernel_kinds! { Chain Predicate JoinKernel Accumulate Reduce GroupKernel CoGroupKernel PartitionKernel }

/// Returns a factory that creates kernels, each with a clone of `closure`.
pub(super) fn kernel_factory<K, F, M>(closure: F, kernel: M) -> Arc<dyn Factory<K>>
where
    K: KernelKind + ?Sized + 'static,
    F: Clone + Send + 'static,
    M: Fn(Guarded<F>) -> Box<K> + Send + 'static,
{
    K::factory(Box::new(ClosureMaker { closure: Guarded::new(closure), kernel }))
}

/// A value of the program whose `Drop` may panic, such as the captured values of a closure.
///
/// If a task panics, all of its values are dropped, and a second panic would abort the process. So
/// a panic of this `Drop` during unwinding is caught, and the first panic becomes the job's error.
/// Two values that *one* closure captured are dropped by Rust together. If both panic, the process
/// aborts.
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

/// Adds the record to a closure's error, with the fields that are in `reads`. Not generic, so that
/// it is compiled once.
#[cold]
#[inline(never)]
pub(super) fn error_with_record(
    error: UserError,
    schema: fn() -> Schema,
    reads: &Reads,
    input: &Input<'_>,
    position: usize,
) -> Error {
    error.with_record(&show_record(&schema(), reads, input, position))
}
