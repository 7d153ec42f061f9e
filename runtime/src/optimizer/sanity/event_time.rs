//! Checks that windows have event time and watermarks.

use super::{Finished, operators};
use crate::error::Result;
use crate::physical::{Head, InlineStepPlan, StagePlan, Watermarks};
use crate::row::LeafType;

/// Checks the origin of each stage's watermarks, and that each operator that needs event time
/// follows a stage with watermarks.
pub(super) fn check(plan: &Finished<'_>) -> Result<()> {
    let has_none = |stage: &StagePlan| stage.watermarks.is_none();
    let sources = plan.stages().map(|(_, stage)| matches!(stage.head, Head::Source(..)) && has_none(stage)).collect();
    let without = plan.reached(sources, |sender| has_none(&plan.plan.stages[sender.output.to.0]));
    for (number, stage) in plan.stages() {
        let of_outputs = stage.outputs.iter().flat_map(|output| &output.inline).filter_map(InlineStepPlan::operator);
        let mut operators = stage.steps.iter().flat_map(operators).chain(of_outputs);
        if !stage.watermarks.is_none_or(|watermarks| has_times(stage, watermarks)) {
            let first = operators.next().unwrap_or_default();
            return Err(plan.broken(first, "the event times for its watermarks are not read"));
        }
        let needs = |operator: &usize| plan.draft.nodes[*operator].operator.needs_hidden().is_some();
        if let Some(operator) = operators.find(|operator| without[number] && needs(operator)) {
            return Err(plan.broken(operator, "it needs event time, and no stage before it makes watermarks"));
        }
    }
    Ok(())
}

/// Whether a stage reads the event times of its watermarks: from its source, or in an inline step.
fn has_times(stage: &StagePlan, watermarks: Watermarks) -> bool {
    match (watermarks.leaf, &stage.head) {
        (Some(leaf), Head::Source(_, source, scan)) => {
            let ty = source.schema().leaves().get(leaf).map(|leaf| leaf.ty);
            ty == Some(LeafType::Timestamp) && scan.live.contains(leaf)
        }
        (Some(_), _) => false,
        (None, _) => {
            let of_steps = stage.steps.iter().flat_map(|step| &step.inline);
            let mut inline = of_steps.chain(stage.outputs.iter().flat_map(|output| &output.inline));
            inline.any(|inline| matches!(inline, InlineStepPlan::EventTime(_)))
        }
    }
}
