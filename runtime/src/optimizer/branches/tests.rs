//! Compares the spools of random plans with a search over all schedules of a model.
//!
//! The model has a task for each node and a channel for each edge. A channel holds one row and any
//! number of control items. A spooled channel holds any number of rows. A task that has rows for a
//! full channel takes no input. Exceptions are the rows that return to the beginning of a loop or
//! to a solution set. The search tries all schedules of joins and replays, and every order in which
//! unions can take rows. Other tasks take each row from one place, so their order does not matter.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use super::spooled_edges;
use crate::error::{Error, Origin, Result};
use crate::optimizer::replays::with_replays;
use crate::page::tests::Random;
use crate::plan::{LoopOperator, LoopOperatorPart, Node, Operator, Table, topological};
use crate::row::{LeafType, Schema, SchemaBuilder};
use crate::strategy::{InPlace, LoopId, Planning, Role, Strategy};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Source,
    Map,
    /// Emits its rows at the end of its input.
    Group,
    Union,
    Join,
    /// The beginning of the loop with this number. The next kinds have that number, too.
    Begin(usize),
    /// The replay of a flow from outside of the loop.
    Replay(usize),
    /// The solution set, joined with its first input.
    Set(usize),
    End(usize),
    Sink,
}

/// The nodes of a plan, inputs before consumers.
#[derive(Clone, Debug)]
struct Model {
    nodes: Vec<(Kind, Vec<usize>)>,
    loops: usize,
}

/// The schedule of a plan.
#[derive(Clone, Debug)]
struct Schedule {
    /// For each join, the side that is read first. `None` if both sides are kept.
    first: Vec<Option<usize>>,
    /// Whether joins that read a replay first keep its rows over the rounds. Such a replay is left
    /// out.
    keeps: bool,
}

impl Model {
    fn random(random: &mut Random) -> Self {
        let mut model = Model { nodes: vec![(Kind::Source, Vec::new())], loops: 0 };
        if random.below(2) == 0 {
            model.nodes.push((Kind::Source, Vec::new()));
        }
        // A fork after a map is not a scan, so it is not copied.
        model.nodes.push((Kind::Map, vec![0]));
        let mut readable: Vec<usize> = (0..model.nodes.len()).collect();
        let mut left = 2 + random.below(4);
        while left > 0 {
            if model.loops < 2 && random.below(2) == 0 {
                left = left.saturating_sub(2);
                model.add_loop(random, &readable);
            } else {
                left -= 1;
                let inputs = [(); 2].map(|()| readable[random.below(readable.len())]);
                model.add(random, &inputs);
            }
            readable.push(model.nodes.len() - 1);
        }
        let is_read = |node: &usize| model.nodes.iter().any(|(_, inputs)| inputs.contains(node));
        let unread: Vec<usize> = (0..model.nodes.len()).filter(|node| !is_read(node)).collect();
        model.nodes.extend(unread.into_iter().map(|node| (Kind::Sink, vec![node])));
        model
    }

    /// Adds an operator over one or two of these inputs.
    fn add(&mut self, random: &mut Random, inputs: &[usize; 2]) -> usize {
        let (kind, count) =
            [(Kind::Map, 1), (Kind::Group, 1), (Kind::Union, 2), (Kind::Join, 2), (Kind::Join, 2)][random.below(5)];
        self.nodes.push((kind, inputs[..count].to_vec()));
        self.nodes.len() - 1
    }

    fn add_loop(&mut self, random: &mut Random, readable: &[usize]) {
        let of = self.loops;
        self.loops += 1;
        let outer = |random: &mut Random| readable[random.below(readable.len())];
        let initial = outer(random);
        self.nodes.push((Kind::Begin(of), vec![initial]));
        let mut body = vec![self.nodes.len() - 1];
        let size = 1 + random.below(2);
        for _ in 0..size {
            let own = body[random.below(body.len())];
            let other = if random.below(3) == 0 { body[random.below(body.len())] } else { outer(random) };
            let inputs = if random.below(2) == 0 { [own, other] } else { [other, own] };
            let before = self.nodes.len();
            let node = self.add(random, &inputs);
            // An operator of a body reads the body.
            if !self.nodes[before].1.contains(&own) {
                self.nodes[before].1 = vec![own];
            }
            body.push(node);
        }
        let mut last = vec![self.nodes.len() - 1];
        if random.below(3) == 0 {
            let initial = outer(random);
            self.nodes.push((Kind::Set(of), vec![last[0], initial]));
            last = vec![self.nodes.len() - 1; 2];
            if random.below(2) == 0 {
                self.nodes.push((Kind::Map, vec![last[0]]));
                last[random.below(2)] = self.nodes.len() - 1;
            }
        }
        self.nodes.push((Kind::End(of), last));
        self.drop_unread_of_body(of);
    }

