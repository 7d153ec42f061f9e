//! A plan as the search sees it: the strategies of its operators, their costs, and the placement
//! and order of their output.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::Planned;
use super::candidates::{Alternative, Alternatives, Candidate};
use super::interest::{Interest, Interests};
use super::rounds::Rounds;
use crate::error::{Error, Result};
use crate::optimizer::cost::CostModel;
use crate::optimizer::fields::read;
use crate::optimizer::runtime_filters::with_filters;
use crate::optimizer::{Draft, Rule};
use crate::physical::{self, Choice};
use crate::plan::{Node, endless};
use crate::row::LeafSet;
use crate::strategy::{
    Estimate, InPlace, LoopId, Placement, Planning, Properties, Role, Ship, Strategy, Work, renumbered,
};

fn is_replay(node: &Node) -> bool {
    node.operator.as_loop().is_some_and(|of| of.part.is_replay())
}

/// The plan that is searched.
pub(super) struct PlanGraph<'p> {
    draft: &'p Draft,
    identities: &'p [String],
    costs: CostModel,
    rounds: Rounds,
    /// The nodes after an endless source.
    endless: HashSet<u64>,
    /// The nodes whose side output has a reader.
    side_output_nodes: HashSet<usize>,
    /// The inputs of each node.
    inputs: &'p [Vec<usize>],
    /// The number of inputs that read each node.
    readers: Vec<u32>,
    /// The number of tasks that emit the result of each loop, as far as it is known.
    result_tasks: HashMap<LoopId, usize>,
    /// The placements and orders that later operators can use.
    pub(super) interests: Interests,
    /// The alternatives of each node, by the properties of its inputs.
    alternatives_by_inputs: Vec<HashMap<Vec<Properties>, Rc<[Alternative]>>>,
    /// The strategies of each node that were compared.
    candidates: Vec<Vec<physical::Candidate>>,
    /// The choices of decided nodes that are possible and differ from the decision, for the error.
    rejected_choices: HashMap<usize, BTreeSet<String>>,
}

impl<'p> PlanGraph<'p> {
    pub(super) fn new(draft: &'p Draft, inputs: &'p [Vec<usize>], identities: &'p [String]) -> Self {
        let (nodes, resources) = (&draft.nodes, &draft.resources);
        let mut readers = vec![0; nodes.len()];
        inputs.iter().flatten().for_each(|&input| readers[input] += 1);
        let is_side_output = |node: &usize| matches!(nodes[*node].operator.role(), Role::InPlace(InPlace::SideOutput));
        let side_outputs = (0..nodes.len()).filter(is_side_output);
        PlanGraph {
            draft,
            identities,
            costs: CostModel { profile: resources.profile.clone(), memory_bytes: resources.memory_bytes },
            rounds: Rounds::of(nodes),
            endless: endless(nodes),
            side_output_nodes: side_outputs.filter_map(|node| inputs[node].first().copied()).collect(),
            inputs,
            readers,
            result_tasks: HashMap::new(),
            interests: Interests::default(),
            alternatives_by_inputs: vec![HashMap::new(); nodes.len()],
            candidates: vec![Vec::new(); nodes.len()],
            rejected_choices: HashMap::new(),
        }
    }

    /// Returns `true` if an operator runs by a strategy, and not in place.
    fn has_strategies(&self, node: usize) -> bool {
        let operator = &self.draft.nodes[node].operator;
        let is_left_out = operator.has_side_output() && !self.side_output_nodes.contains(&node);
        matches!(operator.role(), Role::Driven | Role::Sink) && !is_left_out
    }

    /// Returns `true` if a replay with no other reader emits this input. The replay is left out if
    /// the node keeps the input over the rounds.
    fn is_constant(&self, input: &Node, position: usize) -> bool {
        is_replay(input) && self.readers[position] == 1
    }

