//! Facts of operators for EXPLAIN.

use std::sync::Arc;

use super::Chooser;
use crate::physical::OperatorInfo;
use crate::plan::Node;
use crate::row::{LeafSet, Schema};
use crate::strategy::Ship;

/// The number of fields that are read of a source's records. Empty if all are read.
pub(super) fn decoded(node: &Node, live: &LeafSet) -> String {
    // An `Option` has two leaves of one path.
    let fields = |leaves: &mut dyn Iterator<Item = usize>| -> usize {
        let mut paths: Vec<_> =
            leaves.filter_map(|leaf| node.schema().leaves().get(leaf)).map(|leaf| &leaf.path).collect();
        paths.dedup();
        paths.len()
    };
    match (fields(&mut live.iter()), fields(&mut (0..node.schema().leaves().len()))) {
        (read, all) if read == all => String::new(),
        (read, all) => format!("{read} of {all} fields"),
    }
}

/// The fields of a node's records that are read, with the fields that they copy:
/// `price ← extendedprice`.
fn fields(node: &Node, live: &LeafSet) -> String {
    let name = |schema: &Schema, leaf: usize| {
        schema.leaves().get(leaf).map(|leaf| leaf.name().into_owned()).unwrap_or_default()
    };
    let inputs: Vec<_> = (0..node.inputs.len()).map(|input| node.operator.lets_filters_pass(input)).collect();
    let field = |leaf: usize| {
        let from =
            inputs.iter().enumerate().find_map(|(input, leaves)| Some((input, *leaves.as_ref()?.get(leaf)?.as_ref()?)));
        let (to, from) = (name(node.schema(), leaf), from.map(|(input, leaf)| name(node.inputs[input].schema(), leaf)));
        match from {
            Some(from) if from != to => format!("{to} ← {from}"),
            Some(from) => format!("← {from}"),
            None => to,
        }
    };
    let mut fields: Vec<String> = live.iter().map(field).collect();
    fields.dedup();
    fields.join(", ")
}

impl Chooser<'_> {
    /// Adds a node's operator to the plan. Its index is that of the node.
    pub(super) fn describe(&mut self, node: &Node) {
        let index = |input: &Arc<Node>| Some((*self.positions.get(&input.sequence)?, Ship::Forward));
        let inputs = node.inputs.iter().filter_map(index).collect();
        let details = node.operator.details();
        let live = self.draft.live_of(node);
        self.builder.plan.operators.push(OperatorInfo {
            origin: node.origin.clone(),
            identity: self.identities[self.builder.plan.operators.len()].clone(),
            description: [node.word(), details.as_str()].join(" ").trim_end().to_owned(),
            text: node.text.clone(),
            strategy: node.operator.placement(),
            candidates: Vec::new(),
            chosen: None,
            inputs,
            is_left_out: false,
            in_loop: self.loops.member(node),
            tasks: 0,
            estimate: self.draft.estimate_of(node),
            fields: fields(node, &live),
            leaves: node.schema().leaves().iter().map(|leaf| leaf.name().into_owned()).collect(),
        });
    }
}
