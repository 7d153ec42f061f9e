//! Loops in the physical plan: their beginnings and ends, and inputs from outside.
//!
//! A replay before an operator of a body emits an input from outside in each round. It is left out
//! if the operator's strategy [keeps](Strategy::kept) the input: a table is built once. So a replay
//! with one reader is placed after the strategy of its reader is chosen.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Chooser;
use crate::error::{Error, Result};
use crate::physical::{Head, LoopMember, LoopPart, OutputPlan, Place, StepPlan};
use crate::plan::{LoopOperator, LoopOperatorPart, Loops, Node};
use crate::row::{LeafSet, LeafType, RowLayout};
use crate::strategy::{LoopId, Ship};

/// The plan's loops.
pub(super) struct LoopPlaces {
    inside: Loops,
    /// The operators that begin loops.
    begins: HashMap<LoopId, usize>,
    /// The steps that begin loops.
    begin_steps: HashMap<LoopId, StepPlace>,
    /// The delta iterations.
    deltas: HashSet<LoopId>,
    /// The steps that hold their solution sets, and how rows are shipped to them.
    sets: HashMap<LoopId, (StepPlace, Ship)>,
    /// Replays that are placed.
    replays: Vec<(LoopId, StepPlace)>,
    /// Replays that wait for their reader's strategy: operators by the sequence numbers of nodes.
    unplaced_replays: HashMap<u64, usize>,
}

/// A step of a stage.
#[derive(Clone, Copy)]
pub(super) struct StepPlace {
    stage: usize,
    step: usize,
}

impl LoopPlaces {
    /// The loops of a plan before any node is placed.
    pub(super) fn of(nodes: &[Arc<Node>]) -> Self {
        let ended = |node: &Arc<Node>| match node.operator.as_loop()? {
            LoopOperator { loop_id, part: LoopOperatorPart::End { .. } } => Some(loop_id),
            _ => None,
        };
        let deltas = nodes.iter().filter(|node| node.inputs.len() > 1).filter_map(ended);
        let begins = nodes.iter().enumerate().filter_map(|(index, node)| {
            let of = node.operator.as_loop()?;
            of.part.is_begin().then_some((of.loop_id, index))
        });
        LoopPlaces {
            inside: Loops::of(nodes),
            begins: begins.collect(),
            begin_steps: HashMap::new(),
            deltas: deltas.collect(),
            sets: HashMap::new(),
            replays: Vec::new(),
            unplaced_replays: HashMap::new(),
        }
    }

    /// Whether a node is in a loop.
    pub(super) fn contains(&self, node: &Node) -> bool {
        self.inside.loop_of(node).is_some()
    }

    /// A node's part in the loop that it belongs to.
    pub(super) fn member(&self, node: &Node) -> Option<LoopMember> {
        let (of, part) = match node.operator.as_loop() {
            Some(LoopOperator { loop_id, part }) => (loop_id, part.into()),
            None => (self.inside.loop_of(node)?, LoopPart::Body),
        };
        Some(LoopMember { begin: *self.begins.get(&of)?, part })
    }
}

impl From<LoopOperatorPart> for LoopPart {
    fn from(part: LoopOperatorPart) -> Self {
        match part {
            LoopOperatorPart::Begin { .. } => LoopPart::Begin,
            LoopOperatorPart::End { .. } => LoopPart::End,
            LoopOperatorPart::SolutionSet { .. } => LoopPart::SolutionSet,
            LoopOperatorPart::Replay => LoopPart::Body,
        }
    }
}

