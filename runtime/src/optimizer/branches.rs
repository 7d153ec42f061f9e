//! Forks whose branches meet again: finds the edges that need a spool.
//!
//! A join waits for its build side. If both sides come from one fork, the full channel of the probe
//! side can hold the fork back, and the build side never ends. Two forks that meet in two joins can
//! do the same. [`Waits`] follows which nodes may wait for which. A producer waits for the consumer
//! of a full channel, a consumer for the producer of an empty one. An edge out of a fork that lies
//! on a cycle of such waits gets a spool.
//!
//! # Spools
//! A spool is a stage of its own on the edge, and never holds the fork back. Its head
//! (`Head::SpillQueue`) accepts pages at any time and sends them when there is room.
//!
//! * It does not wait for the end of its input. That would delay a branch that needs no wait, and
//!   write its rows to disk.
//! * It is no driver, since a driver is not called while its output is full.
//! * It passes whole pages on and copies no row. So rows are sent by a hash before it.
//! * Tasks are gathered after it, so that no task of the fork waits for the order of tasks.
//!
//! Branches right after a source do not fork: each has a scan of its own.
//!
//! # Loops
//! An edge into a loop never holds a fork back. The loop's beginning, its replays and the solution
//! set keep the rows that arrive before the first round. The beginning also buffers the rows of the
//! body. But the result of a loop is emitted after all rows have entered the loop. So a join of the
//! result with the same fork waits like any other.
//!
//! Within a round, a body is a plan like any other. All rows of a round are sent before those of
//! the next, so rounds do not wait for each other.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Draft;
use crate::error::{Error, Result};
use crate::plan::{LoopOperatorPart, Node, endless};
use crate::strategy::{InPlace, LoopId, Role};

/// An input of a node: the node's sequence number, and which of its inputs.
pub(super) type Edge = (u64, usize);

/// The number of consumers of each node, by its sequence number.
pub(super) fn consumers(nodes: &[Arc<Node>]) -> HashMap<u64, usize> {
    let mut consumers = HashMap::new();
    for input in nodes.iter().flat_map(|node| &node.inputs) {
        *consumers.entry(input.sequence).or_insert(0) += 1;
    }
    consumers
}

/// Finds the edges whose rows are spooled.
///
/// # Errors
/// Fails if an endless flow would be spooled.
pub(super) fn run(draft: &mut Draft) -> Result<()> {
    draft.spooled_edges = spooled_edges(&draft.nodes);
    reject_endless(&draft.nodes, &draft.spooled_edges)
}

/// The edges out of forks that are on a cycle of waits.
pub(super) fn spooled_edges(nodes: &[Arc<Node>]) -> HashSet<Edge> {
    let waits = Waits::of(nodes);
    let forks = nodes.iter().filter_map(|node| waits.outputs.get(&node.sequence)).filter(|outputs| outputs.len() > 1);
    let edges: Vec<Edge> = forks.flatten().copied().collect();
    let on_cycles = waits.on_cycles(edges.iter().map(|&edge| Wait::Full(edge)));
    edges.into_iter().filter(|&edge| on_cycles.contains(&Wait::Full(edge))).collect()
}

/// The nodes at which the given edges begin.
pub(super) fn forks_of(nodes: &[Arc<Node>], edges: &HashSet<Edge>) -> HashSet<u64> {
    let inputs = nodes.iter().flat_map(|node| node.inputs.iter().enumerate().map(move |edge| (node.sequence, edge)));
    inputs.filter(|&(node, (index, _))| edges.contains(&(node, index))).map(|(_, (_, input))| input.sequence).collect()
}

/// Rejects spools of endless flows, which would grow without bound.
///
/// Only a join of two branches of one endless flow has such a spool, if it reads one branch before
/// the other. A union reads rows in any order. The wait for a finite side of a join ends with that
/// side. Branches of a source itself have a scan each.
fn reject_endless(nodes: &[Arc<Node>], spooled_edges: &HashSet<Edge>) -> Result<()> {
    let endless = endless(nodes);
    for node in nodes {
        let spooled = |(index, input): (usize, &Arc<Node>)| {
            (endless.contains(&input.sequence) && spooled_edges.contains(&(node.sequence, index)))
                .then(|| input.clone())
        };
        let Some(fork) = node.inputs.iter().enumerate().find_map(spooled) else { continue };
        let reader = first_ordering_reader(nodes, node);
        let message = format!(
            "it takes one branch of {} before the other, and that flow does not end: what waits of the other would grow for ever; read the source once for each branch",
            fork.origin
        );
        return Err(Error::Plan(message).at(&reader.origin));
    }
    Ok(())
}

fn is_union(node: &Node) -> bool {
    matches!(node.operator.role(), Role::InPlace(InPlace::Union))
}

/// The first operator from a node on that has several inputs, and may read one before another.
fn first_ordering_reader<'p>(nodes: &'p [Arc<Node>], from: &'p Arc<Node>) -> &'p Arc<Node> {
    let may_order_inputs = |node: &Arc<Node>| node.inputs.len() > 1 && !is_union(node);
    let mut reached = HashSet::from([from.sequence]);
    for node in nodes {
        if !reached.contains(&node.sequence) && !node.inputs.iter().any(|input| reached.contains(&input.sequence)) {
            continue;
        }
        if may_order_inputs(node) {
            return node;
        }
        reached.insert(node.sequence);
    }
    from
}

