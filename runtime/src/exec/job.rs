//! What a job's tasks share, and how its end is heard.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use rayon::ThreadPool;

use super::channel::{Turn, Wake};
use crate::error::{Error, Origin};
use crate::metrics::JobMetrics;

pub(super) struct Job {
    pool: Arc<ThreadPool>,
    pub(super) metrics: Arc<JobMetrics>,
    pub(super) origins: Vec<Origin>,
    cancelled: AtomicBool,
    error: Mutex<Option<Error>>,
    running: Mutex<usize>,
    ended: Condvar,
    tasks: Mutex<Vec<Arc<dyn Wake>>>,
}

impl Job {
    pub(super) fn new(pool: Arc<ThreadPool>, origins: Vec<Origin>) -> Arc<Self> {
        Arc::new(Job {
            pool,
            metrics: Arc::new(JobMetrics::new(origins.len())),
            origins,
            cancelled: AtomicBool::new(false),
            error: Mutex::new(None),
            running: Mutex::new(0),
            ended: Condvar::new(),
            tasks: Mutex::new(Vec::new()),
        })
    }

    pub(super) fn pool(&self) -> &ThreadPool {
        &self.pool
    }

    /// Starts all tasks.
    pub(super) fn start(&self, tasks: Vec<Arc<dyn Wake>>) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = tasks.len();
        *self.tasks.lock().unwrap_or_else(PoisonError::into_inner) = tasks.clone();
        tasks.into_iter().for_each(|task| task.wake(Turn::InOrder));
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Ends the job with its first error.
    pub(super) fn fail(&self, error: Error) {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.cancel();
    }

    /// Ends the job; all tasks are woken to notice.
    fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        tasks.into_iter().for_each(|task| task.wake(Turn::InOrder));
    }

    pub(super) fn task_ended(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        *running -= 1;
        if *running == 0 {
            self.ended.notify_all();
        }
    }

    /// Waits for all tasks; `tick` is called now and then meanwhile, and ends the job early, as if it were done, by `false`.
    pub(super) fn wait(&self, mut tick: impl FnMut(&JobMetrics) -> bool) -> Result<(), Error> {
        const TICK: Duration = Duration::from_millis(100);
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        while *running > 0 {
            running = self.ended.wait_timeout(running, TICK).unwrap_or_else(PoisonError::into_inner).0;
            if !tick(&self.metrics) && !self.is_cancelled() {
                self.cancel();
            }
        }
        drop(running);
        // Tasks and job hold each other; the job lets go first.
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.error.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }
}
