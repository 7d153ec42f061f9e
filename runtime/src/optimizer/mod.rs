//! From the logical to the physical plan, by an ordered list of `RULES`.
//!
//! Rules that only improve a plan can be left out (`--without`, [`Rule`]). Tests compare the
//! results with and without each of them to those of the embedded engine, which has no rules.

mod branches;
mod checks;
mod choose;
mod cost;
mod estimates;
mod fields;
mod filters;
mod joins;
mod profile;
mod replays;
mod rules;
mod runtime_filters;
mod sanity;
mod scans;
mod search;
mod source_bounds;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::physical::{Decisions, PhysicalPlan};
use crate::plan::{Node, topological};
use crate::row::LeafSet;
use crate::strategy::{Estimate, Properties};

use branches::Edge;
use estimates::{Estimates, Known};
use fields::Live;

pub use profile::{Profile, Weights};
pub use rules::{Rule, Rules};

/// A rule: its name, the reason for its position, and its function.
type RuleEntry = (&'static str, &'static str, fn(&mut Draft) -> Result<()>);

/// Entries of rules. The name of a rule is that of its module.
macro_rules! rules {
    ($($module:ident: $reason:literal,)*) => { [$((stringify!($module), $reason, $module::run)),*] };
}

/// The rules in the order in which they run.
const RULES: [RuleEntry; 11] = rules! {
    checks: "First, so that no rejected program is planned.",
    filters: "Before estimates and placement: both depend on the position of filters.",
    joins: "After `filters`, to count filtered rows. Before `scans`: it may make forks that meet.",
    scans: "After `joins`. Later rules see each copy of a scan as a source of its own.",
    replays: "The last rule that changes nodes. The estimates of a loop need its replays.",
    fields: "From the sinks to the sources. Before `estimates`: the width of rows depends on it.",
    estimates: "From the sources to the sinks. Before `choose`: costs depend on it.",
    branches: "Before `choose`, which places the spools of branches that meet again.",
    choose: "Needs all of the above. Its stages follow from the cheapest strategies.",
    runtime_filters: "After `choose`, which decides the build sides and the exchanges of joins.",
    sanity: "Last: it checks the finished plan.",
};

/// The resources of a plan, and the decisions that it follows.
#[derive(Clone, Debug)]
pub struct Resources {
    /// The number of parallel tasks.
    pub tasks: usize,
    /// The memory budget in bytes.
    pub memory_bytes: usize,
    /// The rules that run.
    pub rules: Rules,
    /// The machine that the plan is made for.
    pub profile: Profile,
    /// Decisions of an earlier plan. Operators that they do not name run in the cheapest way.
    pub decisions: Option<Arc<Decisions>>,
    /// Runs the samples of sources, as many in parallel as there are tasks.
    pub parallel_for: ParallelFor,
}

/// Calls a function with each number below `count`, on at most `threads` threads. Returns after all
/// calls.
pub type ParallelFor = fn(threads: usize, count: usize, work: &(dyn Fn(usize) + Sync));

/// A plan between two rules. Each rule completes or replaces a part of it.
struct Draft {
    resources: Resources,
    /// The sinks of the logical plan.
    sinks: Vec<Arc<Node>>,
    /// All its nodes, inputs before consumers.
    nodes: Vec<Arc<Node>>,
    live: Live,
    known: Known,
    estimates: Estimates,
    /// The edges whose rows are spooled.
    spooled_edges: HashSet<Edge>,
    /// The placement and order of each node's rows that later strategies rely on.
    properties: Vec<Properties>,
    plan: PhysicalPlan,
}

impl Draft {
    fn runs(&self, rule: Rule) -> bool {
        self.resources.rules.runs(rule)
    }

    fn live_of(&self, node: &Node) -> LeafSet {
        self.live.get(&node.sequence).cloned().unwrap_or_default()
    }

    fn estimate_of(&self, node: &Node) -> Estimate {
        self.estimates.get(&node.sequence).copied().unwrap_or(Estimate::NOTHING)
    }

    /// Replaces nodes by the ones that a rule made of them, by sequence number.
    fn replace_nodes(&mut self, made: &HashMap<u64, Arc<Node>>) {
        self.sinks = self.sinks.iter().filter_map(|sink| made.get(&sink.sequence)).cloned().collect();
        self.nodes = topological(&self.sinks);
    }
}

/// Makes the physical plan of the sinks and all nodes before them.
///
/// # Errors
/// Fails if the program is wrong in a way that its types do not show, or if a rule made an invalid
/// plan.
pub fn plan(sinks: &[Arc<Node>], resources: Resources) -> Result<PhysicalPlan> {
    Ok(drafted(sinks, resources)?.plan)
}

/// As [`plan`], with the facts that the plan was made of.
fn drafted(sinks: &[Arc<Node>], resources: Resources) -> Result<Draft> {
    let mut draft = Draft {
        resources,
        sinks: sinks.to_vec(),
        nodes: topological(sinks),
        live: Live::new(),
        known: Known::new(),
        estimates: Estimates::new(),
        spooled_edges: HashSet::new(),
        properties: Vec::new(),
        plan: PhysicalPlan::default(),
    };
    for (name, reason, run) in RULES {
        run(&mut draft).map_err(|error| match error {
            Error::Internal(message) => Error::Internal(format!("rule `{name}` ({reason}): {message}")),
            error => error,
        })?;
    }
    Ok(draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_rules_have_the_names_of_modules() {
        for rule in Rule::ALL.into_iter().filter(|&rule| rule != Rule::Combiners) {
            assert!(RULES.iter().any(|(name, ..)| name.replace('_', "-") == rule.name()), "{}", rule.name());
        }
        assert_eq!(RULES.last().map(|rule| rule.0), Some("sanity"));
    }
}
