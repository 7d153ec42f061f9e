//! Finds the cheapest combination of strategies for the whole plan.
//!
//! The strategies of an operator depend on the placement and order of its inputs' rows, and
//! determine those of its output. So rows that one operator ships by a key need no second exchange
//! for a later operator with that key. [`candidates`] finds the cheapest combination, and [`graph`]
//! is the plan that it searches. A decided operator has only its decided strategy.

mod candidates;
mod graph;
mod interest;
mod rounds;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use super::Draft;
use crate::error::{Error, Result};
use crate::physical;
use crate::plan::Node;
use crate::strategy::{Properties, Strategy};
use candidates::cheapest;
use graph::PlanGraph;
use interest::Interests;

/// The plan of an operator.
pub(super) struct Planned {
    /// Its strategy, if it has one.
    pub(super) strategy: Option<Strategy>,
    /// The placement and order of its output.
    pub(super) delivered: Properties,
    /// The strategies that were compared, the cheapest first.
    pub(super) candidates: Vec<physical::Candidate>,
}

/// The cheapest plan of each node.
pub(super) fn search(draft: &Draft, identities: &[String]) -> Result<Vec<Planned>> {
    let nodes = &draft.nodes;
    let inputs = inputs_of(nodes)?;
    let mut plan = PlanGraph::new(draft, &inputs, identities);
    plan.interests = Interests::of(nodes, &inputs, |node| plan.interests_of(node));
    let picked = cheapest(&inputs, &mut plan)?;
    Ok((0..nodes.len()).map(|node| plan.planned(node, &picked)).collect())
}

/// The positions of each node's inputs.
fn inputs_of(nodes: &[Arc<Node>]) -> Result<Vec<Vec<usize>>> {
    let positions: HashMap<u64, usize> = nodes.iter().zip(0..).map(|(node, at)| (node.sequence, at)).collect();
    let position = |input: &Arc<Node>| positions.get(&input.sequence).copied();
    let inputs = nodes.iter().map(|node| node.inputs.iter().map(position).collect());
    inputs.collect::<Option<_>>().ok_or_else(|| Error::Internal("an input is no node".to_owned()))
}
