//! Runtime filters: drop rows that have no partner in a join, after its build side is complete.
//!
//! A filter moves from the join towards the sources of the probe side. It passes operators that
//! copy the key's leaves and let filters pass, exchanges, and other joins. It is placed at the
//! lowest such point if that saves work: above this point there is an exchange by hash or another
//! step, or the source decodes the key first. At a source whose splits have statistics it also
//! excludes splits.
//!
//! The build side has a filter too, if the join may reverse its roles. All rows pass it until the
//! join is reversed. Estimates do not decide on this filter, as roles are reversed only if they
//! were wrong.
//!
//! Filters are placed in the finished plan, where build sides and exchanges are decided. The search
//! counts their savings before that ([`with_filters`]).

use std::collections::HashMap;
use std::sync::Arc;

use super::{Draft, Rule};
use crate::error::Result;
use crate::hash::BloomFilter;
use crate::physical::{Decisions, Head, InlineStepPlan, InputOf, Part, PhysicalPlan, RuntimeFilterPlan};
use crate::plan::Node;
use crate::source::{Scan, Source};
use crate::strategy::{Estimate, FilteredPort, Ship, Strategy, Work};

/// The greatest estimated share of rows that a filter keeps. Each row of the build side is hashed
/// once more for it.
const MAX_KEPT_SHARE: f64 = 0.7;

/// Places runtime filters where they save work, or where decisions have them.
pub(super) fn run(draft: &mut Draft) -> Result<()> {
    if draft.runs(Rule::RuntimeFilters) {
        place(&mut draft.plan, &draft.nodes, draft.resources.decisions.as_deref());
    }
    Ok(())
}

/// As [`run`]. The operators of the plan have the order of the nodes.
fn place(plan: &mut PhysicalPlan, nodes: &[Arc<Node>], decisions: Option<&Decisions>) {
    let endless = plan.endless_stages();
    let senders = senders(plan);
    let mut found = Vec::new();
    for (stage, of_stage) in plan.stages.iter().enumerate().filter(|&(stage, _)| !endless[stage]) {
        for (step, of_step) in of_stage.steps.iter().enumerate() {
            for filtered in of_step.driver.filtered.iter().filter(|_| !of_step.in_loop) {
                let (port, key, is_built) = (filtered.port, &filtered.key, filtered.reversed.is_some());
                let (reader, sites, splits) = ((of_step.operator, port), Vec::new(), Vec::new());
                let mut search = SiteSearch { plan, nodes, senders: &senders, is_built, reader, sites, splits };
                search.descend_to_port((stage, step), port, key, false);
                let SiteSearch { sites, splits, .. } = search;
                let identity = &plan.operators[of_step.operator].identity;
                let (has_sites, decided) = match decisions.and_then(|all| all.runtime_filter(identity, port)) {
                    Some(None) => continue,
                    Some(Some(rows)) => (rows.is_some(), rows),
                    // The join is estimated not to reverse its roles. If it does, the estimates are
                    // wrong.
                    None => (is_built || keeps_few(plan, of_step.operator, port), None),
                };
                let sites = if has_sites { sites } else { Vec::new() };
                if !sites.is_empty() || !splits.is_empty() {
                    found.push(Found { join: (stage, step), filtered: filtered.clone(), decided, sites, splits });
                }
            }
        }
    }
    found.into_iter().for_each(|filter| filter.add_to(plan, &senders));
}

/// A filter, and the sites and splits where it is applied.
struct Found {
    /// The join: its stage, and its step.
    join: (usize, usize),
    filtered: FilteredPort,
    /// The decided number of rows, which sets the size of the filter.
    decided: Option<usize>,
    sites: Vec<Site>,
    /// Sources whose splits it excludes: the stage, and the source's leaf that is the key.
    splits: Vec<(usize, usize)>,
}

