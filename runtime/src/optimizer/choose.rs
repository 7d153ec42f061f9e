//! The stages that follow from strategies: from the sources down.
//!
//! One-input operators whose rows are forwarded become steps of their input's stage; a join becomes a step of the stage that streams through it.

mod loop_parts;
mod side_outputs;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Resources;
use super::branches::Edge;
use super::estimates::{Estimates, Known};
use super::fields::{Live, read};
use super::search::{Planned, search};
use super::source_bounds::bounds_behind;
use crate::error::{Error, Result};
use crate::physical::{
    Builder, Choice, Head, InlineStepPlan, OperatorInfo, Part, PhysicalPlan, Place, Watermarks, identities,
};
use crate::plan::Node;
use crate::row::{LeafSet, RowLayout, Schema};
use crate::source::{Bound, Scan};
use crate::strategy::{Estimate, EventTimeOf, InPlace, Properties, Role, Ship, Strategy};
use loop_parts::LoopPlaces;
use side_outputs::SideOutputs;

/// The physical plan, with the placement and order of each node's rows.
pub(super) fn choose(
    nodes: &[Arc<Node>],
    live: &Live,
    (known, estimates): (&Known, &Estimates),
    meeting: &HashSet<Edge>,
    resources: &Resources,
) -> Result<(PhysicalPlan, Vec<Properties>)> {
    let identities = identities(nodes);
    let planned = search(nodes, &identities, live, (known, estimates), resources)?;
    let consumers = side_outputs::consumers_of_main(nodes);
    let (builder, places) = (Builder::default(), HashMap::new());
    let positions = nodes.iter().zip(0..).map(|(node, position)| (node.sequence, position)).collect();
    let loops = LoopPlaces::of(nodes);
    let mut chooser = Chooser {
        positions,
        bounds: bounds_behind(nodes),
        live,
        estimates,
        meeting,
        resources,
        identities,
        planned,
        builder,
        places,
        consumers,
        loops,
        side_outputs: SideOutputs::of(nodes),
    };
    chooser.place_all(nodes)?;
    let properties = chooser.planned.into_iter().map(|planned| planned.gives).collect();
    Ok((chooser.builder.plan, properties))
}

/// What of a source's records somebody reads.
fn decoded(node: &Node, live: &LeafSet) -> String {
    // An `Option` has a leaf for its value and one that says whether there is one.
    let fields = |leaves: &mut dyn Iterator<Item = usize>| -> usize {
        let mut paths: Vec<_> =
            leaves.filter_map(|leaf| node.schema().leaves().get(leaf)).map(|leaf| &leaf.path).collect();
        paths.dedup();
        paths.len()
    };
    match (fields(&mut live.iter()), fields(&mut (0..node.schema().leaves().len()))) {
        (read, all) if read == all => String::new(),
        (read, all) => format!("{read} of {all} fields"),
    }
}

/// The fields of a node's records that somebody reads, and where those come from that it takes over: `price ← extendedprice`.
fn fields(node: &Node, live: &LeafSet) -> String {
    let name = |schema: &Schema, leaf: usize| {
        schema.leaves().get(leaf).map(|leaf| leaf.name().into_owned()).unwrap_or_default()
    };
    let inputs: Vec<_> = (0..node.inputs.len()).map(|input| node.operator.lets_filters_pass(input)).collect();
    let field = |leaf: usize| {
        let from =
            inputs.iter().enumerate().find_map(|(input, leaves)| Some((input, *leaves.as_ref()?.get(leaf)?.as_ref()?)));
        let (to, from) = (name(node.schema(), leaf), from.map(|(input, leaf)| name(node.inputs[input].schema(), leaf)));
        match from {
            Some(from) if from != to => format!("{to} ← {from}"),
            Some(from) => format!("← {from}"),
            None => to,
        }
    };
    let mut fields: Vec<String> = live.iter().map(field).collect();
    fields.dedup();
    fields.join(", ")
}

/// An input of an operator, after what happens on its sending side.
struct Arrival {
    place: Place,
    ship: Ship,
    layout: Arc<RowLayout>,
}

