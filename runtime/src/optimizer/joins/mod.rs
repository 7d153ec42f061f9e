//! Join order: inner joins whose order does not change the result are made in the order that carries least.
//!
//! A [region](region) is a tree of inner joins by keys. Its *relations* are the nodes that its joins read and that are no joins of the region. Each join but the uppermost one has
//! a single consumer, gives one record for each pair, and takes over the fields that the joins above it have in their keys. Such a tree gives the same records in any
//! order of its joins: an order is a binary tree of the relations in which both sides of each join have a key in common. [`sizes`] estimates how many records each set of
//! relations has when the set is joined, [`enumerate`] finds the order whose joins give the fewest bytes to each other, [`decide`] says whether the region gets that order,
//! and [`rebuild`] makes nodes of an order.
//!
//! **Closures do not fix the order.** The closure of a join computes fields that no other join can compute. In another order the closure is called by the first join that has
//! exactly the relations of the closure's own join. If no join has exactly these, joins below give the leaves of both their records, and the next join that has all
//! relations of the closure calls it; the uppermost join at the latest. So a computed field is made behind other joins where these carry less without it.
//!
//! **The order as written stays unless another one is clearly better.** Estimates are not exact, and a plan should not change with each small change of the data. Joins also
//! stay where the program says more than keys: by a hint, by a closure that counts, or by reading the records of a join more than once. Joins in the body of a loop stay, and
//! those of flows that do not end.
//!
//! **An order can be decided** ([`Decisions::join_order`](crate::physical::Decisions::join_order)): the region then gets that order, also where this rule is left out.

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
use super::estimates::{Estimates, Known, estimate};
use super::fields::live;
use super::{Resources, Rule};
use crate::error::Result;
use crate::physical::{JoinRegion, identities};
use crate::plan::{Loops, Node, endless, topological};

use decide::Decided;
use region::Region;
use sizes::Sizes;

/// What the rule has found.
#[derive(Default)]
pub(super) struct Reordered {
    /// All regions, each with the order as written and the order that it got.
    pub(super) regions: Vec<JoinRegion>,
    /// The estimates of the nodes before they were reordered, where the plan has a region.
    pub(super) estimates: Option<(Known, Estimates)>,
}

/// Puts the inner joins of a plan into the best order, or into the one that is decided for them.
///
/// # Errors
/// Where a region cannot have the order that is decided for it.
pub(super) fn reorder(sinks: &mut Vec<Arc<Node>>, resources: &Resources) -> Result<Reordered> {
    let chooses = resources.rules.runs(Rule::Joins);
    let decisions = resources.decisions.as_deref().filter(|decisions| decisions.join_orders().next().is_some());
    if !chooses && decisions.is_none() {
        return Ok(Reordered::default());
    }
    let nodes = topological(sinks);
    let mut regions = regions(&nodes);
    if regions.is_empty() {
        return Ok(Reordered::default());
    }
    let (known, estimates) = estimate(&nodes, &live(&nodes, resources.rules), resources);
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
            node.over(inputs.collect())
        });
        written.insert(node.sequence, copy);
    }
    *sinks = sinks.iter().filter_map(|sink| written.get(&sink.sequence)).cloned().collect();
    Ok(Reordered { regions: reordered, estimates: Some((known, estimates)) })
}

/// The regions of a plan, by the sequence number of their uppermost joins.
fn regions(nodes: &[Arc<Node>]) -> HashMap<u64, Region> {
    let (consumers, loops, endless) = (consumers(nodes), Loops::of(nodes), endless(nodes));
    let is_free = |node: &Node| loops.around(node).is_none() && !endless.contains(&node.sequence);
    let is_alone = |node: &Node| consumers.get(&node.sequence).is_none_or(|&count| count < 2);
    let mut inside: HashSet<u64> = HashSet::new();
    let mut regions = HashMap::new();
    for node in nodes.iter().rev() {
        if inside.contains(&node.sequence) || !is_free(node) || node.operator.as_inner_join().is_none() {
            continue;
        }
        if let Some(region) = Region::below(node, is_alone) {
            inside.extend(region.joins.iter().map(|join| join.node.sequence));
            regions.insert(node.sequence, region);
        }
    }
    regions
}
