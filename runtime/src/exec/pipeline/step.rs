//! A step: its inputs, the inline steps before its driver, the driver, and its outputs.

use super::step_driver::{Renewal, StepDriver};
use super::step_inputs::{SideInput, StepInputs};
use super::step_outputs::StepOutputs;
use super::work::{Callback, Data, Rows, Windows, Work};
use crate::error::Result;
use crate::exec::inline::{InlineStep, OperatorScope, filter_window, projected_leaves, with_projection};
use crate::exec::stage_output::StageOutput;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::Memory;
use crate::page::{Batch, Input, Selection};
use crate::physical::{Part, StepPlan};
use crate::strategy::{Cursor, Demand, Driver, DriverState, Progress, Snapshotted};
use crate::stream::Control;

pub(in crate::exec) struct Step {
    pub(super) operator: usize,
    part: Part,
    /// It may stop before its input ends.
    pub(super) may_stop: bool,
    pub(super) inputs: StepInputs,
    pub(super) inline: Vec<InlineStep>,
    pub(super) driver: StepDriver,
    pub(super) outputs: StepOutputs,
}

impl Step {
    pub(in crate::exec) fn new(
        plan: &StepPlan,
        inline: Vec<InlineStep>,
        driver: Box<dyn Driver>,
        memory: Memory,
        sides: Vec<SideInput>,
        outputs: Outputs,
    ) -> Self {
        let StepPlan { operator, port, part, .. } = *plan;
        Step {
            operator,
            part,
            may_stop: plan.may_stop(),
            inputs: StepInputs::new(port, sides),
            inline,
            driver: StepDriver::new(operator, driver, plan.driver.properties, memory),
            outputs: StepOutputs::new(outputs),
        }
    }

    /// The step in a loop: each round gets a new driver, unless the driver
    /// [keeps its state](crate::strategy::DriverProperties::keeps_state_across_rounds).
    pub(in crate::exec) fn with_renewal(mut self, renewal: Renewal) -> Self {
        self.driver.renewal = Some(renewal);
        self
    }

    /// The step of a driver that may emit more rows in one call than fit in memory.
    pub(in crate::exec) fn with_overflow(mut self, memory: Memory, context: &TaskContext) -> Self {
        // A driver that drives rounds emits their ends between its pages, and stops when a page is
        // full.
        if !self.driver.properties.drives_rounds {
            self.outputs.overflow_to(memory, context);
        }
        self
    }

    /// The step with its side outputs. Each is paired with other operators that count its rows,
    /// too.
    pub(in crate::exec) fn with_side_outputs(mut self, side_outputs: Vec<(StageOutput, Vec<usize>)>) -> Self {
        self.outputs.set_side_outputs(side_outputs);
        self
    }

    /// Stops the step. It emits no more rows, and releases all memory, including its minimum. It
    /// still forwards the controls of the step before.
    pub(super) fn stop(&mut self, scope: &OperatorScope) {
        self.inputs.close();
        self.outputs.close();
        // The driver's drop may run the user's code, so it comes last.
        self.driver.stop(scope);
    }

    fn count_in(&self, rows: usize, scope: &OperatorScope) {
        if self.part != Part::Last {
            scope.metrics(self.operator).rows_in.add(rows as u64);
        }
    }

    fn count_out(&self, rows: usize, scope: &OperatorScope) {
        if self.part != Part::First {
            scope.metrics(self.operator).rows_out.add(rows as u64);
        }
    }

