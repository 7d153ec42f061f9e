//! Runtime filters: where rows are dropped that will find no partner in a join, once its build side is complete.
//!
//! A filter goes from the join towards the sources of its other side, through whatever takes over the key's leaves and lets filters pass, across exchanges and other joins,
//! as far down as it comes. It stands there only if something lies between it and the join: an exchange, another step, or a source that decodes no more of a row than
//! its key before it is asked. Where it comes to a source whose splits have statistics, it also leaves splits out.
//!
//! A side that is built as planned gets a filter as well, if the join may reverse its roles: all rows pass it as long as they are not reversed. Then estimates were wrong, so
//! it is not asked how much they say that it would drop.
//!
//! Filters are placed in the finished plan: which side is built, and what is shipped, is known only
//! then. Costs of strategies count on them before ([`with_filters`]).

use std::collections::HashMap;
use std::sync::Arc;

use crate::hash::BloomFilter;
use crate::physical::{Decisions, Head, InlineStepPlan, InputOf, Part, PhysicalPlan, RuntimeFilterPlan};
use crate::plan::Node;
use crate::source::TableSource;
use crate::strategy::{Estimate, FilteredPort, Ship, Strategy, Work};

/// A filter has to keep a smaller share of the rows than this, as far as is known: each row of the build side is hashed once more for it.
const MOST_KEPT: f64 = 0.7;

