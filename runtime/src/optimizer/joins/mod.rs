//! Join order: runs inner joins in the order that passes the fewest bytes between them.
//!
//! A [region](region) is a tree of inner joins by keys. Its *relations* are the nodes that its
//! joins read and that are no joins of the region. Each join below the uppermost has one consumer,
//! emits one record per pair, and copies the key fields of the joins above it. So any order of the
//! joins has the same result. An order is a binary tree of the relations in which both sides of
//! each join share a key.
//!
//! [`sizes`] estimates the number of records of each set of joined relations. [`enumerate`] finds
//! the order with the fewest bytes, [`decide`] accepts or rejects it, and [`rebuild`] makes its
//! nodes. A decision ([`Decisions::join_order`](crate::physical::Decisions::join_order)) replaces
//! the search, even if this rule is left out.
//!
//! # Closures
//! The closure of a join computes fields that no other join can compute. In another order, the
//! first join that has exactly the relations of the closure's own join calls it. If there is none,
//! joins below emit the leaves of both their records, and the next join with all these relations
//! calls the closure. The uppermost join has all relations. So a field is computed after other
//! joins if these then pass fewer bytes.
//!
//! # Limits
//! The order as written stays unless another one is clearly better. Estimates are not exact, and a
//! plan should not change with each small change of the data. Joins also keep their order in these
//! cases:
//! * They have a hint, or a closure that counts.
//! * The records of a join are read more than once.
//! * They are in the body of a loop, or in an endless flow.

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
use super::fields::live;
use super::{Draft, Rule};
use crate::error::Result;
use crate::physical::identities;
use crate::plan::{Loops, Node, endless};

use decide::RegionDecision;
use region::Region;
use sizes::Sizes;

/// Puts the inner joins of a plan into the best order, or into the order of a decision.
///
/// # Errors
/// Fails if a region cannot have the order of its decision.
pub(super) fn run(draft: &mut Draft) -> Result<()> {
    let (resources, nodes) = (&draft.resources, &draft.nodes);
    let is_enabled = draft.runs(Rule::Joins);
    let decisions = resources.decisions.as_deref().filter(|decisions| decisions.join_orders().next().is_some());
    if !is_enabled && decisions.is_none() {
        return Ok(());
    }
    let mut regions = regions(nodes);
    if regions.is_empty() {
        return Ok(());
    }
    let (known, estimates) = estimate(nodes, &live(nodes, resources.rules), resources);
    let identities: HashMap<u64, String> = nodes.iter().map(|node| node.sequence).zip(identities(nodes)).collect();
    let mut reordered = Vec::new();
    let mut rewritten: HashMap<u64, Arc<Node>> = HashMap::new();
    for node in nodes {
        let mut copy = None;
        if let Some(region) = regions.remove(&node.sequence) {
            let sizes = Sizes::of(&region, &known, &estimates);
            let mut decided = RegionDecision::new(&region, &sizes, &identities);
            let forced = decisions.and_then(|decisions| decisions.join_order(decided.join()));
            copy = match forced {
                Some(order) => decided.force(order, &rewritten).map_err(|error| error.at(&node.origin))?,
                None if is_enabled => decided.choose(&rewritten),
                None => None,
            };
            reordered.push(decided.finish());
        }
        let copy = copy.unwrap_or_else(|| {
            let inputs = node.inputs.iter().map(|input| rewritten.get(&input.sequence).unwrap_or(input).clone());
            node.over(inputs.collect())
        });
        rewritten.insert(node.sequence, copy);
    }
    draft.replace_nodes(&rewritten);
    (draft.known, draft.estimates, draft.plan.join_regions) = (known, estimates, reordered);
    Ok(())
}

/// The regions of a plan, by the sequence numbers of their uppermost joins.
fn regions(nodes: &[Arc<Node>]) -> HashMap<u64, Region> {
    let (consumers, loops, endless) = (consumers(nodes), Loops::of(nodes), endless(nodes));
    let is_free = |node: &Node| loops.loop_of(node).is_none() && !endless.contains(&node.sequence);
    let has_one_consumer = |node: &Node| consumers.get(&node.sequence).is_none_or(|&count| count < 2);
    let mut inside: HashSet<u64> = HashSet::new();
    let mut regions = HashMap::new();
    for node in nodes.iter().rev() {
        if inside.contains(&node.sequence) || !is_free(node) || node.operator.as_inner_join().is_none() {
            continue;
        }
        if let Some(region) = Region::rooted_at(node, has_one_consumer) {
            inside.extend(region.joins.iter().map(|join| join.node.sequence));
            regions.insert(node.sequence, region);
        }
    }
    regions
}
