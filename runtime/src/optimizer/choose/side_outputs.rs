//! Side outputs: rows that an operator emits to a stage of their own.

use std::collections::HashMap;
use std::sync::Arc;

use super::Chooser;
use crate::error::{Error, Result};
use crate::optimizer::branches::consumers;
use crate::physical::{Head, OutputPlan, Place};
use crate::plan::Node;
use crate::row::{LeafSet, RowLayout};
use crate::strategy::{InPlace, Role, Ship};

/// The nodes whose side output is read, by sequence number: their readers, and the stage of the
/// rows.
pub(super) struct SideOutputs(HashMap<u64, (Vec<u64>, Option<usize>)>);

impl SideOutputs {
    /// The side outputs of a plan before any node is placed.
    pub(super) fn of(nodes: &[Arc<Node>]) -> Self {
        let mut readers: HashMap<u64, (Vec<u64>, Option<usize>)> = HashMap::new();
        for (node, input) in of_side_outputs(nodes) {
            readers.entry(input.sequence).or_default().0.push(node.sequence);
        }
        SideOutputs(readers)
    }
}

/// The number of consumers of each node's main output.
pub(super) fn consumers_of_main(nodes: &[Arc<Node>]) -> HashMap<u64, usize> {
    let mut consumers = consumers(nodes);
    for (_, input) in of_side_outputs(nodes) {
        consumers.entry(input.sequence).and_modify(|count| *count -= 1);
    }
    consumers
}

fn of_side_outputs(nodes: &[Arc<Node>]) -> impl Iterator<Item = (&Arc<Node>, &Arc<Node>)> {
    let side_outputs = nodes.iter().filter(|node| matches!(node.operator.role(), Role::InPlace(InPlace::SideOutput)));
    side_outputs.filter_map(|node| Some((node, node.inputs.first()?)))
}

impl Chooser<'_> {
    /// Places an operator with a side output. It is left out if the output has no reader.
    pub(super) fn place_with_side_output(&mut self, node: &Arc<Node>, index: usize) -> Result<Place> {
        let Some((readers, _)) = self.side_outputs.0.get(&node.sequence) else {
            self.builder.plan.operators[index].is_left_out = true;
            return self.input(node, 0);
        };
        let mut live = LeafSet::none();
        let of_readers = readers.iter().filter_map(|reader| self.draft.live.get(reader));
        of_readers.for_each(|of_reader| live.extend_from(of_reader));
        let mut readers = readers.iter().filter_map(|reader| self.positions.get(reader)).copied();
        // The first reader counts the rows.
        let (reader, also_counted) = (readers.next().unwrap_or(index), readers.collect());
        let place = self.drive(node, index)?;
        let layout = Arc::new(RowLayout::new(node.schema().types(), &live));
        let aside = self.builder.stage(Head::Inbox(0), self.builder.tasks(&place));
        let output = OutputPlan::of_step(reader, Ship::Forward, layout, (aside, 0));
        let output = OutputPlan { also_counted, ..output };
        if let Some(step) = self.builder.plan.stages[place.stage].steps.last_mut() {
            step.others.push(output);
        }
        self.side_outputs.0.entry(node.sequence).and_modify(|(_, stage)| *stage = Some(aside));
        Ok(place)
    }

    /// The place of the rows of an input's side output.
    pub(super) fn side_output(&mut self, node: &Arc<Node>, index: usize) -> Result<Place> {
        let stage = node.inputs.first().and_then(|input| self.side_outputs.0.get(&input.sequence)?.1);
        let stage = stage.ok_or_else(|| Error::Internal("rows are set aside nowhere".to_owned()))?;
        Ok(Place::after_step(stage, index))
    }
}
