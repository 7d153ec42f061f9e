//! What the search asks of a plan: which strategies its operators have, what they take, and how rows lie behind them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use super::Planned;
use super::candidates::{Alternative, Alternatives, Candidate};
use super::interest::{Interest, Interests};
use crate::error::{Error, Result};
use crate::optimizer::cost::CostModel;
use crate::optimizer::estimates::{Estimates, Known};
use crate::optimizer::fields::{Live, read};
use crate::optimizer::replays::Rounds;
use crate::optimizer::runtime_filters::with_filters;
use crate::optimizer::{Resources, Rule};
use crate::physical::{self, Choice};
use crate::plan::{Node, endless};
use crate::row::LeafSet;
use crate::strategy::{
    Estimate, InPlace, LoopId, Placement, Planning, Properties, Role, Ship, Strategy, Work, renumbered,
};

fn is_replay(node: &Node) -> bool {
    node.operator.as_loop().is_some_and(|of| of.part.is_replay())
}

/// A plan, as the search sees it.
pub(super) struct PlanGraph<'p> {
    nodes: &'p [Arc<Node>],
    identities: &'p [String],
    live: &'p Live,
    known: &'p Known,
    estimates: &'p Estimates,
    resources: &'p Resources,
    costs: CostModel,
    rounds: Rounds,
    /// The nodes behind a source without end.
    endless: HashSet<u64>,
    /// The nodes whose rows set aside have a reader.
    set_aside: HashSet<usize>,
    /// The inputs of each node.
    inputs: &'p [Vec<usize>],
    /// How many inputs each node is.
    readers: Vec<u32>,
    /// The tasks in which a loop comes to its result.
    begun: HashMap<LoopId, usize>,
    /// Who would make use of it that rows lie in some way.
    pub(super) interests: Interests,
    /// Of each node, its alternatives over inputs that lie like these.
    found: Vec<HashMap<Vec<Properties>, Rc<[Alternative]>>>,
    /// Of each node, the ways to run it that were found.
    candidates: Vec<Vec<physical::Candidate>>,
    /// Of nodes for which something is decided, the choices that they have.
    refused: HashMap<usize, BTreeSet<String>>,
}

impl<'p> PlanGraph<'p> {
    pub(super) fn new(
        nodes: &'p [Arc<Node>],
        inputs: &'p [Vec<usize>],
        identities: &'p [String],
        live: &'p Live,
        (known, estimates): (&'p Known, &'p Estimates),
        resources: &'p Resources,
    ) -> Self {
        let mut readers = vec![0; nodes.len()];
        inputs.iter().flatten().for_each(|&input| readers[input] += 1);
        let is_side_output = |node: &usize| matches!(nodes[*node].operator.role(), Role::InPlace(InPlace::SideOutput));
        let side_outputs = (0..nodes.len()).filter(is_side_output);
        PlanGraph {
            nodes,
            identities,
            live,
            known,
            estimates,
            resources,
            costs: CostModel { profile: resources.profile.clone(), memory_bytes: resources.memory_bytes },
            rounds: Rounds::of(nodes),
            endless: endless(nodes),
            set_aside: side_outputs.filter_map(|node| inputs[node].first().copied()).collect(),
            inputs,
            readers,
            begun: HashMap::new(),
            interests: Interests::default(),
            found: vec![HashMap::new(); nodes.len()],
            candidates: vec![Vec::new(); nodes.len()],
            refused: HashMap::new(),
        }
    }

    fn live_of(&self, node: usize) -> LeafSet {
        self.live.get(&self.nodes[node].sequence).cloned().unwrap_or_default()
    }

    fn estimate(&self, node: &Node) -> Estimate {
        self.estimates.get(&node.sequence).copied().unwrap_or(Estimate::NOTHING)
    }

    /// Whether an operator runs by a strategy, and not in place.
    fn has_strategies(&self, node: usize) -> bool {
        let operator = &self.nodes[node].operator;
        let is_left_out = operator.has_side_output() && !self.set_aside.contains(&node);
        matches!(operator.role(), Role::Driven | Role::Sink) && !is_left_out
    }

