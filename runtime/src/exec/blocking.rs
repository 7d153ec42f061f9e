//! Threads that may block: for files that are not in the page cache, and for writing.
//!
//! A few keep a disk busy. Some of what they do may take as long as somebody else likes, such as to write to a pipe whose reader pauses; what waits
//! behind that gets a thread more where none has come to an end for a while, so that a spilling job, say, is not held up by it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::channel::{QueuePlace, Wake};
use super::job::Job;
use crate::kernel::{Blocking, catching};

/// Threads that are always there.
const THREADS: usize = 4;

/// As many as there may be where others are held up.
const MOST_THREADS: usize = 512;

/// So long all threads may be at the same work before there is one more, and so long that one waits for work.
const PATIENCE: Duration = Duration::from_millis(100);

type Work = Box<dyn FnOnce() + Send>;

/// A queue of work, and the threads that do it.
#[derive(Default)]
struct Threads {
    state: Mutex<State>,
    /// There is work for an idle thread.
    work: Condvar,
    /// There is work, and no idle thread.
    held_up: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Work>,
    threads: usize,
    idle: usize,
    /// Works that were begun.
    begun: u64,
    /// Whether somebody looks out for threads that are held up.
    is_watched: bool,
    /// Whether that one sleeps until it is told.
    watch_sleeps: bool,
}

impl Threads {
    /// The process's, started at first use.
    fn of_process() -> &'static Self {
        static THREADS: Threads = Threads {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                threads: 0,
                idle: 0,
                begun: 0,
                is_watched: false,
                watch_sleeps: false,
            }),
            work: Condvar::new(),
            held_up: Condvar::new(),
        };
        &THREADS
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn submit(&'static self, work: Work) {
        let mut state = self.lock();
        state.queue.push_back(work);
        if state.idle >= state.queue.len() {
            return self.work.notify_one();
        }
        if state.threads < THREADS {
            self.start(&mut state);
        } else if std::mem::take(&mut state.watch_sleeps) {
            self.held_up.notify_one();
        } else if !state.is_watched {
            let watch = std::thread::Builder::new().name("dataflow-io-watch".to_owned());
            state.is_watched = watch.spawn(move || self.watch()).is_ok();
        }
        // Where no thread can be started, the caller does the work.
        let left = if state.threads == 0 { std::mem::take(&mut state.queue) } else { VecDeque::new() };
        drop(state);
        left.into_iter().for_each(|work| work());
    }

    /// Starts a thread, where the system has one.
    fn start(&'static self, state: &mut State) {
        let thread = std::thread::Builder::new().name(format!("dataflow-io-{}", state.threads));
        if thread.spawn(move || self.work()).is_ok() {
            state.threads += 1;
        }
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some(work) = state.queue.pop_front() {
                state.begun += 1;
                drop(state);
                work();
                state = self.lock();
                continue;
            }
            state.idle += 1;
            if state.threads <= THREADS {
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
                continue;
            }
            let (woken, waited) = self.work.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if waited.timed_out() && state.queue.is_empty() && state.threads > THREADS {
                state.threads -= 1;
                return;
            }
        }
    }

    /// Starts a thread whenever work waits and all threads have been at theirs for a while.
    fn watch(&'static self) {
        let mut state = self.lock();
        loop {
            while state.queue.is_empty() {
                state.watch_sleeps = true;
                state = self.held_up.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.watch_sleeps = false;
            let begun = state.begun;
            drop(state);
            std::thread::sleep(PATIENCE);
            state = self.lock();
            if state.begun == begun && !state.queue.is_empty() && state.threads < MOST_THREADS {
                self.start(&mut state);
            }
        }
    }
}

/// Submits for one task, and wakes it when the work is done. Work that panics ends the job: what it was to bring will never be there.
pub(super) struct BlockingFor {
    pub(super) task: Arc<dyn Wake>,
    pub(super) job: Arc<Job>,
}

impl Blocking for BlockingFor {
    fn submit(&self, work: Work) {
        let (task, job) = (self.task.clone(), self.job.clone());
        Threads::of_process().submit(Box::new(move || {
            let done = catching(|| {
                work();
                Ok(())
            });
            if let Err(error) = done {
                job.fail(error);
            }
            task.wake(QueuePlace::InOrder);
        }));
    }

    fn reads_cached(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    fn threads() -> &'static Threads {
        Box::leak(Box::default())
    }

    struct Woken(Mutex<std::sync::mpsc::Sender<()>>);

    impl Wake for Woken {
        fn wake(self: Arc<Self>, _: QueuePlace) {
            self.0.lock().unwrap().send(()).unwrap();
        }
    }

    #[test]
    fn work_that_panics_ends_the_job_and_neither_thread_nor_task_waits_for_ever() {
        let (done, heard) = channel();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let job = Job::new(Arc::new(pool), vec![]);
        let blocking = BlockingFor { task: Arc::new(Woken(Mutex::new(done))), job: job.clone() };
        for _ in 0..2 * THREADS {
            blocking.submit(Box::new(|| panic!("in the middle of it")));
            assert!(heard.recv_timeout(Duration::from_secs(60)).is_ok());
        }
        assert!(job.is_cancelled());
        let error = job.wait(|_| true).unwrap_err().to_string();
        assert!(error.contains("in the middle of it"), "{error}");
    }

    #[test]
    fn work_behind_what_is_held_up_is_done_and_threads_leave_again() {
        let threads = threads();
        let (done, heard) = channel();
        let held: Vec<_> = (0..2 * THREADS).map(|_| channel::<()>()).collect();
        let waits = held.into_iter().map(|(release, wait)| {
            threads.submit(Box::new(move || wait.recv().unwrap_or_default()));
            release
        });
        let releases: Vec<_> = waits.collect();
        for number in 0..100 {
            let done = done.clone();
            threads.submit(Box::new(move || done.send(number).unwrap_or_default()));
        }
        let minute = Duration::from_secs(60);
        (0..100).for_each(|_| assert!(heard.recv_timeout(minute).is_ok()));
        drop(releases);
        for _ in 0..600 {
            if threads.lock().threads == THREADS {
                return;
            }
            std::thread::sleep(PATIENCE);
        }
        panic!("{} threads stay", threads.lock().threads);
    }

    #[test]
    fn a_few_threads_do_for_work_that_goes_on() {
        let threads = threads();
        let (done, heard) = channel();
        for number in 0..2_000 {
            let done = done.clone();
            threads.submit(Box::new(move || {
                std::thread::sleep(Duration::from_micros(100));
                done.send(number).unwrap_or_default();
            }));
        }
        assert_eq!(heard.iter().take(2_000).count(), 2_000);
        assert!(threads.lock().threads <= THREADS + 1);
    }
}
