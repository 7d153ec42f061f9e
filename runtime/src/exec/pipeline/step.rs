//! A step: a driver, the inline steps before it, its inputs, and its current work.

use std::collections::VecDeque;
use std::sync::Arc;

use super::ready::ReadyItems;
use super::windows::{Data, Rows, Windows};
use crate::error::{Error, Result};
use crate::exec::aligned_input::AlignedInput;
use crate::exec::exits::Exit;
use crate::exec::inline::{InlineStep, Watch, filter_window, with_projection};
use crate::kernel::{Outputs, TaskContext};
use crate::memory::Memory;
use crate::page::{Batch, Input, Selection};
use crate::physical::{Part, StepPlan};
use crate::strategy::{Cursor, Driver, DriverFactory, DriverProperties, DriverState, Progress, Round, Snapshotted};
use crate::stream::{Alignment, Control, Item};

pub(in crate::exec) struct Step {
    pub(in crate::exec) operator: usize,
    pub(in crate::exec) inline: Vec<InlineStep>,
    pub(in crate::exec) driver: Box<dyn Driver>,
    pub(in crate::exec) properties: DriverProperties,
    /// The driver's memory, which other operators may ask for; `None` after the step was stopped.
    pub(in crate::exec) memory: Option<Memory>,
    /// Whether the driver has begun to give memory back.
    pub(in crate::exec) is_revoking: bool,
    /// The driver's port that the step before feeds.
    pub(in crate::exec) port: usize,
    pub(in crate::exec) sides: Vec<Side>,
    pub(in crate::exec) outputs: Outputs,
    pub(in crate::exec) part: Part,
    /// Aligns the controls of its inputs: the step before, then the side inputs.
    pub(in crate::exec) inputs: Alignment,
    /// Controls that all inputs have sent, and that the driver has not received yet.
    pub(in crate::exec) pending_controls: VecDeque<Control>,
    pub(in crate::exec) work: Option<Work>,
    /// Rows of a port that the driver [buffers](DriverProperties::buffers).
    pub(super) buffering: Option<Rows>,
    /// Rows of the step before that stay where they lie, while the driver accepts another port only.
    pub(super) passed: Option<Rows>,
    /// Items for the next step.
    pub(in crate::exec) ready: ReadyItems,
    /// Whether it may end before its input does.
    pub(in crate::exec) may_stop: bool,
    /// Makes the driver of each round, for a step in a loop.
    pub(in crate::exec) renewal: Option<Renewal>,
    /// The exits of its outputs after the main one, in their order.
    pub(in crate::exec) others: Vec<OtherExit>,
}

/// Makes a driver for each round.
pub(in crate::exec) struct Renewal {
    pub(in crate::exec) factory: Arc<DriverFactory>,
    pub(in crate::exec) context: TaskContext,
}

/// The exit of an output other than the main one.
pub(in crate::exec) struct OtherExit {
    pub(in crate::exec) exit: Exit,
    /// Other operators whose rows these are too.
    also_counted: Vec<usize>,
    /// Whether it has sent its end.
    pub(in crate::exec) has_ended: bool,
}

impl OtherExit {
    fn put(&mut self, item: Item, watch: &Watch) -> Result<()> {
        match item {
            Item::Control(control) => self.send_control(control, watch),
            Item::Page(page) => {
                if self.exit.take_page(page, watch).is_some() {
                    return Err(Error::Internal("rows of a numbered output are to be picked".to_owned()));
                }
            }
        }
        Ok(())
    }

    fn send_control(&mut self, control: Control, watch: &Watch) {
        self.has_ended |= control == Control::End;
        self.exit.send_control(control, watch);
    }
}

/// A port whose rows arrive in an inbox.
pub(in crate::exec) struct Side {
    pub(in crate::exec) port: usize,
    pub(in crate::exec) input: AlignedInput,
}

/// The number of the step before, among the inputs of a step.
pub(super) const STREAM: usize = 0;

