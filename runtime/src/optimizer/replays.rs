//! Puts replays before the bodies of loops. A replay keeps its input and emits it in each round.

use std::collections::HashMap;
use std::sync::Arc;

use super::Draft;
use crate::error::Result;
use crate::plan::{LoopOperator, LoopOperatorPart, Loops, Node};
use crate::strategy::LoopId;

/// Adds a replay at each edge from outside into the body of a loop, except into its beginning.
pub(super) fn run(draft: &mut Draft) -> Result<()> {
    let copies = with_replays(&draft.nodes);
    if !copies.is_empty() {
        draft.replace_nodes(&copies);
    }
    Ok(())
}

/// The nodes of a plan with replays, by the sequence numbers of the nodes without. Empty if the
/// plan has no loop.
///
/// Operators of one body share the replay of a flow. Each loop has its own, since a replay emits
/// its rows in the rounds of one loop.
pub(super) fn with_replays(nodes: &[Arc<Node>]) -> HashMap<u64, Arc<Node>> {
    let loops = Loops::of(nodes);
    if loops.is_empty() {
        return HashMap::new();
    }
    let begin = |node: &Arc<Node>| {
        let of = node.operator.as_loop()?;
        of.part.is_begin().then(|| (of.loop_id, node.clone()))
    };
    let begins: HashMap<LoopId, Arc<Node>> = nodes.iter().filter_map(begin).collect();
    let mut copies: HashMap<u64, Arc<Node>> = HashMap::new();
    let mut replays: HashMap<(LoopId, u64), Arc<Node>> = HashMap::new();
    for node in nodes {
        let in_loop = node.operator.as_loop();
        let has = |is: fn(&LoopOperatorPart) -> bool| in_loop.as_ref().is_some_and(|of| is(&of.part));
        let of_body = loops.loop_of(node).filter(|_| !has(LoopOperatorPart::is_begin));
        let is_set = has(LoopOperatorPart::is_solution_set);
        let mut input = |(number, input): (usize, &Arc<Node>)| {
            let copy = copies.get(&input.sequence).unwrap_or(input).clone();
            // A solution set receives its initial rows once.
            let comes_in = loops.loop_of(input).is_none() && !(is_set && number == LoopId::INITIAL);
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
    copies
}

/// Creates the replay of a node's rows, in the rounds of the loop that begins at `begin`.
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
