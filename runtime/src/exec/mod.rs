//! The local engine: runs a physical plan on all cores of one process.
//!
//! Tasks are cooperative. A poll runs a few milliseconds of work on a thread of the pool and never
//! blocks it. A waiting task is woken by an item in an inbox, room in a channel, a finished read,
//! or an alarm.
//!
//! * `submitted`, `handle`, `admission`, `memory_requirements`: a job from its plan to its end.
//! * `start`, `task`, `pipeline`, `inline`: stages become tasks, and each task runs a pipeline.
//! * `channel`, `aligned_input`, `stage_output`, `spill_queue`: exchange of items between tasks.
//! * `reading`: heads of stages that read sources.
//! * `checkpoints`: snapshots of a running job.
//! * `timers`, `blocking`: wake-ups at a time, and work that may block.
//!
//! # Nested jobs
//! A closure may run an environment of its own, on a thread of the pool. While that thread waits
//! for the inner job, it runs the tasks of the inner job. It runs no task of another job, because
//! such a task may need a lock that the closure holds. A thread outside of the pool also runs tasks
//! while it waits, if no thread of the pool works for its job.

mod admission;
mod aligned_input;
mod blocking;
mod channel;
mod checkpoints;
mod handle;
mod inline;
mod job;
mod job_thread;
mod memory_requirements;
mod parallel_for;
mod pipeline;
mod placement;
mod reading;
mod spill_queue;
mod stage_output;
mod start;
mod submitted;
mod task;
mod timed_input;
mod timers;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use rayon::ThreadPool;

use crate::error::{Error, Result};
use crate::kernel::RunScope;
use crate::memory::Budget;
use crate::spill::SpillSpace;

pub use admission::Admissions;
pub use checkpoints::SnapshotSettings;
pub use handle::JobHandle;
pub use memory_requirements::with_sufficient_memory;
pub use parallel_for::parallel_for;
pub use submitted::{JobControl, Submitted};

/// Threads that run tasks.
pub type Pool = Arc<ThreadPool>;

/// The resources and settings of a run.
pub struct Resources {
    /// The threads that run its tasks.
    pub pool: Pool,
    /// The memory budget, and the jobs that share it.
    pub admissions: Arc<Admissions>,
    /// The disk space for spilled pages.
    pub space: Arc<SpillSpace>,
    /// Settings of endless flows.
    pub streaming: Streaming,
    /// Settings of snapshots. `None`: no snapshots are taken.
    pub snapshots: Option<SnapshotSettings>,
    /// The run that kernels are opened for.
    pub run: Arc<dyn RunScope>,
}

impl Resources {
    fn budget(&self) -> &Arc<Budget> {
        self.admissions.budget()
    }
}

/// Settings of endless flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streaming {
    /// Longest time that a task holds rows to fill a page.
    pub latency: Duration,
    /// Time without new records after which a source is idle: event time no longer waits for it.
    pub idle_after: Duration,
}

/// Returns the pool with this number of threads. All environments of that parallelism share it.
///
/// The pool lives as long as it is used. The pool that was requested last is kept in any case, so
/// that a series of short jobs starts no threads.
///
/// # Errors
/// Fails if the system refuses a thread.
pub fn pool(threads: usize) -> Result<Pool> {
    static POOLS: Mutex<Pools> = Mutex::new(Pools { shared: BTreeMap::new(), last: None });
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let pool = match pools.shared.get(&threads).and_then(Weak::upgrade) {
        Some(pool) => pool,
        None => Arc::new(start_pool(threads)?),
    };
    pools.shared.retain(|_, pool| pool.strong_count() > 0);
    pools.shared.insert(threads, Arc::downgrade(&pool));
    pools.last = Some(pool.clone());
    Ok(pool)
}

struct Pools {
    /// By the number of threads.
    shared: BTreeMap<usize, Weak<ThreadPool>>,
    last: Option<Pool>,
}

fn start_pool(threads: usize) -> Result<ThreadPool> {
    let builder =
        rayon::ThreadPoolBuilder::new().num_threads(threads).thread_name(|number| format!("dataflow-{number}"));
    let builder = builder.start_handler(|_| job_thread::mark_job_thread());
    builder
        .build()
        .map_err(|error| Error::Plan(format!("cannot start {threads} threads: {error}; lower `--parallelism`")))
}