    /// Whether the input of a node is given anew in each round by a replay that has no other reader: it is not there where the node keeps what it makes of its input.
    fn is_constant(&self, input: &Node, position: usize) -> bool {
        is_replay(input) && self.readers[position] == 1
    }

    /// The ways to run an operator over inputs that lie like these.
    fn strategies(&self, node: usize, properties: &[&Properties]) -> Vec<Strategy> {
        let (this, live) = (&self.nodes[node], self.live_of(node));
        let inputs: Vec<Estimate> = this.inputs.iter().map(|input| self.estimate(input)).collect();
        let live_inputs: Vec<LeafSet> =
            (0..inputs.len()).map(|input| read(this, input, &live, self.resources.rules)).collect();
        let constant: Vec<bool> =
            this.inputs.iter().zip(&self.inputs[node]).map(|(input, &at)| self.is_constant(input, at)).collect();
        this.operator.strategies(&Planning {
            inputs: &inputs,
            live_inputs: &live_inputs,
            live: &live,
            properties,
            output: self.estimate(this),
            constant: &constant,
            rounds: self.rounds.around(this),
            tasks: self.resources.tasks,
            memory_bytes: self.resources.memory_bytes,
            combines: self.resources.rules.runs(Rule::Combiners),
        })
    }

    /// How a node runs, where the cheapest plan is of these candidates.
    pub(super) fn planned(&self, node: usize, picked: &[Candidate]) -> Planned {
        let arrives = |(input, &at): (usize, &usize)| self.followed(node, input, picked[at].gives()).0;
        let arrived: Vec<Properties> = self.inputs[node].iter().enumerate().map(arrives).collect();
        let mut strategies = match self.has_strategies(node) {
            true => self.strategies(node, &arrived.iter().collect::<Vec<_>>()),
            false => Vec::new(),
        };
        let Alternative { strategy, gives, .. } = &picked[node].alternative;
        let strategy = (*strategy < strategies.len()).then(|| strategies.swap_remove(*strategy));
        Planned { strategy, gives: gives.clone(), candidates: self.candidates[node].clone() }
    }

    /// What an operator asks of its inputs: by which leaves it has each shipped where nothing is known of how that lies, and in which order it brings their rows.
    pub(super) fn wants(&self, node: usize) -> Vec<(usize, Interest)> {
        if !self.has_strategies(node) {
            return Vec::new();
        }
        let anywhere = Properties::anywhere(self.resources.tasks);
        let mut wants = Vec::new();
        for strategy in self.strategies(node, &vec![&anywhere; self.inputs[node].len()]) {
            for (input, edge) in strategy.edges.iter().enumerate() {
                if let Some(key) = edge.placement(&Placement::Anywhere).hashed_by() {
                    wants.push((input, Interest::Together(key.to_vec())));
                }
                wants.push((input, Interest::Sorted(edge.sorts_by.to_vec())));
            }
        }
        wants
    }

    /// Alternatives of an operator that runs by a strategy, as far as nothing else is decided for it.
    fn driven(&mut self, node: usize, properties: &[&Properties]) -> Vec<Alternative> {
        let this = &self.nodes[node];
        let decided = self.resources.decisions.as_ref().and_then(|decisions| decisions.get(&self.identities[node]));
        let inputs: Vec<Estimate> = this.inputs.iter().map(|input| self.estimate(input)).collect();
        let hottest = |input: usize, leaves: &[usize]| {
            self.known.get(&this.inputs[input].sequence).map_or(0.0, |known| known.hottest(leaves))
        };
        let rounds = self.rounds.around(this);
        let has_filters = self.has_runtime_filters(this);
        let mut alternatives = Vec::new();
        for (number, strategy) in self.strategies(node, properties).into_iter().enumerate() {
            let choice = Choice::of(&strategy);
            if decided.is_some_and(|decided| *decided != choice) {
                self.refused.entry(node).or_default().insert(choice.to_string());
                continue;
            }
            let gives = strategy.gives(properties, |input| this.operator.forwards(input));
            let strategy = match has_filters && self.costs.fits(strategy.work) {
                true => with_filters(strategy, &inputs, self.estimate(this)),
                false => strategy,
            };
            let in_round = self.costs.seconds(&strategy, &inputs, properties, hottest) + self.replayed(node, &strategy);
            let (gives, seconds) = (self.out_of_loops(this, gives), rounds * in_round);
            alternatives.push(Alternative { strategy: number, choice: Some(Rc::new(choice)), gives, seconds });
        }
        alternatives
    }

