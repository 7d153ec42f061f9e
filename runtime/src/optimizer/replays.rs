//! What comes into a loop from outside is kept, and given anew in each round.

use std::collections::HashMap;
use std::sync::Arc;

use crate::plan::{LoopOperator, LoopOperatorPart, Loops, Node, topological};
use crate::strategy::LoopId;

/// The same plan with a replay wherever rows enter the body of a loop other than by its beginning. Operators of one body share the replay of a flow. Each loop
/// has its own, since a replay gives its rows in the rounds of one loop.
pub(super) fn with_replays(sinks: &[Arc<Node>]) -> Vec<Arc<Node>> {
    let nodes = topological(sinks);
    let loops = Loops::of(&nodes);
    if loops.is_empty() {
        return sinks.to_vec();
    }
    let begin = |node: &Arc<Node>| {
        let of = node.operator.as_loop()?;
        of.part.is_begin().then(|| (of.loop_id, node.clone()))
    };
    let begins: HashMap<LoopId, Arc<Node>> = nodes.iter().filter_map(begin).collect();
    let mut copies: HashMap<u64, Arc<Node>> = HashMap::new();
    let mut replays: HashMap<(LoopId, u64), Arc<Node>> = HashMap::new();
    for node in &nodes {
        let in_loop = node.operator.as_loop();
        let has = |is: fn(&LoopOperatorPart) -> bool| in_loop.as_ref().is_some_and(|of| is(&of.part));
        let of_body = loops.around(node).filter(|_| !has(LoopOperatorPart::is_begin));
        let is_set = has(LoopOperatorPart::is_solution_set);
        let mut input = |(number, input): (usize, &Arc<Node>)| {
            let copy = copies.get(&input.sequence).unwrap_or(input).clone();
            // A solution set is given what it is at first once.
            let comes_in = loops.around(input).is_none() && !(is_set && number == LoopId::INITIAL);
            match of_body.filter(|_| comes_in) {
                None => copy,
                Some(of) => {
                    replays.entry((of, input.sequence)).or_insert_with(|| replay(begins.get(&of), &copy)).clone()
                }
            }
        };
        let inputs: Vec<Arc<Node>> = node.inputs.iter().enumerate().map(&mut input).collect();
        let is_same = inputs.iter().zip(&node.inputs).all(|(left, right)| Arc::ptr_eq(left, right));
        copies.insert(node.sequence, if is_same { node.clone() } else { node.with_inputs(inputs) });
    }
    sinks.iter().filter_map(|sink| copies.get(&sink.sequence)).cloned().collect()
}

/// A node's rows, in each round of the loop that begins here.
fn replay(begin: Option<&Arc<Node>>, node: &Arc<Node>) -> Arc<Node> {
    match begin.and_then(|begin| begin.operator.as_loop()) {
        // The replay has the name of the node whose rows it emits, and no text.
        Some(LoopOperator { loop_id, part: LoopOperatorPart::Begin { replay } }) => {
            let operator = replay(node.schema(), loop_id);
            Node::new(node.path.clone(), node.origin.clone(), Arc::from(""), operator, vec![node.clone()])
        }
        _ => node.clone(),
    }
}

/// Rounds that a loop is expected to run at most: many end before.
const MOST_ROUNDS: u32 = 16;

/// How often nodes are expected to run.
pub(super) struct Rounds {
    inside: Loops,
    rounds: HashMap<LoopId, u32>,
}

impl Rounds {
    /// Those of a plan.
    pub(super) fn of(nodes: &[Arc<Node>]) -> Self {
        let rounds = |node: &Arc<Node>| match node.operator.as_loop()? {
            LoopOperator { loop_id, part: LoopOperatorPart::End { rounds } } => Some((loop_id, rounds)),
            _ => None,
        };
        Rounds { inside: Loops::of(nodes), rounds: nodes.iter().filter_map(rounds).collect() }
    }

    /// Whether a node runs in the rounds of a loop.
    pub(super) fn has(&self, node: &Node) -> bool {
        self.inside.around(node).is_some()
    }

    /// How often a node is expected to run.
    pub(super) fn around(&self, node: &Node) -> f64 {
        let rounds = self.inside.around(node).and_then(|of| self.rounds.get(&of));
        f64::from(rounds.map_or(1, |&rounds| rounds.clamp(1, MOST_ROUNDS)))
    }
}