impl Found {
    fn add_to(self, plan: &mut PhysicalPlan, senders: &Senders) {
        let Found { join: (stage, step), filtered, decided, sites, splits } = self;
        let FilteredPort { port, reversed, .. } = filtered;
        let number = plan.runtime_filters.len();
        let join = plan.stages[stage].steps[step].operator;
        let rows = plan.operators[join].inputs.get(1 - port).map(|&(input, _)| plan.operators[input].estimate.rows);
        let tasks = filling_tasks(plan, senders, (stage, step), 1 - port);
        let estimated = reversed.map(|most| most * tasks).or(rows.map(|rows| rows.ceil() as usize));
        let rows = decided.or(estimated).filter(|_| !sites.is_empty());
        plan.runtime_filters.push(RuntimeFilterPlan { join, port, tasks, rows });
        plan.stages[stage].steps[step].fills.push((port, number));
        if reversed.is_none() {
            plan.operators[join].strategy.push_str(", runtime filter");
        }
        for Site { stage, before, at, key, reader } in sites {
            let of_stage = &mut plan.stages[stage];
            let inline = match before {
                Before::Step(step) => &mut of_stage.steps[step].inline,
                Before::Output(output) => &mut of_stage.outputs[output].inline,
            };
            inline.insert(at, InlineStepPlan::RuntimeFilter(number, key.into(), reader));
        }
        splits.into_iter().for_each(|(stage, leaf)| plan.stages[stage].skips.push((number, leaf)));
    }
}

/// Whether few of the rows at a port are estimated to have partners.
fn keeps_few(plan: &PhysicalPlan, join: usize, port: usize) -> bool {
    let info = &plan.operators[join];
    let probed = info.inputs.get(port).map_or(0.0, |&(input, _)| plan.operators[input].estimate.rows);
    finds_few(info.estimate.rows, probed)
}

/// Whether few of `probed` rows have partners, if the join emits `joined` rows.
fn finds_few(joined: f64, probed: f64) -> bool {
    joined < MAX_KEPT_SHARE * probed
}

/// Adds the work of runtime filters to a strategy of a join whose table fits in memory. A filter
/// drops rows before they are shipped by a hash, so only the others are shipped and looked up.
pub(super) fn with_filters(mut strategy: Strategy, inputs: &[Estimate], joined: Estimate) -> Strategy {
    let driver = strategy.driver.clone();
    for &FilteredPort { port, .. } in driver.filtered.iter().filter(|filtered| filtered.reversed.is_none()) {
        let (probed, edge) = (inputs[port].rows, &mut strategy.edges[port]);
        if matches!(edge.ship, Ship::Hash(_)) && finds_few(joined.rows, probed) {
            let dropped = (probed - joined.rows) * BloomFilter::REJECTED_SHARE;
            edge.shipped_rows = Some(probed - dropped);
            // Each key of the build side is added to the filter.
            strategy.work.rows += inputs[1 - port].rows;
            edge.work = edge.work + Work { misses: dropped, rows: probed - dropped, ..Work::default() };
            strategy.work.misses = (strategy.work.misses - dropped).max(0.0);
        }
    }
    strategy
}

/// The number of tasks that share the rows at a port: 1 if each task has all of them.
fn filling_tasks(plan: &PhysicalPlan, senders: &Senders, (stage, step): (usize, usize), port: usize) -> usize {
    let of_stage = &plan.stages[stage];
    let inbox = of_stage.steps[step].sides.iter().find(|(side, _)| *side == port).map(|&(_, inbox)| inbox);
    let mut outputs = inbox.and_then(|inbox| senders.get(&(stage, inbox))).into_iter().flatten();
    let is_broadcast = outputs.any(|&(stage, output)| plan.stages[stage].outputs[output].ship == Ship::Broadcast);
    if is_broadcast { 1 } else { of_stage.tasks }
}

/// The outputs that send to each inbox: the stage, and the number of the output.
type Senders = HashMap<(usize, usize), Vec<(usize, usize)>>;

