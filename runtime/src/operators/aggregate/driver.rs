//! The drivers of an aggregation's phases.

use std::sync::Arc;

use crate::error::Result;
use crate::group::GroupTable;
use crate::kernel::TaskContext;
use crate::memory::limits;
use crate::operators::common::{final_aggregate, pre_aggregate};
use crate::strategy::DriverFactory;

use super::counting::CountingDriver;
use super::spec::{Phase, Spec};
use super::update::AggregateUpdate;

/// Folds a task's records into states, in a bounded part of the budget.
pub(super) fn combiner(spec: &Arc<Spec>) -> DriverFactory {
    pre_aggregate(format!("combine {}", spec.word), spec.combined.clone(), open(spec, Phase::Partial))
}

/// Makes finished groups from records, or from states.
pub(super) fn of_phase(spec: &Arc<Spec>, phase: Phase) -> DriverFactory {
    let name = format!("{} {}", if phase == Phase::Merge { "merge" } else { "hash" }, spec.word);
    if spec.values.is_empty() {
        return final_aggregate(name, spec.output.clone(), 0, open(spec, phase));
    }
    let (output, spec) = (spec.output.clone(), spec.clone());
    DriverFactory::new(name, move |context| CountingDriver::new(&spec, phase, context))
        .waiting_for_end()
        .emitting(output)
        .spilling_beyond(limits::COUNT_BYTES)
}

/// Creates the update and the table of a task.
fn open(
    spec: &Arc<Spec>,
    phase: Phase,
) -> impl Fn(&TaskContext) -> Result<(AggregateUpdate, GroupTable)> + Send + Sync + use<> {
    let spec = spec.clone();
    move |context| {
        let (update, key) = AggregateUpdate::new(&spec, phase, context)?;
        Ok((update, GroupTable::new(spec.layout(phase).clone(), key, &context.memory)?))
    }
}
