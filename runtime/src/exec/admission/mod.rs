//! Admits jobs to a shared memory budget while their minimums fit together.

mod protocol;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};
use crate::memory::Budget;
use protocol::{Admission, Entry, Ticket};

/// A budget, with the jobs that run in it and those that wait.
///
/// A job is admitted if its minimum memory and those of the admitted jobs fit the budget. Otherwise
/// it waits in order. Memory beyond the minimums is divided among operators, which revoke it from
/// each other.
pub struct Admissions {
    budget: Arc<Budget>,
    state: Mutex<Admission>,
    /// Signals that a job has left, or that waiting jobs must check whether they are cancelled.
    changed: Condvar,
}

impl Admissions {
    /// The admissions to a budget without jobs. All jobs of a budget must use the same.
    #[must_use]
    pub fn new(budget: Arc<Budget>) -> Arc<Self> {
        let state = Mutex::new(Admission::new(budget.limit_bytes()));
        Arc::new(Admissions { budget, state, changed: Condvar::new() })
    }

    /// The budget that the jobs share.
    #[must_use]
    pub fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    fn lock(&self) -> MutexGuard<'_, Admission> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests a place for a job, after those that wait. Dropping the place frees it.
    ///
    /// # Errors
    /// Fails if the job may not wait, because a running job waits for it, and it does not fit now.
    pub(super) fn request(self: &Arc<Self>, minimum: usize, may_wait: bool) -> Result<AdmissionGuard> {
        match self.lock().request(minimum, may_wait) {
            Entry::Admitted(ticket) | Entry::Waiting(ticket) => Ok(AdmissionGuard { admissions: self.clone(), ticket }),
            Entry::Refused { free } => {
                Err(Error::NoRoomInside { need: minimum, free, budget: self.budget.limit_bytes() })
            }
        }
    }

    /// Wakes waiting jobs, so that they check whether they are cancelled.
    pub(super) fn wake(&self) {
        let _state = self.lock();
        self.changed.notify_all();
    }
}

/// The place of a job in its budget, admitted or waiting.
pub(super) struct AdmissionGuard {
    admissions: Arc<Admissions>,
    ticket: Ticket,
}

impl AdmissionGuard {
    /// Waits until the job is admitted. Returns `false` if it is cancelled before.
    #[must_use]
    pub(super) fn wait(&self, is_cancelled: impl Fn() -> bool) -> bool {
        let mut state = self.admissions.lock();
        while !is_cancelled() && !state.is_admitted(self.ticket) {
            state = self.admissions.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !is_cancelled()
    }
}

impl Drop for AdmissionGuard {
    fn drop(&mut self) {
        self.admissions.lock().leave(self.ticket);
        self.admissions.changed.notify_all();
    }
}