/// Puts runtime filters where they save work, or where decisions have them. The plan's operators are
/// the nodes.
pub(super) fn place(plan: &mut PhysicalPlan, nodes: &[Arc<Node>], decisions: Option<&Decisions>) {
    let decided = |plan: &PhysicalPlan, join: usize, port: usize| {
        decisions.and_then(|decisions| decisions.runtime_filter(&plan.operators[join].identity, port))
    };
    let endless = plan.endless_stages();
    let senders = senders(plan);
    let mut found = Vec::new();
    for (stage, of_stage) in plan.stages.iter().enumerate().filter(|&(stage, _)| !endless[stage]) {
        for (step, of_step) in of_stage.steps.iter().enumerate() {
            for filtered in of_step.driver.filtered.iter().filter(|_| !of_step.in_loop) {
                let (port, key, is_built) = (filtered.port, &filtered.key, filtered.reversed.is_some());
                let (reader, sites, splits) = ((of_step.operator, port), Vec::new(), Vec::new());
                let mut walk = Walk { plan, nodes, senders: &senders, is_built, reader, sites, splits };
                walk.descend_to_port((stage, step), port, key, false);
                let Walk { sites, splits, .. } = walk;
                let (has_sites, is_left_out) = match decided(plan, of_step.operator, port) {
                    Some(filter) => (filter.is_some_and(|keys| keys.is_some()), filter.is_none()),
                    // If roles are reversed, estimates were wrong.
                    None => (is_built || keeps_few(plan, of_step.operator, port), false),
                };
                let sites = if has_sites { sites } else { Vec::new() };
                if is_left_out {
                    continue;
                }
                if !sites.is_empty() || !splits.is_empty() {
                    found.push((stage, step, filtered.clone(), sites, splits));
                }
            }
        }
    }
    for (stage, step, FilteredPort { port, reversed, .. }, sites, splits) in found {
        let number = plan.runtime_filters.len();
        let join = plan.stages[stage].steps[step].operator;
        let rows = plan.operators[join].inputs.get(1 - port).map(|&(input, _)| plan.operators[input].estimate.rows);
        let tasks = filling_tasks(plan, &senders, (stage, step), 1 - port);
        let rows = reversed.map(|most| most * tasks).or(rows.map(|rows| rows.ceil() as usize));
        let rows = decided(plan, join, port).flatten().unwrap_or(rows).filter(|_| !sites.is_empty());
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

/// Whether a join is expected to find partners for few of the rows at a port.
fn keeps_few(plan: &PhysicalPlan, join: usize, port: usize) -> bool {
    let info = &plan.operators[join];
    let probed = info.inputs.get(port).map_or(0.0, |&(input, _)| plan.operators[input].estimate.rows);
    finds_few(info.estimate.rows, probed)
}

/// Whether a join of `probed` rows finds partners for few of them, as it gives `joined` rows.
fn finds_few(joined: f64, probed: f64) -> bool {
    joined < MOST_KEPT * probed
}

/// Adds the work of runtime filters to a strategy of a join whose table fits in memory. A filter
/// drops rows before they are shipped by a hash, so only the others are shipped and looked up.
pub(super) fn with_filters(mut strategy: Strategy, inputs: &[Estimate], joined: Estimate) -> Strategy {
    let driver = strategy.driver.clone();
    for &FilteredPort { port, .. } in driver.filtered.iter().filter(|filtered| filtered.reversed.is_none()) {
        let (probed, edge) = (inputs[port].rows, &mut strategy.edges[port]);
        if matches!(edge.ship, Ship::Hash(_)) && finds_few(joined.rows, probed) {
            let dropped = (probed - joined.rows) * BloomFilter::DROPPED;
            edge.shipped_rows = Some(probed - dropped);
            // Each key of the build side is put into the filter.
            strategy.work.rows += inputs[1 - port].rows;
            edge.work = edge.work + Work { misses: dropped, rows: probed - dropped, ..Work::default() };
            strategy.work.misses = (strategy.work.misses - dropped).max(0.0);
        }
    }
    strategy
}

/// The tasks of a step among which the rows at a port are divided: one where each has all of them.
fn filling_tasks(plan: &PhysicalPlan, senders: &Senders, (stage, step): (usize, usize), port: usize) -> usize {
    let of_stage = &plan.stages[stage];
    let inbox = of_stage.steps[step].sides.iter().find(|(side, _)| *side == port).map(|&(_, inbox)| inbox);
    let mut outputs = inbox.and_then(|inbox| senders.get(&(stage, inbox))).into_iter().flatten();
    let is_broadcast = outputs.any(|&(stage, output)| plan.stages[stage].outputs[output].ship == Ship::Broadcast);
    if is_broadcast { 1 } else { of_stage.tasks }
}

/// The outputs that send to each inbox, each by its stage and its number there.
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

/// What stands behind some inline steps.
#[derive(Clone, Copy)]
enum Before {
    Step(usize),
    Output(usize),
}

/// Where a filter is to stand: among the inline steps before this part of a stage, behind so many, with the key as rows have it there.
struct Site {
    stage: usize,
    before: Before,
    at: usize,
    key: Vec<usize>,
    /// The input that receives the rows that pass.
    reader: InputOf,
}

/// The way of one filter.
struct Walk<'p> {
    plan: &'p PhysicalPlan,
    nodes: &'p [Arc<Node>],
    senders: &'p Senders,
    /// Whether it is for rows that are built as planned, and drops some only where they are looked up instead.
    is_built: bool,
    /// The input that receives the rows after the point where the walk is.
    reader: InputOf,
    sites: Vec<Site>,
    /// Stages that begin with a source, and its leaf that is the key.
    splits: Vec<(usize, usize)>,
}

impl Walk<'_> {
    /// From a step towards what comes to one of its ports. `saves` says whether something lies behind that need not be done for rows that are dropped
    /// before.
    fn descend_to_port(&mut self, (stage, step): (usize, usize), port: usize, key: &[usize], saves: bool) {
        let of_step = &self.plan.stages[stage].steps[step];
        self.reader = (of_step.operator, port);
        match of_step.sides.iter().find(|(side, _)| *side == port) {
            None if of_step.port == port => self.descend(stage, Before::Step(step), key, saves),
            None => {}
            Some(&(_, inbox)) => self.descend_to_inbox((stage, inbox), key, saves),
        }
    }

    /// From an inbox towards all that send there.
    fn descend_to_inbox(&mut self, inbox: (usize, usize), key: &[usize], saves: bool) {
        let senders = self.senders;
        for &(stage, output) in senders.get(&inbox).into_iter().flatten() {
            // Whole pages that go on as they are would have to be written anew for a filter. Where they come to all tasks, and these look up all of their rows,
            // it saves more than that.
            let saves = saves
                || match self.plan.stages[stage].outputs[output].ship {
                    Ship::Hash(_) => true,
                    Ship::Broadcast => self.is_built,
                    _ => false,
                };
            self.descend(stage, Before::Output(output), key, saves);
        }
    }

    /// The reader of an operator's rows on their way to the walk's reader: a union, if they go through one.
    fn reader_of(&self, operator: usize) -> InputOf {
        let inputs = |of: usize| self.plan.operators.get(of).map_or(&[][..], |info| &info.inputs);
        let (reader, input) = self.reader;
        let Some(&(before, _)) = inputs(reader).get(input) else { return self.reader };
        let of_union = inputs(before).iter().position(|&(input, _)| input == operator);
        of_union.filter(|_| before != operator).map_or(self.reader, |input| (before, input))
    }

    /// From before a step or an output, through its inline steps, towards what they stand behind.
    fn descend(&mut self, stage: usize, before: Before, key: &[usize], saves: bool) {
        let of_stage = &self.plan.stages[stage];
        let (inline, step_before) = match before {
            Before::Step(step) => (&of_stage.steps[step].inline, step.checked_sub(1)),
            Before::Output(output) => (&of_stage.outputs[output].inline, of_stage.steps.len().checked_sub(1)),
        };
        let below = inline.iter().rev().try_fold(key.to_vec(), |key, step| match step {
            InlineStepPlan::Filter(_, filter, _)
                if filter.predicate.has_effects() || filter.predicate.keeps_state() =>
            {
                None
            }
            InlineStepPlan::Filter(..) | InlineStepPlan::RuntimeFilter(..) => Some(key),
            InlineStepPlan::Project(_, leaves) => key.iter().map(|&leaf| leaves.get(leaf).copied()).collect(),
            InlineStepPlan::WindowStart(..) | InlineStepPlan::EventTime(_) => None,
        });
        // What another output takes from here, too, is not the join's alone.
        let below = below.filter(|_| matches!(before, Before::Step(_)) || of_stage.outputs.len() < 2);
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
        let goes_on = match (below, step_before, &of_stage.head) {
            (None, ..) => false,
            (Some(key), Some(step), _) => self.through(stage, step, &key),
            (Some(key), None, Head::Inbox(inbox) | Head::SpillQueue(_, inbox, _)) => {
                self.descend_to_inbox((stage, *inbox), &key, saves);
                true
            }
            (Some(key), None, Head::Source(_, source, scan)) => {
                let table = source.as_table();
                saves |= table.is_some_and(TableSource::asks_filters) && scan.live.len() > key.len();
                if let &[leaf] = &key[..]
                    && table.is_some_and(|table| table.has_limits(leaf))
                {
                    self.splits.push((stage, leaf));
                }
                false
            }
        };
        // Behind the program's own filters, which give as much as they would without it. What begins windows has to be the last.
        if !goes_on && saves && !inline.iter().any(|step| matches!(step, InlineStepPlan::WindowStart(..))) {
            // Before views, so that it is among the first where only filters are before it.
            let (mut at, mut key) = (inline.len(), key.to_vec());
            while let Some(InlineStepPlan::Project(_, leaves)) = at.checked_sub(1).and_then(|last| inline.get(last)) {
                let below: Option<Vec<usize>> = key.iter().map(|&leaf| leaves.get(leaf).copied()).collect();
                let Some(below) = below else { break };
                (at, key) = (at - 1, below);
            }
            let reader = reader_at(&inline[at..]);
            self.sites.push(Site { stage, before, at, key, reader });
        }
        self.reader = reader_after;
    }

    /// Through a step, where its operator lets filters on the key pass; whether it does.
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
