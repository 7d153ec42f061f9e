//! The driver of a step, and its memory.

use std::sync::Arc;

use crate::error::Result;
use crate::exec::inline::OperatorScope;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::Memory;
use crate::page::Input;
use crate::strategy::{Cursor, Driver, DriverFactory, DriverProperties, Progress};

/// Makes a driver for each round.
pub(in crate::exec) struct Renewal {
    pub(in crate::exec) factory: Arc<DriverFactory>,
    pub(in crate::exec) context: TaskContext,
}

pub(super) struct StepDriver {
    pub(super) operator: usize,
    pub(super) driver: Box<dyn Driver>,
    pub(super) properties: DriverProperties,
    /// The driver's memory, which may be revoked. `None` after the step was stopped.
    memory: Option<Memory>,
    /// A revocation has begun and is not finished.
    is_revoking: bool,
    /// Makes the driver of each round, for a step in a loop.
    pub(super) renewal: Option<Renewal>,
}

impl StepDriver {
    pub(super) fn new(operator: usize, driver: Box<dyn Driver>, properties: DriverProperties, memory: Memory) -> Self {
        StepDriver { operator, driver, properties, memory: Some(memory), is_revoking: false, renewal: None }
    }

    /// Drops the driver, and releases all memory, including its minimum.
    pub(super) fn stop(&mut self, scope: &OperatorScope) {
        self.count_memory(scope);
        let stopped = StepDriver {
            operator: self.operator,
            driver: Box::new(Stopped),
            properties: DriverProperties::default(),
            memory: None,
            is_revoking: false,
            renewal: None,
        };
        // The driver's drop may run the user's code.
        scope.enter(self.operator);
        *self = stopped;
    }

    /// Counts the peak memory of the driver, without the pages in channels.
    pub(super) fn count_memory(&self, scope: &OperatorScope) {
        if let Some(memory) = &self.memory {
            scope.metrics(self.operator).memory_bytes.add(memory.peak_bytes() as u64);
        }
    }

    /// Gives back memory that was requested. Returns `true` if it must be called again soon.
    pub(super) fn revoke_memory(&mut self, scope: &OperatorScope) -> Result<bool> {
        let Some(memory) = &self.memory else { return Ok(false) };
        let asked = memory.revoke_requested();
        if asked == 0 && !self.is_revoking {
            return Ok(false);
        }
        scope.enter(self.operator);
        let Some(revocable) = self.driver.revocable() else { return Ok(false) };
        if asked > 0 {
            revocable.revoke(asked)?;
        }
        let progress = revocable.continue_revoking()?;
        self.is_revoking = progress != Progress::Done;
        Ok(progress == Progress::Yield)
    }

    /// In a loop, replaces the driver by a new one for the next round, unless it
    /// [keeps its state](DriverProperties::keeps_state_across_rounds).
    pub(super) fn begin_round(&mut self, superstep: u32) -> Result<()> {
        let is_kept = self.properties.keeps_state_across_rounds;
        let Some(renewal) = self.renewal.as_mut().filter(|_| !is_kept) else { return Ok(()) };
        // The old driver releases its memory before the new one is made.
        self.driver = Box::new(Stopped);
        renewal.context.superstep = superstep;
        self.driver = renewal.factory.create(&renewal.context)?;
        Ok(())
    }
}

/// Replaces the driver of a stopped step.
struct Stopped;

impl Driver for Stopped {
    fn on_batch(&mut self, _: usize, _: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        Ok(Progress::Done)
    }
}
