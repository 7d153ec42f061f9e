//! Estimated rounds of loops.

use std::collections::HashMap;
use std::sync::Arc;

use crate::plan::{LoopOperator, LoopOperatorPart, Loops, Node};
use crate::strategy::LoopId;

/// The greatest estimate: many loops end before their last round.
const MOST_ROUNDS: u32 = 16;

/// The estimated rounds of the nodes of a plan.
pub(super) struct Rounds {
    inside: Loops,
    rounds: HashMap<LoopId, u32>,
}

impl Rounds {
    /// Those of these nodes.
    pub(super) fn of(nodes: &[Arc<Node>]) -> Self {
        let rounds = |node: &Arc<Node>| match node.operator.as_loop()? {
            LoopOperator { loop_id, part: LoopOperatorPart::End { rounds } } => Some((loop_id, rounds)),
            _ => None,
        };
        Rounds { inside: Loops::of(nodes), rounds: nodes.iter().filter_map(rounds).collect() }
    }

    /// Whether a node is in a loop.
    pub(super) fn has(&self, node: &Node) -> bool {
        self.inside.around(node).is_some()
    }

    /// The estimated rounds of a node: 1 outside of loops.
    pub(super) fn around(&self, node: &Node) -> f64 {
        let rounds = self.inside.around(node).and_then(|of| self.rounds.get(&of));
        f64::from(rounds.map_or(1, |&rounds| rounds.clamp(1, MOST_ROUNDS)))
    }
}