impl Step {
    pub(in crate::exec) fn new(
        plan: &StepPlan,
        inline: Vec<InlineStep>,
        driver: Box<dyn Driver>,
        memory: Memory,
        sides: Vec<Side>,
        outputs: Outputs,
    ) -> Self {
        let StepPlan { operator, port, part, .. } = *plan;
        let inputs = Alignment::of(1 + sides.len());
        Step {
            operator,
            inline,
            driver,
            properties: plan.driver.properties,
            memory: Some(memory),
            is_revoking: false,
            port,
            sides,
            outputs,
            part,
            inputs,
            pending_controls: VecDeque::new(),
            work: None,
            buffering: None,
            passed: None,
            ready: ReadyItems::default(),
            may_stop: plan.may_stop(),
            renewal: None,
            others: Vec::new(),
        }
    }

    /// The step in a loop: after each round it gets another driver, unless the driver
    /// [keeps its state](DriverProperties::keeps_state_across_rounds).
    pub(in crate::exec) fn renewed_by(self, renewal: Renewal) -> Self {
        Step { renewal: Some(renewal), ..self }
    }

    /// The step, for a driver that may emit more rows in one call than memory holds.
    pub(in crate::exec) fn overflowing(mut self, memory: Memory, context: &TaskContext) -> Self {
        // A driver that drives rounds emits their ends between its pages, and stops when a page is full.
        if !self.properties.drives_rounds {
            self.ready.relieve(self.outputs.pages(), memory, context);
        }
        self
    }

    /// The step with the exits of its outputs after the main one. Each has the numbers of other operators
    /// whose rows these are too.
    pub(in crate::exec) fn with_others(self, exits: Vec<(Exit, Vec<usize>)>) -> Self {
        let other = |(exit, also_counted)| OtherExit { exit, also_counted, has_ended: false };
        let others = exits.into_iter().map(other).collect();
        Step { others, ..self }
    }

    /// Ends the step: it emits no more rows, and releases all memory, also its minimum. It still passes on
    /// the controls of the step before.
    pub(in crate::exec) fn stop(&mut self, watch: &Watch) {
        self.work = None;
        self.passed = None;
        self.pending_controls.clear();
        self.ready.clear();
        self.is_revoking = false;
        self.sides.drain(..).for_each(|mut side| side.input.close());
        self.inputs = Alignment::of(1);
        self.count_memory(watch);
        self.properties = DriverProperties::default();
        let held = (self.memory.take(), std::mem::replace(&mut self.driver, Box::new(Stopped)));
        let pages = self.outputs.pages();
        *pages = pages.emptied();
        // The driver's drop may run the user's code, so it comes last.
        watch.enter(self.operator);
        drop(held);
    }

    /// Counts the peak memory of the driver, without pages in channels.
    pub(in crate::exec) fn count_memory(&self, watch: &Watch) {
        if let Some(memory) = &self.memory {
            watch.metrics(self.operator).memory_bytes.add(memory.peak_bytes() as u64);
        }
    }

    /// Gives back memory that other operators ask for. Returns `true` if it is to be called again soon.
    pub(in crate::exec) fn revoke_memory(&mut self, watch: &Watch) -> Result<bool> {
        let Some(memory) = &self.memory else { return Ok(false) };
        let asked = memory.revoke_requested();
        if asked == 0 && !self.is_revoking {
            return Ok(false);
        }
        watch.enter(self.operator);
        let Some(revocable) = self.driver.revocable() else { return Ok(false) };
        if asked > 0 {
            revocable.revoke(asked)?;
        }
        let progress = revocable.continue_revoking()?;
        self.is_revoking = progress != Progress::Done;
        Ok(progress == Progress::Yield)
    }

    pub(in crate::exec) fn count_in(&self, rows: usize, watch: &Watch) {
        if self.part != Part::Last {
            watch.metrics(self.operator).rows_in.add(rows as u64);
        }
    }