    /// The strategies of an operator for inputs with these properties.
    fn strategies(&self, node: usize, properties: &[&Properties]) -> Vec<Strategy> {
        let this = &self.draft.nodes[node];
        let live = self.draft.live_of(this);
        let inputs: Vec<Estimate> = this.inputs.iter().map(|input| self.draft.estimate_of(input)).collect();
        let live_inputs: Vec<LeafSet> =
            (0..inputs.len()).map(|input| read(this, input, &live, self.draft.resources.rules)).collect();
        let constant: Vec<bool> =
            this.inputs.iter().zip(&self.inputs[node]).map(|(input, &at)| self.is_constant(input, at)).collect();
        this.operator.strategies(&Planning {
            inputs: &inputs,
            live_inputs: &live_inputs,
            live: &live,
            properties,
            output: self.draft.estimate_of(this),
            constant: &constant,
            rounds: self.rounds.of_node(this),
            tasks: self.draft.resources.tasks,
            memory_bytes: self.draft.resources.memory_bytes,
            combines: self.draft.resources.rules.runs(Rule::Combiners),
        })
    }

    /// The plan of a node in the cheapest plan, which has the candidates `picked`.
    pub(super) fn planned(&self, node: usize, picked: &[Candidate]) -> Planned {
        let arrives = |(input, &at): (usize, &usize)| self.gathered_if_ordered(node, input, picked[at].delivered()).0;
        let arrived: Vec<Properties> = self.inputs[node].iter().enumerate().map(arrives).collect();
        let mut strategies = match self.has_strategies(node) {
            true => self.strategies(node, &arrived.iter().collect::<Vec<_>>()),
            false => Vec::new(),
        };
        let Alternative { strategy, delivered, .. } = &picked[node].alternative;
        let strategy = (*strategy < strategies.len()).then(|| strategies.swap_remove(*strategy));
        Planned { strategy, delivered: delivered.clone(), candidates: self.candidates[node].clone() }
    }

    /// The interests of an operator in its inputs: the keys by which it ships unplaced rows, and
    /// the orders by which it sorts.
    pub(super) fn interests_of(&self, node: usize) -> Vec<(usize, Interest)> {
        if !self.has_strategies(node) {
            return Vec::new();
        }
        let anywhere = Properties::anywhere(self.draft.resources.tasks);
        let mut interests_of = Vec::new();
        for strategy in self.strategies(node, &vec![&anywhere; self.inputs[node].len()]) {
            for (input, edge) in strategy.edges.iter().enumerate() {
                if let Some(key) = edge.placement(&Placement::Anywhere).hashed_by() {
                    interests_of.push((input, Interest::Together(key.to_vec())));
                }
                interests_of.push((input, Interest::Sorted(edge.sorts_by.to_vec())));
            }
        }
        interests_of
    }

    /// The alternatives of an operator with strategies. A decided operator has only the decided
    /// ones.
    fn driven(&mut self, node: usize, properties: &[&Properties]) -> Vec<Alternative> {
        let this = &self.draft.nodes[node];
        let decided =
            self.draft.resources.decisions.as_ref().and_then(|decisions| decisions.get(&self.identities[node]));
        let inputs: Vec<Estimate> = this.inputs.iter().map(|input| self.draft.estimate_of(input)).collect();
        let hottest = |input: usize, leaves: &[usize]| {
            self.draft.known.get(&this.inputs[input].sequence).map_or(0.0, |known| known.hottest(leaves))
        };
        let rounds = self.rounds.of_node(this);
        let has_filters = self.has_runtime_filters(this);
        let mut alternatives = Vec::new();
        for (number, strategy) in self.strategies(node, properties).into_iter().enumerate() {
            let choice = Choice::of(&strategy);
            if decided.is_some_and(|decided| *decided != choice) {
                self.rejected_choices.entry(node).or_default().insert(choice.to_string());
                continue;
            }
            let delivered = strategy.delivered_properties(properties, |input| this.operator.forwards(input));
            let strategy = match has_filters && self.costs.fits(strategy.work) {
                true => with_filters(strategy, &inputs, self.draft.estimate_of(this)),
                false => strategy,
            };
            let in_round =
                self.costs.seconds(&strategy, &inputs, properties, hottest) + self.replay_seconds(node, &strategy);
            let (delivered, seconds) = (self.out_of_loops(this, delivered), rounds * in_round);
            alternatives.push(Alternative { strategy: number, choice: Some(Rc::new(choice)), delivered, seconds });
        }
        alternatives
    }

