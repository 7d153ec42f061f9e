//! A planned job that waits for its turn, and its control for other threads.

use std::sync::Arc;
use std::time::Instant;

use super::Resources;
use super::admission::{AdmissionGuard, Admissions};
use super::checkpoints::Snapshots;
use super::job::Job;
use super::job_thread::is_on_job_thread;
use super::memory_requirements::MemoryRequirements;
use super::start;
use crate::error::{Error, Result};
use crate::metrics::{JobMetrics, Metrics};
use crate::page::limited_bytes;
use crate::physical::PhysicalPlan;
use crate::plan::{self, Endpoint, Node, remove_abandoned, topological};

/// A planned job with a place in the queue of its budget. Dropping it gives up the place.
pub struct Submitted {
    plan: Arc<PhysicalPlan>,
    sinks: Vec<Arc<Node>>,
    resources: Resources,
    requirements: MemoryRequirements,
    job: Arc<Job>,
    snapshots: Option<Arc<Snapshots>>,
    admission: AdmissionGuard,
}

impl Submitted {
    /// Queues a plan after the jobs submitted before. Touches no files.
    ///
    /// # Errors
    /// Fails if the plan needs more memory than the whole budget. Inside a closure of another job,
    /// also fails if its minimum memory is not free now: the other job cannot end before this one.
    pub fn new(plan: Arc<PhysicalPlan>, sinks: Vec<Arc<Node>>, resources: Resources) -> Result<Self> {
        let requirements = MemoryRequirements::of(&plan, resources.snapshots.is_some())?;
        let budget_bytes = resources.budget().limit_bytes();
        if let Some(bytes) = limited_bytes().filter(|&bytes| bytes < budget_bytes) {
            return Err(Error::FewAddresses { bytes });
        }
        requirements.check(&plan, budget_bytes)?;
        let admission = resources.admissions.request(requirements.total_bytes(), !is_on_job_thread())?;
        let origins = plan.operators.iter().map(|operator| operator.origin.clone());
        let job = Job::new(resources.pool.clone(), origins.zip(plan.tasks_of_operators()).collect());
        let parallelism = resources.pool.current_num_threads();
        let snapshots = resources.snapshots.clone().filter(|_| plan.endless_stages().contains(&true));
        let snapshots =
            snapshots.map(|settings| Snapshots::new(&plan, &sinks, settings, parallelism, &job)).transpose()?;
        Ok(Submitted { plan, sinks, resources, requirements, job, snapshots, admission })
    }

    /// Returns a control of the job, for any thread.
    #[must_use]
    pub fn control(&self) -> JobControl {
        JobControl {
            job: self.job.clone(),
            snapshots: self.snapshots.clone(),
            admissions: self.resources.admissions.clone(),
        }
    }

    /// Recovers from the restored snapshot, runs the tasks, and takes the final snapshot.
    fn run_tasks(&self, watch: impl FnMut(&JobMetrics) -> bool) -> Result<()> {
        let snapshots = self.snapshots.as_ref();
        let result = snapshots.map_or(Ok(()), |snapshots| snapshots.recover());
        let result = result
            .and_then(|()| start::run(&self.job, &self.plan, &self.requirements, &self.resources, snapshots, watch));
        let result = result.and_then(|()| snapshots.map_or(Ok(()), |snapshots| snapshots.finish()));
        snapshots.inspect(|snapshots| snapshots.stop());
        result
    }

    /// Waits for the job's turn, and runs it until it ends or all its outputs are abandoned. Calls
    /// `tick` with the counters about every 100 ms.
    ///
    /// # Errors
    /// The first error of any task, with its operator. Outputs are then removed.
    pub fn run(self, mut tick: impl FnMut(&JobMetrics)) -> Result<Arc<JobMetrics>> {
        if !self.admission.wait(|| self.job.is_cancelled()) {
            return Err(Error::Cancelled);
        }
        let started = Instant::now();
        let nodes = topological(&self.sinks);
        remove_abandoned(&nodes);
        plan::prepare(&nodes)?;
        let watch = |metrics: &JobMetrics| {
            tick(metrics);
            !is_abandoned(&nodes, &self.sinks)
        };
        let result = self.run_tasks(watch);
        let finished = plan::finish(&nodes, result.is_ok());
        self.job.metrics.elapsed_nanos.add(started.elapsed().as_nanos() as u64);
        result.and(finished).map(|()| self.job.metrics.clone())
    }
}

impl Drop for Submitted {
    /// Releases the callers that wait for a snapshot, even if the job never began.
    fn drop(&mut self) {
        if let Some(snapshots) = &self.snapshots {
            snapshots.stop();
        }
    }
}

/// Returns `true` if no output of the job is needed any more: all sinks are abandoned, and no other
/// node writes files.
fn is_abandoned(nodes: &[Arc<Node>], sinks: &[Arc<Node>]) -> bool {
    let is_sink = |node: &Arc<Node>| sinks.iter().any(|sink| sink.sequence == node.sequence);
    let claims = |node: &Arc<Node>| node.operator.as_endpoint().is_some_and(|endpoint| endpoint.claim().is_some());
    sinks.iter().all(|sink| sink.operator.as_endpoint().is_some_and(Endpoint::is_abandoned))
        && nodes.iter().all(|node| is_sink(node) || !claims(node))
}

/// Cancels a job, takes snapshots of it, and reads its counters. Clones control the same job.
#[derive(Clone)]
pub struct JobControl {
    job: Arc<Job>,
    snapshots: Option<Arc<Snapshots>>,
    admissions: Arc<Admissions>,
}

impl JobControl {
    /// Cancels the job: it ends with [`Error::Cancelled`], unless it has ended already. Each task
    /// stops after its current call.
    pub fn cancel(&self) {
        self.job.fail(Error::Cancelled);
        self.admissions.wake();
    }

    /// Takes a snapshot that begins after this call. Waits until it is complete, and returns its
    /// epoch.
    ///
    /// # Errors
    /// Fails if the job takes no snapshots, or ends before this one is complete.
    pub fn snapshot(&self) -> Result<u64> {
        let none = "no snapshots are taken of this job: it needs a folder for them, `--snapshots`, and a flow that does not end";
        self.snapshots.as_ref().ok_or_else(|| Error::Plan(none.to_owned()))?.snapshot()
    }

    /// The metrics of the job so far.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        Metrics::of(&self.job.metrics, &self.job.origins)
    }
}