    /// Removes nodes without readers from the body. Rows leave a body only through its end.
    fn drop_unread_of_body(&mut self, of: usize) {
        let begin = self.of_kind(Kind::Begin(of));
        for node in (begin + 1..self.nodes.len() - 1).rev() {
            if !self.nodes.iter().any(|(_, inputs)| inputs.contains(&node)) {
                self.nodes.remove(node);
                self.nodes
                    .iter_mut()
                    .flat_map(|(_, inputs)| inputs)
                    .filter(|input| **input > node)
                    .for_each(|input| *input -= 1);
            }
        }
    }

    fn of_kind(&self, kind: Kind) -> usize {
        self.nodes.iter().position(|node| node.0 == kind).unwrap()
    }

    /// All schedules.
    fn schedules(&self) -> Vec<Schedule> {
        let joins = self.nodes.iter().filter(|(kind, _)| *kind == Kind::Join).count();
        let mut schedules = Vec::new();
        for number in 0..3_usize.pow(joins as u32) {
            let mut rest = number;
            let mut first = Vec::new();
            for (kind, _) in &self.nodes {
                first.push(match (kind, rest % 3) {
                    (Kind::Join, 2) => None,
                    (_, side) => Some(side.min(1)),
                });
                rest = if *kind == Kind::Join { rest / 3 } else { rest };
            }
            let keeps: &[bool] = if self.loops > 0 { &[false, true] } else { &[false] };
            schedules.extend(keeps.iter().map(|&keeps| Schedule { first: first.clone(), keeps }));
        }
        schedules
    }

    /// The model with the optimizer's replays, and its spooled edges.
    fn planned(&self) -> (Model, HashSet<(usize, usize)>) {
        let schema = SchemaBuilder::build(|build| build.leaf(LeafType::U64));
        let ids: Vec<LoopId> = (0..self.loops).map(|_| LoopId::unique()).collect();
        let origin =
            Origin { name: "model".into(), operator: "model".into(), file: "tests.rs".into(), line: 1, column: 1 };
        let mut made: Vec<Arc<Node>> = Vec::new();
        for (kind, inputs) in &self.nodes {
            let operator = OfKind { kind: *kind, ids: ids.clone(), schema: schema.clone() };
            let inputs = inputs.iter().map(|&input| made[input].clone()).collect();
            made.push(Node::new(Arc::from(""), origin.clone(), Arc::from(""), Arc::new(operator), inputs));
        }
        let (copies, kinds) = (with_replays(&made), made.iter().zip(&self.nodes));
        let sinks = kinds.filter(|(_, (kind, _))| *kind == Kind::Sink).map(|(node, _)| node);
        let sinks: Vec<Arc<Node>> = sinks.map(|sink| copies.get(&sink.sequence).unwrap_or(sink).clone()).collect();
        let nodes = topological(&sinks);
        let number = |sequence: u64| nodes.iter().position(|node| node.sequence == sequence).unwrap();
        let kind = |node: &Arc<Node>| match node.operator.as_loop() {
            Some(of) if of.part.is_replay() => Kind::Replay(ids.iter().position(|id| *id == of.loop_id).unwrap()),
            _ => self.nodes[made.iter().position(|made| made.sequence == node.program_sequence).unwrap()].0,
        };
        let inputs = |node: &Arc<Node>| node.inputs.iter().map(|input| number(input.sequence)).collect();
        let of_nodes = nodes.iter().map(|node| (kind(node), inputs(node))).collect();
        let spooled = spooled_edges(&nodes).iter().map(|edge| (number(edge.0), edge.1)).collect();
        (Model { nodes: of_nodes, loops: self.loops }, spooled)
    }
}

