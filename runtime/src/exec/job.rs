//! The shared state of a job's tasks: metrics, first error, cancellation, and the wait for the end.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rayon::ThreadPool;

use super::channel::{QueuePlace, Wake};
use super::job_thread::JobThreadMark;
use crate::error::{Error, Origin};
use crate::kernel::catching;
use crate::metrics::JobMetrics;

pub(super) struct Job {
    pool: Arc<ThreadPool>,
    pub(super) metrics: Arc<JobMetrics>,
    pub(super) origins: Vec<Origin>,
    cancelled: AtomicBool,
    error: Mutex<Option<Error>>,
    state: Mutex<JobState>,
    /// Signals that the last task has ended, or that a task is queued for the waiting thread.
    changed: Condvar,
    /// The waiting thread also runs tasks, so queued ones are reported to it.
    has_helper: AtomicBool,
    /// The number of threads that run a task now.
    active_threads: AtomicUsize,
    tasks: Mutex<Vec<Arc<dyn Wake>>>,
}

/// The state for the thread that waits for the job.
#[derive(Default)]
struct JobState {
    /// The number of tasks that have not ended.
    running: usize,
    /// Tasks that were queued while the waiting thread helps. Some may have run since.
    queued: Vec<Arc<dyn Wake>>,
    /// Any task may be queued; `queued` is not complete.
    any_queued: bool,
}

impl JobState {
    /// Adds a queued task. If there are more entries than tasks, only notes that any may be queued.
    fn add(&mut self, task: Arc<dyn Wake>) {
        if !self.any_queued && self.queued.len() < self.running {
            self.queued.push(task);
        } else {
            self.any_queued = true;
            self.queued.clear();
        }
    }
}

impl Job {
    /// Creates a job. `operators` has the origin and the number of tasks of each.
    pub(super) fn new(pool: Arc<ThreadPool>, operators: Vec<(Origin, usize)>) -> Arc<Self> {
        let (origins, tasks): (Vec<Origin>, Vec<usize>) = operators.into_iter().unzip();
        Arc::new(Job {
            pool,
            metrics: Arc::new(JobMetrics::new(tasks)),
            origins,
            cancelled: AtomicBool::new(false),
            error: Mutex::new(None),
            state: Mutex::default(),
            changed: Condvar::new(),
            has_helper: AtomicBool::new(false),
            active_threads: AtomicUsize::new(0),
            tasks: Mutex::new(Vec::new()),
        })
    }

    pub(super) fn pool(&self) -> &ThreadPool {
        &self.pool
    }

    fn lock_state(&self) -> MutexGuard<'_, JobState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts all tasks.
    pub(super) fn start(&self, tasks: Vec<Arc<dyn Wake>>) {
        *self.lock_state() = JobState { running: tasks.len(), queued: Vec::new(), any_queued: true };
        *self.tasks.lock().unwrap_or_else(PoisonError::into_inner) = tasks.clone();
        tasks.into_iter().for_each(|task| task.wake(QueuePlace::InOrder));
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Ends the job with its first error.
    pub(super) fn fail(&self, error: Error) {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.cancel();
    }

    /// Takes the first error. `None` if there is none, or it was taken before.
    pub(super) fn take_error(&self) -> Option<Error> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Ends the job. Wakes all tasks, so that they notice it.
    fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
        self.wake_all();
    }

    /// Wakes all tasks.
    pub(super) fn wake_all(&self) {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        tasks.into_iter().for_each(|task| task.wake(QueuePlace::InOrder));
    }

    pub(super) fn task_ended(&self) {
        let mut state = self.lock_state();
        state.running -= 1;
        if state.running == 0 {
            self.changed.notify_all();
        }
    }

    /// Reports a queued task to the waiting thread, if that helps.
    pub(super) fn task_queued(&self, task: impl FnOnce() -> Arc<dyn Wake>) {
        if self.has_helper.load(Ordering::SeqCst) {
            self.lock_state().add(task());
            self.changed.notify_all();
        }
    }

    /// Counts the calling thread as running a task, until the guard is dropped.
    pub(super) fn enter_task(&self) -> ActiveThread<'_> {
        self.active_threads.fetch_add(1, Ordering::Relaxed);
        ActiveThread { count: &self.active_threads, _mark: JobThreadMark::enter() }
    }

    /// Takes the tasks that may be queued. `None` if there are none.
    fn take_queued(&self, state: &mut JobState) -> Option<Vec<Arc<dyn Wake>>> {
        let queued = std::mem::take(&mut state.queued);
        if std::mem::take(&mut state.any_queued) {
            return Some(self.tasks.lock().unwrap_or_else(PoisonError::into_inner).clone());
        }
        (!queued.is_empty()).then_some(queued)
    }

    /// Waits until all tasks have ended. Calls `tick` about every 100 ms. If it returns `false`,
    /// the job ends early and successfully.
    ///
    /// # Deadlocks
    /// A closure may run a job of its own. Then a thread of the pool waits here, possibly the only
    /// one. So it runs the tasks of the inner job. It runs no tasks of other jobs: one of these
    /// might need a lock that the closure holds.
    ///
    /// A closure may also wait for a thread that it has started, and that waits here. So a thread
    /// outside of the pool runs tasks while no thread of the pool works for the job.
    pub(super) fn wait(&self, mut tick: impl FnMut(&JobMetrics) -> bool) -> Result<(), Error> {
        const TICK: Duration = Duration::from_millis(100);
        let is_nested = rayon::current_thread_index().is_some();
        let mut helps = is_nested;
        self.has_helper.store(helps, Ordering::SeqCst);
        let mut ticked = Instant::now();
        let mut state = self.lock_state();
        while state.running > 0 {
            if let Some(queued) = helps.then(|| self.take_queued(&mut state)).flatten() {
                drop(state);
                queued.into_iter().for_each(|task| _ = task.run_if_queued());
                state = self.lock_state();
            } else {
                state = self.changed.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner).0;
            }
            if ticked.elapsed() >= TICK {
                ticked = Instant::now();
                let helped_before =
                    std::mem::replace(&mut helps, is_nested || self.active_threads.load(Ordering::Relaxed) == 0);
                self.has_helper.store(helps, Ordering::SeqCst);
                drop(state);
                // `tick` may run the user's code: accumulators are formatted for display.
                match catching(|| Ok(tick(&self.metrics))) {
                    Ok(true) => {}
                    Ok(false) if self.is_cancelled() => {}
                    Ok(false) => self.cancel(),
                    Err(error) => self.fail(error),
                }
                state = self.lock_state();
                // Tasks may have been queued before this thread helped.
                state.any_queued |= helps && !helped_before;
            }
        }
        // Tasks and job refer to each other: this breaks the cycle.
        state.queued.clear();
        drop(state);
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.take_error().map_or(Ok(()), Err)
    }
}

/// Counts a thread that runs a task, until it is dropped.
#[must_use]
pub(super) struct ActiveThread<'j> {
    count: &'j AtomicUsize,
    _mark: JobThreadMark,
}

impl Drop for ActiveThread<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}