    /// Whether a join has runtime filters that drop rows: its build side ends, and is built once.
    fn has_runtime_filters(&self, node: &Node) -> bool {
        let rules = self.draft.resources.rules;
        rules.runs(Rule::RuntimeFilters) && !self.rounds.contains(node) && !self.endless.contains(&node.sequence)
    }

    /// The cost in a round of replays, for inputs that a strategy does not keep.
    fn replay_seconds(&self, node: usize, strategy: &Strategy) -> f64 {
        let inputs = self.draft.nodes[node].inputs.iter().zip(&self.inputs[node]).enumerate();
        let replay_seconds =
            inputs.filter(|(number, (input, at))| self.is_constant(input, **at) && strategy.kept != Some(*number));
        replay_seconds
            .map(|(_, (input, _))| self.costs.work(Work::rows(self.draft.estimate_of(input).rows), strategy.tasks))
            .sum()
    }

    /// The result of a loop is in no order of tasks.
    fn out_of_loops(&self, node: &Node, delivered: Properties) -> Properties {
        let emits_result = node.operator.as_loop().is_some_and(|of| of.part.emits_result());
        if emits_result && delivered.is_in_order() { Properties::anywhere(delivered.tasks) } else { delivered }
    }

    /// The alternative of an operator without strategies. The properties of its output follow from
    /// those of its inputs.
    fn in_place(&self, node: usize, inputs: &[&Properties]) -> Alternative {
        let this = &self.draft.nodes[node];
        let tasks = self.draft.resources.tasks;
        let (delivered, seconds) = match this.operator.role() {
            Role::Source(_) => (Properties::anywhere(tasks), 0.0),
            // Projections renumber leaves. Other operators do not.
            Role::InPlace(InPlace::Project(leaves) | InPlace::EventTime(leaves, _)) => {
                let leaves: Vec<Option<usize>> = leaves.into_iter().map(Some).collect();
                let order = renumbered(&inputs[0].order, &leaves);
                let placement = inputs[0].placement.renumbered(&leaves);
                (Properties { tasks: inputs[0].tasks, placement, order }, 0.0)
            }
            Role::InPlace(InPlace::Union) => self.union(node, inputs),
            // It has a stage of its own, in the tasks of the step that emits its rows.
            Role::InPlace(InPlace::SideOutput) => (Properties::anywhere(inputs[0].tasks), 0.0),
            Role::InPlace(InPlace::LoopResult) => {
                let result_tasks = this.operator.as_loop().and_then(|of| self.result_tasks.get(&of.loop_id));
                (Properties::anywhere(result_tasks.copied().unwrap_or(tasks)), 0.0)
            }
            _ => (inputs[0].clone(), 0.0),
        };
        Alternative { strategy: 0, choice: None, delivered, seconds }
    }

    /// The properties and cost of a union. It has as many tasks as the input with the most. If all
    /// inputs are hashed by the same leaves, so is the output.
    fn union(&self, node: usize, inputs: &[&Properties]) -> (Properties, f64) {
        let tasks = inputs.iter().map(|input| input.tasks).max().unwrap_or(1);
        let is_alike = |input: &&Properties| input.tasks == tasks && input.hashed_by() == inputs[0].hashed_by();
        let are_alike = inputs[0].hashed_by().is_some() && inputs.iter().all(is_alike);
        let placement = if are_alike { inputs[0].placement.clone() } else { Placement::Anywhere };
        let shipped = self.draft.nodes[node].inputs.iter().zip(inputs).filter(|(_, arriving)| arriving.tasks != tasks);
        let seconds = shipped.map(|(input, arriving)| {
            self.costs.ship(&Ship::Rebalance, self.draft.estimate_of(input), arriving.tasks, tasks)
        });
        (Properties::placed(tasks, placement), seconds.sum())
    }

