//! Filters run as early as they can: below whatever takes over the fields that they look at.
//!
//! What a filter drops early is not shipped, kept or looked up for nothing, and a filter that arrives at a source may be answered from its
//! statistics. The macro has moved filters within one chain of calls; this rule moves them where chains meet: through variables, functions,
//! unions, groupings and both sides of joins. It rests on facts: what an operator's output takes over unchanged, and that a filter has an
//! answer for every record.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::branches::consumers;
use crate::plan::{Node, topological};

/// The same plan with its filters moved down.
pub(super) fn move_down(sinks: &[Arc<Node>]) -> Vec<Arc<Node>> {
    let nodes = topological(sinks);
    let consumers = consumers(&nodes);
    let mut plan = Moving { written: HashMap::new(), closed: HashSet::new() };
    for node in &nodes {
        let inputs: Vec<Arc<Node>> =
            node.inputs.iter().filter_map(|input| plan.written.get(&input.sequence)).cloned().collect();
        let written = plan.rewritten(node, inputs);
        let is_shared = consumers.get(&node.sequence).is_some_and(|&count| count > 1);
        if is_shared || plan.is_closed(&written) {
            plan.closed.insert(written.sequence);
        }
        plan.written.insert(node.sequence, written);
    }
    sinks.iter().filter_map(|sink| plan.written.get(&sink.sequence)).cloned().collect()
}

struct Moving {
    /// What has become of each node.
    written: HashMap<u64, Arc<Node>>,
    /// Nodes, as they have become, below which no filter moves. A node with several consumers is one:
    /// they do not all want it filtered.
    closed: HashSet<u64>,
}

impl Moving {
    /// Whether a node with one consumer lets no filter pass, or is a filter above such nodes: filters
    /// keep their order.
    fn is_closed(&self, node: &Node) -> bool {
        let is_filter = node.operator.as_filter().is_some();
        let is_open = |(number, input): (usize, &Arc<Node>)| {
            node.operator.lets_filters_pass(number).is_some() && !(is_filter && self.closed.contains(&input.sequence))
        };
        !node.inputs.iter().enumerate().any(is_open)
    }

    fn rewritten(&self, node: &Arc<Node>, inputs: Vec<Arc<Node>>) -> Arc<Node> {
        if let (Some(_), [input]) = (node.operator.as_filter(), inputs.as_slice())
            && let Some(moved) = self.below(node, input)
        {
            return moved;
        }
        node.over(inputs)
    }

    /// `node`, with the filter that stands behind it moved below it, as far down as it goes; `None` where the filter cannot move.
    ///
    /// What is on the way down is kept as data: a plan may be deeper than the thread's stack.
    fn below(&self, filter: &Arc<Node>, node: &Arc<Node>) -> Option<Arc<Node>> {
        let mut open = vec![Below::new(filter, node)];
        let mut progress: Option<Option<Arc<Node>>> = None;
        while let Some(mut top) = open.pop() {
            if let Some(lower) = progress.take() {
                top.passed(lower);
            }
            let is_closed = self.closed.contains(&top.node.sequence);
            match top.node.inputs.get(top.inputs.len()).filter(|_| !is_closed).cloned() {
                None => progress = Some(top.moved.then(|| top.node.with_inputs(top.inputs))),
                Some(input) => match top.filter_on(&input) {
                    None => {
                        top.inputs.push(input);
                        open.push(top);
                    }
                    Some(filter) => {
                        let next = Below::new(&filter, &input);
                        top.filter_below = Some(filter);
                        open.extend([top, next]);
                    }
                },
            }
        }
        progress.flatten()
    }
}

/// A filter on its way below a node, input by input.
struct Below {
    filter: Arc<Node>,
    node: Arc<Node>,
    /// The node's inputs so far, with the filter where it passes.
    inputs: Vec<Arc<Node>>,
    /// The filter as it stands on the next input, while it is looked whether it goes further down there.
    filter_below: Option<Arc<Node>>,
    moved: bool,
}

impl Below {
    fn new(filter: &Arc<Node>, node: &Arc<Node>) -> Self {
        let (filter, node) = (filter.clone(), node.clone());
        Below { filter, node, inputs: Vec::new(), filter_below: None, moved: false }
    }

    /// The filter on the node's next input, where the node lets it pass.
    fn filter_on(&self, input: &Arc<Node>) -> Option<Arc<Node>> {
        let leaves = self.node.operator.lets_filters_pass(self.inputs.len())?;
        let filter = &self.filter;
        let operator = filter.operator.as_filter()?.moved(input.schema(), &leaves, self.node.word())?;
        let (path, origin, text) = (filter.path.clone(), filter.origin.clone(), filter.text.clone());
        Some(Node::new(path, origin, text, operator, vec![input.clone()]))
    }

    /// Goes on to the next input: `lower` is this one with the filter further down, where it went there.
    fn passed(&mut self, lower: Option<Arc<Node>>) {
        let (Some(filter), Some(input)) = (self.filter_below.take(), self.node.inputs.get(self.inputs.len())) else {
            return;
        };
        // Filters keep their order among themselves.
        let is_filter = self.node.operator.as_filter().is_some();
        let passed = if is_filter { lower } else { Some(lower.unwrap_or(filter)) };
        self.moved |= passed.is_some();
        self.inputs.push(passed.unwrap_or_else(|| input.clone()));
    }
}
