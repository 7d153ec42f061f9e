//! Bounds of a source's records, from the filters that follow it.

use std::collections::HashMap;
use std::sync::Arc;

use super::branches::consumers;
use crate::plan::Node;
use crate::source::Bound;
use crate::strategy::{InPlace, Role};

/// The bounds of the filters that all records of a source pass, by the source's sequence number.
pub(super) fn source_bounds(nodes: &[Arc<Node>]) -> HashMap<u64, Vec<Bound>> {
    let consumers = consumers(nodes);
    let mut readers: HashMap<u64, &Arc<Node>> = HashMap::new();
    for node in nodes {
        readers.extend(node.inputs.iter().map(|input| (input.sequence, node)));
    }
    let sources = nodes.iter().filter(|node| matches!(node.operator.role(), Role::Source(_)));
    sources.map(|source| (source.sequence, bounds_of(source, &consumers, &readers))).collect()
}

fn bounds_of(source: &Node, consumers: &HashMap<u64, usize>, readers: &HashMap<u64, &Arc<Node>>) -> Vec<Bound> {
    let mut bounds = Vec::new();
    // For each leaf of the last node, the source's leaf. Projections select and reorder leaves.
    let mut origins: Vec<usize> = (0..source.schema().leaves().len()).collect();
    let mut last = source.sequence;
    while consumers.get(&last) == Some(&1) {
        let Some(reader) = readers.get(&last) else { break };
        match reader.operator.role() {
            // Its closure is called for all records, also for those that a later filter drops.
            Role::InPlace(InPlace::Filter(filter)) if filter.predicate.has_effects() => break,
            Role::InPlace(InPlace::Filter(filter)) => {
                let of_source = |bound: Bound| Some(Bound { leaf: *origins.get(bound.leaf)?, ..bound });
                bounds.extend(filter.bounds.into_iter().filter_map(of_source));
            }
            Role::InPlace(InPlace::Project(leaves)) => {
                origins = leaves.iter().filter_map(|&leaf| origins.get(leaf).copied()).collect()
            }
            _ => break,
        }
        last = reader.sequence;
    }
    bounds
}