impl Chooser<'_> {
    /// Places an operator of a loop that has a driver.
    pub(super) fn loop_operator(&mut self, node: &Arc<Node>, index: usize, of: LoopOperator) -> Result<Place> {
        match of.part {
            LoopOperatorPart::Begin { .. } => {
                let place = self.drive(node, index)?;
                Ok(self.begin_loop(node, of.loop_id, place))
            }
            LoopOperatorPart::SolutionSet { .. } => self.solution_set(node, index, of.loop_id),
            LoopOperatorPart::Replay => self.place_replay(node, index, of.loop_id),
            LoopOperatorPart::End { .. } => self.end_loop(node, index),
        }
    }

    /// Places a replay, or leaves that to its only reader.
    pub(super) fn place_replay(&mut self, node: &Arc<Node>, index: usize, of: LoopId) -> Result<Place> {
        let place = self.input(node, 0)?;
        if self.consumers.get(&node.sequence) == Some(&1) {
            self.builder.plan.operators[index].is_left_out = true;
            self.loops.unplaced_replays.insert(node.sequence, index);
            return Ok(place);
        }
        self.replay(node, index, of, place)
    }

    fn replay(&mut self, node: &Node, index: usize, of: LoopId, place: Place) -> Result<Place> {
        self.builder.plan.operators[index].is_left_out = false;
        let place = self.drive_from(node, index, vec![place])?;
        self.loops.replays.push((of, self.last_step(&place)));
        Ok(place)
    }

    /// The place of an input's rows: after a replay if they come from outside of the loop.
    pub(super) fn after_replay(&mut self, node: &Node, input: usize, place: Place) -> Result<Place> {
        let Some(input) = node.inputs.get(input) else { return Ok(place) };
        match (self.loops.unplaced_replays.remove(&input.sequence), input.operator.as_loop()) {
            (Some(index), Some(of)) if of.part.is_replay() => self.replay(input, index, of.loop_id, place),
            _ => Ok(place),
        }
    }

    /// The step before a place.
    pub(super) fn last_step(&self, place: &Place) -> StepPlace {
        StepPlace { stage: place.stage, step: self.builder.plan.stages[place.stage].steps.len().saturating_sub(1) }
    }

    pub(super) fn step_at(&mut self, at: StepPlace) -> Result<&mut StepPlan> {
        let stage = self.builder.plan.stages.get_mut(at.stage);
        stage
            .and_then(|stage| stage.steps.get_mut(at.step))
            .ok_or_else(|| Error::Internal("a step is not planned".to_owned()))
    }

    /// Marks the step before a place as one that runs in each round, if its node does.
    pub(super) fn mark_loop(&mut self, node: &Node, place: &Place) {
        if self.loops.contains(node)
            && let Some(step) = self.builder.plan.stages[place.stage].steps.last_mut()
        {
            step.in_loop = true;
        }
    }

    /// Places the beginning of a loop. A bulk iteration emits its result there.
    pub(super) fn begin_loop(&mut self, node: &Node, of: LoopId, place: Place) -> Place {
        let at = self.last_step(&place);
        if !self.loops.deltas.contains(&of) {
            self.add_result_stage(at, &place, &node.schema().types());
        }
        self.loops.begin_steps.insert(of, at);
        // Rows of rounds are in no order of tasks.
        Place { ordered: false, ..place }
    }

    /// Places the solution set of a delta iteration, which is its result.
    pub(super) fn solution_set(&mut self, node: &Node, index: usize, of: LoopId) -> Result<Place> {
        let place = self.drive(node, index)?;
        let at = self.last_step(&place);
        if let Some(set) = node.inputs.get(LoopId::INITIAL) {
            self.add_result_stage(at, &place, &set.schema().types());
        }
        let ship = self.builder.plan.operators[index].inputs.get(LoopId::INITIAL).map(|(_, ship)| ship.clone());
        self.loops.sets.insert(of, (at, ship.unwrap_or(Ship::Forward)));
        Ok(Place { ordered: false, ..place })
    }

    /// Adds a stage for the result of a loop: the second output of a step sends to it.
    fn add_result_stage(&mut self, at: StepPlace, place: &Place, types: &[LeafType]) {
        let layout = Arc::new(RowLayout::full(types));
        let result_stage = self.builder.stage(Head::Inbox(0), self.builder.tasks(place));
        let result = OutputPlan::of_step(place.operator, Ship::Forward, layout, (result_stage, 0));
        self.builder.plan.stages[at.stage].steps[at.step].others.push(result);
    }

    /// Ends a loop: ships the rows of the next round to its beginning, and changes to its solution
    /// set. EXPLAIN shows the result's rows at the loop's end.
    pub(super) fn end_loop(&mut self, node: &Node, index: usize) -> Result<Place> {
        let missing = || Error::Internal("a loop ends that has not begun".to_owned());
        let of = node.operator.as_loop().ok_or_else(missing)?.loop_id;
        let begin = *self.loops.begin_steps.get(&of).ok_or_else(missing)?;
        let ship = self.ship_back(node, 0, Ship::Forward, begin, LoopId::FEEDBACK)?;
        self.builder.plan.operators[index].inputs[0].1 = ship;
        let from = match self.loops.sets.remove(&of) {
            None => begin,
            Some((set, ship)) => {
                let ship = self.ship_back(node, 1, ship, set, LoopId::DELTA)?;
                self.builder.plan.operators[index].inputs[1].1 = ship;
                set
            }
        };
        let result = self.step_at(from)?.others.first_mut();
        let result = result.ok_or_else(|| Error::Internal("a loop has no result".to_owned()))?;
        result.operator = index;
        Ok(Place::after_step(result.to.0, index))
    }

    /// Ships the rows of an input of the loop's end to a port of an earlier step. Returns the
    /// exchange.
    fn ship_back(&mut self, node: &Node, input: usize, ship: Ship, to: StepPlace, port: usize) -> Result<Ship> {
        let place = self.input(node, input)?;
        let tasks = self.builder.plan.stages[to.stage].tasks;
        let ship = match ship {
            Ship::Forward if self.builder.tasks(&place) == tasks => Ship::Forward,
            Ship::Forward if tasks == 1 => Ship::Gather,
            Ship::Forward => Ship::Rebalance,
            other => other,
        };
        let types = node.inputs.get(input).map(|input| input.schema().types()).unwrap_or_default();
        let layout = Arc::new(RowLayout::full(types));
        let inbox = self.builder.ship(Place { ordered: false, ..place }, ship.clone(), layout, to.stage);
        self.step_at(to)?.sides.push((port, inbox));
        Ok(ship)
    }

    /// Connects the beginnings of loops with replays, which start a round when the beginning does.
    pub(super) fn connect_replays(&mut self) -> Result<()> {
        for (of, replay) in std::mem::take(&mut self.loops.replays) {
            let begin = *self
                .loops
                .begin_steps
                .get(&of)
                .ok_or_else(|| Error::Internal("a replay without a loop".to_owned()))?;
            let stages = &mut self.builder.plan.stages;
            let inbox = stages[replay.stage].inboxes;
            stages[replay.stage].inboxes += 1;
            let is_same = stages[replay.stage].tasks == stages[begin.stage].tasks;
            let ship = if is_same { Ship::Forward } else { Ship::Broadcast };
            let layout = Arc::new(RowLayout::new([], &LeafSet::none()));
            let operator = stages[begin.stage].steps[begin.step].operator;
            self.step_at(replay)?.sides.push((LoopId::ROUNDS, inbox));
            self.step_at(begin)?.others.push(OutputPlan::of_step(operator, ship, layout, (replay.stage, inbox)));
        }
        Ok(())
    }
}