    /// The properties of rows that arrive at a node, and the cost of that. If the tasks are in
    /// order and the node follows it, one task receives all rows.
    fn gathered_if_ordered(&self, node: usize, input: usize, arriving: &Properties) -> (Properties, f64) {
        let this = &self.draft.nodes[node];
        if !arriving.is_in_order() || arriving.tasks == 1 || !this.operator.follows_order() {
            return (arriving.clone(), 0.0);
        }
        let rows = self.draft.estimate_of(&this.inputs[input]);
        let gathered = Properties { order: arriving.order.clone(), ..Properties::anywhere(1) };
        (gathered, self.costs.ship(&Ship::Gather, rows, arriving.tasks, 1))
    }
}

impl Alternatives for PlanGraph<'_> {
    fn alternatives(&mut self, node: usize, inputs: &[&Properties]) -> Result<Rc<[Alternative]>> {
        let key: Vec<Properties> = inputs.iter().copied().cloned().collect();
        // The tasks of a loop's end are those of its beginning, which a repeated search may change.
        let ends_loop = matches!(self.draft.nodes[node].operator.role(), Role::InPlace(InPlace::LoopResult));
        if !ends_loop && let Some(found) = self.alternatives_by_inputs[node].get(&key) {
            return Ok(found.clone());
        }
        let arrived: Vec<(Properties, f64)> = inputs
            .iter()
            .enumerate()
            .map(|(input, arriving)| self.gathered_if_ordered(node, input, arriving))
            .collect();
        let properties: Vec<&Properties> = arrived.iter().map(|(arriving, _)| arriving).collect();
        let mut alternatives = match self.has_strategies(node) {
            true => self.driven(node, &properties),
            false => vec![self.in_place(node, &properties)],
        };
        let gathered: f64 = arrived.iter().map(|(_, seconds)| seconds).sum();
        // The reader of a replay pays for it, unless it keeps the table that it builds of the rows.
        let is_paid = is_replay(&self.draft.nodes[node]) && self.readers[node] == 1;
        for alternative in &mut alternatives {
            alternative.seconds = if is_paid { 0.0 } else { alternative.seconds } + gathered;
        }
        let alternatives: Rc<[Alternative]> = alternatives.into();
        self.alternatives_by_inputs[node].insert(key, alternatives.clone());
        Ok(alternatives)
    }

    fn interesting(&self, node: usize, delivered: &Properties) -> Properties {
        self.interests.of_node(node, delivered)
    }

    fn needs_equal_tasks(&self, node: usize) -> bool {
        self.draft.nodes[node].operator.as_loop().is_some_and(|of| of.part.emits_result())
    }

    fn on_candidates(&mut self, node: usize, candidates: &[Candidate]) {
        // The result of a delta iteration is its solution set, which is found after the beginning.
        if let Some(of) = self.draft.nodes[node].operator.as_loop().filter(|of| of.part.emits_result())
            && let Some(candidate) = candidates.first()
        {
            self.result_tasks.insert(of.loop_id, candidate.delivered().tasks);
        }
        let mut shown: Vec<physical::Candidate> = Vec::new();
        for Candidate { alternative, seconds: total_seconds, .. } in candidates {
            let Some(choice) = &alternative.choice else { continue };
            // The candidates are sorted, the cheapest first.
            if !shown.iter().any(|shown| shown.choice == **choice) {
                let (choice, seconds) = (Choice::clone(choice), alternative.seconds);
                let (total_seconds, gives) = (*total_seconds, alternative.delivered.to_string());
                shown.push(physical::Candidate { choice, seconds, total_seconds, gives });
            }
        }
        self.candidates[node] = shown;
    }

    fn impossible(&self, node: usize) -> Error {
        let (this, identity) = (&self.draft.nodes[node], &self.identities[node]);
        let decided = self.draft.resources.decisions.as_ref().and_then(|decisions| decisions.get(identity));
        let Some(decided) = decided else {
            return Error::Internal(format!("`{}` has no strategy", this.operator.name())).at(&this.origin);
        };
        let known: Vec<&str> = self.rejected_choices.get(&node).into_iter().flatten().map(String::as_str).collect();
        let message = format!("`{identity}` was to run as {decided}, and can only run as {}", known.join(", or "));
        Error::Plan(message).at(&this.origin)
    }
}
