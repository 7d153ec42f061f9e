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
use super::rules::Rules;
use crate::plan::{Loops, Node, endless, topological};

use enumerate::Order;
use region::Region;
use sizes::Sizes;

/// Another order is taken where it carries at most this share of what the order as written does.
const CLEARLY_BETTER: f64 = 0.8;

/// The same plan with its inner joins in the best order.
pub(super) fn reorder(sinks: &[Arc<Node>], rules: Rules) -> Vec<Arc<Node>> {
    let nodes = topological(sinks);
    let regions = regions(&nodes);
    if regions.is_empty() {
        return sinks.to_vec();
    }
    let estimates = estimate(&nodes, &live(&nodes, rules));
    let better = |(root, region): (u64, Region)| {
        let sizes = Sizes::of(&region, &estimates);
        let order = better_order(&region, &sizes)?;
        Some((root, (region, order)))
    };
    let orders: HashMap<u64, (Region, Order)> = regions.into_iter().filter_map(better).collect();
    if orders.is_empty() {
        return sinks.to_vec();
    }
    let mut written: HashMap<u64, Arc<Node>> = HashMap::new();
    for node in &nodes {
        let other = orders.get(&node.sequence);
        let other = other.and_then(|(region, order)| rebuild::rebuild(region, order, &written));
        let copy = other.unwrap_or_else(|| {
            let inputs = node.inputs.iter().map(|input| written.get(&input.sequence).unwrap_or(input).clone());
            let inputs: Vec<Arc<Node>> = inputs.collect();
            let is_same = inputs.iter().zip(&node.inputs).all(|(left, right)| Arc::ptr_eq(left, right));
            if is_same { node.clone() } else { node.with_inputs(inputs) }
        });
        written.insert(node.sequence, copy);
    }
    sinks.iter().filter_map(|sink| written.get(&sink.sequence)).cloned().collect()
}

/// An order that is clearly better than the one that is written.
fn better_order(region: &Region, sizes: &Sizes) -> Option<Order> {
    let as_written = region.sets_joined().map(|set| sizes.bytes(set)).sum::<f64>();
    let (order, bytes) = enumerate::best(region.all(), sizes)?;
    (bytes <= as_written * CLEARLY_BETTER).then_some(order)
}

/// The regions of a plan, by the sequence number of their uppermost joins.
fn regions(nodes: &[Arc<Node>]) -> Vec<(u64, Region)> {
    let (consumers, loops, endless) = (consumers(nodes), Loops::of(nodes), endless(nodes));
    let is_free = |node: &Node| loops.around(node).is_none() && !endless.contains(&node.sequence);
    let is_alone = |node: &Node| consumers.get(&node.sequence).is_none_or(|&count| count < 2);
    let mut inside: HashSet<u64> = HashSet::new();
    let mut regions = Vec::new();
    for node in nodes.iter().rev() {
        if inside.contains(&node.sequence) || !is_free(node) || node.operator.inner_join().is_none() {
            continue;
        }
        if let Some(region) = Region::below(node, is_alone) {
            inside.extend(region.joins.iter().map(|join| join.node.sequence));
            regions.push((node.sequence, region));
        }
    }
    regions
}