    /// Whether a join has runtime filters that drop rows: its build side ends, and is built once.
    fn has_runtime_filters(&self, node: &Node) -> bool {
        let rules = self.resources.rules;
        rules.runs(Rule::RuntimeFilters) && !self.rounds.has(node) && !self.endless.contains(&node.sequence)
    }

    /// What replays of inputs take in a round, where a strategy does not keep what it makes of them.
    fn replayed(&self, node: usize, strategy: &Strategy) -> f64 {
        let inputs = self.nodes[node].inputs.iter().zip(&self.inputs[node]).enumerate();
        let replayed =
            inputs.filter(|(number, (input, at))| self.is_constant(input, **at) && strategy.kept != Some(*number));
        replayed.map(|(_, (input, _))| self.costs.work(Work::rows(self.estimate(input).rows), strategy.tasks)).sum()
    }

    /// Rows of rounds are in no order of tasks.
    fn out_of_loops(&self, node: &Node, gives: Properties) -> Properties {
        let emits_result = node.operator.as_loop().is_some_and(|of| of.part.emits_result());
        if emits_result && gives.is_in_order() { Properties::anywhere(gives.tasks) } else { gives }
    }

    /// Alternatives of an operator that has no strategies: what happens to its rows follows from how they lie.
    fn in_place(&self, node: usize, inputs: &[&Properties]) -> Alternative {
        let this = &self.nodes[node];
        let tasks = self.resources.tasks;
        let (gives, seconds) = match this.operator.role() {
            Role::Source(_) => (Properties::anywhere(tasks), 0.0),
            // A view says which leaf stands where; else leaves keep their numbers.
            Role::InPlace(InPlace::Project(leaves) | InPlace::EventTime(leaves, _)) => {
                let leaves: Vec<Option<usize>> = leaves.into_iter().map(Some).collect();
                let order = renumbered(&inputs[0].order, &leaves);
                let placement = inputs[0].placement.renumbered(&leaves);
                (Properties { tasks: inputs[0].tasks, placement, order }, 0.0)
            }
            Role::InPlace(InPlace::Union) => self.union(node, inputs),
            // Each has a stage of its own, behind the tasks of the step by whose output its rows leave.
            Role::InPlace(InPlace::SideOutput) => (Properties::anywhere(inputs[0].tasks), 0.0),
            Role::InPlace(InPlace::LoopResult) => {
                let begun = this.operator.as_loop().and_then(|of| self.begun.get(&of.loop_id));
                (Properties::anywhere(begun.copied().unwrap_or(tasks)), 0.0)
            }
            _ => (inputs[0].clone(), 0.0),
        };
        Alternative { strategy: 0, choice: None, gives, seconds }
    }

    /// All rows in as many tasks as most inputs have. Where all lie in one way, so does what is made of them.
    fn union(&self, node: usize, inputs: &[&Properties]) -> (Properties, f64) {
        let tasks = inputs.iter().map(|input| input.tasks).max().unwrap_or(1);
        let is_alike = |input: &&Properties| input.tasks == tasks && input.hashed_by() == inputs[0].hashed_by();
        let are_alike = inputs[0].hashed_by().is_some() && inputs.iter().all(is_alike);
        let placement = if are_alike { inputs[0].placement.clone() } else { Placement::Anywhere };
        let shipped = self.nodes[node].inputs.iter().zip(inputs).filter(|(_, lie)| lie.tasks != tasks);
        let seconds =
            shipped.map(|(input, lie)| self.costs.ship(&Ship::Rebalance, self.estimate(input), lie.tasks, tasks));
        (Properties::placed(tasks, placement), seconds.sum())
    }

