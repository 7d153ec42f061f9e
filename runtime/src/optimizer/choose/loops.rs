//! Where loops begin and end in the physical plan, and how what comes from outside gets into their rounds.
//!
//! What an operator of a body reads from outside is given to it anew in each round, by a replay in front of it, unless the strategy that is chosen for the
//! operator [keeps](Strategy::kept) what it has made of it: a table is built once. So a replay with one reader is not placed before that is known.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Chooser;
use crate::error::{Error, Result};
use crate::physical::{Head, OutputPlan, Place, StepPlan};
use crate::plan::{Loops, Node};
use crate::row::{LeafSet, LeafType, RowLayout};
use crate::strategy::{LoopId, Role, Ship};

/// What is known of the plan's loops.
pub(super) struct LoopPlaces {
    inside: Loops,
    /// Where loops begin.
    begun: HashMap<LoopId, StepPlace>,
    /// The delta iterations.
    deltas: HashSet<LoopId>,
    /// Where their solution sets are, and how rows get to the tasks that have theirs.
    sets: HashMap<LoopId, (StepPlace, Ship)>,
    /// Replays that are placed.
    replays: Vec<(LoopId, StepPlace)>,
    /// Replays that wait for their reader's strategy: their operators, by the sequence numbers of the nodes.
    waiting: HashMap<u64, usize>,
}

/// Which step of which stage.
#[derive(Clone, Copy)]
struct StepPlace {
    stage: usize,
    step: usize,
}

impl LoopPlaces {
    /// Of a plan of which nothing is placed yet.
    pub(super) fn of(nodes: &[Arc<Node>]) -> Self {
        let ended = |node: &Arc<Node>| match node.operator.role() {
            Role::LoopEnd(of, _) => Some(of),
            _ => None,
        };
        let deltas = nodes.iter().filter(|node| node.inputs.len() > 1).filter_map(ended);
        LoopPlaces {
            inside: Loops::of(nodes),
            begun: HashMap::new(),
            deltas: deltas.collect(),
            sets: HashMap::new(),
            replays: Vec::new(),
            waiting: HashMap::new(),
        }
    }
}