    /// The names of the driver's states.
    pub(super) fn state_names(&mut self) -> Vec<&'static str> {
        let states = self.driver.driver.snapshotted().map_or_else(Vec::new, Snapshotted::states);
        states.into_iter().map(|(name, _)| name).collect()
    }

    /// The driver's state of this name.
    pub(super) fn state(&mut self, name: &str) -> Option<&mut dyn DriverState> {
        let states = self.driver.driver.snapshotted()?.states();
        states.into_iter().find(|(of_state, _)| *of_state == name).map(|(_, state)| state)
    }

    /// Takes the names of outputs that the driver has prepared since the last barrier.
    pub(super) fn take_prepared(&mut self) -> Vec<String> {
        self.driver.driver.snapshotted().map_or_else(Vec::new, Snapshotted::prepared)
    }

    /// Notifies the driver that all its state is restored.
    pub(super) fn on_restored(&mut self) {
        if let Some(snapshotted) = self.driver.driver.snapshotted() {
            snapshotted.on_restored();
        }
    }

    pub(super) fn demand(&self) -> Demand {
        self.driver.driver.demand()
    }

    /// Returns `true` if the driver accepts rows of the step before.
    pub(super) fn accepts_stream(&self) -> bool {
        self.demand().ports.contains(self.inputs.port)
    }

    /// Takes an item of the side inputs if the driver prefers its stream. Returns `true` if there
    /// was one.
    pub(super) fn take_side(&mut self) -> Result<bool> {
        if self.inputs.work.is_some() {
            return Ok(false);
        }
        let demand = self.demand();
        Ok(demand.prefers_stream && self.inputs.take_side(demand.ports)?)
    }

    /// Takes work from the inputs. Returns `None` if the step before must run first.
    pub(super) fn feed(&mut self, before: Option<&mut Step>, demand: Demand) -> Result<Option<Progress>> {
        let inputs = &mut self.inputs;
        if inputs.take_waiting(demand.ports, !demand.prefers_stream)? {
            return Ok(Some(Progress::Yield));
        }
        if inputs.have_ended() {
            return Ok(None);
        }
        if inputs.stream_is_held() {
            // The stream waits for the side inputs, whose items wake the task.
            return Ok(Some(Progress::Pending));
        }
        let Some(before) = before else { return Ok(None) };
        let accepts_rows = demand.ports.contains(inputs.port);
        let ready = &mut before.outputs.ready;
        if let Some(item) = ready.pop(accepts_rows)? {
            inputs.take(item)?;
            return Ok(Some(Progress::Yield));
        }
        // Side inputs come first until they are at a cut or have ended. In a loop they may depend
        // on a control item of an earlier step. So that step continues until it has an item for
        // this one.
        let may_wait = self.driver.renewal.is_none() || !ready.is_empty();
        let waits = !accepts_rows && inputs.awaits_sides() && may_wait;
        Ok((waits || inputs.has_passed()).then_some(Progress::Pending))
    }

    /// Runs a callback without rows, and collects the rows that it emits. If it is done, sends the
    /// control after them.
    pub(super) fn run_callback(
        &mut self,
        callback: Callback,
        mut cursor: Cursor,
        scope: &OperatorScope,
    ) -> Result<Progress> {
        scope.enter(self.operator);
        let (driver, out) = (&mut self.driver.driver, &mut self.outputs.written);
        let progress = match callback {
            Callback::RoundEnd { input, round } => {
                driver.on_round_end(self.inputs.port_of(input), round, &mut cursor, out)?
            }
            Callback::End { input } => driver.on_end(self.inputs.port_of(input), &mut cursor, out)?,
            Callback::Control(Control::Watermark(micros)) => driver.on_watermark(micros, &mut cursor, out)?,
            Callback::Control(Control::Barrier(epoch)) => driver.on_barrier(epoch, &mut cursor, out)?,
            Callback::Control(_) => Progress::Done,
        };
        if progress != Progress::Done {
            self.inputs.work = Some(Work::Callback(callback, cursor));
            self.collect(scope)?;
            return Ok(progress);
        }
        self.collect_all(scope)?;
        match callback {
            Callback::RoundEnd { input, .. } if self.is_fed_once(input) => self.inputs.end_only_round(input)?,
            Callback::RoundEnd { input, round } => self.inputs.offer(input, Control::RoundEnd(round.number))?,
            Callback::End { input } => self.inputs.offer(input, Control::End)?,
            Callback::Control(control) => self.pass_control(control, scope)?,
        }
        Ok(progress)
    }

    /// Returns `true` if the rows of an input arrive once, and are kept over all rounds.
    fn is_fed_once(&self, input: usize) -> bool {
        self.driver.properties.fed_once.contains(self.inputs.port_of(input))
    }

    /// Forwards a control that all inputs have sent, after the driver's callback. A driver that
    /// drives rounds sends ends itself.
    fn pass_control(&mut self, control: Control, scope: &OperatorScope) -> Result<()> {
        if let Control::Watermark(micros) = control {
            scope.metrics(self.operator).event_time.raise(micros);
        }
        let ends = matches!(control, Control::RoundEnd(_) | Control::End);
        if !(ends && self.driver.properties.drives_rounds) {
            self.outputs.send_control(control, scope);
        }
        match control {
            Control::RoundEnd(number) => self.driver.begin_round(number + 1),
            _ => Ok(()),
        }
    }

    /// Runs windows of rows through the inline steps and the driver, until its output is full or it
    /// passes rows on. Returns the passed rows.
    pub(super) fn run_windows(
        &mut self,
        batch: &Batch<'_>,
        at: &mut Windows,
        scope: &OperatorScope,
    ) -> Result<(Progress, Option<Selection>)> {
        // The sender has applied the inline steps of a side input.
        let inline_steps = if at.port == self.inputs.port { self.inline.len() } else { 0 };
        loop {
            if !at.begun {
                if !at.advance(batch) {
                    return Ok((Progress::Done, None));
                }
                let inline = self.inline[..inline_steps].get_mut(at.filtered..).unwrap_or_default();
                filter_window(inline, batch, &mut at.window, scope)?;
                if at.window.is_empty() {
                    continue;
                }
                self.count_in(at.window.len(), scope);
                at.begun = true;
            }
            scope.enter(self.operator);
            let (driver, out) = (&mut self.driver.driver, &mut self.outputs.written);
            let (cursor, window) = (&mut at.cursor, &at.window);
            let progress = with_projection(&self.inline[..inline_steps], batch, |batch| {
                driver.on_batch(at.port, &Input::checked(batch, window)?, cursor, out)
            })?;
            if progress != Progress::Done {
                return Ok((progress, None));
            }
            (at.begun, at.cursor) = (false, 0);
            let passed = out.take_passed().filter(|passed| !passed.is_empty());
            if passed.is_some() || out.is_full() {
                return Ok((Progress::Yield, passed));
            }
        }
    }

    /// The rows of a window that the driver passed on, without copying them.
    pub(super) fn passed_rows(&self, rows: &Rows, window: Selection, scope: &OperatorScope) -> Rows {
        self.count_out(window.len(), scope);
        let data = match &rows.data {
            Data::Page(page) => Data::Page(page.clone()),
            Data::Source => Data::Source,
        };
        Rows::selected(data, projected_leaves(&self.inline, rows.view.as_ref()), window)
    }

    /// Takes rows that the step before passed on, now or when the driver accepts them.
    pub(super) fn take_passed(&mut self, rows: Rows) {
        if self.accepts_stream() { self.inputs.take_rows(rows) } else { self.inputs.keep_passed(rows) }
    }

    /// Takes rows of a buffered port while the outputs are full. Returns `true` if there were any.
    pub(super) fn buffer_rows(&mut self, scope: &OperatorScope) -> Result<bool> {
        let Some(mut rows) = self.inputs.next_buffered(self.driver.properties.buffers)? else { return Ok(false) };
        let Data::Page(page) = &rows.data else { return Ok(false) };
        let (progress, _) = self.run_windows(&page.batch(), &mut rows.windows, scope)?;
        if progress != Progress::Done {
            self.inputs.buffering = Some(rows);
        }
        Ok(progress != Progress::Pending)
    }

    /// Moves the driver's items to the next step and to the side outputs.
    pub(super) fn collect(&mut self, scope: &OperatorScope) -> Result<()> {
        let rows = self.outputs.collect(scope)?;
        self.count_out(rows, scope);
        Ok(())
    }

    /// As [`Step::collect`], including the open page.
    pub(super) fn collect_all(&mut self, scope: &OperatorScope) -> Result<()> {
        self.outputs.written.seal();
        self.collect(scope)
    }

    /// Lets the driver emit the rows that it holds back, if it has no other work and all its rows
    /// are taken. Returns `true` if there were any, or more follow.
    pub(super) fn flush_idle(&mut self, scope: &OperatorScope) -> Result<bool> {
        if self.inputs.work.is_some() || !self.outputs.ready.is_empty() {
            return Ok(false);
        }
        scope.enter(self.operator);
        let progress = self.driver.driver.on_idle(&mut self.outputs.written)?;
        self.collect_all(scope)?;
        Ok(progress == Progress::Yield || !self.outputs.ready.is_empty())
    }
}
