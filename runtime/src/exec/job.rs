//! What a job's tasks share, and how its end is heard.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rayon::ThreadPool;

use super::channel::{QueuePlace, Wake};
use super::inside::Inside;
use crate::error::{Error, Origin};
use crate::kernel::catching;
use crate::metrics::JobMetrics;

pub(super) struct Job {
    pool: Arc<ThreadPool>,
    pub(super) metrics: Arc<JobMetrics>,
    pub(super) origins: Vec<Origin>,
    cancelled: AtomicBool,
    error: Mutex<Option<Error>>,
    progress: Mutex<JobState>,
    /// The last task has ended, or there is something to do for a thread that waits for that.
    news: Condvar,
    /// A thread that waits works as well, and wants to hear of queued tasks.
    helped: AtomicBool,
    /// Threads that run a task now.
    at_work: AtomicUsize,
    tasks: Mutex<Vec<Arc<dyn Wake>>>,
}

/// What a thread that waits for a job wants to know.
#[derive(Default)]
struct JobState {
    /// Tasks that have not ended.
    running: usize,
    /// Tasks that wait for a thread since somebody wants to hear of them; some of them have had one by now.
    queued: Vec<Arc<dyn Wake>>,
    /// Any task may wait for a thread.
    any: bool,
}

impl JobState {
    /// Notes a task that waits for a thread; where that was said more often than there are tasks, that any of them may.
    fn add(&mut self, task: Arc<dyn Wake>) {
        if !self.any && self.queued.len() < self.running {
            self.queued.push(task);
        } else {
            self.any = true;
            self.queued.clear();
        }
    }
}

impl Job {
    /// A job of operators, each with its origin, in so many tasks.
    pub(super) fn new(pool: Arc<ThreadPool>, operators: Vec<(Origin, usize)>) -> Arc<Self> {
        let (origins, tasks): (Vec<Origin>, Vec<usize>) = operators.into_iter().unzip();
        Arc::new(Job {
            pool,
            metrics: Arc::new(JobMetrics::new(tasks)),
            origins,
            cancelled: AtomicBool::new(false),
            error: Mutex::new(None),
            progress: Mutex::default(),
            news: Condvar::new(),
            helped: AtomicBool::new(false),
            at_work: AtomicUsize::new(0),
            tasks: Mutex::new(Vec::new()),
        })
    }

    pub(super) fn pool(&self) -> &ThreadPool {
        &self.pool
    }

    fn progress(&self) -> MutexGuard<'_, JobState> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts all tasks.
    pub(super) fn start(&self, tasks: Vec<Arc<dyn Wake>>) {
        *self.progress() = JobState { running: tasks.len(), queued: Vec::new(), any: true };
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

    /// Its first error, if nobody has been told.
    pub(super) fn take_error(&self) -> Option<Error> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Ends the job; all tasks are woken to notice.
    fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
        self.wake_all();
    }

    /// Has all tasks look again at what concerns them.
    pub(super) fn wake_all(&self) {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        tasks.into_iter().for_each(|task| task.wake(QueuePlace::InOrder));
    }

    pub(super) fn task_ended(&self) {
        let mut progress = self.progress();
        progress.running -= 1;
        if progress.running == 0 {
            self.news.notify_all();
        }
    }

    /// A task waits for a thread.
    pub(super) fn task_queued(&self, task: impl FnOnce() -> Arc<dyn Wake>) {
        if self.helped.load(Ordering::SeqCst) {
            self.progress().add(task());
            self.news.notify_all();
        }
    }

    /// Counts the calling thread as one that runs a task, as long as the answer lives.
    pub(super) fn at_work(&self) -> AtWork<'_> {
        self.at_work.fetch_add(1, Ordering::Relaxed);
        AtWork { count: &self.at_work, _inside: Inside::enter() }
    }

    /// Takes note of the tasks that may wait for a thread; nothing where none does.
    fn take_queued(&self, progress: &mut JobState) -> Option<Vec<Arc<dyn Wake>>> {
        let queued = std::mem::take(&mut progress.queued);
        if std::mem::take(&mut progress.any) {
            return Some(self.tasks.lock().unwrap_or_else(PoisonError::into_inner).clone());
        }
        (!queued.is_empty()).then_some(queued)
    }

    /// Waits for all tasks; `tick` is called now and then meanwhile, and ends the job early, as if it were done, by `false`.
    ///
    /// A closure may run a job of its own. The thread that then waits is one of the pool's, and it may be the only one, so it does the inner job's work
    /// itself: of this job alone, since a task of another might want what the closure holds, such as a lock. Any other thread that waits does the same
    /// where the pool has no thread to spare: where a closure waits for a thread that it started, and that waits here.
    pub(super) fn wait(&self, mut tick: impl FnMut(&JobMetrics) -> bool) -> Result<(), Error> {
        const TICK: Duration = Duration::from_millis(100);
        let is_nested = rayon::current_thread_index().is_some();
        let mut helps = is_nested;
        self.helped.store(helps, Ordering::SeqCst);
        let mut ticked = Instant::now();
        let mut progress = self.progress();
        while progress.running > 0 {
            if let Some(queued) = helps.then(|| self.take_queued(&mut progress)).flatten() {
                drop(progress);
                queued.into_iter().for_each(|task| _ = task.work());
                progress = self.progress();
            } else {
                progress = self.news.wait_timeout(progress, TICK).unwrap_or_else(PoisonError::into_inner).0;
            }
            if ticked.elapsed() >= TICK {
                ticked = Instant::now();
                let helped = std::mem::replace(&mut helps, is_nested || self.at_work.load(Ordering::Relaxed) == 0);
                self.helped.store(helps, Ordering::SeqCst);
                drop(progress);
                // What is shown may be made by the program's own accumulators.
                match catching(|| Ok(tick(&self.metrics))) {
                    Ok(true) => {}
                    Ok(false) if self.is_cancelled() => {}
                    Ok(false) => self.cancel(),
                    Err(error) => self.fail(error),
                }
                progress = self.progress();
                // What was queued while nobody wanted to hear of it.
                progress.any |= helps && !helped;
            }
        }
        // Tasks and job hold each other.
        progress.queued.clear();
        drop(progress);
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.take_error().map_or(Ok(()), Err)
    }
}

/// A thread that runs a task.
#[must_use]
pub(super) struct AtWork<'j> {
    count: &'j AtomicUsize,
    _inside: Inside,
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}
