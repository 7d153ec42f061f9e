//! Makes the stages that follow from the chosen strategies: from the sources to the sinks.
//!
//! An operator with one input whose rows are forwarded becomes a step of its input's stage. A join
//! becomes a step of the stage of its streamed input.

mod describe;
mod in_place;
mod loop_parts;
mod side_outputs;

use std::collections::HashMap;
use std::sync::Arc;

use super::Draft;
use super::fields::read;
use super::search::{Planned, search};
use super::source_bounds::source_bounds;
use crate::error::{Error, Result};
use crate::physical::{Builder, Choice, Head, InlineStepPlan, Part, Place, identities};
use crate::plan::Node;
use crate::row::RowLayout;
use crate::source::{Bound, Scan};
use crate::strategy::{InputEdge, Role, Ship, Strategy};
use describe::decoded;
use loop_parts::LoopPlaces;
use side_outputs::SideOutputs;

/// Chooses strategies, and makes the stages that follow from them.
///
/// # Errors
/// An operator cannot run as the plan needs it, or has no strategy.
pub(super) fn run(draft: &mut Draft) -> Result<()> {
    let nodes = &draft.nodes;
    let identities = identities(nodes);
    let positions: HashMap<u64, usize> = nodes.iter().map(|node| node.sequence).zip(0..).collect();
    let mut chooser = Chooser {
        draft,
        bounds: source_bounds(nodes),
        planned: search(draft, &identities)?,
        identities,
        builder: Builder::default(),
        places: HashMap::new(),
        consumers: side_outputs::consumers_of_main(nodes),
        loops: LoopPlaces::of(nodes),
        side_outputs: SideOutputs::of(nodes),
        positions,
    };
    chooser.place_all()?;
    let Chooser { builder: Builder { mut plan }, positions, loops, planned, .. } = chooser;
    plan.sinks = draft.sinks.iter().filter_map(|sink| positions.get(&sink.sequence).copied()).collect();
    let hints = nodes.iter().zip(0..).filter(|(node, _)| !loops.contains(node));
    plan.size_hints = hints.filter_map(|(node, index)| Some((index, node.operator.size_hint()?))).collect();
    plan.join_regions = std::mem::take(&mut draft.plan.join_regions);
    (draft.plan, draft.properties) = (plan, planned.into_iter().map(|planned| planned.delivered).collect());
    Ok(())
}

/// An input of an operator, after the driver on its sending side.
struct Arrival {
    place: Place,
    ship: Ship,
    layout: Arc<RowLayout>,
}

struct Chooser<'p> {
    draft: &'p Draft,
    /// The index of each node, by sequence number.
    positions: HashMap<u64, usize>,
    /// The bounds of the records of sources.
    bounds: HashMap<u64, Vec<Bound>>,
    /// The identity of each node.
    identities: Vec<String>,
    planned: Vec<Planned>,
    builder: Builder,
    places: HashMap<u64, Place>,
    consumers: HashMap<u64, usize>,
    loops: LoopPlaces,
    side_outputs: SideOutputs,
}

