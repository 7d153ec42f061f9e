//! The handle of a job that runs in the background. A thread can wait for it, and an asynchronous
//! executor can await it.

use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::job_thread::{is_on_job_thread, mark_job_thread};
use super::submitted::JobControl;
use crate::error::{Error, Result};
use crate::kernel::catching;
use crate::metrics::Metrics;

/// A running or finished job. Dropping the handle cancels the job and waits for its end.
pub struct JobHandle<R, E> {
    /// `None` for a job that had ended before the handle was made.
    control: Option<JobControl>,
    outcome: Arc<Outcome<Result<R, E>>>,
}

impl<R: Send + 'static, E: From<Error> + Send + 'static> JobHandle<R, E> {
    /// Runs `job` on a new thread, which ends with it. `control` is the control of that job.
    ///
    /// # Errors
    /// Fails if the system refuses a thread.
    pub fn start(control: JobControl, job: impl FnOnce() -> Result<R, E> + Send + 'static) -> Result<Self> {
        let outcome = Arc::new(Outcome::new(OutcomeState::Running(None)));
        let shared = outcome.clone();
        let run = move || {
            mark_job_thread();
            // After a panic, too, a waiting thread must be notified.
            let result = catching(|| Ok(job()));
            shared.set(result.unwrap_or_else(|error| Err(error.into())));
        };
        let thread = std::thread::Builder::new().name("dataflow-job".to_owned()).spawn(run);
        thread.map_err(|error| Error::Plan(format!("cannot start a thread for a job: {error}")))?;
        Ok(JobHandle { control: Some(control), outcome })
    }
}

impl<R, E> JobHandle<R, E> {
    /// The handle of a job that has ended.
    pub fn ended(result: Result<R, E>) -> Self {
        JobHandle { control: None, outcome: Arc::new(Outcome::new(OutcomeState::Ended(result))) }
    }

    /// Cancels the job: it ends with [`Error::Cancelled`], unless it has ended already.
    pub fn cancel(&self) {
        if let Some(control) = &self.control {
            control.cancel();
        }
    }

    /// Takes a snapshot, and returns its epoch; see [`JobControl::snapshot`].
    ///
    /// # Errors
    /// Fails if the job takes no snapshots, or ends before this one is complete.
    pub fn snapshot(&self) -> crate::error::Result<u64> {
        let has_ended = || Error::Plan("the job has ended: there is nothing to take a snapshot of".to_owned());
        self.control.as_ref().ok_or_else(has_ended)?.snapshot()
    }

    /// Returns `true` if the job has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        !self.outcome.lock().is_running()
    }

    /// The metrics of the job so far. They are empty if it had ended before the handle was made.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.control.as_ref().map(JobControl::metrics).unwrap_or_default()
    }
}

impl<R, E: From<Error>> JobHandle<R, E> {
    /// Waits until the job has ended, and returns its result.
    ///
    /// # Errors
    /// The error of the job.
    pub fn wait(self) -> Result<R, E> {
        self.outcome.wait().take().unwrap_or_else(|| Err(already_taken().into()))
    }
}

impl<R, E: From<Error>> Future for JobHandle<R, E> {
    type Output = Result<R, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.outcome.lock();
        if state.is_running() {
            // Only the waker of the last poll is kept, as `Future` requires.
            *state = OutcomeState::Running(Some(context.waker().clone()));
            return Poll::Pending;
        }
        Poll::Ready(state.take().unwrap_or_else(|| Err(already_taken().into())))
    }
}

impl<R, E> Drop for JobHandle<R, E> {
    fn drop(&mut self) {
        if self.is_finished() {
            return;
        }
        self.cancel();
        // The job may wait for this thread, so waiting here could deadlock.
        if !is_on_job_thread() {
            drop(self.outcome.wait());
        }
    }
}

/// The error of a second request for the result.
fn already_taken() -> Error {
    Error::Plan("how this job ended was said already: `wait` for it, or `.await` it, once".to_owned())
}

/// A result that one thread sets, and another waits for.
struct Outcome<T> {
    state: Mutex<OutcomeState<T>>,
    ended: Condvar,
}

enum OutcomeState<T> {
    /// With the waker of the last poll.
    Running(Option<Waker>),
    Ended(T),
    Taken,
}

impl<T> OutcomeState<T> {
    fn is_running(&self) -> bool {
        matches!(self, OutcomeState::Running(_))
    }

    /// Takes the result. `None` if the job runs, or the result was taken before.
    fn take(&mut self) -> Option<T> {
        match std::mem::replace(self, OutcomeState::Taken) {
            OutcomeState::Ended(result) => Some(result),
            OutcomeState::Running(_) | OutcomeState::Taken => None,
        }
    }
}

impl<T> Outcome<T> {
    fn new(state: OutcomeState<T>) -> Self {
        Outcome { state: Mutex::new(state), ended: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, OutcomeState<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, result: T) {
        let before = std::mem::replace(&mut *self.lock(), OutcomeState::Ended(result));
        self.ended.notify_all();
        if let OutcomeState::Running(Some(waker)) = before {
            waker.wake();
        }
    }

    /// Waits until the job has ended.
    fn wait(&self) -> MutexGuard<'_, OutcomeState<T>> {
        let state = self.lock();
        self.ended.wait_while(state, |state| state.is_running()).unwrap_or_else(PoisonError::into_inner)
    }
}
