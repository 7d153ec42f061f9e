//! Jobs that share a budget begin when their leasts fit it together.

mod protocol;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};
use crate::memory::Budget;
use protocol::{Admission, Entry, Ticket};

/// A budget, and the jobs that run in it or wait for that.
///
/// A job is admitted when the least memory that it runs with fits beside the leasts of those that are; else it waits, in order. What jobs have beyond
/// their leasts is between the operators: they give it back where another needs it.
pub struct Admissions {
    budget: Arc<Budget>,
    state: Mutex<Admission>,
    /// A job has left, or is to look whether it is still wanted.
    changed: Condvar,
}

impl Admissions {
    /// To a budget in which no job runs. All jobs of a budget pass through the same.
    #[must_use]
    pub fn new(budget: Arc<Budget>) -> Arc<Self> {
        let state = Mutex::new(Admission::new(budget.limit_bytes()));
        Arc::new(Admissions { budget, state, changed: Condvar::new() })
    }

    /// The budget.
    #[must_use]
    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    fn lock(&self) -> MutexGuard<'_, Admission> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a job behind those that came before, from now on until it is dropped.
    ///
    /// # Errors
    /// Where a job may not wait, since one that runs waits for it, and does not fit now.
    pub(super) fn request(self: &Arc<Self>, least: usize, may_wait: bool) -> Result<Place> {
        match self.lock().request(least, may_wait) {
            Entry::Admitted(ticket) | Entry::Waits(ticket) => Ok(Place { admissions: self.clone(), ticket }),
            Entry::Refused { free } => {
                Err(Error::NoRoomInside { need: least, free, budget: self.budget.limit_bytes() })
            }
        }
    }

    /// Has those that wait look whether they are still wanted.
    pub(super) fn wake(&self) {
        let _state = self.lock();
        self.changed.notify_all();
    }
}

/// A job among those of its budget.
pub(super) struct Place {
    admissions: Arc<Admissions>,
    ticket: Ticket,
}

impl Place {
    /// Waits until it is the job's turn; `false` where it is cancelled before.
    #[must_use]
    pub(super) fn wait(&self, is_cancelled: impl Fn() -> bool) -> bool {
        let mut state = self.admissions.lock();
        while !is_cancelled() && !state.is_admitted(self.ticket) {
            state = self.admissions.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !is_cancelled()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admissions.lock().leave(self.ticket);
        self.admissions.changed.notify_all();
    }
}