    /// How rows lie when they come to a node, and what it takes to bring them there: whose records depend on those before them has all in one task, where these are in
    /// one order.
    fn followed(&self, node: usize, input: usize, lies: &Properties) -> (Properties, f64) {
        let this = &self.nodes[node];
        if !lies.is_in_order() || lies.tasks == 1 || !this.operator.follows_order() {
            return (lies.clone(), 0.0);
        }
        let rows = self.estimate(&this.inputs[input]);
        let gathered = Properties { order: lies.order.clone(), ..Properties::anywhere(1) };
        (gathered, self.costs.ship(&Ship::Gather, rows, lies.tasks, 1))
    }
}

impl Alternatives for PlanGraph<'_> {
    fn alternatives(&mut self, node: usize, inputs: &[&Properties]) -> Result<Rc<[Alternative]>> {
        let key: Vec<Properties> = inputs.iter().copied().cloned().collect();
        // The tasks of a loop's end are those of its beginning, which a repeated search may change.
        let ends_loop = matches!(self.nodes[node].operator.role(), Role::InPlace(InPlace::LoopResult));
        if !ends_loop && let Some(found) = self.found[node].get(&key) {
            return Ok(found.clone());
        }
        let arrived: Vec<(Properties, f64)> =
            inputs.iter().enumerate().map(|(input, lies)| self.followed(node, input, lies)).collect();
        let properties: Vec<&Properties> = arrived.iter().map(|(lies, _)| lies).collect();
        let mut alternatives = match self.has_strategies(node) {
            true => self.driven(node, &properties),
            false => vec![self.in_place(node, &properties)],
        };
        let gathered: f64 = arrived.iter().map(|(_, seconds)| seconds).sum();
        // The reader of a replay pays for it, unless it keeps what it makes of the rows.
        let is_paid = is_replay(&self.nodes[node]) && self.readers[node] == 1;
        for alternative in &mut alternatives {
            alternative.seconds = if is_paid { 0.0 } else { alternative.seconds } + gathered;
        }
        let alternatives: Rc<[Alternative]> = alternatives.into();
        self.found[node].insert(key, alternatives.clone());
        Ok(alternatives)
    }

    fn wanted(&self, node: usize, gives: &Properties) -> Properties {
        self.interests.of_node(node, gives)
    }

    fn has_one_width(&self, node: usize) -> bool {
        self.nodes[node].operator.as_loop().is_some_and(|of| of.part.emits_result())
    }

    fn found(&mut self, node: usize, candidates: &[Candidate]) {
        // The result of a delta iteration is its solution set, which stands behind its beginning.
        if let Some(of) = self.nodes[node].operator.as_loop().filter(|of| of.part.emits_result())
            && let Some(candidate) = candidates.first()
        {
            self.begun.insert(of.loop_id, candidate.gives().tasks);
        }
        let mut shown: Vec<physical::Candidate> = Vec::new();
        for Candidate { alternative, seconds: total_seconds, .. } in candidates {
            let Some(choice) = &alternative.choice else { continue };
            // The cheapest come first.
            if !shown.iter().any(|shown| shown.choice == **choice) {
                let (choice, seconds) = (Choice::clone(choice), alternative.seconds);
                let (total_seconds, gives) = (*total_seconds, alternative.gives.to_string());
                shown.push(physical::Candidate { choice, seconds, total_seconds, gives });
            }
        }
        self.candidates[node] = shown;
    }

    fn impossible(&self, node: usize) -> Error {
        let (this, identity) = (&self.nodes[node], &self.identities[node]);
        let decided = self.resources.decisions.as_ref().and_then(|decisions| decisions.get(identity));
        let Some(decided) = decided else {
            return Error::Internal(format!("`{}` has no strategy", this.operator.name())).at(&this.origin);
        };
        let known: Vec<&str> = self.refused.get(&node).into_iter().flatten().map(String::as_str).collect();
        let message = format!("`{identity}` was to run as {decided}, and can only run as {}", known.join(", or "));
        Error::Plan(message).at(&this.origin)
    }
}
