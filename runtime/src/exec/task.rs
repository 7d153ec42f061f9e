//! Tasks: state machines that threads of the pool poll. They never block a thread, and wait until
//! they are woken.
//!
//! ```text
//!   New
//!    | body  wake                run
//!   Idle ----------> Queued ----------> Running --(nothing to do)--> Idle
//!                      ^                  | wake        |
//!                      |                  v             | finished
//!                      +---- (again) -- Woken           v
//!                                                     Ended
//! ```
//! A wake while the task runs is kept (`WOKEN`), so none is lost.
//!
//! A queued task is run by the first thread that takes it: usually a thread of the pool, otherwise
//! the thread that waits for the job (see `Job::wait`).

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::channel::{QueuePlace, Wake};
use super::job::Job;
use super::pipeline::Pipeline;
use crate::kernel::catching;
use crate::strategy::Progress;

/// The task has no body yet. A wake is ignored, because the start of the job wakes all tasks.
const NEW: u8 = 5;
const IDLE: u8 = 0;
const QUEUED: u8 = 1;
const RUNNING: u8 = 2;
const WOKEN: u8 = 3;
const ENDED: u8 = 4;

pub(super) struct Task {
    state: AtomicU8,
    /// The task is in the pool's queue. It is there at most once, even if another thread has run it
    /// and it was queued again meanwhile.
    is_in_pool_queue: AtomicBool,
    /// Taken out while the task runs, so no lock is held during a kernel's call.
    body: Mutex<Option<Box<Pipeline>>>,
    job: Arc<Job>,
}

impl Task {
    pub(super) fn new(job: Arc<Job>) -> Arc<Self> {
        Arc::new(Task {
            state: AtomicU8::new(NEW),
            is_in_pool_queue: AtomicBool::new(false),
            body: Mutex::new(None),
            job,
        })
    }

    pub(super) fn set_body(&self, body: Pipeline) {
        *self.body.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(body));
        self.state.store(IDLE, Ordering::SeqCst);
    }

    /// Submits a queued task to the pool.
    fn enqueue(self: Arc<Self>, place: QueuePlace) {
        let job = self.job.clone();
        // The pool's thread clears the flag before it takes the task. So a task that is queued
        // after that is submitted again.
        if !self.is_in_pool_queue.swap(true, Ordering::SeqCst) {
            let task = self.clone();
            let run = move || {
                task.is_in_pool_queue.store(false, Ordering::SeqCst);
                task.run_if_queued();
            };
            match place {
                QueuePlace::InOrder => job.pool().spawn_fifo(run),
                QueuePlace::Next => job.pool().spawn(run),
            }
        }
        job.task_queued(|| self);
    }

    fn run(self: Arc<Self>) {
        let job = self.job.clone();
        let _active = job.enter_task();
        let Some(mut body) = self.body.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        loop {
            let poll = self.poll(&mut body);
            match poll {
                Progress::Done => {
                    // Memory is released before the end of the task is reported. The drop of
                    // captured values may run the user's code.
                    if let Err(error) = catching(|| {
                        drop(body);
                        Ok(())
                    }) {
                        self.job.fail(error);
                    }
                    self.state.store(ENDED, Ordering::SeqCst);
                    self.job.task_ended();
                    return;
                }
                Progress::Yield => {
                    self.put_back(body);
                    self.state.store(QUEUED, Ordering::SeqCst);
                    return self.enqueue(QueuePlace::InOrder);
                }
                Progress::Pending => {
                    self.put_back(body);
                    if self.state.compare_exchange(RUNNING, IDLE, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                        return;
                    }
                    // Woken meanwhile. Other threads take the body only from state `QUEUED`, so it
                    // is still there.
                    self.state.store(RUNNING, Ordering::SeqCst);
                    let Some(taken) = self.body.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
                    body = taken;
                }
            }
        }
    }

    fn put_back(&self, body: Box<Pipeline>) {
        *self.body.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
    }

    /// Polls the pipeline once. Errors and panics of the user's closures end the job.
    fn poll(&self, body: &mut Pipeline) -> Progress {
        if self.job.is_cancelled() {
            return Progress::Done;
        }
        let error = match catching(|| body.poll()) {
            Ok(poll) => return poll,
            Err(error) => error,
        };
        let error = match body.current_origin() {
            Some(origin) => error.at(&origin),
            None => error,
        };
        self.job.fail(error);
        Progress::Done
    }
}

impl Wake for Task {
    fn run_if_queued(self: Arc<Self>) -> bool {
        let is_queued = self.state.compare_exchange(QUEUED, RUNNING, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        if is_queued {
            self.run();
        }
        is_queued
    }

    fn wake(self: Arc<Self>, place: QueuePlace) {
        loop {
            let state = self.state.load(Ordering::SeqCst);
            let next = match state {
                IDLE => QUEUED,
                RUNNING => WOKEN,
                _ => return,
            };
            if self.state.compare_exchange(state, next, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                if state == IDLE {
                    self.enqueue(place);
                }
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::aligned_input::AlignedInput;
    use crate::exec::channel::Inbox;
    use crate::exec::inline::OperatorScope;
    use crate::exec::pipeline::PipelineHead;

    /// Memory may be revoked before the job begins, which wakes the task.
    #[test]
    fn a_task_woken_before_it_has_a_body_runs_later() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let job = Job::new(Arc::new(pool), vec![]);
        let task = Task::new(job.clone());
        task.clone().wake(QueuePlace::InOrder);
        job.pool().install(|| ());
        let inbox = Arc::new(Inbox::new(task.clone()));
        let head = PipelineHead::Inbox(AlignedInput::new(inbox));
        task.set_body(Pipeline::new(head, vec![], vec![], OperatorScope::new(job.clone(), 0)));
        job.start(vec![task]);
        job.wait(|_| true).unwrap();
    }
}
