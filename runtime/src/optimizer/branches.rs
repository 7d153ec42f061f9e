//! Forks whose branches meet again.
//!
//! A join waits for its build side. If the probe side comes from the same fork, the fork is held back by the full probe channel and never
//! feeds the build side: each waits for the other. Two forks that meet each other in two joins can do the same, with no node behind both
//! branches of either. So what may wait for what is followed along the whole plan: a producer waits for the consumer at a full channel, a consumer for
//! the producer at an empty one. Where that leads back to where it began, rows are spooled, so that the fork is never held back.
//!
//! **Where branches meet again, pages wait in a spool.** A join waits for its build side; if both sides come from one flow, a bounded channel could
//! wait for itself. `optimizer::branches` follows who may wait for whom along the whole plan, and where that leads back to the fork puts a stage of
//! its own on the edge, whose head (`Head::SpillQueue`) takes what comes, always, and gives from when there is room. It gives as it goes: a dam, which
//! has everything before it gives anything, would hold back a branch that nobody waits for, and write it to disk. It is a head and no driver, since
//! a driver is not called while its output is full, and since pages then change hands as they are: no row is copied. Rows are picked by a hash
//! before it, so that the spool passes whole pages on; tasks are brought together behind it, so that no task of the fork waits for the order of
//! tasks. A fork right behind a source is no fork: each branch scans for itself.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::plan::{Node, endless};
use crate::strategy::Role;

/// An input of a node: the node's sequence number, and which of its inputs.
pub(super) type Edge = (u64, usize);

/// How many consumers each node has, by its sequence number.
pub(super) fn consumers(nodes: &[Arc<Node>]) -> HashMap<u64, usize> {
    let mut consumers = HashMap::new();
    for input in nodes.iter().flat_map(|node| &node.inputs) {
        *consumers.entry(input.sequence).or_insert(0) += 1;
    }
    consumers
}

/// The edges out of forks at which a fork could wait for itself.
pub(super) fn meeting(nodes: &[Arc<Node>]) -> HashSet<Edge> {
    let waits = Waits::of(nodes);
    let forks = nodes.iter().filter_map(|node| waits.outputs.get(&node.sequence)).filter(|outputs| outputs.len() > 1);
    forks.flatten().copied().filter(|&edge| waits.for_itself(edge)).collect()
}

/// The nodes that such edges begin at.
pub(super) fn forks_of(nodes: &[Arc<Node>], edges: &HashSet<Edge>) -> HashSet<u64> {
    let inputs = nodes.iter().flat_map(|node| node.inputs.iter().enumerate().map(move |edge| (node.sequence, edge)));
    inputs.filter(|&(node, (index, _))| edges.contains(&(node, index))).map(|(_, (_, input))| input.sequence).collect()
}

/// Refuses spools whose rows do not end: what waits in them would grow for ever.
///
/// That takes two branches of one endless flow, of which a join takes one before the other. A union takes whatever comes; a side that is a finite flow ends, and
/// so does what waits for it; and branches of a source itself read it once each.
pub(super) fn refuse_endless(nodes: &[Arc<Node>], meeting: &HashSet<Edge>) -> Result<()> {
    let endless = endless(nodes);
    for node in nodes {
        let spooled = |(index, input): (usize, &Arc<Node>)| {
            (endless.contains(&input.sequence) && meeting.contains(&(node.sequence, index))).then(|| input.clone())
        };
        let Some(fork) = node.inputs.iter().enumerate().find_map(spooled) else { continue };
        let meets = meets_at(nodes, node);
        let message = format!(
            "it takes one branch of {} before the other, and that flow does not end: what waits of the other would grow for ever; read the source once for each branch",
            fork.origin
        );
        return Err(Error::Plan(message).at(&meets.origin));
    }
    Ok(())
}

/// The first operator from a node on that has several inputs, and may take one before another.
fn meets_at<'p>(nodes: &'p [Arc<Node>], from: &'p Arc<Node>) -> &'p Arc<Node> {
    let chooses = |node: &Arc<Node>| node.inputs.len() > 1 && !matches!(node.operator.role(), Role::Union);
    let mut behind = HashSet::from([from.sequence]);
    for node in nodes {
        if !behind.contains(&node.sequence) && !node.inputs.iter().any(|input| behind.contains(&input.sequence)) {
            continue;
        }
        if chooses(node) {
            return node;
        }
        behind.insert(node.sequence);
    }
    from
}

/// Somebody who waits at an edge.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Wait {
    /// Its producer: the channel is full.
    Full(Edge),
    /// Its consumer: the channel is empty.
    Empty(Edge),
}

/// Who may wait for whom.
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

    /// Whether a producer that waits at an edge may wait for what only comes when it goes on.
    fn for_itself(&self, edge: Edge) -> bool {
        let (mut seen, mut open) = (HashSet::new(), vec![Wait::Full(edge)]);
        while let Some(wait) = open.pop() {
            for next in self.next(wait) {
                if next == Wait::Full(edge) {
                    return true;
                }
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        false
    }

    /// What whoever is waited for may wait for.
    fn next(&self, wait: Wait) -> Vec<Wait> {
        match wait {
            // The consumer is held back itself, or wants another input first.
            Wait::Full((consumer, index)) => {
                let others = self.inputs(consumer).filter(|&(_, other)| other != index && self.chooses(consumer));
                self.outputs(consumer).map(Wait::Full).chain(others.map(Wait::Empty)).collect()
            }
            // The producer has nothing, or is held back by another consumer.
            Wait::Empty(edge @ (consumer, index)) => {
                let producer = self.nodes.get(&consumer).and_then(|node| node.inputs.get(index));
                let Some(producer) = producer.map(|producer| producer.sequence) else { return Vec::new() };
                let others = self.outputs(producer).filter(|&other| other != edge);
                self.inputs(producer).map(Wait::Empty).chain(others.map(Wait::Full)).collect()
            }
        }
    }

    /// Whether a node may take one input before another.
    fn chooses(&self, node: u64) -> bool {
        self.nodes.get(&node).is_some_and(|node| !matches!(node.operator.role(), Role::Union))
    }

    fn inputs(&self, node: u64) -> impl Iterator<Item = Edge> {
        (0..self.nodes.get(&node).map_or(0, |found| found.inputs.len())).map(move |index| (node, index))
    }

    fn outputs(&self, node: u64) -> impl Iterator<Item = Edge> {
        self.outputs.get(&node).into_iter().flatten().copied()
    }
}