/// An operator whose only relevant property is its role.
struct OfKind {
    kind: Kind,
    ids: Vec<LoopId>,
    schema: Schema,
}

impl Operator for OfKind {
    fn name(&self) -> &'static str {
        "model"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn as_loop(&self) -> Option<LoopOperator> {
        let replay = |schema: &Schema, loop_id| {
            Arc::new(OfKind { kind: Kind::Replay(0), ids: vec![loop_id], schema: schema.clone() }) as Arc<dyn Operator>
        };
        let (of, part) = match self.kind {
            Kind::Begin(of) => (of, LoopOperatorPart::Begin { replay }),
            Kind::Replay(of) => (of, LoopOperatorPart::Replay),
            Kind::Set(of) => (of, LoopOperatorPart::SolutionSet { key: Vec::new() }),
            Kind::End(of) => (of, LoopOperatorPart::End { rounds: 2 }),
            _ => return None,
        };
        Some(LoopOperator { loop_id: self.ids[of], part })
    }

    fn role(&self) -> Role {
        match self.kind {
            Kind::Union => Role::InPlace(InPlace::Union),
            Kind::End(_) => Role::InPlace(InPlace::LoopResult),
            Kind::Sink => Role::Sink,
            _ => Role::Driven,
        }
    }

    fn strategies(&self, _: &Planning<'_>) -> Vec<Strategy> {
        Vec::new()
    }

    fn reference(&self, _: &[Table]) -> Result<Table> {
        Err(Error::Internal("a model is not run".to_owned()))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Item {
    Row,
    RoundEnd,
    End,
}

/// A channel, and the items that wait to enter it.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
struct Channel {
    items: VecDeque<Item>,
    pending: VecDeque<Item>,
}

#[derive(Clone, PartialEq, Eq, Hash, Default)]
struct Task {
    /// Rows that the task keeps.
    kept: usize,
    /// Rows of the next round.
    next: usize,
    /// The number of rows that it still emits, the control items that follow them, and the
    /// channels.
    emitting: Option<(usize, Vec<Item>, Vec<usize>)>,
    /// For each input, whether its round has ended, and whether it has ended.
    round_ended: [bool; 3],
    ended: [bool; 3],
    round: u32,
}

/// The tasks and channels of a plan at one moment.
#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    tasks: Vec<Task>,
    channels: Vec<Channel>,
}

/// The constant facts of a run.
struct Machine<'m> {
    model: &'m Model,
    schedule: &'m Schedule,
    /// For each task, the channels that it reads, by port, and the channels that it writes.
    inputs: Vec<Vec<usize>>,
    outputs: Vec<Vec<usize>>,
    /// For each loop's beginning, the channels that carry only the ends of rounds. For each
    /// beginning or solution set, the channels of the loop's result.
    round_ends: Vec<Vec<usize>>,
    results: Vec<Vec<usize>>,
    /// Whether a channel is unbounded.
    spooled: Vec<bool>,
    /// Replays that are left out.
    left_out: Vec<bool>,
}

/// The rows of a source. They exceed the capacity of all tasks and channels between a fork and a
/// join.
const ROWS: usize = 14;
/// The rounds of each loop.
const ROUNDS: [u32; 2] = [2, 1];
/// The greatest number of states that are visited.
const MAX_STATES: usize = 150;

