//! Repeats scans whose branches meet again, so that their records need no buffer.
//!
//! Rows of one branch of a fork may have to wait until another branch has ended (see
//! [`branches`](super::branches)). If the fork is a source, or filters after one, each branch gets
//! a scan of its own. Two scans need no memory for waiting rows, and each of them reads only the
//! columns and splits of its branch.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Draft, Rule, branches};
use crate::error::Result;
use crate::plan::Node;
use crate::strategy::{InPlace, Role};

/// Gives each branch of a scan that meets another branch a copy of the scan.
pub(super) fn run(draft: &mut Draft) -> Result<()> {
    if !draft.runs(Rule::Scans) {
        return Ok(());
    }
    let mut repeated = branches::forks_of(&draft.nodes, &branches::spooled_edges(&draft.nodes));
    let scans: HashSet<u64> = scans_among(&draft.nodes);
    repeated.retain(|fork| scans.contains(fork));
    if repeated.is_empty() {
        return Ok(());
    }
    let mut copies: HashMap<u64, Arc<Node>> = HashMap::new();
    for node in &draft.nodes {
        let input = |input: &Arc<Node>| match copies.get(&input.sequence) {
            Some(copy) if !repeated.contains(&input.sequence) => copy.clone(),
            _ => scan_again(input),
        };
        copies.insert(node.sequence, node.over(node.inputs.iter().map(input).collect()));
    }
    draft.replace_nodes(&copies);
    Ok(())
}

/// Sources, and operators after them that only drop records or leaves of one source.
fn scans_among(nodes: &[Arc<Node>]) -> HashSet<u64> {
    let mut scans = HashSet::new();
    for node in nodes {
        let is_scan = match node.operator.role() {
            // A scan that writes rejected records is not copied: each is written once.
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

/// A copy of a scan: of its source, and of the filters and projections after it.
fn scan_again(node: &Arc<Node>) -> Arc<Node> {
    let above = std::iter::successors(Some(node), |node| node.inputs.first());
    let nodes: Vec<&Arc<Node>> = above.collect();
    let copied = |below: Option<Arc<Node>>, node: &Arc<Node>| Some(node.with_inputs(below.into_iter().collect()));
    nodes.into_iter().rev().fold(None, copied).unwrap_or_else(|| node.clone())
}