fn senders(plan: &PhysicalPlan) -> Senders {
    let mut senders = Senders::new();
    for (stage, of_stage) in plan.stages.iter().enumerate() {
        for (output, of_output) in of_stage.outputs.iter().enumerate() {
            senders.entry(of_output.to).or_default().push((stage, output));
        }
    }
    senders
}

/// The part of a stage that follows some inline steps.
#[derive(Clone, Copy)]
enum Before {
    Step(usize),
    Output(usize),
}

/// The place of a filter: after `at` inline steps before a part of a stage, with the key's leaves
/// there.
struct Site {
    stage: usize,
    before: Before,
    at: usize,
    key: Vec<usize>,
    /// The input that receives the rows that pass.
    reader: InputOf,
}

/// The search for the places of one filter.
struct SiteSearch<'p> {
    plan: &'p PhysicalPlan,
    nodes: &'p [Arc<Node>],
    senders: &'p Senders,
    /// Whether the filter is for the build side, and drops rows only if roles are reversed.
    is_built: bool,
    /// The input that receives the rows after the current point.
    reader: InputOf,
    sites: Vec<Site>,
    /// Sources whose splits the filter may exclude: the stage, and the source's leaf that is the
    /// key.
    splits: Vec<(usize, usize)>,
}

impl SiteSearch<'_> {
    /// Searches the senders of a port. `saves` is whether rows that are dropped earlier save work.
    fn descend_to_port(&mut self, (stage, step): (usize, usize), port: usize, key: &[usize], saves: bool) {
        let of_step = &self.plan.stages[stage].steps[step];
        self.reader = (of_step.operator, port);
        match of_step.sides.iter().find(|(side, _)| *side == port) {
            None if of_step.port == port => self.descend(stage, Before::Step(step), key, saves),
            None => {}
            Some(&(_, inbox)) => self.descend_to_inbox((stage, inbox), key, saves),
        }
    }

    /// Searches the senders of an inbox.
    fn descend_to_inbox(&mut self, inbox: (usize, usize), key: &[usize], saves: bool) {
        let senders = self.senders;
        for &(stage, output) in senders.get(&inbox).into_iter().flatten() {
            // A filter would copy rows of pages that are otherwise passed on whole. It saves more
            // than that if each task looks up all rows.
            let saves = saves
                || match self.plan.stages[stage].outputs[output].ship {
                    Ship::Hash(_) => true,
                    Ship::Broadcast => self.is_built,
                    _ => false,
                };
            self.descend(stage, Before::Output(output), key, saves);
        }
    }

    /// The reader of an operator's rows on their way to the walk's reader. A union if they pass
    /// one.
    fn reader_of(&self, operator: usize) -> InputOf {
        let inputs = |of: usize| self.plan.operators.get(of).map_or(&[][..], |info| &info.inputs);
        let (reader, input) = self.reader;
        let Some(&(before, _)) = inputs(reader).get(input) else { return self.reader };
        let of_union = inputs(before).iter().position(|&(input, _)| input == operator);
        of_union.filter(|_| before != operator).map_or(self.reader, |input| (before, input))
    }

    /// Searches from a step or an output, through its inline steps, to the rows that arrive there.
    fn descend(&mut self, stage: usize, before: Before, key: &[usize], saves: bool) {
        let of_stage = &self.plan.stages[stage];
        let (inline, step_before) = match before {
            Before::Step(step) => (&of_stage.steps[step].inline, step.checked_sub(1)),
            Before::Output(output) => (&of_stage.outputs[output].inline, of_stage.steps.len().checked_sub(1)),
        };
        // If there is another output, it needs the rows, too.
        let below = key_before(inline, key).filter(|_| matches!(before, Before::Step(_)) || of_stage.outputs.len() < 2);
        let reader_after = self.reader;
        if let Before::Output(output) = before {
            self.reader = self.reader_of(of_stage.outputs[output].operator);
        }
        let reader = self.reader;
        let reader_at = |steps: &[InlineStepPlan]| {
            steps.iter().find_map(InlineStepPlan::operator).map_or(reader, |operator| (operator, 0))
        };
        self.reader = reader_at(inline);
        let mut saves = saves;
        let continues = match (below, step_before, &of_stage.head) {
            (None, ..) => false,
            (Some(key), Some(step), _) => self.through(stage, step, &key),
            (Some(key), None, Head::Inbox(inbox) | Head::SpillQueue(_, inbox, _)) => {
                self.descend_to_inbox((stage, *inbox), &key, saves);
                true
            }
            (Some(key), None, Head::Source(_, source, scan)) => {
                saves |= self.at_source(stage, &**source, scan, &key);
                false
            }
        };
        // The start of windows has to be the last inline step.
        if !continues && saves && !inline.iter().any(|step| matches!(step, InlineStepPlan::WindowStart(..))) {
            let (at, key) = before_projections(inline, key);
            let reader = reader_at(&inline[at..]);
            self.sites.push(Site { stage, before, at, key, reader });
        }
        self.reader = reader_after;
    }

    /// Reaches a source. Returns whether the source applies filters before it decodes other leaves.
    fn at_source(&mut self, stage: usize, source: &dyn Source, scan: &Scan, key: &[usize]) -> bool {
        let Some(table) = source.as_table() else { return false };
        if let &[leaf] = key
            && table.has_limits(leaf)
        {
            self.splits.push((stage, leaf));
        }
        table.asks_filters() && scan.live.len() > key.len()
    }

    /// Passes a step, if its operator lets filters of the key pass. Returns whether it does.
    fn through(&mut self, stage: usize, step: usize, key: &[usize]) -> bool {
        let of_step = &self.plan.stages[stage].steps[step];
        let Some(node) = self.nodes.get(of_step.operator).filter(|_| of_step.part == Part::Whole && !of_step.in_loop)
        else {
            return false;
        };
        let mut passes = false;
        for port in 0..node.inputs.len() {
            let leaves = node.operator.lets_filters_pass(port);
            let below =
                leaves.and_then(|leaves| key.iter().map(|&leaf| *leaves.get(leaf)?).collect::<Option<Vec<_>>>());
            if let Some(below) = below {
                self.descend_to_port((stage, step), port, &below, true);
                passes = true;
            }
        }
        passes
    }
}

