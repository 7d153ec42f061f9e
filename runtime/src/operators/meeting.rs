//! What the tasks of one operator tell each other once, while a job runs.
//!
//! Each task says one value when it has seen all of its input, and waits, without its thread, until all tasks before it have spoken. All tasks
//! of an operator run at the same time and take their input before they wait, so none waits for ever; a job that fails wakes them.

use std::sync::{Arc, Mutex, PoisonError};

use crate::kernel::{Blocking, TaskContext};

/// Where tasks meet. One for each run of an operator: its strategy makes it.
#[derive(Default)]
pub(super) struct Meeting {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What each task said.
    said: Vec<Option<u64>>,
    waiting: Vec<Arc<dyn Blocking>>,
}

impl Meeting {
    /// Says a task's value, the first time, and wakes who waits.
    pub(super) fn say(&self, context: &TaskContext, value: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.said.resize(context.subtasks, None);
        state.said[context.subtask].get_or_insert(value);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        // Work that is done wakes the task that it was submitted for: here, none is to be done.
        waiting.into_iter().for_each(|task| task.submit(Box::new(|| ())));
    }

    /// The sum of what all tasks before this one said. `None` where one has not spoken.
    pub(super) fn sum_before(&self, context: &TaskContext) -> Option<u64> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).sum_before(context.subtask)
    }

    /// As [`Meeting::sum_before`]; where one has not spoken, the task is woken when another does.
    pub(super) fn await_sum_before(&self, context: &TaskContext) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.sum_before(context.subtask);
        if before.is_none() {
            state.waiting.push(context.blocking.clone());
        }
        before
    }
}

impl State {
    fn sum_before(&self, subtask: usize) -> Option<u64> {
        (0..subtask).map(|task| self.said.get(task).copied().flatten()).sum()
    }
}
