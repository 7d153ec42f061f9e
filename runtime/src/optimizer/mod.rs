//! From the logical to the physical plan.
//!
//! The rules run in this order:
//! 1. `checks`: what only the whole graph can know to be wrong, so that nothing is planned in vain.
//! 2. `filters`: filters move down. What they leave is what the next rules count and place.
//! 3. `join_order`: inner joins in the order that carries least. It counts filters where they are by now, and may make forks that meet.
//! 4. `repeat`: scans that would have to be kept in memory are made twice. Everything after it sees the plan with them.
//! 5. `loops`: what comes into a loop from outside is replayed in each round.
//! 6. `liveness`, from the sinks up: which leaves somebody reads. Estimates need it for widths.
//! 7. `estimates`, from the sources down: how many rows, how wide. Costs need it.
//! 8. `branches`: which branches of a fork meet again; their rows are spooled, unless they do not end.
//! 9. `choose`: a strategy for each operator by cost (`search`), and, from the sources down, the stages that follow from it.
//! 10. `runtime_filters`: what joins say of their build sides, once they are complete, is asked where rows of the other side begin.
//! 11. `sanity`, last: holds the finished plan against what the executor relies on.
//!
//! **Each rule can be left out** (`--without`), and a test holds results with and without each against the embedded engine, which knows none.

mod branches;
mod checks;
mod choose;
mod cost;
mod estimates;
mod filters;
mod join_order;
mod liveness;
mod loops;
mod profile;
mod repeat;
mod rules;
mod runtime_filters;
mod scans;
mod sanity;
mod search;

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::Result;
use crate::physical::{Decisions, PhysicalPlan};
use crate::plan::{Loops, Node, topological};

use estimates::Estimates;
use join_order::Reordered;

pub use profile::{Profile, Weights};
pub use rules::{Rule, Rules};

/// What the planner may use.
#[derive(Clone, Debug)]
pub struct Resources {
    /// Parallel tasks.
    pub tasks: usize,
    /// The memory budget.
    pub memory_bytes: usize,
    /// The rules that run.
    pub rules: Rules,
    /// What plans are made for.
    pub profile: Profile,
    /// What is decided already: operators that are not named here run in the cheapest way.
    pub decisions: Option<Arc<Decisions>>,
    /// How sources are sampled, as many at once as there are tasks.
    pub side_by_side: SideBySide,
}

/// Calls a function with each number below a count, on up to so many threads, and returns when all are done.
pub type SideBySide = fn(threads: usize, count: usize, work: &(dyn Fn(usize) + Sync));

/// Plans everything that these sinks need.
///
/// # Errors
/// What cannot be right about the program, said before the first record.
pub fn plan(sinks: &[Arc<Node>], resources: Resources) -> Result<PhysicalPlan> {
    checks::check(&topological(sinks))?;
    let mut sinks = sinks.to_vec();
    if resources.rules.runs(Rule::Filters) {
        sinks = filters::move_down(&sinks);
    }
    let Reordered { regions: join_regions, estimates: before } = join_order::reorder(&mut sinks, &resources)?;
    if resources.rules.runs(Rule::Scans) {
        sinks = repeat::scans(&sinks);
    }
    sinks = loops::with_replays(&sinks);
    let nodes = topological(&sinks);
    let live = liveness::live(&nodes, resources.rules);
    // The same nodes are not estimated twice: predicates would run over samples again.
    let is_same = |of: &Estimates| of.len() == nodes.len() && nodes.iter().all(|node| of.contains_key(&node.sequence));
    let estimated = before.filter(|(_, estimates)| is_same(estimates));
    let (known, estimates) = estimated.unwrap_or_else(|| estimates::estimate(&nodes, &live, &resources));
    let meeting = branches::meeting(&nodes);
    branches::refuse_endless(&nodes, &meeting)?;
    let mut plan = choose::choose(&nodes, &live, (&known, &estimates), &meeting, &resources)?;
    if resources.rules.runs(Rule::RuntimeFilters) {
        runtime_filters::place(&mut plan, &nodes);
    }
    let numbers: HashMap<u64, usize> = nodes.iter().zip(0..).map(|(node, number)| (node.sequence, number)).collect();
    plan.sinks = sinks.iter().filter_map(|sink| numbers.get(&sink.sequence).copied()).collect();
    let loops = Loops::of(&nodes);
    let hint = |(index, node): (usize, &Arc<Node>)| Some((index, node.operator.size_hint()?));
    plan.size_hints =
        nodes.iter().enumerate().filter(|(_, node)| loops.around(node).is_none()).filter_map(hint).collect();
    plan.join_regions = join_regions;
    sanity::check(&plan, &nodes)?;
    Ok(plan)
}
