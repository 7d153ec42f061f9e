//! The embedded engine: one thread, plain vectors, the logical plan as it is written. The oracle of the tests, and enough for small
//! data.
//!
//! No rule runs, nothing is pruned or fused; closures are shown leaves that their read sets forget as valid but wrong values.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::Result;
use crate::kernel::catching;
use crate::plan::{Node, Table, check, remove_abandoned, topological};

/// Runs everything that these sinks need.
///
/// # Errors
/// What the operators and the user's closures give, with the operator.
pub fn run(sinks: &[Arc<Node>]) -> Result<()> {
    let nodes = topological(sinks);
    check(&nodes)?;
    remove_abandoned(&nodes);
    for (index, node) in nodes.iter().enumerate() {
        if let Err(error) = node.operator.prepare() {
            // What was prepared before is removed; the first error is the one to show.
            nodes[..index].iter().for_each(|node| node.operator.finish(false).unwrap_or_default());
            return Err(error.at(&node.origin));
        }
    }
    let result = evaluate(&nodes);
    let mut finished = Ok(());
    for node in &nodes {
        let success = result.is_ok() && finished.is_ok();
        if let Err(error) = node.operator.finish(success) {
            finished = finished.and(Err(error.at(&node.origin)));
        }
    }
    result.and(finished)
}

fn evaluate(nodes: &[Arc<Node>]) -> Result<()> {
    let mut tables: HashMap<u64, Table> = HashMap::new();
    for node in nodes {
        let inputs: Vec<Table> = node.inputs.iter().filter_map(|input| tables.get(&input.sequence).cloned()).collect();
        let table = catching(|| node.operator.reference(&inputs)).map_err(|error| error.at(&node.origin))?;
        tables.insert(node.sequence, table);
    }
    Ok(())
}
