//! A run, from planning to its report, on any thread.

use std::io::IsTerminal;
use std::sync::Arc;

use runtime::embedded;
use runtime::exec::{self, JobControl, Resources, Streaming, Submitted};
use runtime::explain;
use runtime::metrics::JobMetrics;
use runtime::optimizer;
use runtime::physical::PhysicalPlan;
use runtime::plan::{Endpoint, Node, topological};

use super::plan_output::PlanOutput;
use super::progress::{self, Progress};
use super::resume::ResumeCommand;
use super::{Engine, Env, ProgressWhen, Report};
use crate::accumulators::{AccumulatorScope, Run};
use crate::error::Result;

/// A run that is planned and admitted to its budget.
pub(super) struct Execution {
    run: Arc<Run>,
    sinks: Vec<Arc<Node>>,
    work: Work,
}

/// The work of a run.
enum Work {
    /// Run on the embedded engine.
    Embedded,
    Local(Box<LocalJob>),
    /// Nothing: only the plan was requested, and it was shown.
    PlanOnly,
}

/// A job of the local engine, and the output that it prints.
struct LocalJob {
    submitted: Submitted,
    plan: Arc<PhysicalPlan>,
    shows_progress: bool,
    shows_fields: bool,
    plan_output: Option<PlanOutput>,
    resume: Option<ResumeCommand>,
}

impl Env {
    /// Plans the sinks and submits the job.
    pub(super) fn submit(&self, sinks: &[Arc<Node>]) -> Result<Execution> {
        if self.inner.options.schema {
            eprint!("{}", explain::schemas(sinks));
        }
        let sinks = self.sinks_to_run(sinks)?;
        let run = self.inner.accumulators.begin()?;
        let work = run.within(|| match self.inner.options.engine {
            _ if self.inner.options.plan_only => self.show_plan(&sinks).map(|()| Work::PlanOnly),
            Engine::Embedded => Ok(Work::Embedded),
            Engine::Local => self.submit_locally(&sinks, &run).map(|job| Work::Local(Box::new(job))),
        });
        match work {
            Ok(work) => Ok(Execution { run, sinks, work }),
            Err(error) => {
                // The run has failed, so its accumulators have no values.
                run.end(false)?;
                Err(error)
            }
        }
    }

    fn show_plan(&self, sinks: &[Arc<Node>]) -> Result<()> {
        let plan = optimizer::plan(sinks, self.optimizer_resources())?;
        PlanOutput::of(self)?.map_or(Ok(()), |plan_output| plan_output.show_without_run(&plan))
    }

    fn submit_locally(&self, sinks: &[Arc<Node>], run: &Arc<Run>) -> Result<LocalJob> {
        let options = &self.inner.options;
        let snapshots = self.snapshot_settings(sinks)?;
        let (optimizer_resources, takes_snapshots) =
            (self.optimizer_resources_of(sinks, snapshots.as_ref()), snapshots.is_some());
        let memory_bytes = optimizer_resources.memory_bytes;
        let plan_for = |memory_bytes| {
            let planned = |resources| optimizer::plan(sinks, optimizer::Resources { memory_bytes, ..resources });
            match planned(optimizer_resources.clone()) {
                // A changed program may not be able to run with the decisions in the snapshot. Its
                // states decide later whether it can be restored.
                Err(_) if takes_snapshots => planned(self.optimizer_resources()),
                plan => plan,
            }
        };
        let plan = Arc::new(plan_for(memory_bytes)?);
        let plan_output = PlanOutput::of(self)?;
        plan_output.as_ref().map_or(Ok(()), |plan_output| plan_output.show_plan(&plan))?;
        let shows_progress = match options.progress {
            ProgressWhen::Always => true,
            ProgressWhen::Never => false,
            ProgressWhen::Terminal => std::io::stderr().is_terminal(),
        };
        let is_resumed = snapshots.is_some() && self.inner.is_from_args && options.progress != ProgressWhen::Never;
        let resume = is_resumed.then(|| ResumeCommand::new(std::env::args(), shows_progress));
        let (admissions, space) = (self.inner.admissions.clone(), self.inner.space.clone());
        let streaming = Streaming { latency: options.latency, idle_after: options.idle_after };
        let run = Arc::new(AccumulatorScope(run.clone()));
        let resources = Resources { pool: self.pool()?, admissions, space, streaming, snapshots, run };
        let submitted = Submitted::new(plan.clone(), sinks.to_vec(), resources);
        Ok(LocalJob {
            submitted: submitted.map_err(|error| exec::with_sufficient_memory(error, takes_snapshots, plan_for))?,
            plan,
            shows_progress,
            shows_fields: options.explain_fields,
            plan_output,
            resume,
        })
    }
}

impl Execution {
    /// Returns the control that cancels the job. `None` for the embedded engine, or if nothing
    /// runs.
    pub(super) fn control(&self) -> Option<JobControl> {
        match &self.work {
            Work::Local(job) => Some(job.submitted.control()),
            Work::Embedded | Work::PlanOnly => None,
        }
    }

    /// Runs the job to its end.
    pub(super) fn complete(self) -> Result<Report> {
        let Execution { run, sinks, work } = self;
        let has_run = !matches!(work, Work::PlanOnly);
        let result = run.within(|| match work {
            Work::PlanOnly => Ok(Report::default()),
            Work::Embedded => embedded::run(&sinks).map(|()| Report::default()).map_err(Into::into),
            Work::Local(job) => job.complete(&run),
        });
        let accumulated = run.end(has_run && result.is_ok());
        let rejected_rows = topological(&sinks)
            .iter()
            .filter_map(|node| node.operator.as_endpoint())
            .map(Endpoint::rejected_rows)
            .sum();
        let report = result?;
        Ok(Report { rejected_rows, accumulated: accumulated?, ..report })
    }
}

impl LocalJob {
    fn complete(mut self, run: &Run) -> Result<Report> {
        let mut progress = self.shows_progress.then(|| Progress::new(&self.plan));
        let tick = |metrics: &JobMetrics| {
            if let Some(text) = self.resume.as_mut().and_then(|resume| resume.text(&metrics.snapshots)) {
                progress::print(progress.as_ref(), &text);
            }
            if let Some(progress) = &mut progress {
                progress.show(metrics, &run.formatted());
            }
        };
        let result = self.submitted.run(tick);
        if let Some(progress) = progress {
            progress.clear();
        }
        let metrics = result?;
        let explain = explain::text(&self.plan, Some(&metrics), self.shows_fields);
        let explain_json = explain::json(&self.plan, Some(&metrics));
        if let Some(plan_output) = &self.plan_output {
            plan_output.show_run(&self.plan, &metrics);
        }
        let (source_rows, source_bytes) = (metrics.source_rows.get(), metrics.source_bytes.get());
        let spilled_bytes = metrics.counts().map(|operator| operator.spilled_bytes).sum();
        Ok(Report { explain, explain_json, source_rows, source_bytes, spilled_bytes, ..Report::default() })
    }
}
