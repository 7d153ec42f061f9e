//! The cheapest strategy of each operator, all of the plan in view.
//!
//! Strategies are asked for over inputs that lie in some way, and give rows that lie in some way: so what one operator ships by a key, another one behind it need not ship
//! again. [`candidates`] finds the cheapest way through; [`graph`] is what it asks of a plan. What is decided for an operator is all that it can do.

mod candidates;
mod graph;
mod interest;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use super::Resources;
use super::estimates::{Estimates, Known};
use super::fields::Live;
use crate::error::{Error, Result};
use crate::physical;
use crate::plan::Node;
use crate::strategy::{Properties, Strategy};
use candidates::cheapest;
use graph::PlanGraph;
use interest::Interests;

/// How an operator is to run.
pub(super) struct Planned {
    /// The strategy, where the operator has some.
    pub(super) strategy: Option<Strategy>,
    /// How its rows lie.
    pub(super) gives: Properties,
    /// The ways to run it that were looked at, the cheapest first.
    pub(super) candidates: Vec<physical::Candidate>,
}

/// The cheapest way to run each of these nodes.
pub(super) fn search(
    nodes: &[Arc<Node>],
    identities: &[String],
    live: &Live,
    estimates: (&Known, &Estimates),
    resources: &Resources,
) -> Result<Vec<Planned>> {
    let inputs = inputs_of(nodes)?;
    let mut plan = PlanGraph::new(nodes, &inputs, identities, live, estimates, resources);
    plan.interests = Interests::of(nodes, &inputs, |node| plan.wants(node));
    let picked = cheapest(&inputs, &mut plan)?;
    Ok((0..nodes.len()).map(|node| plan.planned(node, &picked)).collect())
}

/// The places of each node's inputs.
fn inputs_of(nodes: &[Arc<Node>]) -> Result<Vec<Vec<usize>>> {
    let positions: HashMap<u64, usize> = nodes.iter().zip(0..).map(|(node, at)| (node.sequence, at)).collect();
    let position = |input: &Arc<Node>| positions.get(&input.sequence).copied();
    let inputs = nodes.iter().map(|node| node.inputs.iter().map(position).collect());
    inputs.collect::<Option<_>>().ok_or_else(|| Error::Internal("an input is no node".to_owned()))
}
