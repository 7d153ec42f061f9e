//! What the tasks of one operator tell each other once, while a job runs.
//!
//! Each task says one value when it has seen all of its input, and may then wait, without its thread, until others have spoken. All tasks of an
//! operator run at the same time and take their input before they wait, so none waits for ever; a job that fails wakes them.
//!
//! **Tasks of an operator meet once, at the end of their input.** A numbering needs the counts of the tasks before, a partitioning by an order needs
//! all tasks' keys. Each task keeps its rows, says its part, and waits without its thread (`Progress::Pending`) until the others have spoken; none of
//! them waits before its input has ended, so no two wait for each other.

use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::kernel::{Blocking, TaskContext};

/// Where tasks meet, [once](TaskContext::shared) in a run and a superstep.
pub(crate) struct Rendezvous<V> {
    state: Mutex<State<V>>,
}

struct State<V> {
    /// What each task said.
    said: Vec<Option<V>>,
    waiting: Vec<Arc<dyn Blocking>>,
}

impl<V> Rendezvous<V> {
    /// A meeting of so many tasks, at which nothing was said.
    pub(crate) fn of(tasks: usize) -> Self {
        let said = std::iter::repeat_with(|| None).take(tasks).collect();
        Rendezvous { state: Mutex::new(State { said, waiting: Vec::new() }) }
    }

    /// Says a task's value, and wakes who waits.
    pub(crate) fn say(&self, context: &TaskContext, value: V) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(said) = state.said.get_mut(context.subtask) {
            *said = Some(value);
        }
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        // Work that is done wakes the task that it was submitted for: here, none is to be done.
        waiting.into_iter().for_each(|task| task.submit(Box::new(|| ())));
    }

    /// What `progress` makes of what was said so far.
    pub(crate) fn ask<R>(&self, progress: impl FnOnce(&[Option<V>]) -> Option<R>) -> Option<R> {
        progress(&self.state.lock().unwrap_or_else(PoisonError::into_inner).said)
    }

    /// As [`Rendezvous::ask`]; where there is no answer yet, the task is woken when another has spoken.
    pub(crate) fn wait<R>(&self, context: &TaskContext, progress: impl FnOnce(&[Option<V>]) -> Option<R>) -> Option<R> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let progress = progress(&state.said);
        if progress.is_none() {
            // Who asks again before anybody has spoken is woken once.
            if !state.waiting.iter().any(|task| Arc::ptr_eq(task, &context.blocking)) {
                state.waiting.push(context.blocking.clone());
            }
        }
        progress
    }
}

/// A value that one task makes and each task takes once. The rendezvous does not keep it: when all tasks have taken the value, only they hold it.
pub(crate) struct Lent<V> {
    state: Mutex<(Option<Arc<V>>, usize)>,
}

impl<V> Lent<V> {
    /// A value for so many tasks, among them the one that made it.
    pub(crate) fn to(tasks: usize, value: V) -> Arc<Self> {
        Arc::new(Lent { state: Mutex::new((Some(Arc::new(value)), tasks)) })
    }

    /// The value; each task takes it once.
    ///
    /// # Errors
    /// Where it was taken more often.
    pub(crate) fn take(&self) -> Result<Arc<V>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (value, left) = &mut *state;
        *left = left.saturating_sub(1);
        let taken = if *left == 0 { value.take() } else { value.clone() };
        taken.ok_or_else(|| Error::Internal("what was lent was taken once too often".to_owned()))
    }
}
