//! The local engine: runs a physical plan on all cores of one process.
//!
//! Tasks are cooperative. A poll runs a few milliseconds of work on a thread of the pool and never
//! blocks it. A task that waits is woken by a page in an inbox, room in a channel, or a finished
//! read.
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
mod exits;
mod handle;
mod inside;
mod job;
mod inline;
mod needs;
mod pipeline;
mod placement;
mod reading;
mod side_by_side;
mod checkpoints;
mod spill_queue;
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
pub use needs::stating_enough_memory;
pub use side_by_side::side_by_side;
pub use submitted::{JobControl, Submitted};

/// Threads that run tasks.
pub type Pool = Arc<ThreadPool>;

/// What a run may use.
pub struct Resources {
    /// The threads.
    pub pool: Pool,
    /// The memory, and the jobs that share it.
    pub admissions: Arc<Admissions>,
    /// Where what it does not hold goes.
    pub space: Arc<SpillSpace>,
    /// How streams are run.
    pub streaming: Streaming,
    /// How snapshots of them are taken, where that is asked for.
    pub snapshots: Option<SnapshotSettings>,
    /// The run that kernels are opened for.
    pub run: Arc<dyn RunScope>,
}

impl Resources {
    /// The memory.
    fn budget(&self) -> &Arc<Budget> {
        self.admissions.budget()
    }
}

/// How flows that do not end are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streaming {
    /// So long rows wait, at most, for others to be sent with.
    pub latency: Duration,
    /// So long a source has nothing new before event time goes on without it.
    pub idle_after: Duration,
}

/// A pool of so many threads: environments of the same parallelism share one. It is started at first use, and lives as long as somebody has it; the one
/// that was asked for last is kept besides, so that a short job after another pays for no threads.
///
/// # Errors
/// Where the system refuses a thread.
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
    /// By their threads.
    shared: BTreeMap<usize, Weak<ThreadPool>>,
    last: Option<Pool>,
}

fn start_pool(threads: usize) -> Result<ThreadPool> {
    let builder =
        rayon::ThreadPoolBuilder::new().num_threads(threads).thread_name(|number| format!("dataflow-{number}"));
    let builder = builder.start_handler(|_| inside::stay_inside());
    builder
        .build()
        .map_err(|error| Error::Plan(format!("cannot start {threads} threads: {error}; lower `--parallelism`")))
}
