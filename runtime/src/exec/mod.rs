//! The local engine: a physical plan on all cores of one process.
//!
//! Tasks are cooperative: a poll runs a few milliseconds of work on a thread of the pool and never blocks it. What a task waits for (a page
//! in an inbox, room in a channel, a read) wakes it. Threads, channels and files are here and nowhere else.

mod blocking;
mod channel;
mod exits;
mod job;
mod light;
mod needs;
mod pipeline;
mod reading;
mod spool;
mod start;
mod task;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::ThreadPool;

use crate::error::{Error, Result};
use crate::memory::Budget;
use crate::metrics::JobMetrics;
use crate::physical::PhysicalPlan;
use crate::plan::{Node, topological};
use crate::spill::SpillSpace;

/// What a run may use.
pub struct Resources {
    /// The threads.
    pub pool: Arc<ThreadPool>,
    /// The memory.
    pub budget: Arc<Budget>,
    /// Where what it does not hold goes.
    pub space: Arc<SpillSpace>,
}

/// The process's pool of so many threads: environments of the same parallelism share one, which is started at first use and kept, so
/// that a short job pays for no threads.
///
/// # Errors
/// Where the system refuses a thread.
pub fn pool(threads: usize) -> Result<Arc<ThreadPool>> {
    static POOLS: Mutex<BTreeMap<usize, Arc<ThreadPool>>> = Mutex::new(BTreeMap::new());
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pool) = pools.get(&threads) {
        return Ok(pool.clone());
    }
    let builder =
        rayon::ThreadPoolBuilder::new().num_threads(threads).thread_name(|number| format!("dataflow-{number}"));
    let pool = builder.build().map_err(|error| Error::Plan(format!("cannot start {threads} threads: {error}")))?;
    Ok(pools.entry(threads).or_insert(Arc::new(pool)).clone())
}

/// Whether nobody sees any more what a job still writes.
fn is_abandoned(nodes: &[Arc<Node>], sinks: &[Arc<Node>]) -> bool {
    let is_sink = |node: &Arc<Node>| sinks.iter().any(|sink| sink.sequence == node.sequence);
    sinks.iter().all(|sink| sink.operator.is_abandoned())
        && nodes.iter().all(|node| is_sink(node) || node.operator.claim().is_none())
}

/// Runs a plan to its end, or until nobody reads any more what it writes; `tick` sees the counters now and then.
///
/// # Errors
/// The first error of any task, with its operator. Outputs are then removed.
pub fn run(
    plan: &PhysicalPlan,
    sinks: &[Arc<Node>],
    resources: &Resources,
    mut tick: impl FnMut(&JobMetrics),
) -> Result<Arc<JobMetrics>> {
    let nodes = topological(sinks);
    for (index, node) in nodes.iter().enumerate() {
        if let Err(error) = node.operator.prepare() {
            // What was prepared before is removed; the first error is the one to show.
            nodes[..index].iter().for_each(|node| node.operator.finish(false).unwrap_or_default());
            return Err(error.at(&node.origin));
        }
    }
    let watch = |metrics: &JobMetrics| {
        tick(metrics);
        !is_abandoned(&nodes, sinks)
    };
    let result = start::run(plan, resources, watch);
    let mut finished = Ok(());
    for node in &nodes {
        let success = result.is_ok() && finished.is_ok();
        if let Err(error) = node.operator.finish(success) {
            finished = finished.and(Err(error.at(&node.origin)));
        }
    }
    result.and_then(|metrics| finished.map(|()| metrics))
}