    pub(in crate::exec) fn count_out(&self, rows: usize, watch: &Watch) {
        if self.part != Part::First {
            watch.metrics(self.operator).rows_out.add(rows as u64);
        }
    }

    /// The driver's tables in snapshots.
    pub(super) fn state(&mut self) -> Option<&mut dyn DriverState> {
        self.driver.snapshotted()?.state()
    }

    /// Names of outputs that the driver has prepared since the last barrier.
    pub(super) fn take_prepared(&mut self) -> Vec<String> {
        self.driver.snapshotted().map_or_else(Vec::new, Snapshotted::prepared)
    }

    /// Whether the driver accepts rows of the step before.
    pub(super) fn accepts_stream(&self) -> bool {
        self.driver.demand().ports.contains(self.port)
    }

    /// Takes an item of a side input. Returns `true` if there was one.
    pub(super) fn take_side(&mut self) -> Result<bool> {
        if self.sides.is_empty() {
            return Ok(false);
        }
        let accepted = self.driver.demand().ports;
        for side in 0..self.sides.len() {
            let input = STREAM + 1 + side;
            if self.inputs.is_held(input) {
                continue;
            }
            let may_take = Item::is_taken_by(accepted.contains(self.sides[side].port));
            if let Some(item) = self.sides[side].input.receive(may_take)? {
                self.take(input, item)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes an item of an input as the current work. The step must have no other work.
    pub(super) fn take(&mut self, input: usize, item: Item) -> Result<()> {
        let port = self.port_of(input);
        match item {
            Item::Page(page) => self.take_rows(input, Rows::all(port, Data::Page(page))),
            Item::Control(Control::RoundEnd(number)) => {
                self.work = Some(Work::RoundEnd { input, round: Round { number }, cursor: 0 });
            }
            Item::Control(Control::End) => self.work = Some(Work::End { input, cursor: 0 }),
            Item::Control(control) => self.offer(input, control)?,
        }
        Ok(())
    }

    pub(super) fn take_rows(&mut self, input: usize, rows: Rows) {
        self.pending_controls.extend(self.inputs.rows(input));
        self.work = Some(Work::Rows(rows));
    }

    /// The next control that all inputs have sent, if the step has no other work.
    pub(super) fn next_control(&mut self) -> Option<Control> {
        if self.work.is_some() { None } else { self.pending_controls.pop_front() }
    }

    fn port_of(&self, input: usize) -> usize {
        input.checked_sub(STREAM + 1).and_then(|side| self.sides.get(side)).map_or(self.port, |side| side.port)
    }

    fn offer(&mut self, input: usize, control: Control) -> Result<()> {
        self.pending_controls.extend(self.inputs.offer(input, control)?);
        Ok(())
    }

    /// Calls the driver at the end of a round of an input. Its rows go before the round's end.
    pub(super) fn end_round(&mut self, input: usize, round: Round, mut cursor: Cursor) -> Result<Progress> {
        let port = self.port_of(input);
        let progress = self.driver.on_round_end(port, round, &mut cursor, &mut self.outputs)?;
        if progress != Progress::Done {
            self.work = Some(Work::RoundEnd { input, round, cursor });
        } else if !self.properties.fed_once.contains(port) {
            self.offer(input, Control::RoundEnd(round.number))?;
        } else {
            // Rows that arrive once are kept, and no round of the other inputs waits for this input.
            self.pending_controls.extend(self.inputs.is_fed(input)?);
        }
        Ok(progress)
    }

    /// Calls the driver at the end of an input.
    pub(super) fn end_input(&mut self, input: usize, mut cursor: Cursor) -> Result<Progress> {
        let progress = self.driver.on_end(self.port_of(input), &mut cursor, &mut self.outputs)?;
        match progress {
            Progress::Done => self.offer(input, Control::End)?,
            _ => self.work = Some(Work::End { input, cursor }),
        }
        Ok(progress)
    }

    /// Calls the driver with a control that all inputs have sent.
    pub(super) fn pass_control(&mut self, control: Control, mut cursor: Cursor) -> Result<Progress> {
        let progress = match control {
            Control::Watermark(micros) => self.driver.on_watermark(micros, &mut cursor, &mut self.outputs)?,
            Control::Barrier(epoch) => self.driver.on_barrier(epoch, &mut cursor, &mut self.outputs)?,
            Control::RoundEnd(_) | Control::Idle | Control::End => Progress::Done,
        };
        if progress != Progress::Done {
            self.work = Some(Work::Control { control, cursor });
        }
        Ok(progress)
    }

    /// Sends a control on that all inputs have sent, after the driver's call. A driver that drives rounds
    /// sends ends itself.
    pub(super) fn pass_on(&mut self, control: Control, watch: &Watch) -> Result<()> {
        if let Control::Watermark(micros) = control {
            watch.metrics(self.operator).event_time.raise(micros);
        }
        let ends = matches!(control, Control::RoundEnd(_) | Control::End);
        if !(ends && self.properties.drives_rounds) {
            self.ready.push(Item::Control(control));
            self.others.iter_mut().for_each(|other| other.send_control(control, watch));
        }
        match control {
            Control::RoundEnd(number) => self.begin_round(number + 1),
            _ => Ok(()),
        }
    }

    /// Replaces the driver by that of the next round.
    fn begin_round(&mut self, superstep: u32) -> Result<()> {
        let is_kept = self.properties.keeps_state_across_rounds;
        let Some(renewal) = self.renewal.as_mut().filter(|_| !is_kept) else { return Ok(()) };
        // The last driver releases its memory for the next one.
        self.driver = Box::new(Stopped);
        renewal.context.superstep = superstep;
        self.driver = renewal.factory.create(&renewal.context)?;
        Ok(())
    }

    /// Takes rows of a buffered port while the outputs are full. Returns `true` if there were any.
    pub(super) fn buffer_rows(&mut self, watch: &Watch) -> Result<bool> {
        let Some(mut rows) = self.next_buffered()? else { return Ok(false) };
        let Data::Page(page) = &rows.data else { return Ok(false) };
        let (progress, _) = drive(self, &page.batch(), (rows.port, rows.filtered), &mut rows.at, watch)?;
        if progress != Progress::Done {
            self.buffering = Some(rows);
        }
        Ok(progress != Progress::Pending)
    }

    /// The next rows of a buffered port.
    fn next_buffered(&mut self) -> Result<Option<Rows>> {
        if let Some(rows) = self.buffering.take() {
            return Ok(Some(rows));
        }
        for (number, side) in self.sides.iter_mut().enumerate() {
            if !self.properties.buffers.contains(side.port) || self.inputs.is_held(STREAM + 1 + number) {
                continue;
            }
            if let Some(Item::Page(page)) = side.input.receive(|item| matches!(item, Item::Page(_)))? {
                return Ok(Some(Rows::all(side.port, Data::Page(page))));
            }
        }
        Ok(None)
    }

    /// Whether it has outputs after the main one.
    pub(super) fn has_others(&self) -> bool {
        !self.others.is_empty()
    }

    /// Sends the waiting items of all other outputs, also if one of them is blocked. Returns `true` if all
    /// were sent.
    pub(super) fn flush(&mut self) -> bool {
        self.others.iter_mut().fold(true, |went, other| other.exit.flush() & went)
    }

    /// Whether the other outputs have ended.
    pub(super) fn others_have_ended(&self) -> bool {
        self.others.iter().all(|other| other.has_ended)
    }

    /// Moves the driver's items to the next step and to the exits of the other outputs. Rows of another
    /// output count for the operator of that output, and not for this one.
    pub(super) fn collect(&mut self, watch: &Watch) -> Result<()> {
        let mut rows = 0;
        for item in self.outputs.take_items() {
            rows += item.rows();
            self.ready.push(item);
        }
        rows += self.ready.push_overflow();
        for (number, other) in self.others.iter_mut().enumerate() {
            for item in self.outputs.take_items_of_other(number) {
                for &operator in [&other.exit.operator].into_iter().chain(&other.also_counted) {
                    let metrics = watch.metrics(operator);
                    metrics.rows_in.add(item.rows() as u64);
                    metrics.rows_out.add(item.rows() as u64);
                }
                other.put(item, watch)?;
            }
        }
        self.count_out(rows, watch);
        Ok(())
    }

    /// Has the driver emit the rows that it holds back, if it has no other work and all its rows are
    /// taken. Returns `true` if there were any, or more follow.
    pub(super) fn flush_idle(&mut self, watch: &Watch) -> Result<bool> {
        if self.work.is_some() || !self.ready.is_empty() {
            return Ok(false);
        }
        watch.enter(self.operator);
        let progress = self.driver.on_idle(&mut self.outputs)?;
        self.collect_all(watch)?;
        Ok(progress == Progress::Yield || !self.ready.is_empty())
    }

    /// As [`Step::collect`], with the open page.
    pub(super) fn collect_all(&mut self, watch: &Watch) -> Result<()> {
        self.outputs.seal();
        self.collect(watch)
    }
}

/// Replaces the driver of a stopped step.
pub(in crate::exec) struct Stopped;

impl Driver for Stopped {
    fn on_batch(&mut self, _: usize, _: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        Ok(Progress::Done)
    }
}

/// The current work of a step.
pub(in crate::exec) enum Work {
    Rows(Rows),
    RoundEnd {
        input: usize,
        round: Round,
        cursor: Cursor,
    },
    /// The end of an input.
    End {
        input: usize,
        cursor: Cursor,
    },
    /// A control that all inputs have sent.
    Control {
        control: Control,
        cursor: Cursor,
    },
}

/// Runs windows of rows through a step's inline steps, except for the first `filtered` ones, and its driver.
/// Returns the rows that the driver passes on.
pub(in crate::exec) fn drive(
    step: &mut Step,
    batch: &Batch<'_>,
    (port, filtered): (usize, usize),
    at: &mut Windows,
    watch: &Watch,
) -> Result<(Progress, Option<Selection>)> {
    let streamed = port == step.port;
    loop {
        if !at.begun {
            if !at.advance(batch) {
                return Ok((Progress::Done, None));
            }
            let inline = inline_of(&mut step.inline, streamed).get_mut(filtered..).unwrap_or_default();
            filter_window(inline, batch, &mut at.window, watch)?;
            if at.window.is_empty() {
                continue;
            }
            step.count_in(at.window.len(), watch);
            at.begun = true;
        }
        let (driver, outputs) = (&mut step.driver, &mut step.outputs);
        watch.enter(step.operator);
        let (cursor, window) = (&mut at.cursor, &at.window);
        let inline = inline_of(&mut step.inline, streamed);
        let progress = with_projection(inline, batch, |batch| {
            driver.on_batch(port, &Input::checked(batch, window)?, cursor, outputs)
        })?;
        match progress {
            Progress::Pending => return Ok((Progress::Pending, None)),
            Progress::Yield => return Ok((Progress::Yield, None)),
            Progress::Done => {
                (at.begun, at.cursor) = (false, 0);
                let passed = outputs.take_passed().filter(|passed| !passed.is_empty());
                if passed.is_some() || outputs.is_full() {
                    return Ok((Progress::Yield, passed));
                }
            }
        }
    }
}

/// The inline steps for rows of a port. Rows of a side input have been through theirs.
pub(in crate::exec) fn inline_of(inline: &mut [InlineStep], streamed: bool) -> &mut [InlineStep] {
    if streamed { inline } else { &mut [] }
}
