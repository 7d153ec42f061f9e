//! What comes into a loop from outside is kept, and given anew in each round.

use std::collections::HashMap;
use std::sync::Arc;

use crate::plan::{Loops, Node, topological};
use crate::strategy::{LoopId, Role};

/// The same plan with a replay wherever rows come into the body of a loop but by its beginning. What several operators of a body read is kept once.
pub(super) fn with_replays(sinks: &[Arc<Node>]) -> Vec<Arc<Node>> {
    let nodes = topological(sinks);
    let loops = Loops::of(&nodes);
    if loops.is_empty() {
        return sinks.to_vec();
    }
    let mut copies: HashMap<u64, Arc<Node>> = HashMap::new();
    let mut replays: HashMap<u64, Arc<Node>> = HashMap::new();
    for node in &nodes {
        let of_body = loops.around(node).filter(|_| !matches!(node.operator.role(), Role::LoopBegin(_)));
        let is_set = matches!(node.operator.role(), Role::SolutionSet(..));
        let mut input = |(number, input): (usize, &Arc<Node>)| {
            let copy = copies.get(&input.sequence).unwrap_or(input).clone();
            // A solution set is given what it is at first once.
            let comes_in = loops.around(input).is_none() && !(is_set && number == LoopId::INITIAL);
            match of_body.filter(|_| comes_in) {
                None => copy,
                Some(of) => replays.entry(input.sequence).or_insert_with(|| replay(&nodes, of, &copy)).clone(),
            }
        };
        let inputs: Vec<Arc<Node>> = node.inputs.iter().enumerate().map(&mut input).collect();
        let is_same = inputs.iter().zip(&node.inputs).all(|(left, right)| Arc::ptr_eq(left, right));
        copies.insert(node.sequence, if is_same { node.clone() } else { node.with_inputs(inputs) });
    }
    sinks.iter().filter_map(|sink| copies.get(&sink.sequence)).cloned().collect()
}

/// A node's rows, in each round of a loop.
fn replay(nodes: &[Arc<Node>], of: LoopId, node: &Arc<Node>) -> Arc<Node> {
    let begin = nodes.iter().find(|node| matches!(node.operator.role(), Role::LoopBegin(begun) if begun == of));
    match begin.and_then(|begin| begin.operator.replay(node.schema())) {
        // Whose rows they are says its name; the text is not this one's.
        Some(operator) => {
            Node::new(node.path.clone(), node.origin.clone(), Arc::from(""), operator, vec![node.clone()])
        }
        None => node.clone(),
    }
}
