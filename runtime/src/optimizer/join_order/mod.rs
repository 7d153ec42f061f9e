//! Join order: inner joins that stand one behind the other are made in the order in which least is carried between them.
//!
//! A [region](region) is a tree of inner joins by keys. Each but the uppermost has one consumer, gives one record for each pair, and takes over the fields that joins
//! above it join by. What such joins give in the end does not depend on their order: they are an expression of relations, which is what comes into the region, and of
//! equalities. [Sizes](sizes) guesses how many records a set of relations has when it is joined, [enumerate](enumerate) finds the order that carries least, and
//! [rebuild](rebuild) makes nodes of it.
//!
//! **Closures do not fix the order.** The closure after a join computes fields, which no other join can compute. It is called by the first join that has exactly the relations
//! of its own; a join that is none as the program has it gives the leaves of both its records, and a closure that then has no join of its own is called by
//! the next one that has all its relations, at the latest the uppermost. So a computed field is pushed up behind joins where these carry less
//! without it.
//!
//! **The order as written stays, unless another is clearly better**: guesses are guesses, and plans should not flap. What the program says, by a hint, by a closure that
//! counts, or by reading the records of a join more than once, stays too; so do joins in the body of a loop, and those of flows that do not end.

mod decide;
mod enumerate;
mod rebuild;
mod region;
mod sizes;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::branches::consumers;
use super::estimates::estimate;
use super::liveness::live;
use super::{Resources, Rule};
use crate::error::Result;
use crate::physical::{JoinRegion, identities};
use crate::plan::{Loops, Node, endless, topological};

use decide::Decided;
use region::Region;
use sizes::Sizes;

/// Puts the inner joins of a plan into the best order, or into the one that is decided for them. Returns all regions, each with both of its orders.
///
/// # Errors
/// Where a region cannot have the order that is decided for it.
pub(super) fn reorder(sinks: &mut Vec<Arc<Node>>, resources: &Resources) -> Result<Vec<JoinRegion>> {
    let chooses = resources.rules.runs(Rule::Joins);
    let decisions = resources.decisions.as_deref().filter(|decisions| decisions.join_orders().next().is_some());
    if !chooses && decisions.is_none() {
        return Ok(Vec::new());
    }
    let nodes = topological(sinks);
    let mut regions = regions(&nodes);
    if regions.is_empty() {
        return Ok(Vec::new());
    }
    let (known, estimates) = estimate(&nodes, &live(&nodes, resources.rules));
    let identities: HashMap<u64, String> = nodes.iter().map(|node| node.sequence).zip(identities(&nodes)).collect();
    let mut reordered = Vec::new();
    let mut written: HashMap<u64, Arc<Node>> = HashMap::new();
    for node in &nodes {
        let mut copy = None;
        if let Some(region) = regions.remove(&node.sequence) {
            let sizes = Sizes::of(&region, &known, &estimates);
            let mut decided = Decided::new(&region, &sizes, &identities);
            let forced = decisions.and_then(|decisions| decisions.join_order(decided.join()));
            copy = match forced {
                Some(order) => decided.force(order, &written).map_err(|error| error.at(&node.origin))?,
                None if chooses => decided.choose(&written),
                None => None,
            };
            reordered.push(decided.finish());
        }
        let copy = copy.unwrap_or_else(|| {
            let inputs = node.inputs.iter().map(|input| written.get(&input.sequence).unwrap_or(input).clone());
            let inputs: Vec<Arc<Node>> = inputs.collect();
            let is_same = inputs.iter().zip(&node.inputs).all(|(left, right)| Arc::ptr_eq(left, right));
            if is_same { node.clone() } else { node.with_inputs(inputs) }
        });
        written.insert(node.sequence, copy);
    }
    *sinks = sinks.iter().filter_map(|sink| written.get(&sink.sequence)).cloned().collect();
    Ok(reordered)
}

/// The regions of a plan, by the sequence number of their uppermost joins.
fn regions(nodes: &[Arc<Node>]) -> HashMap<u64, Region> {
    let (consumers, loops, endless) = (consumers(nodes), Loops::of(nodes), endless(nodes));
    let is_free = |node: &Node| loops.around(node).is_none() && !endless.contains(&node.sequence);
    let is_alone = |node: &Node| consumers.get(&node.sequence).is_none_or(|&count| count < 2);
    let mut inside: HashSet<u64> = HashSet::new();
    let mut regions = HashMap::new();
    for node in nodes.iter().rev() {
        if inside.contains(&node.sequence) || !is_free(node) || node.operator.inner_join().is_none() {
            continue;
        }
        if let Some(region) = Region::below(node, is_alone) {
            inside.extend(region.joins.iter().map(|join| join.node.sequence));
            regions.insert(node.sequence, region);
        }
    }
    regions
}