impl<'m> Machine<'m> {
    fn new(model: &'m Model, schedule: &'m Schedule, spooled: &HashSet<(usize, usize)>) -> Self {
        let count = model.nodes.len();
        let none = || vec![Vec::new(); count];
        let (inputs, outputs, round_ends, results) = (none(), none(), none(), none());
        let left_out = vec![false; count];
        let mut machine =
            Machine { model, schedule, inputs, outputs, round_ends, results, spooled: Vec::new(), left_out };
        machine.leave_out_replays();
        for (node, (kind, inputs)) in model.nodes.iter().enumerate() {
            if machine.left_out[node] {
                continue;
            }
            for (index, &input) in inputs.iter().enumerate() {
                let (from, mut edge) =
                    (if machine.left_out[input] { model.nodes[input].1[0] } else { input }, (node, index));
                if machine.left_out[input] {
                    edge = (input, 0);
                }
                let to = match (kind, index) {
                    (Kind::End(of), 0) => model.of_kind(Kind::Begin(*of)),
                    (Kind::End(of), _) => model.of_kind(Kind::Set(*of)),
                    _ => node,
                };
                let channel = machine.channel(spooled.contains(&edge));
                machine.outputs[from].push(channel);
                machine.inputs[to].push(channel);
            }
            if let Kind::End(of) = *kind {
                let from = if inputs.len() > 1 { Kind::Set(of) } else { Kind::Begin(of) };
                let channel = machine.channel(false);
                machine.results[model.of_kind(from)].push(channel);
                machine.inputs[node].push(channel);
            }
            if let Kind::Replay(of) = *kind {
                let channel = machine.channel(false);
                machine.round_ends[model.of_kind(Kind::Begin(of))].push(channel);
                machine.inputs[node].push(channel);
            }
        }
        machine
    }

    /// Leaves out replays whose only reader reads them first and keeps the table that it builds of
    /// their rows.
    fn leave_out_replays(&mut self) {
        for (node, (kind, inputs)) in self.model.nodes.iter().enumerate() {
            let Some(first) = self.schedule.first[node].filter(|_| self.schedule.keeps && *kind == Kind::Join) else {
                continue;
            };
            let input = inputs[first];
            let readers = self.model.nodes.iter().flat_map(|(_, inputs)| inputs).filter(|read| **read == input).count();
            self.left_out[input] = matches!(self.model.nodes[input].0, Kind::Replay(_)) && readers == 1;
        }
    }

    fn channel(&mut self, is_spooled: bool) -> usize {
        self.spooled.push(is_spooled);
        self.spooled.len() - 1
    }

    fn begin(&self) -> State {
        State {
            tasks: vec![Task::default(); self.model.nodes.len()],
            channels: vec![Channel::default(); self.spooled.len()],
        }
    }

    /// Moves waiting items into channels that have room.
    fn flush(&self, state: &mut State) {
        for (channel, is_spooled) in state.channels.iter_mut().zip(&self.spooled) {
            while let Some(item) = channel.pending.front() {
                let rows = channel.items.iter().filter(|item| **item == Item::Row).count();
                if *item == Item::Row && rows > 0 && !is_spooled {
                    break;
                }
                channel.items.extend(channel.pending.pop_front());
            }
        }
    }

    fn is_held_back(&self, state: &State, node: usize) -> bool {
        let all = [&self.outputs[node], &self.round_ends[node], &self.results[node]];
        all.into_iter().flatten().any(|&channel| !state.channels[channel].pending.is_empty())
    }

    fn send(&self, state: &mut State, channels: &[usize], item: Item) {
        channels.iter().for_each(|&channel| state.channels[channel].pending.push_back(item));
    }

    /// Runs one action of a task, which may take an item from a port. Returns `false` if there is
    /// none.
    fn act(&self, state: &mut State, node: usize, port: usize) -> bool {
        let (kind, _) = self.model.nodes[node];
        if self.left_out[node] {
            return false;
        }
        // Rows that return to a beginning, or change a solution set, are taken in any case.
        let buffered_port = match kind {
            Kind::Begin(_) => Some(1),
            Kind::Set(_) => Some(2),
            _ => None,
        };
        if let Some(port) = buffered_port.filter(|&port| !state.tasks[node].round_ended[port]) {
            let channel = self.inputs[node][port];
            if state.channels[channel].items.front() == Some(&Item::Row) {
                state.channels[channel].items.pop_front();
                state.tasks[node].next += 1;
                return true;
            }
        }
        if self.is_held_back(state, node) {
            return false;
        }
        if let Some((rows, mut controls, to)) = state.tasks[node].emitting.take() {
            if rows > 0 {
                self.send(state, &to, Item::Row);
                state.tasks[node].emitting = Some((rows - 1, controls, to));
            } else {
                let item = controls.remove(0);
                self.send(state, &to, item);
                state.tasks[node].emitting = (!controls.is_empty()).then_some((0, controls, to));
            }
            return true;
        }
        if kind == Kind::Source {
            let is_new = state.tasks[node].round == 0;
            state.tasks[node].round = 1;
            state.tasks[node].emitting =
                is_new.then(|| (ROWS, vec![Item::RoundEnd, Item::End], self.outputs[node].clone()));
            return is_new;
        }
        if !self.wants(&state.tasks[node], node, port)
            || state.tasks[node].round_ended[port]
            || state.tasks[node].ended[port]
        {
            return false;
        }
        let Some(item) = self.inputs[node].get(port).and_then(|&channel| state.channels[channel].items.pop_front())
        else {
            return false;
        };
        match item {
            Item::Row => self.take_row(state, node, port),
            Item::RoundEnd => {
                state.tasks[node].round_ended[port] = true;
                self.end_round(state, node, port);
            }
            Item::End => {
                state.tasks[node].ended[port] = true;
                self.end(state, node, port);
            }
        }
        true
    }

