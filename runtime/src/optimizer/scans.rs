//! Scans are repeated where their records would have to be kept.
//!
//! What one branch of a fork takes may have to be kept until another one is done (see [`branches`](super::branches)).
//! Where the fork is a source, or filters over one, each branch gets a scan of its own: reading twice is bounded in memory, and each
//! scan reads only its branch's columns and splits.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::branches;
use crate::plan::{Node, topological};
use crate::strategy::{InPlace, Role};

/// The same plan without forks at scans whose branches meet again.
pub(super) fn scans(sinks: &[Arc<Node>]) -> Vec<Arc<Node>> {
    let nodes = topological(sinks);
    let mut repeated = branches::forks_of(&nodes, &branches::meeting(&nodes));
    let scans: HashSet<u64> = scans_among(&nodes);
    repeated.retain(|fork| scans.contains(fork));
    if repeated.is_empty() {
        return sinks.to_vec();
    }
    let mut copies: HashMap<u64, Arc<Node>> = HashMap::new();
    for node in &nodes {
        let input = |input: &Arc<Node>| match copies.get(&input.sequence) {
            Some(copy) if !repeated.contains(&input.sequence) => copy.clone(),
            _ => scan_again(input),
        };
        copies.insert(node.sequence, node.over(node.inputs.iter().map(input).collect()));
    }
    sinks.iter().filter_map(|sink| copies.get(&sink.sequence)).cloned().collect()
}

/// Sources, and what only drops records or leaves of one.
fn scans_among(nodes: &[Arc<Node>]) -> HashSet<u64> {
    let mut scans = HashSet::new();
    for node in nodes {
        let is_scan = match node.operator.role() {
            // What is wrong with a source's records is written down once.
            Role::Source(source) => source.as_table().is_none_or(|table| table.rejects().is_none()),
            Role::InPlace(InPlace::Filter(filter)) if filter.predicate.has_effects() => false,
            Role::InPlace(InPlace::Filter(_) | InPlace::Project(_)) => {
                node.inputs.iter().all(|input| scans.contains(&input.sequence))
            }
            _ => false,
        };
        if is_scan {
            scans.insert(node.sequence);
        }
    }
    scans
}

/// A copy of a scan, down to the source: a source, and filters and views that stand one on the other.
fn scan_again(node: &Arc<Node>) -> Arc<Node> {
    let above = std::iter::successors(Some(node), |node| node.inputs.first());
    let nodes: Vec<&Arc<Node>> = above.collect();
    let copied = |below: Option<Arc<Node>>, node: &Arc<Node>| Some(node.with_inputs(below.into_iter().collect()));
    nodes.into_iter().rev().fold(None, copied).unwrap_or_else(|| node.clone())
}
