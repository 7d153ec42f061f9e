//! The alternative plans of a query.

use dataflow::{Decisions, Plan};

use super::program::{Decided, Program};
use crate::data::random;
use crate::error::Result;

/// Number of consecutive draws without a new plan, after which the search ends.
const MAX_FAILED_DRAWS: usize = 32;

/// The alternative plans of a query.
pub(super) struct Alternatives {
    pub(super) plans: Vec<Decided>,
    /// Number of rejected decisions.
    pub(super) refused: usize,
}

impl Alternatives {
    /// All plans that differ in one decision, and some random ones.
    pub(super) fn of(program: &Program, chosen: &Plan, random: usize, seed: u64) -> Result<Self> {
        let mut alternatives = Self { plans: Vec::new(), refused: 0 };
        for (identity, candidates) in chosen.candidates() {
            let decided = chosen.decisions().get(identity);
            for candidate in candidates.iter().filter(|candidate| Some(&candidate.choice) != decided) {
                // First with the best choices for the other operators, then with the choices of the
                // chosen plan.
                for free in [Decisions::default(), chosen.decisions().clone()] {
                    let found = program.plan(free.with(identity, candidate.choice.clone()));
                    alternatives.add(found.ok().as_ref(), chosen);
                }
            }
        }
        let (most, mut draws, mut failed_draws) = (alternatives.plans.len() + random, Draws { seed, count: 0 }, 0);
        while alternatives.plans.len() < most && failed_draws < MAX_FAILED_DRAWS {
            let before = alternatives.plans.len();
            alternatives.add(draws.plan(program)?.as_ref(), chosen);
            failed_draws = if alternatives.plans.len() > before { 0 } else { failed_draws + 1 };
        }
        Ok(alternatives)
    }

    fn add(&mut self, found: Option<&Plan>, chosen: &Plan) {
        match found {
            None => self.refused += 1,
            Some(plan) => {
                let is_known = |decisions: &Decisions| self.plans.iter().any(|plan| plan.decisions == *decisions);
                if plan.decisions() != chosen.decisions() && !is_known(plan.decisions()) {
                    self.plans.push(Decided::of(plan));
                }
            }
        }
    }
}

struct Draws {
    seed: u64,
    count: u64,
}

impl Draws {
    /// Draws a random choice for one operator after the other, from the choices that remain. `None`
    /// if the choices cannot be combined.
    fn plan(&mut self, program: &Program) -> Result<Option<Plan>> {
        let mut decided = Decisions::default();
        let mut plan = program.plan(decided.clone())?;
        loop {
            let is_open = |identity: &str, ways: usize| ways > 1 && decided.get(identity).is_none();
            let open = plan.candidates().find(|(identity, candidates)| is_open(identity, candidates.len()));
            let Some((identity, candidates)) = open else { return Ok(Some(plan)) };
            let choice = candidates[self.below(candidates.len())].choice.clone();
            decided = decided.with(identity, choice);
            plan = match program.plan(decided.clone()) {
                Ok(plan) => plan,
                Err(_) => return Ok(None),
            };
        }
    }

    fn below(&mut self, limit: usize) -> usize {
        self.count += 1;
        (random(self.seed, self.count) % limit as u64) as usize
    }
}