    /// Returns `true` if a task reads from a port now.
    fn wants(&self, task: &Task, node: usize, port: usize) -> bool {
        match self.model.nodes[node].0 {
            Kind::Join => match self.schedule.first[node] {
                Some(first) if port != first => task.round_ended[first] || task.ended[first],
                _ => true,
            },
            // A replay receives the control item of a round after all its rows.
            Kind::Replay(_) => (port == 1) == task.ended[0],
            // The initial set is read first.
            Kind::Set(_) => port == 2 || (port == 1) != task.ended[1],
            _ => true,
        }
    }

    fn take_row(&self, state: &mut State, node: usize, port: usize) {
        match self.model.nodes[node].0 {
            Kind::Map | Kind::Union | Kind::End(_) => self.send(state, &self.outputs[node], Item::Row),
            Kind::Join if self.schedule.first[node].is_some_and(|first| first != port) => {
                self.send(state, &self.outputs[node], Item::Row);
            }
            Kind::Set(_) if port == 0 => self.send(state, &self.outputs[node], Item::Row),
            // Rows of the build side emit nothing.
            Kind::Join if self.schedule.first[node].is_some() => {}
            Kind::Begin(_) if port == 1 => state.tasks[node].next += 1,
            _ => state.tasks[node].kept += 1,
        }
    }

    fn end_round(&self, state: &mut State, node: usize, port: usize) {
        let (kind, _) = self.model.nodes[node];
        if self.keeps(node, port) {
            // The port is read once.
            (state.tasks[node].round_ended[port], state.tasks[node].ended[port]) = (false, true);
            return;
        }
        let task = &mut state.tasks[node];
        let outputs = self.outputs[node].clone();
        match kind {
            Kind::Begin(of) => {
                task.round_ended[port] = false;
                if port == 1 {
                    task.kept = std::mem::take(&mut task.next);
                }
                task.round += 1;
                let (rows, is_last) = (task.kept, task.round > ROUNDS[of]);
                if !is_last {
                    task.emitting = Some((rows, vec![Item::RoundEnd], outputs));
                } else if !self.results[node].is_empty() {
                    task.emitting = Some((rows, vec![Item::RoundEnd, Item::End], self.results[node].clone()));
                }
                if is_last {
                    self.send(state, &self.outputs[node], Item::End);
                }
                self.send(state, &self.round_ends[node], if is_last { Item::End } else { Item::RoundEnd });
            }
            Kind::Replay(_) => {
                task.round_ended[port] = false;
                if port == 1 {
                    task.emitting = Some((task.kept, vec![Item::RoundEnd], outputs));
                }
            }
            Kind::Set(_) => {
                if port == 0 {
                    self.send(state, &outputs, Item::RoundEnd);
                }
                let task = &mut state.tasks[node];
                task.round_ended[1] = false;
                if task.round_ended[0] && task.round_ended[2] {
                    task.round_ended = [false; 3];
                }
            }
            _ => {
                let count = self.inputs[node].len();
                let is_kept = |input: usize| self.keeps(node, input) && task.ended[input];
                if !(0..count).all(|input| task.round_ended[input] || is_kept(input)) {
                    return;
                }
                task.round_ended = [false; 3];
                let rows = if kind == Kind::Sink { 0 } else { std::mem::take(&mut task.kept) };
                task.emitting = Some((rows, vec![Item::RoundEnd], outputs));
            }
        }
    }