/// The leaves of a key before all of these inline steps. `None` if a filter cannot pass one of
/// them.
fn key_before(inline: &[InlineStepPlan], key: &[usize]) -> Option<Vec<usize>> {
    inline.iter().rev().try_fold(key.to_vec(), |key, step| match step {
        InlineStepPlan::Filter(_, filter, _) => {
            (!filter.predicate.has_effects() && !filter.predicate.keeps_state()).then_some(key)
        }
        InlineStepPlan::RuntimeFilter(..) => Some(key),
        InlineStepPlan::Project(_, leaves) => selected(leaves, &key),
        InlineStepPlan::WindowStart(..) | InlineStepPlan::EventTime(_) => None,
    })
}

/// The number of inline steps before a filter, with its key there. It follows the program's own
/// filters, whose counts then stay the same, and is placed before projections.
fn before_projections(inline: &[InlineStepPlan], key: &[usize]) -> (usize, Vec<usize>) {
    let (mut at, mut key) = (inline.len(), key.to_vec());
    while let Some(InlineStepPlan::Project(_, leaves)) = at.checked_sub(1).and_then(|last| inline.get(last)) {
        let Some(below) = selected(leaves, &key) else { break };
        (at, key) = (at - 1, below);
    }
    (at, key)
}

/// The leaves before a projection.
fn selected(leaves: &[usize], key: &[usize]) -> Option<Vec<usize>> {
    key.iter().map(|&leaf| leaves.get(leaf).copied()).collect()
}
