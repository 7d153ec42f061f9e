//! Operators without a driver: filters, projections, event time and unions.

use std::sync::Arc;

use super::Chooser;
use crate::error::{Error, Result};
use crate::physical::{Head, InlineStepPlan, Place, Watermarks};
use crate::plan::Node;
use crate::row::RowLayout;
use crate::strategy::{EventTimeOf, InPlace, Ship};

impl Chooser<'_> {
    /// Places an operator without a driver.
    pub(super) fn in_place(&mut self, node: &Arc<Node>, index: usize, step: InPlace) -> Result<Place> {
        let step = match step {
            InPlace::Filter(filter) => InlineStepPlan::Filter(index, filter, self.draft.live_of(node)),
            InPlace::Project(leaves) => InlineStepPlan::Project(index, leaves.into()),
            InPlace::WindowStart(windows, leaf) => InlineStepPlan::WindowStart(index, windows, leaf),
            InPlace::EventTime(leaves, of) => return self.event_time(node, index, leaves, of),
            InPlace::Union => return self.union(node, index),
            InPlace::SideOutput => return self.side_output(node, index),
            InPlace::LoopResult => return self.end_loop(node, index),
        };
        self.inline(node, index, step)
    }

    /// Adds event time to rows. The head of their stage makes watermarks: by split after a source,
    /// else by task. So a new stage begins where rows of several splits may mix, or where the stage
    /// has another event time. Another event time is an error while the stage reads single splits.
    fn event_time(&mut self, node: &Node, index: usize, leaves: Vec<usize>, of: EventTimeOf) -> Result<Place> {
        let mut place = self.input(node, 0)?;
        let leaf = self.leaf_of_source(&place, of.leaf);
        let mut watermarks = Watermarks { leaf, lateness_micros: of.lateness_micros };
        let stage = &self.builder.plan.stages[place.stage];
        let is_apart = stage.keeps_splits_apart();
        let kept_source = match stage.watermarks {
            None => is_apart,
            Some(others) if leaf.is_some() && others == watermarks => true,
            Some(_) if is_apart && matches!(stage.head, Head::Source(..)) => {
                return Err(Error::Plan(
                    "another `.event_time(..)` takes the same records, and a source has one event time: read the \
                     source once for each"
                        .to_owned(),
                ));
            }
            Some(_) => false,
        };
        if !kept_source {
            let input = &node.inputs[0];
            place = self.builder.in_new_stage(place, &input.schema().types(), &self.draft.live_of(input));
            watermarks.leaf = None;
        }
        self.builder.plan.stages[place.stage].watermarks = Some(watermarks);
        if watermarks.leaf.is_none() {
            place.inline.push(InlineStepPlan::EventTime(of.leaf));
        }
        place.operator = index;
        place.inline.push(InlineStepPlan::Project(index, leaves.into()));
        Ok(place)
    }

    /// The source's leaf that a leaf at a place is a copy of, if only filters and projections are
    /// between.
    fn leaf_of_source(&self, place: &Place, leaf: usize) -> Option<usize> {
        let stage = &self.builder.plan.stages[place.stage];
        if !matches!(stage.head, Head::Source(..)) || !stage.steps.is_empty() {
            return None;
        }
        place.inline.iter().rev().try_fold(leaf, |leaf, inline| match inline {
            InlineStepPlan::Project(_, leaves) => leaves.get(leaf).copied(),
            _ => Some(leaf),
        })
    }

    fn inline(&mut self, node: &Node, operator: usize, inline: InlineStepPlan) -> Result<Place> {
        let place = self.gathered_if_ordered(node, 0)?;
        let mut place = self.after_replay(node, 0, place)?;
        place.operator = operator;
        place.inline.push(inline);
        Ok(place)
    }

    /// Sends the rows of all inputs to one stage.
    fn union(&mut self, node: &Node, index: usize) -> Result<Place> {
        let mut places = Vec::new();
        for input in 0..node.inputs.len() {
            let place = self.input(node, input)?;
            places.push(self.after_replay(node, input, place)?);
        }
        let tasks = places.iter().map(|place| self.builder.tasks(place)).max().unwrap_or(1);
        let stage = self.builder.stage(Head::Inbox(0), tasks);
        let layout = Arc::new(RowLayout::new(node.schema().types(), &self.draft.live_of(node)));
        for (input, place) in places.into_iter().enumerate() {
            let ship = if self.builder.tasks(&place) == tasks { Ship::Forward } else { Ship::Rebalance };
            self.builder.plan.operators[index].inputs[input].1 = ship.clone();
            self.builder.ship_to(place, ship, layout.clone(), (stage, 0));
        }
        Ok(Place::after_step(stage, index))
    }
}
