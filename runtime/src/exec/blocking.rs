//! Work of a task on threads that may block.

use std::sync::Arc;

use super::channel::{QueuePlace, Wake};
use super::job::Job;
use crate::kernel::{Blocking, catching};
use crate::storage::BlockingThreads;

/// Submits work of a task, and wakes the task when the work is done. A panic of the work ends the
/// job, because the task would wait for the result forever.
pub(super) struct BlockingFor {
    pub(super) task: Arc<dyn Wake>,
    pub(super) job: Arc<Job>,
}

impl Blocking for BlockingFor {
    fn submit(&self, work: Box<dyn FnOnce() + Send>) {
        let (task, job) = (self.task.clone(), self.job.clone());
        BlockingThreads::of_process().submit(Box::new(move || {
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
    use std::sync::Mutex;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;

    struct Woken(Mutex<std::sync::mpsc::Sender<()>>);

    impl Wake for Woken {
        fn wake(self: Arc<Self>, _: QueuePlace) {
            self.0.lock().unwrap().send(()).unwrap();
        }
    }

    #[test]
    fn a_panic_of_blocking_work_ends_the_job() {
        let (woken, wakes) = channel();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let job = Job::new(Arc::new(pool), vec![]);
        let blocking = BlockingFor { task: Arc::new(Woken(Mutex::new(woken))), job: job.clone() };
        for _ in 0..8 {
            blocking.submit(Box::new(|| panic!("in the middle of it")));
            assert!(wakes.recv_timeout(Duration::from_secs(60)).is_ok());
        }
        assert!(job.is_cancelled());
        let error = job.wait(|_| true).unwrap_err().to_string();
        assert!(error.contains("in the middle of it"), "{error}");
    }
}
