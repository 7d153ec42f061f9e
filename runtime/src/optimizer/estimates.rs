//! How many rows each node gives, and how wide: from the sources down.
//!
//! Sources are sampled where something depends on it: where an operator behind them may run in several ways. A program that reads a file and writes it has
//! nothing to choose, and pays nothing.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::liveness::Live;
use super::scans::bounds_behind;
use crate::plan::Node;
use crate::source::{Scan, Source, sample_of};
use crate::statistics::{Effort, Relation};
use crate::strategy::{Estimate, Role};

/// The estimate of each node, by its sequence number.
pub(super) type Estimates = HashMap<u64, Estimate>;

/// A source that knows its bytes alone has records of this width at least.
const LEAST_SCANNED_BYTES: f64 = 16.0;

/// What is known of the records of each node, by its sequence number; nothing of sinks.
pub(super) type Known = HashMap<u64, Relation>;

/// Asks each operator, inputs first. What nobody reads gives nothing: it is a sink.
pub(super) fn estimate(nodes: &[Arc<Node>], live: &Live) -> (Known, Estimates) {
    let read: HashSet<u64> = nodes.iter().flat_map(|node| &node.inputs).map(|input| input.sequence).collect();
    let (decisive, effort) = (decisive(nodes), Arc::new(Effort::default()));
    let bounds = bounds_behind(nodes);
    let (mut relations, mut estimates) = (Known::new(), Estimates::new());
    for node in nodes {
        let inputs: Vec<Relation> =
            node.inputs.iter().filter_map(|input| relations.get(&input.sequence)).cloned().collect();
        let Some(live) = live.get(&node.sequence).filter(|_| read.contains(&node.sequence)) else {
            estimates.insert(node.sequence, Estimate { rows: 0.0, row_bytes: 0.0 });
            continue;
        };
        let relation = match node.operator.role() {
            Role::Source(source) => {
                let bounds = bounds.get(&node.sequence).cloned().unwrap_or_default();
                let scan = Scan { live: live.clone(), bounds };
                scanned(&*source, &scan, decisive.contains(&node.sequence).then_some(&effort))
            }
            _ => node.operator.estimate(&inputs),
        };
        estimates.insert(node.sequence, relation.estimate(node.schema(), live));
        relations.insert(node.sequence, relation);
    }
    (relations, estimates)
}

/// The nodes that some choice depends on: those before an operator that has one.
fn decisive(nodes: &[Arc<Node>]) -> HashSet<u64> {
    let mut decisive = HashSet::new();
    for node in nodes.iter().rev() {
        if node.operator.has_choice() || decisive.contains(&node.sequence) {
            decisive.extend(node.inputs.iter().map(|input| input.sequence));
        }
    }
    decisive
}

/// What a source gives; looked at, where there is an effort to spend on it.
fn scanned(source: &dyn Source, scan: &Scan, effort: Option<&Arc<Effort>>) -> Relation {
    let schema = source.schema();
    let statistics = source.statistics(&Scan { live: scan.live.clone(), bounds: Vec::new() });
    let fixed_bytes = Relation::unknown(0.0, schema).estimate(schema, &scan.live).row_bytes;
    let guess = || statistics.bytes as f64 / fixed_bytes.max(LEAST_SCANNED_BYTES);
    let may_be_sampled = effort.filter(|_| !scan.live.is_empty());
    let Some((sample, effort)) = may_be_sampled.and_then(|effort| Some((sample_of(source, scan)?, effort))) else {
        return Relation::unknown(statistics.rows.unwrap_or_else(guess), schema);
    };
    // Where bounds exclude nothing, the sample stands for all rows, and knows better how many lines there are than who has looked at the first ones.
    let excludes = source.statistics(scan).rows < statistics.rows;
    let rows = statistics.rows.filter(|_| excludes).unwrap_or(sample.population);
    Relation::of_sample(rows, &sample, schema, effort)
}
