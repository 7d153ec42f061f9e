//! Which leaves of each node somebody reads: from the sinks up.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Rule, Rules};
use crate::plan::Node;
use crate::row::LeafSet;

/// The live leaves of each node, by its sequence number.
pub(super) type Live = HashMap<u64, LeafSet>;

/// Walks consumers before inputs; what several consumers read is joined.
pub(super) fn live(nodes: &[Arc<Node>], rules: Rules) -> Live {
    let mut live: Live = nodes.iter().map(|node| (node.sequence, LeafSet::none())).collect();
    for node in nodes.iter().rev() {
        let needed = live.get(&node.sequence).cloned().unwrap_or_default();
        for (index, input) in node.inputs.iter().enumerate() {
            let reads = read(node, index, &needed, rules);
            if let Some(of_input) = live.get_mut(&input.sequence) {
                of_input.extend_from(&reads);
            }
        }
    }
    live
}

/// The leaves of an input that a node needs, where somebody reads `live` of its output.
pub(super) fn read(node: &Node, input: usize, live: &LeafSet, rules: Rules) -> LeafSet {
    match node.inputs.get(input) {
        Some(input) if !rules.runs(Rule::Fields) => LeafSet::all(input.schema().leaves().len()),
        _ => node.operator.reads(input, live),
    }
}
