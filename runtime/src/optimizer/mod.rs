//! From the logical to the physical plan.
//!
//! `RULES` lists the rules in their order, each with the reason for its position. Rules that a plan
//! can do without are left out by `--without` ([`Rule`]). A test compares the results with and without
//! each of them to those of the embedded engine, which has no rules.

mod branches;
mod checks;
mod choose;
mod cost;
mod estimates;
mod filters;
mod fields;
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
use crate::plan::{Loops, Node, topological};
use crate::strategy::Properties;

use branches::Edge;
use estimates::{Estimates, Known};
use fields::Live;
use joins::Reordered;

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

/// A rule in its place.
struct PlannedRule {
    name: &'static str,
    /// Why it runs after the rules before it.
    reason: &'static str,
    run: fn(&mut Draft) -> Result<()>,
}

/// All rules, in the order in which they run.
const RULES: [PlannedRule; 11] = [
    rule("checks", "a program that cannot run is rejected before it is planned", |draft| {
        checks::check(&topological(&draft.sinks))
    }),
    rule("filters", "the next rules count and place what filters leave", |draft| {
        if draft.runs(Rule::Filters) {
            draft.sinks = filters::move_down(&draft.sinks);
        }
        Ok(())
    }),
    rule("joins", "it counts filters in their final places, and may make forks that meet", |draft| {
        draft.reordered = joins::reorder(&mut draft.sinks, &draft.resources)?;
        Ok(())
    }),
    rule("scans", "repeats scans at forks that meet, so it needs the final joins", |draft| {
        if draft.runs(Rule::Scans) {
            draft.sinks = scans::scans(&draft.sinks);
        }
        Ok(())
    }),
    rule("replays", "the last rule that changes nodes: loops replay rows from outside", |draft| {
        draft.sinks = replays::with_replays(&draft.sinks);
        draft.nodes = topological(&draft.sinks);
        Ok(())
    }),
    rule("fields", "estimates need the leaves that are read, for widths", |draft| {
        draft.live = fields::live(&draft.nodes, draft.resources.rules);
        Ok(())
    }),
    rule("estimates", "costs need rows and widths", Draft::estimate),
    rule("branches", "a strategy depends on the edges that need a spool", |draft| {
        draft.meeting = branches::meeting(&draft.nodes);
        branches::refuse_endless(&draft.nodes, &draft.meeting)
    }),
    rule("choose", "strategies by cost, and the stages that follow from them", Draft::choose),
    rule("runtime-filters", "the keys of a join are known with its strategy", |draft| {
        if draft.runs(Rule::RuntimeFilters) {
            runtime_filters::place(&mut draft.plan, &draft.nodes, draft.resources.decisions.as_deref());
        }
        Ok(())
    }),
    rule("sanity", "checks the finished plan, and changes nothing", sanity::check),
];

const fn rule(name: &'static str, reason: &'static str, run: fn(&mut Draft) -> Result<()>) -> PlannedRule {
    PlannedRule { name, reason, run }
}

/// A plan while it is made.
struct Draft {
    sinks: Vec<Arc<Node>>,
    resources: Resources,
    reordered: Reordered,
    /// All nodes, inputs first, from the rule `replays` on.
    nodes: Vec<Arc<Node>>,
    live: Live,
    known: Known,
    estimates: Estimates,
    /// Edges of forks whose branches meet.
    meeting: HashSet<Edge>,
    /// The placement and order of each node's rows, as strategies count on it.
    properties: Vec<Properties>,
    plan: PhysicalPlan,
}

impl Draft {
    fn runs(&self, rule: Rule) -> bool {
        self.resources.rules.runs(rule)
    }

    /// Nodes that were estimated before are not estimated again, which would run predicates over
    /// samples twice.
    fn estimate(&mut self) -> Result<()> {
        let nodes = &self.nodes;
        let is_same =
            |of: &Estimates| of.len() == nodes.len() && nodes.iter().all(|node| of.contains_key(&node.sequence));
        let estimated = self.reordered.estimates.take().filter(|(_, estimates)| is_same(estimates));
        (self.known, self.estimates) =
            estimated.unwrap_or_else(|| estimates::estimate(nodes, &self.live, &self.resources));
        Ok(())
    }

    fn choose(&mut self) -> Result<()> {
        let nodes = &self.nodes;
        let estimates = (&self.known, &self.estimates);
        let (mut plan, properties) = choose::choose(nodes, &self.live, estimates, &self.meeting, &self.resources)?;
        let numbers: HashMap<u64, usize> =
            nodes.iter().zip(0..).map(|(node, number)| (node.sequence, number)).collect();
        plan.sinks = self.sinks.iter().filter_map(|sink| numbers.get(&sink.sequence).copied()).collect();
        let loops = Loops::of(nodes);
        let hint = |(index, node): (usize, &Arc<Node>)| Some((index, node.operator.size_hint()?));
        let outside = nodes.iter().enumerate().filter(|(_, node)| loops.around(node).is_none());
        plan.size_hints = outside.filter_map(hint).collect();
        plan.join_regions = std::mem::take(&mut self.reordered.regions);
        (self.plan, self.properties) = (plan, properties);
        Ok(())
    }
}

/// Plans everything that these sinks need.
///
/// # Errors
/// Rejects programs that cannot run, before the first record.
pub fn plan(sinks: &[Arc<Node>], resources: Resources) -> Result<PhysicalPlan> {
    Ok(drafted(sinks, resources)?.plan)
}

/// As [`plan`], with the facts that the plan was made of.
fn drafted(sinks: &[Arc<Node>], resources: Resources) -> Result<Draft> {
    let mut draft = Draft {
        sinks: sinks.to_vec(),
        resources,
        reordered: Reordered::default(),
        nodes: Vec::new(),
        live: Live::default(),
        known: Known::default(),
        estimates: Estimates::default(),
        meeting: HashSet::new(),
        properties: Vec::new(),
        plan: PhysicalPlan::default(),
    };
    let run = |rule: &PlannedRule| {
        (rule.run)(&mut draft).map_err(|error| match error {
            Error::Internal(message) => Error::Internal(format!("rule `{}` ({}): {message}", rule.name, rule.reason)),
            error => error,
        })
    };
    RULES.iter().try_for_each(run)?;
    Ok(draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rules that can be left out have the name of their entry. Two of them act inside other rules.
    #[test]
    fn rules_that_can_be_left_out_are_in_the_list() {
        let inside = [Rule::Fields, Rule::Combiners];
        for rule in Rule::ALL.iter().filter(|rule| !inside.contains(rule)) {
            assert!(RULES.iter().any(|planned| planned.name == rule.name()), "{rule:?}");
        }
        assert_eq!(RULES.last().map(|planned| planned.name), Some("sanity"));
    }
}
