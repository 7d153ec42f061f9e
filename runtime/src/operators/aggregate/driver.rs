//! The phases of an aggregation, as they run.

use std::sync::Arc;

use crate::error::Result;
use crate::group::{Combiner, FinalAggregate, GroupTable, HybridHashAggregation, PreAggregate};
use crate::kernel::TaskContext;
use crate::memory::limits;
use crate::operators::combiner_bytes;
use crate::row::RowLayout;
use crate::strategy::{Driver, DriverFactory};

use super::Spec;
use super::counting::CountingDriver;
use super::update::AggregateUpdate;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Records in, finished groups out.
    Whole,
    /// Records in, states out.
    Partial,
    /// States in, finished groups out.
    Merge,
}

pub(super) struct Aggregating {
    pub(super) spec: Arc<Spec>,
    pub(super) phase: Phase,
}

impl DriverFactory for Aggregating {
    fn name(&self) -> String {
        match self.phase {
            Phase::Whole => format!("hash {}", self.spec.word),
            Phase::Partial => format!("combine {}", self.spec.word),
            Phase::Merge => format!("merge {}", self.spec.word),
        }
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(if self.phase == Phase::Partial { self.spec.combined.clone() } else { self.spec.output.clone() })
    }

    fn minimum_bytes(&self) -> Option<usize> {
        match self.phase {
            Phase::Partial => Some(limits::COMBINE_BYTES),
            _ if self.spec.values.is_empty() => Some(limits::GROUP_BYTES),
            _ => Some(limits::COUNT_BYTES),
        }
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let (update, key) = AggregateUpdate::new(&self.spec, self.phase, context)?;
        if self.phase != Phase::Partial && !self.spec.values.is_empty() {
            return CountingDriver::create(&self.spec, self.phase, update, context);
        }
        let table = GroupTable::new(self.spec.layout(self.phase).clone(), key, &context.memory)?;
        if self.phase == Phase::Partial {
            return Ok(Box::new(PreAggregate { update, combiner: Combiner::new(table, combiner_bytes(context)) }));
        }
        Ok(Box::new(FinalAggregate { update, grouping: HybridHashAggregation::new(table, 0, context) }))
    }
}
