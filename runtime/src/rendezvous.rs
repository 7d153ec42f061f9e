//! Values that the tasks of one operator exchange while a job runs.
//!
//! Each task sends one value when it has seen all of its input. It may then wait, without its
//! thread, until others have sent theirs (`Progress::Pending`). All tasks of an operator run at the
//! same time and take their input before they wait, so they cannot deadlock. A job that fails wakes
//! them.
//!
//! * [`Rendezvous`]: values that can be serialized, of all tasks. An operator whose tasks must
//!   agree uses it: counts, samples of keys.
//! * [`LocalRendezvous`]: values in memory, of the tasks of this process. An operator uses it to
//!   save work: one table for all tasks, one file.
//! * [`Lent`]: memory that tasks of this process share until the last one has taken it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::kernel::{Blocking, TaskContext};

/// A value that can be sent to another process.
pub(crate) trait Message: Sized {
    /// Appends the bytes of the value.
    fn encode(&self, out: &mut Vec<u8>);

    /// Decodes a value. `None` if the bytes are no such value.
    fn decode(bytes: &[u8]) -> Option<Self>;
}

impl Message for u64 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }
}

/// The values of all tasks of an operator.
///
/// All tasks are in this process today, so no bytes are sent. A build with debug assertions encodes
/// and decodes each value, which proves that it can be sent.
pub(crate) struct Rendezvous<V>(LocalRendezvous<V>);

impl<V: Message> Rendezvous<V> {
    /// The rendezvous of the operator's tasks in this run and superstep.
    pub(crate) fn of(context: &TaskContext) -> Arc<Self>
    where
        V: Send + 'static,
    {
        context.process_local(|| Rendezvous(LocalRendezvous::of(context.local_tasks.len())))
    }

    /// Sends the value of a task, and wakes those that wait.
    ///
    /// # Errors
    /// Fails only with an internal error.
    pub(crate) fn send(&self, context: &TaskContext, value: V) -> Result<()> {
        let value = if cfg!(debug_assertions) { sent(&value)? } else { value };
        self.0.send(context, value);
        Ok(())
    }

    /// As [`LocalRendezvous::peek`].
    pub(crate) fn peek<R>(&self, result: impl FnOnce(&[Option<V>]) -> Option<R>) -> Option<R> {
        self.0.peek(result)
    }

    /// As [`LocalRendezvous::poll`].
    pub(crate) fn poll<R>(&self, context: &TaskContext, result: impl FnOnce(&[Option<V>]) -> Option<R>) -> Option<R> {
        self.0.poll(context, result)
    }
}

/// The value as another process receives it.
fn sent<V: Message>(value: &V) -> Result<V> {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    V::decode(&bytes).ok_or_else(|| Error::Internal("a message between tasks cannot be decoded".to_owned()))
}

/// The values of the tasks of this process. It is part of a
/// [process-local value](TaskContext::process_local).
pub(crate) struct LocalRendezvous<V> {
    state: Mutex<State<V>>,
}

struct State<V> {
    /// By task.
    values: Vec<Option<V>>,
    waiting: Vec<Arc<dyn Blocking>>,
}

impl<V> LocalRendezvous<V> {
    /// A rendezvous for `tasks` tasks.
    pub(crate) fn of(tasks: usize) -> Self {
        let values = std::iter::repeat_with(|| None).take(tasks).collect();
        LocalRendezvous { state: Mutex::new(State { values, waiting: Vec::new() }) }
    }

    /// Sends the value of a task, and wakes those that wait.
    pub(crate) fn send(&self, context: &TaskContext, value: V) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_task) = state.values.get_mut(context.subtask - context.local_tasks.start) {
            *of_task = Some(value);
        }
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        // Submitted work wakes its task when it is done. This work does nothing.
        waiting.into_iter().for_each(|task| task.submit(Box::new(|| ())));
    }

    /// The result of the values that were sent so far.
    pub(crate) fn peek<R>(&self, result: impl FnOnce(&[Option<V>]) -> Option<R>) -> Option<R> {
        result(&self.state.lock().unwrap_or_else(PoisonError::into_inner).values)
    }

    /// As [`LocalRendezvous::peek`]. If there is no result yet, the next value wakes the task.
    pub(crate) fn poll<R>(&self, context: &TaskContext, result: impl FnOnce(&[Option<V>]) -> Option<R>) -> Option<R> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = result(&state.values);
        // A task that polls twice is woken once.
        if result.is_none() && !state.waiting.iter().any(|task| Arc::ptr_eq(task, &context.blocking)) {
            state.waiting.push(context.blocking.clone());
        }
        result
    }
}

/// A value that one task makes and each task of the process takes once. When all tasks have taken
/// it, only they hold it.
pub(crate) struct Lent<V> {
    state: Mutex<(Option<Arc<V>>, usize)>,
}

impl<V> Lent<V> {
    /// A value for `tasks` tasks, including the one that made it.
    pub(crate) fn to(tasks: usize, value: V) -> Arc<Self> {
        Arc::new(Lent { state: Mutex::new((Some(Arc::new(value)), tasks)) })
    }

    /// Returns the value. Each task calls it once.
    ///
    /// # Errors
    /// Fails if it is called more often than there are tasks.
    pub(crate) fn take(&self) -> Result<Arc<V>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (value, left) = &mut *state;
        *left = left.saturating_sub(1);
        let taken = if *left == 0 { value.take() } else { value.clone() };
        taken.ok_or_else(|| Error::Internal("a lent value was taken more often than there are tasks".to_owned()))
    }
}