impl Chooser<'_> {
    fn place_all(&mut self) -> Result<()> {
        for (index, node) in self.draft.nodes.iter().enumerate() {
            self.describe(node);
            let mut place = self.place(index, node).map_err(|error| error.at(&node.origin))?;
            if self.consumers.get(&node.sequence).is_some_and(|&count| count > 1) {
                place = self.before_fork(node, place);
                place.forked = true;
            }
            self.check_place(index, &place).map_err(|error| error.at(&node.origin))?;
            self.places.insert(node.sequence, place);
        }
        self.connect_replays()
    }

    /// Checks the tasks of a place and their order against the plan. Strategies rely on both.
    fn check_place(&self, index: usize, place: &Place) -> Result<()> {
        let (expected, tasks) = (&self.planned[index].delivered, self.builder.tasks(place));
        if tasks == expected.tasks && place.ordered == expected.is_in_order() {
            return Ok(());
        }
        let order = if place.ordered { " in one order" } else { "" };
        Err(Error::Internal(format!("rows in {tasks} tasks{order}, where {} were planned, {expected}", expected.tasks)))
    }

    /// The place of an input's rows. If it is the only consumer, the place is moved out.
    fn input(&mut self, node: &Node, index: usize) -> Result<Place> {
        let sequence = node.inputs.get(index).map(|input| input.sequence);
        let place = sequence.and_then(|input| match self.consumers.get(&input) {
            // The only consumer takes the place: a copy would copy all its inline steps.
            Some(1) => self.places.remove(&input),
            _ => self.places.get(&input).cloned(),
        });
        let mut place = place.ok_or_else(|| Error::Internal(format!("input {index} is not planned")))?;
        place.is_spooled |= self.draft.spooled_edges.contains(&(node.sequence, index));
        Ok(place)
    }

    /// As [`Chooser::input`]. If the operator follows an order of all tasks, the rows are gathered
    /// in one task.
    fn gathered_if_ordered(&mut self, node: &Node, index: usize) -> Result<Place> {
        let place = self.input(node, index)?;
        if !place.ordered || self.builder.tasks(&place) == 1 || !node.operator.follows_order() {
            return Ok(place);
        }
        let input = &node.inputs[index];
        let layout = Arc::new(RowLayout::new(input.schema().types(), &self.draft.live_of(input)));
        let (stage, operator) = (self.builder.stage(Head::Inbox(0), 1), place.operator);
        self.builder.ship_to(place, Ship::Gather, layout, (stage, 0));
        Ok(Place::after_step(stage, operator))
    }

    fn place(&mut self, index: usize, node: &Arc<Node>) -> Result<Place> {
        let place = match node.operator.role() {
            Role::Source(source) => {
                let scan = self.scan(node);
                self.builder.plan.operators[index].strategy = decoded(node, &scan.live);
                let stage = self.builder.stage(Head::Source(index, source, scan), self.draft.resources.tasks);
                Place::after_step(stage, index)
            }
            Role::InPlace(step) => self.in_place(node, index, step)?,
            Role::Driven | Role::Sink => match node.operator.as_loop() {
                Some(of) => self.loop_operator(node, index, of)?,
                None if node.operator.has_side_output() => self.place_with_side_output(node, index)?,
                None => self.drive(node, index)?,
            },
        };
        self.builder.plan.operators[index].tasks = self.builder.tasks(&place);
        Ok(place)
    }

    /// A place before a fork. Closures with effects run once for each row, so before the fork.
    fn before_fork(&mut self, node: &Node, place: Place) -> Place {
        if !place.inline.iter().any(InlineStepPlan::counts) {
            return place;
        }
        let live = self.draft.live_of(node);
        self.builder.in_new_stage(place, &node.schema().types(), &live)
    }

    /// The scan of a source: its live leaves, and the bounds of its records.
    fn scan(&self, node: &Node) -> Scan {
        let bounds = self.bounds.get(&node.sequence).cloned().unwrap_or_default();
        Scan { live: self.draft.live_of(node), bounds }
    }

    fn drive(&mut self, node: &Node, index: usize) -> Result<Place> {
        let places =
            (0..node.inputs.len()).map(|input| self.gathered_if_ordered(node, input)).collect::<Result<Vec<_>>>()?;
        self.drive_from(node, index, places)
    }

    /// Runs an operator over rows at the given places.
    fn drive_from(&mut self, node: &Node, index: usize, mut places: Vec<Place>) -> Result<Place> {
        let strategy = self.planned(index, &places)?;
        let Strategy { edges, driver, tasks, streamed, kept, .. } = strategy;
        for input in (0..places.len()).filter(|&input| kept != Some(input)) {
            let place = places[input].clone();
            places[input] = self.after_replay(node, input, place)?;
        }
        let info = &mut self.builder.plan.operators[index];
        info.inputs.iter_mut().zip(&edges).for_each(|(input, edge)| input.1 = edge.ship.clone());
        let part = if edges.iter().any(|edge| edge.before.is_some()) { Part::Last } else { Part::Whole };
        let keys = edges.iter().enumerate().filter_map(|(port, edge)| Some((port, edge.needs.clone()?))).collect();
        let inputs = places.into_iter().zip(edges).enumerate();
        let mut arrivals: Vec<Arrival> =
            inputs.map(|(input, (place, edge))| self.arrival(node, index, input, place, edge)).collect();
        if streamed >= arrivals.len() {
            return Err(Error::Internal("no input is streamed".to_owned()));
        }
        let place = self.stream(arrivals.remove(streamed), tasks);
        let place = self.builder.step(place, index, driver, streamed, part);
        self.mark_loop(node, &place);
        self.step_at(self.last_step(&place))?.keys = keys;
        let ports = (0..).filter(|&port| port != streamed);
        for (port, Arrival { place: side, ship, layout }) in ports.zip(arrivals) {
            let inbox = self.builder.ship(side, ship, layout, place.stage);
            self.step_at(self.last_step(&place))?.sides.push((port, inbox));
        }
        Ok(place)
    }

    /// An input at a place, after the driver of its edge.
    fn arrival(&mut self, node: &Node, index: usize, input: usize, place: Place, edge: InputEdge) -> Arrival {
        let reads = read(node, input, &self.draft.live_of(node), self.draft.resources.rules);
        let types = node.inputs[input].schema().types();
        let layout = |types| Arc::new(RowLayout::new(types, &reads));
        let Some(before) = edge.before else { return Arrival { place, ship: edge.ship, layout: layout(types) } };
        let opened = self.builder.open(place, &types, &reads);
        let layout = before.layout.clone().unwrap_or_else(|| layout(types));
        let place = self.builder.step(opened, index, before, 0, Part::First);
        self.mark_loop(node, &place);
        Arrival { place, ship: edge.ship, layout }
    }

    /// Takes the strategy of an operator out of the search's result, and notes it for EXPLAIN.
    fn planned(&mut self, index: usize, places: &[Place]) -> Result<Strategy> {
        let tasks: Vec<usize> = places.iter().map(|place| self.builder.tasks(place)).collect();
        let info = &mut self.builder.plan.operators[index];
        let planned = &mut self.planned[index];
        let strategy = planned.strategy.take().filter(|strategy| strategy.edges.len() == tasks.len());
        let strategy = strategy.ok_or_else(|| Error::Internal(format!("{} has no strategy", info.origin)))?;
        let choice = Choice::of(&strategy);
        info.strategy.clone_from(&choice.how);
        info.chosen = Some(choice);
        info.candidates = std::mem::take(&mut planned.candidates);
        Ok(strategy)
    }

    /// The place of the streamed input's step: in the same stage if rows are forwarded, else in a
    /// new one after an exchange.
    fn stream(&mut self, arrival: Arrival, tasks: usize) -> Place {
        let Arrival { place, ship, layout } = arrival;
        if ship == Ship::Forward && self.builder.tasks(&place) == tasks && !place.forked {
            return place;
        }
        let stage = self.builder.stage(Head::Inbox(0), tasks);
        let after_step = Place::after_step(stage, place.operator);
        let next = match &ship {
            Ship::Forward => Place { ordered: place.ordered, ..after_step },
            _ => after_step,
        };
        self.builder.ship_to(place, ship, layout, (stage, 0));
        next
    }
}