struct Chooser<'p> {
    /// Where each node stands among all.
    positions: HashMap<u64, usize>,
    /// What the filters behind sources say of their records.
    bounds: HashMap<u64, Vec<Bound>>,
    live: &'p Live,
    estimates: &'p Estimates,
    meeting: &'p HashSet<Edge>,
    resources: &'p Resources,
    /// Of each node.
    identities: Vec<String>,
    planned: Vec<Planned>,
    builder: Builder,
    places: HashMap<u64, Place>,
    consumers: HashMap<u64, usize>,
    loops: LoopPlaces,
    side_outputs: SideOutputs,
}

impl Chooser<'_> {
    fn place_all(&mut self, nodes: &[Arc<Node>]) -> Result<()> {
        for (index, node) in nodes.iter().enumerate() {
            self.describe(node)?;
            let mut place = self.place(index, node).map_err(|error| error.at(&node.origin))?;
            if self.consumers.get(&node.sequence).is_some_and(|&count| count > 1) {
                place = self.settled(node, place);
                place.forked = true;
            }
            self.hold(index, &place).map_err(|error| error.at(&node.origin))?;
            self.places.insert(node.sequence, place);
        }
        self.connect_replays()
    }

    fn live_of(&self, node: &Node) -> LeafSet {
        self.live.get(&node.sequence).cloned().unwrap_or_default()
    }

    /// Holds where rows are against where they were expected: strategies rely on it.
    fn hold(&self, index: usize, place: &Place) -> Result<()> {
        let (expected, tasks) = (&self.planned[index].gives, self.builder.tasks(place));
        if tasks == expected.tasks && place.ordered == expected.is_in_order() {
            return Ok(());
        }
        let order = if place.ordered { " in one order" } else { "" };
        Err(Error::Internal(format!("rows in {tasks} tasks{order}, where {} were planned, {expected}", expected.tasks)))
    }

    /// The operator's line in EXPLAIN; its index is the node's in the topological order.
    fn describe(&mut self, node: &Node) -> Result<()> {
        let inputs = node
            .inputs
            .iter()
            .map(|input| {
                let index = self.positions.get(&input.sequence);
                index
                    .map(|&index| (index, Ship::Forward))
                    .ok_or_else(|| Error::Internal("an input is no node".to_owned()))
            })
            .collect::<Result<_>>()?;
        let details = node.operator.details();
        let live = self.live_of(node);
        self.builder.plan.operators.push(OperatorInfo {
            origin: node.origin.clone(),
            identity: self.identities[self.builder.plan.operators.len()].clone(),
            description: [node.word(), details.as_str()].join(" ").trim_end().to_owned(),
            text: node.text.clone(),
            strategy: node.operator.placement(),
            candidates: Vec::new(),
            chosen: None,
            inputs,
            is_passed_by: false,
            in_loop: self.loops.member(node),
            tasks: 0,
            estimate: self.estimates.get(&node.sequence).copied().unwrap_or(Estimate::NOTHING),
            fields: fields(node, &live),
            leaves: node.schema().leaves().iter().map(|leaf| leaf.name().into_owned()).collect(),
        });
        Ok(())
    }

    /// Where the input's rows are picked up.
    fn input(&mut self, node: &Node, index: usize) -> Result<Place> {
        let sequence = node.inputs.get(index).map(|input| input.sequence);
        let place = sequence.and_then(|input| match self.consumers.get(&input) {
            // Nobody else asks: thousands of filters at one place are not copied for each.
            Some(1) => self.places.remove(&input),
            _ => self.places.get(&input).cloned(),
        });
        let mut place = place.ok_or_else(|| Error::Internal(format!("input {index} is not planned")))?;
        place.meets |= self.meeting.contains(&(node.sequence, index));
        Ok(place)
    }

    /// As [`Chooser::input`], in one task where the operator follows the order of all tasks' rows.
    fn followed(&mut self, node: &Node, index: usize) -> Result<Place> {
        let place = self.input(node, index)?;
        if !place.ordered || self.builder.tasks(&place) == 1 || !node.operator.follows_order() {
            return Ok(place);
        }
        let input = &node.inputs[index];
        let layout = Arc::new(RowLayout::new(input.schema().types(), &self.live_of(input)));
        let (stage, operator) = (self.builder.stage(Head::Inbox(0), 1), place.operator);
        self.builder.ship_to(place, Ship::Gather, layout, (stage, 0));
        Ok(Place::behind(stage, operator))
    }

    fn place(&mut self, index: usize, node: &Arc<Node>) -> Result<Place> {
        let place = match node.operator.role() {
            Role::Source(source) => {
                let scan = self.scan(node);
                self.builder.plan.operators[index].strategy = decoded(node, &scan.live);
                let stage = self.builder.stage(Head::Source(index, source, scan), self.resources.tasks);
                Place::behind(stage, index)
            }
            Role::InPlace(step) => self.in_place(node, index, step)?,
            Role::Driven | Role::Sink => match node.operator.as_loop() {
                Some(of) => self.loop_operator(node, index, of)?,
                None if node.operator.has_side_output() => self.set_aside(node, index)?,
                None => self.drive(node, index)?,
            },
        };
        self.builder.plan.operators[index].tasks = self.builder.tasks(&place);
        Ok(place)
    }

    fn in_place(&mut self, node: &Arc<Node>, index: usize, step: InPlace) -> Result<Place> {
        let step = match step {
            InPlace::Filter(filter) => InlineStepPlan::Filter(index, filter, self.live_of(node)),
            InPlace::Project(leaves) => InlineStepPlan::Project(index, leaves.into()),
            InPlace::WindowStart(windows, leaf) => InlineStepPlan::WindowStart(index, windows, leaf),
            InPlace::EventTime(leaves, of) => return self.event_time(node, index, leaves, of),
            InPlace::Union => return self.union(node, index),
            InPlace::SideOutput => return self.side_output(node, index),
            InPlace::LoopResult => return self.end_loop(node, index),
        };
        self.inline(node, index, step)
    }

    /// Rows with their event time after them. The head of their stage makes watermarks: by split over a source, else
    /// by task. So the stage ends where rows of several splits may mix, and where another event time began.
    fn event_time(&mut self, node: &Node, index: usize, leaves: Vec<usize>, of: EventTimeOf) -> Result<Place> {
        let mut place = self.input(node, 0)?;
        let leaf = self.leaf_of_source(&place, of.leaf);
        let mut watermarks = Watermarks { leaf, lateness_micros: of.lateness_micros };
        let stage = &self.builder.plan.stages[place.stage];
        let is_apart = stage.keeps_splits_apart();
        let begins_here = match stage.watermarks {
            None => is_apart,
            Some(others) if leaf.is_some() && others == watermarks => true,
            Some(_) if is_apart && matches!(stage.head, Head::Source(..)) => {
                return Err(Error::Plan(
                    "another `.event_time(..)` takes the same records, and a source has one event time: read the \
                     source once for each"
                        .to_owned(),
                ));
            }
            Some(_) => false,
        };
        if !begins_here {
            let input = &node.inputs[0];
            place = self.builder.behind(place, &input.schema().types(), &self.live_of(input));
            watermarks.leaf = None;
        }
        self.builder.plan.stages[place.stage].watermarks = Some(watermarks);
        if watermarks.leaf.is_none() {
            place.inline.push(InlineStepPlan::EventTime(of.leaf));
        }
        place.operator = index;
        place.inline.push(InlineStepPlan::Project(index, leaves.into()));
        Ok(place)
    }

    /// The leaf of the source that a leaf of the rows at a place is, if only filters and views are in between.
    fn leaf_of_source(&self, place: &Place, leaf: usize) -> Option<usize> {
        let stage = &self.builder.plan.stages[place.stage];
        if !matches!(stage.head, Head::Source(..)) || !stage.steps.is_empty() {
            return None;
        }
        place.inline.iter().rev().try_fold(leaf, |leaf, inline| match inline {
            InlineStepPlan::Project(_, leaves) => leaves.get(leaf).copied(),
            _ => Some(leaf),
        })
    }

    fn inline(&mut self, node: &Node, operator: usize, inline: InlineStepPlan) -> Result<Place> {
        let place = self.followed(node, 0)?;
        let mut place = self.replayed(node, 0, place)?;
        place.operator = operator;
        place.inline.push(inline);
        Ok(place)
    }

    /// The same place where each consumer may have a prelude of its own: what runs once for each row runs before the fork.
    fn settled(&mut self, node: &Node, place: Place) -> Place {
        if !place.inline.iter().any(InlineStepPlan::counts) {
            return place;
        }
        let live = self.live_of(node);
        self.builder.behind(place, &node.schema().types(), &live)
    }

    /// What a source is asked: live leaves, and the bounds of the filters that everything it gives goes through.
    fn scan(&self, node: &Node) -> Scan {
        let bounds = self.bounds.get(&node.sequence).cloned().unwrap_or_default();
        Scan { live: self.live_of(node), bounds }
    }

    fn union(&mut self, node: &Node, index: usize) -> Result<Place> {
        let mut places = Vec::new();
        for input in 0..node.inputs.len() {
            let place = self.input(node, input)?;
            places.push(self.replayed(node, input, place)?);
        }
        let tasks = places.iter().map(|place| self.builder.tasks(place)).max().unwrap_or(1);
        let stage = self.builder.stage(Head::Inbox(0), tasks);
        let layout = Arc::new(RowLayout::new(node.schema().types(), &self.live_of(node)));
        for (input, place) in places.into_iter().enumerate() {
            let ship = if self.builder.tasks(&place) == tasks { Ship::Forward } else { Ship::Rebalance };
            self.builder.plan.operators[index].inputs[input].1 = ship.clone();
            self.builder.ship_to(place, ship, layout.clone(), (stage, 0));
        }
        Ok(Place::behind(stage, index))
    }

    fn drive(&mut self, node: &Node, index: usize) -> Result<Place> {
        let places = (0..node.inputs.len()).map(|input| self.followed(node, input)).collect::<Result<Vec<_>>>()?;
        self.drive_from(node, index, places)
    }

    /// Runs an operator over rows at these places.
    fn drive_from(&mut self, node: &Node, index: usize, mut places: Vec<Place>) -> Result<Place> {
        let live = self.live_of(node);
        let strategy = self.planned(index, &places)?;
        let Strategy { edges, driver, tasks, streamed, kept, .. } = strategy;
        for input in (0..places.len()).filter(|&input| kept != Some(input)) {
            let place = places[input].clone();
            places[input] = self.replayed(node, input, place)?;
        }
        let info = &mut self.builder.plan.operators[index];
        info.inputs.iter_mut().zip(&edges).for_each(|(input, edge)| input.1 = edge.ship.clone());
        let part = if edges.iter().any(|edge| edge.before.is_some()) { Part::Last } else { Part::Whole };
        let keys = edges.iter().enumerate().filter_map(|(port, edge)| Some((port, edge.needs.clone()?))).collect();
        let mut arrivals: Vec<Arrival> = Vec::new();
        for (input, (place, edge)) in places.into_iter().zip(edges).enumerate() {
            let schema = node.inputs[input].schema();
            let reads = read(node, input, &live, self.resources.rules);
            let types = schema.types();
            let arrival = match edge.before {
                None => Arrival { place, ship: edge.ship, layout: Arc::new(RowLayout::new(types, &reads)) },
                Some(before) => {
                    let layout =
                        before.layout.clone().unwrap_or_else(|| Arc::new(RowLayout::new(types.clone(), &reads)));
                    let opened = self.builder.open(place, &types, &reads);
                    let place = self.builder.step(opened, index, before, 0, Part::First);
                    self.mark_loop(node, &place);
                    Arrival { place, ship: edge.ship, layout }
                }
            };
            arrivals.push(arrival);
        }
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

    /// How an operator runs.
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

    /// Where a step may take the streamed input: the same stage where rows are forwarded, else a new one behind an exchange.
    fn stream(&mut self, arrival: Arrival, tasks: usize) -> Place {
        let Arrival { place, ship, layout } = arrival;
        if ship == Ship::Forward && self.builder.tasks(&place) == tasks && !place.forked {
            return place;
        }
        let stage = self.builder.stage(Head::Inbox(0), tasks);
        let place_behind = Place::behind(stage, place.operator);
        let behind = match &ship {
            Ship::Forward => Place { ordered: place.ordered, ..place_behind },
            _ => place_behind,
        };
        self.builder.ship_to(place, ship, layout, (stage, 0));
        behind
    }
}