    /// Returns `true` if a join keeps the table of an input over the rounds.
    fn keeps(&self, node: usize, input: usize) -> bool {
        self.model.nodes[node].1.get(input).is_some_and(|&read| self.left_out[read])
    }

    fn end(&self, state: &mut State, node: usize, port: usize) {
        let (kind, _) = self.model.nodes[node];
        match kind {
            Kind::Set(_) if port == 0 => self.send(state, &self.outputs[node], Item::End),
            Kind::Set(_) if port == 2 => {
                state.tasks[node].emitting = Some((ROWS, vec![Item::RoundEnd, Item::End], self.results[node].clone()));
            }
            Kind::Replay(_) if port == 1 => self.send(state, &self.outputs[node], Item::End),
            Kind::Begin(_) | Kind::Set(_) | Kind::Replay(_) => {}
            _ => {
                if (0..self.inputs[node].len()).all(|input| state.tasks[node].ended[input]) {
                    self.send(state, &self.outputs[node], Item::End);
                }
            }
        }
    }

    /// Returns `true` if a schedule stops before all rows have reached the sinks.
    fn can_deadlock(&self) -> bool {
        let (mut seen, mut open) = (HashSet::new(), vec![self.begin()]);
        while let Some(mut state) = open.pop() {
            self.run_in_fixed_order(&mut state);
            if seen.len() > MAX_STATES || !seen.insert(state.clone()) {
                continue;
            }
            let mut goes_on = false;
            for node in 0..self.model.nodes.len() {
                for port in 0..self.inputs[node].len() {
                    let mut next = state.clone();
                    if self.act(&mut next, node, port) {
                        goes_on = true;
                        open.push(next);
                    }
                }
            }
            let sinks = self.model.nodes.iter().zip(&state.tasks).filter(|((kind, _), _)| *kind == Kind::Sink);
            if !goes_on && !sinks.into_iter().all(|(_, task)| task.ended[0]) {
                return true;
            }
        }
        false
    }

    /// Runs all tasks except unions until none can act. Their order does not matter.
    fn run_in_fixed_order(&self, state: &mut State) {
        loop {
            self.flush(state);
            let mut has_acted = false;
            for node in (0..self.model.nodes.len()).filter(|&node| self.model.nodes[node].0 != Kind::Union) {
                for port in 0..self.inputs[node].len().max(1) {
                    has_acted |= self.act(state, node, port);
                    self.flush(state);
                }
            }
            if !has_acted {
                return;
            }
        }
    }
}

/// The variable `PLANS` sets the number of plans.
#[test]
fn spools_are_exactly_where_a_schedule_can_deadlock() {
    let plans = std::env::var("PLANS").ok().map_or(40, |plans| plans.parse().unwrap());
    let (mut waiting, mut others) = (0, 0);
    for seed in 0..plans {
        let (model, spooled) = Model::random(&mut Random(seed)).planned();
        if model.nodes.iter().filter(|(kind, _)| *kind == Kind::Join).count() > 2 {
            continue;
        }
        let schedules = model.schedules();
        let waits = |spooled: &HashSet<(usize, usize)>| {
            schedules.iter().find(|schedule| Machine::new(&model, schedule, spooled).can_deadlock())
        };
        let spooled_schedule = waits(&spooled);
        assert!(
            spooled_schedule.is_none(),
            "seed {seed}: {model:?}, spooled {spooled:?}, waits as {spooled_schedule:?}"
        );
        let is_needed = waits(&HashSet::new()).is_some();
        assert!(is_needed || spooled.is_empty(), "seed {seed}: {model:?} needs none of {spooled:?}");
        (waiting, others) = (waiting + usize::from(is_needed), others + usize::from(!is_needed));
    }
    assert!(waiting > plans as usize / 5 && others > plans as usize / 5, "{waiting} plans wait, {others} do not");
}
