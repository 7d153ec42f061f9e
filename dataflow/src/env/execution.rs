//! A run from its plan to its report, on whichever thread.

use std::io::IsTerminal;
use std::sync::Arc;

use runtime::embedded;
use runtime::exec::{JobControl, Resources, Streaming, Submitted};
use runtime::explain;
use runtime::metrics::JobMetrics;
use runtime::optimizer;
use runtime::physical::PhysicalPlan;
use runtime::plan::{Node, topological};

use super::progress::Progress;
use super::{Engine, Env, ProgressWhen, Report};
use crate::accumulators::Run;
use crate::error::Result;

/// A run that is planned, and has its place among the jobs of its budget.
pub(super) struct Execution {
    run: Arc<Run>,
    sinks: Vec<Arc<Node>>,
    /// None for the embedded engine.
    job: Option<LocalJob>,
}

/// What the local engine runs, and what is said of it.
struct LocalJob {
    submitted: Submitted,
    plan: Arc<PhysicalPlan>,
    shows_progress: bool,
    explains: bool,
    explains_fields: bool,
}

impl Env {
    /// Plans what these sinks need.
    pub(super) fn submit(&self, sinks: &[Arc<Node>]) -> Result<Execution> {
        if self.inner.options.schema {
            eprint!("{}", explain::schemas(sinks));
        }
        let sinks = self.as_run(sinks)?;
        let run = self.inner.accumulators.begin()?;
        let job = run.within(|| match self.inner.options.engine {
            Engine::Embedded => Ok(None),
            Engine::Local => self.submit_locally(&sinks).map(Some),
        });
        match job {
            Ok(job) => Ok(Execution { run, sinks, job }),
            Err(error) => {
                // It has failed, so accumulators have no values.
                run.end(false)?;
                Err(error)
            }
        }
    }

    fn submit_locally(&self, sinks: &[Arc<Node>]) -> Result<LocalJob> {
        let options = &self.inner.options;
        let snapshots = self.snapshot_settings(sinks)?;
        let plan = Arc::new(optimizer::plan(sinks, self.planning_of(sinks, snapshots.as_ref()))?);
        if options.explain {
            eprintln!("{}", explain::text(&plan, None, options.explain_fields));
        }
        if options.explain_json {
            eprintln!("{}", explain::json(&plan));
        }
        let shows_progress = match options.progress {
            ProgressWhen::Always => true,
            ProgressWhen::Never => false,
            ProgressWhen::Terminal => std::io::stderr().is_terminal(),
        };
        let (admissions, space) = (self.inner.admissions.clone(), self.inner.space.clone());
        let streaming = Streaming { latency: options.latency, idle_after: options.idle_after };
        let resources = Resources { pool: self.pool()?, admissions, space, streaming, snapshots };
        Ok(LocalJob {
            submitted: Submitted::new(plan.clone(), sinks.to_vec(), resources)?,
            plan,
            shows_progress,
            explains: options.explain,
            explains_fields: options.explain_fields,
        })
    }
}

impl Execution {
    /// What cancels it; none where it runs on the embedded engine.
    pub(super) fn control(&self) -> Option<JobControl> {
        self.job.as_ref().map(|job| job.submitted.control())
    }

    /// Runs it to its end.
    pub(super) fn complete(self) -> Result<Report> {
        let Execution { run, sinks, job } = self;
        let result = run.within(|| match job {
            None => embedded::run(&sinks).map(|()| Report::default()).map_err(Into::into),
            Some(job) => job.complete(&run),
        });
        let accumulated = run.end(result.is_ok());
        let rejected_rows = topological(&sinks).iter().map(|node| node.operator.rejected_rows()).sum();
        let report = result?;
        Ok(Report { rejected_rows, accumulated: accumulated?, ..report })
    }
}

impl LocalJob {
    fn complete(self, run: &Run) -> Result<Report> {
        let mut progress = self.shows_progress.then(|| Progress::new(&self.plan));
        let tick = |metrics: &JobMetrics| {
            if let Some(progress) = &mut progress {
                progress.show(metrics, &run.shown());
            }
        };
        let result = self.submitted.run(tick);
        if let Some(progress) = progress {
            progress.clear();
        }
        let metrics = result?;
        let explain = explain::text(&self.plan, Some(&metrics), self.explains_fields);
        if self.explains {
            eprintln!("{explain}");
        }
        let (source_rows, source_bytes) = (metrics.source_rows.get(), metrics.source_bytes.get());
        let spilled_bytes = metrics.operators.iter().map(|operator| operator.spilled_bytes.get()).sum();
        Ok(Report { explain, source_rows, source_bytes, spilled_bytes, ..Report::default() })
    }
}
