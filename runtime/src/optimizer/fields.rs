//! Finds the leaves of each node that are read: from the sinks to the sources.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Draft, Rule, Rules};
use crate::error::Result;
use crate::plan::Node;
use crate::row::LeafSet;

/// The live leaves of each node, by its sequence number.
pub(super) type Live = HashMap<u64, LeafSet>;

/// Finds the live leaves of all nodes. Without [`Rule::Fields`], all leaves of an input are live.
pub(super) fn run(draft: &mut Draft) -> Result<()> {
    draft.live = live(&draft.nodes, draft.resources.rules);
    Ok(())
}

/// The live leaves of nodes. A leaf is live if one of its node's consumers reads it.
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

/// The leaves of an input that a node reads if the leaves `live` of its output are read.
pub(super) fn read(node: &Node, input: usize, live: &LeafSet, rules: Rules) -> LeafSet {
    match node.inputs.get(input) {
        Some(input) if !rules.runs(Rule::Fields) => LeafSet::all(input.schema().leaves().len()),
        _ => node.operator.reads(input, live),
    }
}
