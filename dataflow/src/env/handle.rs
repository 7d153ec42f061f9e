//! Jobs that run while the program does something else.

use std::pin::Pin;
use std::task::{Context, Poll};

use runtime::exec;
use runtime::metrics::Metrics;

use super::{Env, Report};
use crate::error::{Error, Result};

/// A job that was [started](Env::start): it goes on by itself, and this waits for it, looks at it, or ends it.
///
/// It is a future, too: `.await` it in place of [`wait`](JobHandle::wait). It needs no particular executor; a thread of the engine wakes the task that
/// awaits it.
///
/// Dropping a handle cancels the job and waits until it has stopped, so no job goes on that nobody can hear of, and none outlives what it was started for. That
/// takes as long as the calls of closures that it is in the middle of. Only within a closure of a job, for which that job waits itself, is there no waiting.
#[must_use = "a job whose handle is dropped is cancelled; `wait` for it"]
pub struct JobHandle {
    job: exec::JobHandle<Report, Error>,
}

impl JobHandle {
    /// Waits for the job's end. For an end that comes at once: [`cancel`](JobHandle::cancel) before.
    ///
    /// # Errors
    /// As [`Env::run`]; of a job that was cancelled [`Error::is_cancelled`] holds.
    pub fn wait(self) -> Result<Report> {
        self.job.wait()
    }

    /// Ends the job, without waiting for that: what it has written is removed, as where something goes wrong, and its error is that it was cancelled. Nothing
    /// happens to a job that has ended.
    ///
    /// A task stops within some milliseconds, or when the call of a closure that it is in comes back. One that waits for its turn begins no more.
    pub fn cancel(&self) {
        self.job.cancel();
    }

    /// Has a snapshot taken of what the job is now, or a moment later, and waits until it is complete: until its state is written, and what was made of the records
    /// before it is to be seen in the folders that are written. Its number.
    ///
    /// # Errors
    /// Where no snapshots are taken of the job (see [`Options::snapshots`](crate::Options::snapshots)), or it ends before.
    pub fn snapshot(&self) -> Result<u64> {
        self.job.snapshot().map_err(Into::into)
    }

    /// Whether the job has ended, one way or another: [`wait`](JobHandle::wait) comes back at once.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.job.is_finished()
    }

    /// What the job has done so far; nothing for the embedded engine.
    ///
    /// Cost: some reads for each operator. The job does not notice.
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
    /// Starts everything that was to be written or printed so far, and comes back while it runs. [`Env::run`] is this and [`JobHandle::wait`], and works on
    /// the job with the calling thread where that is one of the engine's.
    ///
    /// ```
    /// # use dataflow::prelude::*;
    /// use dataflow::LogWriter;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let place = std::env::temp_dir().join(format!("dataflow-doc-start-{}", std::process::id()));
    /// # let (folder, output) = (place.join("log").display().to_string(), place.join("numbers").display().to_string());
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
    /// Jobs that share a budget run at the same time as long as the least memory that each runs with fits the budget together; one that does not fit waits
    /// until others have ended, and those that come later wait behind it. A job without end keeps its least until it is cancelled. A closure that runs a job
    /// holds up the job around it, so an inner job does not wait: where it does not fit it is refused.
    ///
    /// The embedded engine runs the job before this comes back.
    ///
    /// # Errors
    /// What is known before the first record: mistakes in the program, inputs that are not there, and a budget that is less than the least that the
    /// plan runs with. Everything else is said by [`JobHandle::wait`].
    pub fn start(&self) -> Result<JobHandle> {
        let execution = self.submit(&self.take_sinks())?;
        let job = match execution.control() {
            None => exec::JobHandle::ended(execution.complete()),
            Some(control) => exec::JobHandle::start(control, move || execution.complete())?,
        };
        Ok(JobHandle { job })
    }

    /// Runs everything that was to be written or printed so far when it is first polled, and is ready when that is done: [`Env::run`] for programs that do not
    /// block their threads. Dropping the future cancels the job, as dropping a [`JobHandle`] does.
    ///
    /// It works on any executor, and nothing of the job runs on the executor's threads but its planning, which reads the heads of files. It is `Send` and borrows
    /// nothing:
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
    /// As [`Env::run`].
    pub fn run_async(&self) -> impl Future<Output = Result<Report>> + Send + use<> {
        let env = self.clone();
        async move { env.start()?.await }
    }
}
