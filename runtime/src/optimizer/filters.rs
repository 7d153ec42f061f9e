//! Filters run as early as they can: below whatever takes over the fields that they look at.
//!
//! What a filter drops early is not shipped, kept or looked up for nothing, and a filter that arrives at a source may be answered from its
//! statistics. The macro has moved filters within one chain of calls; this rule moves them where chains meet: through variables, functions,
//! unions, groupings and both sides of joins. It rests on facts: what an operator's output takes over unchanged, and that a filter has an
//! answer for every record.

use std::collections::HashMap;
use std::sync::Arc;

use super::branches::consumers;
use crate::plan::{Node, topological};
use crate::strategy::Role;

/// The same plan with its filters moved down.
pub(super) fn move_down(sinks: &[Arc<Node>]) -> Vec<Arc<Node>> {
    let nodes = topological(sinks);
    let consumers = consumers(&nodes);
    let mut plan = Moving { written: HashMap::new(), shared: HashMap::new() };
    for node in &nodes {
        let inputs: Vec<Arc<Node>> =
            node.inputs.iter().filter_map(|input| plan.written.get(&input.sequence)).cloned().collect();
        let written = plan.rewritten(node, inputs);
        plan.shared.insert(written.sequence, consumers.get(&node.sequence).is_some_and(|&count| count > 1));
        plan.written.insert(node.sequence, written);
    }
    sinks.iter().filter_map(|sink| plan.written.get(&sink.sequence)).cloned().collect()
}

struct Moving {
    /// What has become of each node.
    written: HashMap<u64, Arc<Node>>,
    /// Whether a node, as it has become, has several consumers: they do not all want it filtered.
    shared: HashMap<u64, bool>,
}

impl Moving {
    fn rewritten(&self, node: &Arc<Node>, inputs: Vec<Arc<Node>>) -> Arc<Node> {
        if let (Role::Filter(..), [input]) = (node.operator.role(), inputs.as_slice())
            && let Some(moved) = self.below(node, input)
        {
            return moved;
        }
        let is_same = inputs.iter().zip(&node.inputs).all(|(left, right)| Arc::ptr_eq(left, right));
        if is_same { node.clone() } else { node.with_inputs(inputs) }
    }

    /// `node`, with the filter that stands behind it moved below it; `None` where the filter cannot move.
    fn below(&self, filter: &Node, node: &Arc<Node>) -> Option<Arc<Node>> {
        if self.shared.get(&node.sequence).copied().unwrap_or_default() {
            return None;
        }
        let mut moved = false;
        let mut inputs = Vec::new();
        for (index, input) in node.inputs.iter().enumerate() {
            let passed = self.passed(filter, node, index);
            moved |= passed.is_some();
            inputs.push(passed.unwrap_or_else(|| input.clone()));
        }
        moved.then(|| node.with_inputs(inputs))
    }

    /// An input of `node` with the filter on it, or further down.
    fn passed(&self, filter: &Node, node: &Arc<Node>, index: usize) -> Option<Arc<Node>> {
        let input = node.inputs.get(index)?;
        let leaves = node.operator.lets_filters_pass(index)?;
        let operator = filter.operator.moved(input.schema(), &leaves, node.word())?;
        let (path, origin, text) = (filter.path.clone(), filter.origin.clone(), filter.text.clone());
        let filter = Node::new(path, origin, text, operator, vec![input.clone()]);
        let lower = self.below(&filter, input);
        // Filters keep their order among themselves.
        if matches!(node.operator.role(), Role::Filter(..)) { lower } else { Some(lower.unwrap_or(filter)) }
    }
}
