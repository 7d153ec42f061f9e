//! A job that runs by itself, and whoever waits for it: a thread, or a task of somebody's asynchronous executor.

use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::inside::{is_inside_job, stay_inside};
use super::submitted::JobControl;
use crate::error::{Error, Result};
use crate::kernel::catching;
use crate::metrics::Metrics;

/// A job that was started. Dropping it cancels the job and waits for its end.
pub struct JobHandle<R, E> {
    /// None where it had ended before anybody had the handle.
    control: Option<JobControl>,
    outcome: Arc<Outcome<Result<R, E>>>,
}

impl<R: Send + 'static, E: From<Error> + Send + 'static> JobHandle<R, E> {
    /// Runs `job`, which is what `control` cancels, on a thread of its own, which ends with it.
    ///
    /// # Errors
    /// Where the system refuses a thread.
    pub fn start(control: JobControl, job: impl FnOnce() -> Result<R, E> + Send + 'static) -> Result<Self> {
        let outcome = Arc::new(Outcome::new(State::Runs(None)));
        let told = outcome.clone();
        let run = move || {
            stay_inside();
            // Whoever waits hears of an end in any case.
            let result = catching(|| Ok(job()));
            told.tell(result.unwrap_or_else(|error| Err(error.into())));
        };
        let thread = std::thread::Builder::new().name("dataflow-job".to_owned()).spawn(run);
        thread.map_err(|error| Error::Plan(format!("cannot start a thread for a job: {error}")))?;
        Ok(JobHandle { control: Some(control), outcome })
    }
}

impl<R, E> JobHandle<R, E> {
    /// Of a job that has ended.
    pub fn ended(result: Result<R, E>) -> Self {
        JobHandle { control: None, outcome: Arc::new(Outcome::new(State::Ended(result))) }
    }

    /// Has the job end with [`Error::Cancelled`], unless it has ended.
    pub fn cancel(&self) {
        if let Some(control) = &self.control {
            control.cancel();
        }
    }

    /// Has a snapshot taken; see [`JobControl::snapshot`].
    ///
    /// # Errors
    /// Where none are taken of the job, or it ends before.
    pub fn snapshot(&self) -> crate::error::Result<u64> {
        let has_ended = || Error::Plan("the job has ended: there is nothing to take a snapshot of".to_owned());
        self.control.as_ref().ok_or_else(has_ended)?.snapshot()
    }

    /// Whether the job has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        !self.outcome.lock().runs()
    }

    /// What the job has done so far.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.control.as_ref().map(JobControl::metrics).unwrap_or_default()
    }
}

impl<R, E: From<Error>> JobHandle<R, E> {
    /// Waits for the job's end.
    ///
    /// # Errors
    /// The job's own.
    pub fn wait(self) -> Result<R, E> {
        self.outcome.end().take().unwrap_or_else(|| Err(was_told().into()))
    }
}

impl<R, E: From<Error>> Future for JobHandle<R, E> {
    type Output = Result<R, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.outcome.lock();
        if state.runs() {
            // The last one that asked is woken.
            *state = State::Runs(Some(context.waker().clone()));
            return Poll::Pending;
        }
        Poll::Ready(state.take().unwrap_or_else(|| Err(was_told().into())))
    }
}

impl<R, E> Drop for JobHandle<R, E> {
    fn drop(&mut self) {
        if self.is_finished() {
            return;
        }
        self.cancel();
        // The job may wait for this very thread.
        if !is_inside_job() {
            drop(self.outcome.end());
        }
    }
}

/// How a job ended was said already.
fn was_told() -> Error {
    Error::Plan("how this job ended was said already: `wait` for it, or `.await` it, once".to_owned())
}

/// How a job ended, once it has.
struct Outcome<T> {
    state: Mutex<State<T>>,
    ended: Condvar,
}

enum State<T> {
    /// Whom to wake when it has ended.
    Runs(Option<Waker>),
    Ended(T),
    Taken,
}

impl<T> State<T> {
    fn runs(&self) -> bool {
        matches!(self, State::Runs(_))
    }

    /// How it ended, if it has and nobody has asked before.
    fn take(&mut self) -> Option<T> {
        match std::mem::replace(self, State::Taken) {
            State::Ended(result) => Some(result),
            State::Runs(_) | State::Taken => None,
        }
    }
}

impl<T> Outcome<T> {
    fn new(state: State<T>) -> Self {
        Outcome { state: Mutex::new(state), ended: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, result: T) {
        let before = std::mem::replace(&mut *self.lock(), State::Ended(result));
        self.ended.notify_all();
        if let State::Runs(Some(waker)) = before {
            waker.wake();
        }
    }

    /// Waits for the end.
    fn end(&self) -> MutexGuard<'_, State<T>> {
        let state = self.lock();
        self.ended.wait_while(state, |state| state.runs()).unwrap_or_else(PoisonError::into_inner)
    }
}
