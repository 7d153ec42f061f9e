//! A query with a given plan, which runs until it ends or reaches a time limit.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use dataflow::{Choice, Decisions, Env, Options, Plan, ProgressWhen};
use examples::tpch::{Query, Tables};

use crate::error::{Error, Result};

/// Interval at which a run is polled for its end.
const PAUSE: Duration = Duration::from_micros(200);

/// A query over files.
pub(super) struct Program {
    pub(super) query: &'static Query,
    pub(super) tables: PathBuf,
    pub(super) parallelism: usize,
    /// The path of its answer.
    pub(super) output: PathBuf,
}

/// The result of a run.
pub(super) struct Run {
    pub(super) seconds: f64,
    /// The rows as text.
    pub(super) answer: String,
}

/// Decisions for all operators of a query.
#[derive(Clone)]
pub(super) struct Decided {
    pub(super) decisions: Decisions,
    /// The cost model's estimate for the whole plan.
    pub(super) estimated_seconds: f64,
}

impl Program {
    /// The plan with these decisions. Fails if they cannot be combined.
    pub(super) fn plan(&self, decisions: Decisions) -> Result<Plan> {
        let env = self.declare(decisions)?;
        let plan = env.plan();
        env.discard();
        plan.map_err(Error::of_case)
    }

    /// Runs a plan. Returns `None` if it takes longer than `limit` and was ended.
    pub(super) fn run(&self, decisions: &Decisions, limit: Duration) -> Result<Option<Run>> {
        let start = Instant::now();
        let job = self.declare(decisions.clone())?.start().map_err(Error::of_case)?;
        while !job.is_finished() {
            if start.elapsed() > limit {
                // Dropping the job cancels it and waits until it has stopped.
                return Ok(None);
            }
            thread::sleep(PAUSE);
        }
        let seconds = start.elapsed().as_secs_f64();
        job.wait().map_err(Error::of_case)?;
        let answer = fs::read_to_string(&self.output).map_err(Error::io("read", &self.output))?;
        Ok(Some(Run { seconds, answer }))
    }

    fn declare(&self, decisions: Decisions) -> Result<Env> {
        let (parallelism, progress, decisions) = (self.parallelism, ProgressWhen::Never, Some(Arc::new(decisions)));
        let env = Env::new(Options { parallelism, progress, decisions, ..Options::default() });
        let tables = Tables::new(&env, &self.tables);
        self.query.write(&tables, &self.output.to_string_lossy()).map_err(Error::of_case)?;
        Ok(env)
    }
}

impl Decided {
    pub(super) fn of(plan: &Plan) -> Self {
        let seconds = plan.candidates().filter_map(|(identity, candidates)| {
            let choice = plan.decisions().get(identity)?;
            candidates.iter().find(|candidate| candidate.choice == *choice).map(|candidate| candidate.seconds)
        });
        Self { estimated_seconds: seconds.sum(), decisions: plan.decisions().clone() }
    }

    /// The operators with another strategy in another plan.
    pub(super) fn differences<'d>(
        &'d self,
        other: &'d Self,
    ) -> impl Iterator<Item = (&'d str, &'d Choice, &'d Choice)> {
        let both = self.decisions.iter().filter_map(|(identity, choice)| {
            other.decisions.get(identity).map(|otherwise| (identity, choice, otherwise))
        });
        both.filter(|(_, choice, otherwise)| choice != otherwise)
    }
}
