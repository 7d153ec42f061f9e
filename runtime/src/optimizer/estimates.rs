//! How many rows each node gives, and how wide: from the sources down.

use std::collections::HashMap;
use std::sync::Arc;

use super::liveness::Live;
use crate::plan::Node;
use crate::row::LeafSet;
use crate::strategy::Estimate;

/// The estimate of each node, by its sequence number.
pub(super) type Estimates = HashMap<u64, Estimate>;

/// Asks each operator, inputs first.
pub(super) fn estimate(nodes: &[Arc<Node>], live: &Live) -> Estimates {
    let mut estimates = Estimates::new();
    let nothing = LeafSet::none();
    for node in nodes {
        let inputs: Vec<Estimate> =
            node.inputs.iter().filter_map(|input| estimates.get(&input.sequence).copied()).collect();
        let estimate = node.operator.estimate(&inputs, live.get(&node.sequence).unwrap_or(&nothing));
        estimates.insert(node.sequence, estimate);
    }
    estimates
}