impl Chooser<'_> {
    /// The rows that a replay is to give in each round.
    pub(super) fn begin_replay(&mut self, node: &Arc<Node>, index: usize, of: LoopId) -> Result<Place> {
        let place = self.input(node, 0)?;
        if self.consumers.get(&node.sequence) == Some(&1) {
            self.builder.plan.operators[index].is_passed_by = true;
            self.loops.waiting.insert(node.sequence, index);
            return Ok(place);
        }
        self.replay(node, index, of, place)
    }

    fn replay(&mut self, node: &Node, index: usize, of: LoopId, place: Place) -> Result<Place> {
        self.builder.plan.operators[index].is_passed_by = false;
        let place = self.drive_from(node, index, vec![place])?;
        self.loops.replays.push((of, self.last_step(&place)));
        Ok(place)
    }

    /// The rows of an input at a place, anew in each round if they come from outside of the loop.
    pub(super) fn replayed(&mut self, node: &Node, input: usize, place: Place) -> Result<Place> {
        let Some(input) = node.inputs.get(input) else { return Ok(place) };
        match (self.loops.waiting.remove(&input.sequence), input.operator.role()) {
            (Some(index), Role::Replay(of)) => self.replay(input, index, of, place),
            _ => Ok(place),
        }
    }

    /// The step that a place is behind.
    fn last_step(&self, place: &Place) -> StepPlace {
        StepPlace { stage: place.stage, step: self.builder.plan.stages[place.stage].steps.len().saturating_sub(1) }
    }

    fn step_at(&mut self, at: StepPlace) -> Result<&mut StepPlan> {
        let stage = self.builder.plan.stages.get_mut(at.stage);
        stage
            .and_then(|stage| stage.steps.get_mut(at.step))
            .ok_or_else(|| Error::Internal("a step is not planned".to_owned()))
    }

    /// Says of the step that a place is behind that it runs in each round, if its node does.
    pub(super) fn mark_loop(&mut self, node: &Node, place: &Place) {
        if self.loops.inside.around(node).is_some()
            && let Some(step) = self.builder.plan.stages[place.stage].steps.last_mut()
        {
            step.in_loop = true;
        }
    }

    /// A bulk iteration comes to rows that leave its beginning.
    pub(super) fn begin_loop(&mut self, node: &Node, of: LoopId, place: Place) -> Place {
        let at = self.last_step(&place);
        if !self.loops.deltas.contains(&of) {
            self.give_result(at, &place, &node.schema().types());
        }
        self.loops.begun.insert(of, at);
        // Rows of rounds are in no order of tasks.
        Place { ordered: false, ..place }
    }

    /// A delta iteration comes to its solution set.
    pub(super) fn solution_set(&mut self, node: &Node, index: usize, of: LoopId) -> Result<Place> {
        let place = self.drive(node, index)?;
        let at = self.last_step(&place);
        if let Some(set) = node.inputs.get(LoopId::INITIAL) {
            self.give_result(at, &place, &set.schema().types());
        }
        let ship = self.builder.plan.operators[index].inputs.get(LoopId::INITIAL).map(|(_, ship)| ship.clone());
        self.loops.sets.insert(of, (at, ship.unwrap_or(Ship::Forward)));
        Ok(Place { ordered: false, ..place })
    }

    /// Gives what a loop comes to a stage of its own: it leaves by the second output of a step.
    fn give_result(&mut self, at: StepPlace, place: &Place, types: &[LeafType]) {
        let layout = Arc::new(RowLayout::full(types));
        let behind = self.builder.stage(Head::Inbox(0), self.builder.tasks(place));
        let result = OutputPlan::of_step(place.operator, Ship::Forward, layout, (behind, 0));
        self.builder.plan.stages[at.stage].steps[at.step].others.push(result);
    }

    /// Ships what a loop's body gives back to its beginning, and to its solution set.
    pub(super) fn end_loop(&mut self, node: &Node, of: LoopId) -> Result<Place> {
        let missing = || Error::Internal("a loop ends that has not begun".to_owned());
        let begin = *self.loops.begun.get(&of).ok_or_else(missing)?;
        let workset = self.input(node, 0)?;
        let operator = workset.operator;
        self.ship_back(node, 0, workset, Ship::Forward, begin, LoopId::FEEDBACK)?;
        let from = match self.loops.sets.remove(&of) {
            None => begin,
            Some((set, ship)) => {
                let deltas = self.input(node, 1)?;
                self.ship_back(node, 1, deltas, ship, set, LoopId::DELTA)?;
                set
            }
        };
        let result = self.step_at(from)?.others.first().map(|result| result.to.0);
        let stage = result.ok_or_else(|| Error::Internal("a loop has no result".to_owned()))?;
        Ok(Place::behind(stage, operator))
    }

    /// Ships the rows of one of the loop's last inputs to a port of a step that stands before.
    fn ship_back(
        &mut self,
        node: &Node,
        input: usize,
        place: Place,
        ship: Ship,
        to: StepPlace,
        port: usize,
    ) -> Result<()> {
        let tasks = self.builder.plan.stages[to.stage].tasks;
        let ship = match ship {
            Ship::Forward if self.builder.tasks(&place) == tasks => Ship::Forward,
            Ship::Forward if tasks == 1 => Ship::Gather,
            Ship::Forward => Ship::Rebalance,
            other => other,
        };
        let types = node.inputs.get(input).map(|input| input.schema().types()).unwrap_or_default();
        let layout = Arc::new(RowLayout::full(types));
        let inbox = self.builder.ship(Place { ordered: false, ..place }, ship, layout, to.stage);
        self.step_at(to)?.sides.push((port, inbox));
        Ok(())
    }

    /// Has the beginnings of loops tell replays when rounds begin.
    pub(super) fn connect_replays(&mut self) -> Result<()> {
        for (of, replay) in std::mem::take(&mut self.loops.replays) {
            let begin =
                *self.loops.begun.get(&of).ok_or_else(|| Error::Internal("a replay without a loop".to_owned()))?;
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
