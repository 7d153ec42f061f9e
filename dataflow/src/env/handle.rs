//! Jobs that run in the background.

use std::pin::Pin;
use std::task::{Context, Poll};

use runtime::exec;
use runtime::metrics::Metrics;

use super::{Env, Report};
use crate::error::{Error, Result};

/// A job that was [started](Env::start): waits for it, observes it, or cancels it.
///
/// It is also a future: `.await` it instead of calling [`wait`](JobHandle::wait). Any executor
/// works; a thread of the engine wakes the awaiting task.
///
/// Dropping the handle cancels the job and waits until it has stopped. So no job outlives its
/// handle. The wait lasts as long as the running calls of closures. A handle that is dropped inside
/// of a job's closure does not wait, because that could deadlock.
#[must_use = "a job whose handle is dropped is cancelled; `wait` for it"]
pub struct JobHandle {
    job: exec::JobHandle<Report, Error>,
}

impl JobHandle {
    /// Waits until the job has ended. To end it early, call [`cancel`](JobHandle::cancel) first.
    ///
    /// # Errors
    /// Like [`Env::run`]. If the job was cancelled, [`Error::is_cancelled`] returns `true`.
    pub fn wait(self) -> Result<Report> {
        self.job.wait()
    }

    /// Cancels the job and returns without waiting. The job removes its outputs, as after an error,
    /// and ends with a "cancelled" error. Has no effect on a job that has ended.
    ///
    /// A task stops within milliseconds, or when its current call of a closure returns. A job that
    /// has not been admitted to its budget never starts.
    pub fn cancel(&self) {
        self.job.cancel();
    }

    /// Takes a snapshot and waits until it is complete. Returns its number. Complete means that the
    /// state is written, and that the results of all records before the snapshot are visible in the
    /// output folders.
    ///
    /// # Errors
    /// Fails if the job takes no snapshots (see [`Options::snapshots`](crate::Options::snapshots)),
    /// or ends before this one is complete.
    pub fn snapshot(&self) -> Result<u64> {
        self.job.snapshot().map_err(Into::into)
    }

    /// Returns `true` if the job has ended, so that [`wait`](JobHandle::wait) returns immediately.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.job.is_finished()
    }

    /// The metrics of the job so far. Empty for the embedded engine.
    ///
    /// # Cost
    /// A few reads per operator. The job is not interrupted.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.job.metrics()
    }
}

impl Future for JobHandle {
    type Output = Result<Report>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.job).poll(context)
    }
}

impl Env {
    /// Starts all writes and prints that were declared so far, and returns while the job runs.
    ///
    /// [`Env::run`] is this and [`JobHandle::wait`], except that it works on the job with the
    /// calling thread if that is a thread of the engine. The embedded engine runs the whole job
    /// before this method returns.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// use dataflow::LogWriter;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let place =
    /// #     std::env::temp_dir().join(format!("dataflow-doc-start-{}", std::process::id()));
    /// # let (folder, output) = (
    /// #     place.join("log").display().to_string(),
    /// #     place.join("numbers").display().to_string(),
    /// # );
    /// let mut log = LogWriter::<u64>::create(&folder, 1)?;
    /// let env = Env::new(Options::default());
    /// env.read_log::<u64>(&folder)?.write_native(&output);
    /// let job = env.start()?; // follows the log
    /// log.append(7_u64)?;
    /// log.flush()?;
    /// while job.metrics().source_rows == 0 {
    ///     std::thread::sleep(std::time::Duration::from_millis(1));
    /// }
    /// log.seal_all()?;
    /// assert_eq!(job.wait()?.source_rows(), 1);
    /// # std::fs::remove_dir_all(&place)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Jobs that share a budget
    /// Each job has a minimum memory. Jobs run at the same time as long as their minimums fit the
    /// budget together. A job that does not fit waits until others have ended. Jobs wait in the
    /// order of their start. An unbounded job keeps its minimum until it is cancelled. A job that
    /// a closure runs never waits, because the outer job waits for it. It is refused if it does
    /// not fit.
    ///
    /// # Errors
    /// Fails for errors known before the first record: an invalid program, missing inputs, or a
    /// budget below the minimum of the plan. [`JobHandle::wait`] returns all later errors.
    pub fn start(&self) -> Result<JobHandle> {
        let execution = self.submit(&self.take_sinks())?;
        let job = match execution.control() {
            None => exec::JobHandle::ended(execution.complete()),
            Some(control) => exec::JobHandle::start(control, move || execution.complete())?,
        };
        Ok(JobHandle { job })
    }

    /// Returns a future that runs all writes and prints that were declared so far. Like
    /// [`Env::run`], for programs that must not block their threads. The job starts at the first
    /// poll. Dropping the future cancels the job, like dropping a [`JobHandle`].
    ///
    /// It works on any executor. Only the planning, which reads the beginning of files, runs on the
    /// executor's thread. The future is `Send` and borrows nothing:
    ///
    /// ```no_run
    /// # use dataflow::prelude::*;
    /// # mod tokio { pub fn spawn<F: Future + Send + 'static>(_: F) {} }
    /// # fn main() -> dataflow::Result<()> {
    /// let env = Env::new(Options::default());
    /// env.read_text("data/shakespeare.txt")?.first(10).print();
    /// tokio::spawn(env.run_async());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Like [`Env::run`].
    pub fn run_async(&self) -> impl Future<Output = Result<Report>> + Send + use<> {
        let env = self.clone();
        async move { env.start()?.await }
    }
}
