//! From the logical to the physical plan.
//!
//! The rules run in this order:
//! 1. `checks`: what only the whole graph can know to be wrong, so that nothing is planned in vain.
//! 2. `repeat`: scans that would have to be kept in memory are made twice. Everything after it sees the plan with them.
//! 3. `liveness`, from the sinks up: which leaves somebody reads. Estimates need it for widths.
//! 4. `estimates`, from the sources down: how many rows, how wide. Costs need it.
//! 5. `branches`: which forks meet again; their exchanges must not be bounded.
//! 6. `choose`, from the sources down: a strategy for each operator by cost, and the stages that follow from it.
//! 7. `sanity`, last: holds the finished plan against what the executor relies on.

mod branches;
mod checks;
mod choose;
mod estimates;
mod liveness;
mod repeat;
mod sanity;

use std::sync::Arc;

use crate::error::Result;
use crate::physical::PhysicalPlan;
use crate::plan::{Node, topological};

/// What the planner may use.
#[derive(Clone, Copy, Debug)]
pub struct Resources {
    /// Parallel tasks.
    pub tasks: usize,
}

/// Plans everything that these sinks need.
///
/// # Errors
/// What cannot be right about the program, said before the first record.
pub fn plan(sinks: &[Arc<Node>], resources: Resources) -> Result<PhysicalPlan> {
    checks::check(&topological(sinks))?;
    let nodes = topological(&repeat::scans(sinks));
    let live = liveness::live(&nodes);
    let estimates = estimates::estimate(&nodes, &live);
    let meeting = branches::meeting(&nodes);
    let plan = choose::choose(&nodes, &live, &estimates, &meeting, resources)?;
    sanity::check(&plan)?;
    Ok(plan)
}
