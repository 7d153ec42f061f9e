//! Threads for work that may block: reading files that are not in the page cache, and writing.
//!
//! A few threads keep a disk busy. Some work takes as long as another process decides, such as a
//! write to a pipe whose reader pauses. If all threads are at such work for a while, one more is
//! started for the waiting work. So other jobs are not delayed.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Runs work that may block, off the threads of tasks.
pub trait Blocking: Send + Sync {
    /// Runs the work on another thread, then wakes the task.
    fn submit(&self, work: Box<dyn FnOnce() + Send>);

    /// Returns `true` if the task reads cached bytes itself: copying them takes less time than
    /// waking two threads.
    fn reads_cached(&self) -> bool {
        false
    }
}

/// The number of threads that are kept.
const THREADS: usize = 4;

/// The greatest number of threads.
const MAX_THREADS: usize = 512;

/// The time after which a thread is added if no thread has finished its work. Such a thread ends if
/// it has no work for that time.
const PATIENCE: Duration = Duration::from_millis(100);

type Work = Box<dyn FnOnce() + Send>;

/// A queue of work, and the threads that run it.
#[derive(Default)]
pub(crate) struct BlockingThreads {
    state: Mutex<State>,
    /// Notified if there is work for an idle thread.
    work: Condvar,
    /// Notified if there is work and no idle thread.
    delayed: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Work>,
    threads: usize,
    idle: usize,
    /// The number of pieces of work that were ever started.
    started: u64,
    /// Whether a watch thread runs, which adds threads for delayed work.
    is_watched: bool,
    /// Whether the watch thread sleeps until it is notified.
    watch_sleeps: bool,
}

impl BlockingThreads {
    /// The threads of the process, started at first use.
    pub(crate) fn of_process() -> &'static Self {
        static THREADS: BlockingThreads = BlockingThreads {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                threads: 0,
                idle: 0,
                started: 0,
                is_watched: false,
                watch_sleeps: false,
            }),
            work: Condvar::new(),
            delayed: Condvar::new(),
        };
        &THREADS
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs work on a thread. The work must not panic.
    pub(crate) fn submit(&'static self, work: Work) {
        let mut state = self.lock();
        state.queue.push_back(work);
        if state.idle >= state.queue.len() {
            return self.work.notify_one();
        }
        if state.threads < THREADS {
            self.start(&mut state);
        } else if std::mem::take(&mut state.watch_sleeps) {
            self.delayed.notify_one();
        } else if !state.is_watched {
            let watch = std::thread::Builder::new().name("dataflow-io-watch".to_owned());
            state.is_watched = watch.spawn(move || self.watch()).is_ok();
        }
        // If no thread can be started, the caller runs the work.
        let left = if state.threads == 0 { std::mem::take(&mut state.queue) } else { VecDeque::new() };
        drop(state);
        left.into_iter().for_each(|work| work());
    }

    /// Starts a thread. Does nothing if the system refuses it.
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
                state.started += 1;
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

    /// Adds a thread whenever work waits and no thread has started any for [`PATIENCE`].
    fn watch(&'static self) {
        let mut state = self.lock();
        loop {
            while state.queue.is_empty() {
                state.watch_sleeps = true;
                state = self.delayed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.watch_sleeps = false;
            let started = state.started;
            drop(state);
            std::thread::sleep(PATIENCE);
            state = self.lock();
            if state.started == started && !state.queue.is_empty() && state.threads < MAX_THREADS {
                self.start(&mut state);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    fn threads() -> &'static BlockingThreads {
        Box::leak(Box::default())
    }

    #[test]
    fn blocked_work_does_not_delay_other_work() {
        let threads = threads();
        let (done, received) = channel();
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
        (0..100).for_each(|_| assert!(received.recv_timeout(minute).is_ok()));
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
    fn few_threads_suffice_for_short_work() {
        let threads = threads();
        let (done, received) = channel();
        for number in 0..2_000 {
            let done = done.clone();
            threads.submit(Box::new(move || {
                std::thread::sleep(Duration::from_micros(100));
                done.send(number).unwrap_or_default();
            }));
        }
        assert_eq!(received.iter().take(2_000).count(), 2_000);
        assert!(threads.lock().threads <= THREADS + 1);
    }
}