/// A wait at an edge.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Wait {
    /// The producer waits: the channel is full.
    Full(Edge),
    /// The consumer waits: the channel is empty.
    Empty(Edge),
}

/// A wait whose next waits are not all visited yet.
struct OpenWait {
    number: usize,
    /// The least number that is reachable from it and whose component is not complete.
    least: usize,
    /// The length of `incomplete` when this wait was found.
    begin: usize,
    /// The waits to follow.
    next: Vec<Wait>,
}

/// The waits that may depend on each other.
struct Waits<'p> {
    nodes: HashMap<u64, &'p Arc<Node>>,
    outputs: HashMap<u64, Vec<Edge>>,
}

impl<'p> Waits<'p> {
    fn of(nodes: &'p [Arc<Node>]) -> Self {
        let mut outputs: HashMap<u64, Vec<Edge>> = HashMap::new();
        for node in nodes {
            for (index, input) in node.inputs.iter().enumerate() {
                outputs.entry(input.sequence).or_default().push((node.sequence, index));
            }
        }
        Waits { nodes: nodes.iter().map(|node| (node.sequence, node)).collect(), outputs }
    }

    /// The waits that are on a cycle and can be reached from these: each may wait for itself.
    ///
    /// Cycles are the strongly connected components of more than one wait (Tarjan, *Depth-First
    /// Search and Linear Graph Algorithms*, 1972). The cost is linear in the edges between waits.
    fn on_cycles(&self, from: impl Iterator<Item = Wait>) -> HashSet<Wait> {
        // Waits are numbered as they are found. A wait whose component is complete has the greatest
        // number.
        let (mut numbers, mut on_cycles) = (HashMap::new(), HashSet::new());
        let (mut incomplete, mut open): (Vec<Wait>, Vec<OpenWait>) = (Vec::new(), Vec::new());
        for wait in from {
            let mut found = (!numbers.contains_key(&wait)).then_some(wait);
            loop {
                if let Some(wait) = found.take() {
                    let number = numbers.len();
                    numbers.insert(wait, number);
                    open.push(OpenWait { number, least: number, begin: incomplete.len(), next: self.next(wait) });
                    incomplete.push(wait);
                }
                let Some(top) = open.last_mut() else { break };
                if let Some(next) = top.next.pop() {
                    match numbers.get(&next) {
                        Some(&number) => top.least = top.least.min(number),
                        None => found = Some(next),
                    }
                    continue;
                }
                let (number, least, begin) = (top.number, top.least, top.begin);
                open.pop();
                if least == number {
                    let component = incomplete.split_off(begin);
                    numbers.extend(component.iter().map(|&wait| (wait, usize::MAX)));
                    if component.len() > 1 {
                        on_cycles.extend(component);
                    }
                } else if let Some(below) = open.last_mut() {
                    below.least = below.least.min(least);
                }
            }
        }
        on_cycles
    }

    /// The waits that may follow from a wait.
    fn next(&self, wait: Wait) -> Vec<Wait> {
        match wait {
            Wait::Full(edge) if self.is_always_read(edge) => Vec::new(),
            // The consumer is held back itself, or reads another input first.
            Wait::Full((consumer, index)) => {
                let others =
                    self.inputs(consumer).filter(|&(_, other)| other != index && self.may_order_inputs(consumer));
                self.outputs(consumer).map(Wait::Full).chain(others.map(Wait::Empty)).collect()
            }
            // The producer has no rows, or is held back by another consumer.
            Wait::Empty(edge @ (consumer, index)) => {
                let producer = self.nodes.get(&consumer).and_then(|node| node.inputs.get(index));
                let Some(producer) = producer.map(|producer| producer.sequence) else { return Vec::new() };
                let others = self.outputs(producer).filter(|&other| other != edge);
                self.inputs(producer).map(Wait::Empty).chain(others.map(Wait::Full)).collect()
            }
        }
    }

    /// Returns `true` if the rows of an edge are read at any time. A loop's beginning, a replay and
    /// a solution set keep rows that arrive before the first round. The beginning and the solution
    /// set buffer the rows of the body.
    fn is_always_read(&self, (consumer, index): Edge) -> bool {
        self.nodes.get(&consumer).and_then(|node| node.operator.as_loop()).is_some_and(|of| match of.part {
            LoopOperatorPart::SolutionSet { .. } => index == LoopId::INITIAL,
            LoopOperatorPart::Begin { .. } | LoopOperatorPart::End { .. } | LoopOperatorPart::Replay => true,
        })
    }

    /// Returns `true` if a node may read one input before another.
    fn may_order_inputs(&self, node: u64) -> bool {
        self.nodes.get(&node).is_some_and(|node| !is_union(node))
    }

    fn inputs(&self, node: u64) -> impl Iterator<Item = Edge> {
        (0..self.nodes.get(&node).map_or(0, |found| found.inputs.len())).map(move |index| (node, index))
    }

    fn outputs(&self, node: u64) -> impl Iterator<Item = Edge> {
        self.outputs.get(&node).into_iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests;
