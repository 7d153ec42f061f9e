//! Estimated rounds of loops.

use std::collections::HashMap;
use std::sync::Arc;

use crate::plan::{LoopOperator, LoopOperatorPart, Loops, Node};
use crate::strategy::LoopId;

/// The greatest estimate. Many loops end before their last round.
const MAX_ROUNDS: u32 = 16;

/// The estimated rounds of the nodes of a plan.
pub(super) struct Rounds {
    inside: Loops,
    rounds: HashMap<LoopId, u32>,
}

impl Rounds {
    /// The estimated rounds of these nodes.
    pub(super) fn of(nodes: &[Arc<Node>]) -> Self {
        let rounds = |node: &Arc<Node>| match node.operator.as_loop()? {
            LoopOperator { loop_id, part: LoopOperatorPart::End { rounds } } => Some((loop_id, rounds)),
            _ => None,
        };
        Rounds { inside: Loops::of(nodes), rounds: nodes.iter().filter_map(rounds).collect() }
    }

    /// Whether a node is in a loop.
    pub(super) fn contains(&self, node: &Node) -> bool {
        self.inside.loop_of(node).is_some()
    }

    /// The estimated rounds of a node: 1 outside of loops.
    pub(super) fn of_node(&self, node: &Node) -> f64 {
        let rounds = self.inside.loop_of(node).and_then(|of| self.rounds.get(&of));
        f64::from(rounds.map_or(1, |&rounds| rounds.clamp(1, MAX_ROUNDS)))
    }
}
