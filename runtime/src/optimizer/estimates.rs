//! Estimates the number and width of each node's rows: from the sources to the sinks.
//!
//! A source is sampled only if an operator after it may run in several ways. So a program that
//! reads a file and writes it pays nothing.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::fields::Live;
use super::source_bounds::source_bounds;
use super::{Draft, Resources};
use crate::error::Result;
use crate::plan::Node;
use crate::source::{Sample, Scan, Source, samples_of};
use crate::statistics::{Effort, Relation};
use crate::strategy::{Estimate, InPlace, LoopId, Role};

/// The estimate of each node, by its sequence number.
pub(super) type Estimates = HashMap<u64, Estimate>;

/// The assumed minimum bytes of a record, for sources whose only statistic is their size.
const LEAST_SCANNED_BYTES: f64 = 16.0;

/// Statistics of the records of each node except sinks, by its sequence number.
pub(super) type Known = HashMap<u64, Relation>;

/// Estimates all nodes, unless `joins` estimated the same nodes: predicates would run over samples
/// again.
pub(super) fn run(draft: &mut Draft) -> Result<()> {
    let Draft { nodes, live, resources, estimates, .. } = &*draft;
    if estimates.len() != nodes.len() || !nodes.iter().all(|node| estimates.contains_key(&node.sequence)) {
        (draft.known, draft.estimates) = estimate(nodes, live, resources);
    }
    Ok(())
}

/// The estimates of these nodes, inputs before consumers. Nodes without a consumer are sinks, and
/// emit nothing.
pub(super) fn estimate(nodes: &[Arc<Node>], live: &Live, resources: &Resources) -> (Known, Estimates) {
    let read: HashSet<u64> = nodes.iter().flat_map(|node| &node.inputs).map(|input| input.sequence).collect();
    let scans = scans(nodes, live, &read);
    let (samples, effort) = (samples(nodes, &scans, resources), Arc::new(Effort::default()));
    let (mut relations, mut estimates) = (Known::new(), Estimates::new());
    // The initial solution sets. The result of a delta iteration is estimated to be as large.
    let mut sets: HashMap<LoopId, Relation> = HashMap::new();
    for node in nodes {
        let inputs: Vec<Relation> =
            node.inputs.iter().filter_map(|input| relations.get(&input.sequence)).cloned().collect();
        let Some(live) = live.get(&node.sequence).filter(|_| read.contains(&node.sequence)) else {
            estimates.insert(node.sequence, Estimate::NOTHING);
            continue;
        };
        let in_loop = node.operator.as_loop();
        let relation = match (node.operator.role(), &in_loop) {
            (Role::Source(source), _) => {
                let sample = samples.get(&node.sequence).map(|sample| &**sample);
                scanned(&*source, &scans[&node.sequence], sample, &effort)
            }
            (Role::InPlace(InPlace::LoopResult), Some(of)) if sets.contains_key(&of.loop_id) => {
                sets[&of.loop_id].clone()
            }
            _ => node.operator.estimate(&inputs),
        };
        if let (Some(of), Some(set)) = (in_loop.filter(|of| of.part.is_solution_set()), inputs.get(LoopId::INITIAL)) {
            sets.insert(of.loop_id, set.clone());
        }
        let counted_values = node.operator.counted_values(&inputs);
        estimates.insert(node.sequence, Estimate { counted_values, ..relation.estimate(node.schema(), live) });
        relations.insert(node.sequence, relation);
    }
    (relations, estimates)
}

/// The nodes before an operator whose strategy depends on the size of its input.
fn decisive(nodes: &[Arc<Node>]) -> HashSet<u64> {
    let mut decisive = HashSet::new();
    for node in nodes.iter().rev() {
        if node.operator.has_choice() || decisive.contains(&node.sequence) {
            decisive.extend(node.inputs.iter().map(|input| input.sequence));
        }
    }
    decisive
}

/// The scan of each source that has a consumer, by the node's sequence number.
fn scans(nodes: &[Arc<Node>], live: &Live, read: &HashSet<u64>) -> HashMap<u64, Scan> {
    let mut bounds = source_bounds(nodes);
    let sources = nodes.iter().filter(|node| matches!(node.operator.role(), Role::Source(_)));
    let scan = |node: &Arc<Node>| {
        let bounds = bounds.remove(&node.sequence).unwrap_or_default();
        let live = live.get(&node.sequence).filter(|_| read.contains(&node.sequence))?.clone();
        Some((node.sequence, Scan { live, bounds }))
    };
    sources.filter_map(scan).collect()
}

/// Samples the sources that precede a choice, as many in parallel as there are tasks.
fn samples(
    nodes: &[Arc<Node>],
    scans: &HashMap<u64, Scan>,
    &Resources { tasks, parallel_for, .. }: &Resources,
) -> HashMap<u64, Arc<Sample>> {
    let decisive = decisive(nodes);
    let sampled = |node: &Arc<Node>| {
        let scan =
            scans.get(&node.sequence).filter(|scan| !scan.live.is_empty() && decisive.contains(&node.sequence))?;
        let Role::Source(source) = node.operator.role() else { return None };
        Some((node.sequence, (source, scan.clone())))
    };
    let (sequences, scans): (Vec<u64>, Vec<_>) = nodes.iter().filter_map(sampled).unzip();
    let samples = samples_of(&scans, |count, work| parallel_for(tasks, count, work));
    sequences.into_iter().zip(samples).filter_map(|(sequence, sample)| Some((sequence, sample?))).collect()
}

/// Estimated rows of a source without statistics. Such a source is not broadcast, and not built if
/// the other side is known to be smaller.
const UNKNOWN_ROWS: f64 = 1e6;

/// The estimate of a source, from its statistics and its sample.
fn scanned(source: &dyn Source, scan: &Scan, sample: Option<&Sample>, effort: &Arc<Effort>) -> Relation {
    let schema = source.schema();
    let Some(table) = source.as_table() else { return Relation::unknown(UNKNOWN_ROWS, schema) };
    let statistics_of = |scan: &Scan| table.statistics(scan);
    let statistics = statistics_of(&Scan { live: scan.live.clone(), bounds: Vec::new() });
    let fixed_bytes = Relation::unknown(0.0, schema).estimate(schema, &scan.live).row_bytes;
    let guess = || statistics.bytes as f64 / fixed_bytes.max(LEAST_SCANNED_BYTES);
    let Some(sample) = sample else {
        return Relation::unknown(statistics.rows.unwrap_or_else(guess), schema);
    };
    // If bounds exclude no rows, the sample is taken of all rows. Its number of rows is then more
    // exact than that of the statistics, which may come from the first rows.
    let excludes = statistics_of(scan).rows < statistics.rows;
    let rows = statistics.rows.filter(|_| excludes).unwrap_or(sample.population);
    Relation::of_sample(rows, sample, schema, effort)
}
