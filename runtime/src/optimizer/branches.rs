//! Forks whose branches meet again.
//!
//! A join waits for its build side; if the probe side comes from the same fork, the fork is blocked on the full probe channel and never
//! feeds the build side. So the exchanges behind such a fork may pile up pages, within the memory budget.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::plan::Node;
use crate::strategy::Role;

/// How many consumers each node has, by its sequence number.
pub(super) fn consumers(nodes: &[Arc<Node>]) -> HashMap<u64, usize> {
    let mut consumers = HashMap::new();
    for input in nodes.iter().flat_map(|node| &node.inputs) {
        *consumers.entry(input.sequence).or_insert(0) += 1;
    }
    consumers
}

/// The forks whose branches meet at a node that does not take from all of them at once.
pub(super) fn meeting(nodes: &[Arc<Node>]) -> HashSet<u64> {
    let consumers = consumers(nodes);
    let mut upstream: HashMap<u64, HashSet<u64>> = HashMap::new();
    let mut meeting = HashSet::new();
    for node in nodes {
        let of_inputs: Vec<HashSet<u64>> =
            node.inputs.iter().map(|input| upstream.get(&input.sequence).cloned().unwrap_or_default()).collect();
        if !matches!(node.operator.role(), Role::Union) {
            for (index, left) in of_inputs.iter().enumerate() {
                for right in &of_inputs[index + 1..] {
                    meeting.extend(left.intersection(right).copied());
                }
            }
        }
        let mut forks: HashSet<u64> = of_inputs.into_iter().flatten().collect();
        if consumers.get(&node.sequence).is_some_and(|&count| count > 1) {
            forks.insert(node.sequence);
        }
        upstream.insert(node.sequence, forks);
    }
    meeting
}
