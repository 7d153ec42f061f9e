//! Moves filters down, below operators that copy the fields that the filters read.
//!
//! A record that is dropped early is not shipped, held or looked up. A filter that reaches a source
//! may also exclude splits by their statistics. The macro moves filters within one chain of calls.
//! This rule also moves them across variables, functions, unions, groupings and both sides of
//! joins. It relies on two facts: the leaves that an operator copies, and that a filter has a
//! result for every record.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::branches::consumers;
use super::{Draft, Rule};
use crate::error::Result;
use crate::plan::Node;

/// Moves the filters of a plan down.
pub(super) fn run(draft: &mut Draft) -> Result<()> {
    if !draft.runs(Rule::Filters) {
        return Ok(());
    }
    let consumers = consumers(&draft.nodes);
    let mut plan = FilterPushdown { rewritten: HashMap::new(), closed: HashSet::new() };
    for node in &draft.nodes {
        let inputs: Vec<Arc<Node>> =
            node.inputs.iter().filter_map(|input| plan.rewritten.get(&input.sequence)).cloned().collect();
        let rewritten = plan.rewrite(node, inputs);
        let is_shared = consumers.get(&node.sequence).is_some_and(|&count| count > 1);
        if is_shared || plan.is_closed(&rewritten) {
            plan.closed.insert(rewritten.sequence);
        }
        plan.rewritten.insert(node.sequence, rewritten);
    }
    draft.replace_nodes(&plan.rewritten);
    Ok(())
}

struct FilterPushdown {
    /// The rewritten nodes, by the sequence numbers of the nodes that they replace.
    rewritten: HashMap<u64, Arc<Node>>,
    /// The rewritten nodes below which no filter moves. A node with several consumers is one of
    /// them, because other consumers may need the rows that the filter drops.
    closed: HashSet<u64>,
}

impl FilterPushdown {
    /// Returns `true` if no filter moves below a node with one consumer. A filter above a closed
    /// node is closed, too, because filters keep their order.
    fn is_closed(&self, node: &Node) -> bool {
        let is_filter = node.operator.as_filter().is_some();
        let is_open = |(number, input): (usize, &Arc<Node>)| {
            node.operator.lets_filters_pass(number).is_some() && !(is_filter && self.closed.contains(&input.sequence))
        };
        !node.inputs.iter().enumerate().any(is_open)
    }

    fn rewrite(&self, node: &Arc<Node>, inputs: Vec<Arc<Node>>) -> Arc<Node> {
        if let (Some(_), [input]) = (node.operator.as_filter(), inputs.as_slice())
            && let Some(moved) = self.pushed_below(node, input)
        {
            return moved;
        }
        node.over(inputs)
    }

    /// Moves `filter`, which follows `node`, as far down as possible. Returns the new nodes in
    /// place of both, or `None` if the filter cannot move.
    ///
    /// The nodes on the path down are kept in a vector: a plan may be deeper than the thread's
    /// stack.
    fn pushed_below(&self, filter: &Arc<Node>, node: &Arc<Node>) -> Option<Arc<Node>> {
        let mut open = vec![PushdownStep::new(filter, node)];
        let mut progress: Option<Option<Arc<Node>>> = None;
        while let Some(mut top) = open.pop() {
            if let Some(lower) = progress.take() {
                top.end_input(lower);
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
                        let next = PushdownStep::new(&filter, &input);
                        top.filter_below = Some(filter);
                        open.extend([top, next]);
                    }
                },
            }
        }
        progress.flatten()
    }
}

/// A filter that moves below a node, input by input.
struct PushdownStep {
    filter: Arc<Node>,
    node: Arc<Node>,
    /// The node's inputs so far. Inputs to which the filter moved are filtered.
    inputs: Vec<Arc<Node>>,
    /// The filter of the next input, while it is moved further down.
    filter_below: Option<Arc<Node>>,
    moved: bool,
}

impl PushdownStep {
    fn new(filter: &Arc<Node>, node: &Arc<Node>) -> Self {
        let (filter, node) = (filter.clone(), node.clone());
        PushdownStep { filter, node, inputs: Vec::new(), filter_below: None, moved: false }
    }

    /// The filter of the node's next input, if the node lets it pass.
    fn filter_on(&self, input: &Arc<Node>) -> Option<Arc<Node>> {
        let leaves = self.node.operator.lets_filters_pass(self.inputs.len())?;
        let filter = &self.filter;
        let operator = filter.operator.as_filter()?.moved(input.schema(), &leaves, self.node.word())?;
        let (path, origin, text) = (filter.path.clone(), filter.origin.clone(), filter.text.clone());
        Some(Node::new(path, origin, text, operator, vec![input.clone()]))
    }

    /// Continues with the next input. `lower` is the current one with the filter further down, if
    /// it moved there.
    fn end_input(&mut self, lower: Option<Arc<Node>>) {
        let (Some(filter), Some(input)) = (self.filter_below.take(), self.node.inputs.get(self.inputs.len())) else {
            return;
        };
        // Filters keep their order among themselves.
        let is_filter = self.node.operator.as_filter().is_some();
        let filtered_input = if is_filter { lower } else { Some(lower.unwrap_or(filter)) };
        self.moved |= filtered_input.is_some();
        self.inputs.push(filtered_input.unwrap_or_else(|| input.clone()));
    }
}
