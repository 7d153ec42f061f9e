//! How many rows each node gives, and how wide: from the sources down.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::liveness::Live;
use crate::plan::{Node, row_bytes};
use crate::row::LeafSet;
use crate::source::Scan;
use crate::strategy::{Estimate, Role};

/// The estimate of each node, by its sequence number.
pub(super) type Estimates = HashMap<u64, Estimate>;

/// A source that knows its bytes alone has records of this width at least.
const LEAST_SCANNED_BYTES: f64 = 16.0;

/// Asks each operator, inputs first. What nobody reads gives nothing: it is a sink.
pub(super) fn estimate(nodes: &[Arc<Node>], live: &Live) -> Estimates {
    let read: HashSet<u64> = nodes.iter().flat_map(|node| &node.inputs).map(|input| input.sequence).collect();
    let mut estimates = Estimates::new();
    for node in nodes {
        let inputs: Vec<Estimate> =
            node.inputs.iter().filter_map(|input| estimates.get(&input.sequence).copied()).collect();
        let estimate = match live.get(&node.sequence).filter(|_| read.contains(&node.sequence)) {
            Some(live) => of_read(node, &inputs, live),
            None => Estimate { rows: 0.0, row_bytes: 0.0 },
        };
        estimates.insert(node.sequence, estimate);
    }
    estimates
}

/// The estimate of a node of whose records somebody reads these leaves.
fn of_read(node: &Node, inputs: &[Estimate], live: &LeafSet) -> Estimate {
    let row_bytes = row_bytes(node.schema(), live);
    let rows = match node.operator.role() {
        Role::Source(source) => {
            let statistics = source.statistics(&Scan { live: live.clone(), bounds: Vec::new() });
            statistics.rows.unwrap_or(statistics.bytes as f64 / row_bytes.max(LEAST_SCANNED_BYTES))
        }
        _ => node.operator.rows(inputs),
    };
    Estimate { rows, row_bytes }
}
