//! A step: a driver with the filters and projections before it, its ports, and what it is in the middle of.

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
use crate::strategy::{Cursor, Driver, DriverFactory, Feed, Progress, Round};
use crate::stream::{Alignment, Control, Item};

pub(in crate::exec) struct Step {
    pub(in crate::exec) operator: usize,
    pub(in crate::exec) inline: Vec<InlineStep>,
    pub(in crate::exec) driver: Box<dyn Driver>,
    /// The driver's, to hear what is asked back; nothing where the step was stopped.
    pub(in crate::exec) memory: Option<Memory>,
    /// The driver has begun to give memory back.
    pub(in crate::exec) gives: bool,
    /// The driver's port that the step before feeds.
    pub(in crate::exec) port: usize,
    pub(in crate::exec) sides: Vec<Side>,
    pub(in crate::exec) outputs: Outputs,
    pub(in crate::exec) part: Part,
    /// What its inputs say: the step before is the first of them, the sides follow.
    pub(in crate::exec) inputs: Alignment,
    /// What all inputs say together, and what is not passed on yet.
    pub(in crate::exec) heard: VecDeque<Control>,
    pub(in crate::exec) work: Option<Work>,
    /// Rows of a port that the driver [absorbs](Driver::absorbs).
    pub(super) absorbing: Option<Rows>,
    /// Rows that the step before passed on where they lie, while the driver wants another port.
    pub(super) passed: Option<Rows>,
    /// Items for the next step.
    pub(in crate::exec) ready: ReadyItems,
    /// It may end before its input does.
    pub(in crate::exec) may_stop: bool,
    /// Where it runs through rounds: what makes another driver for each.
    pub(in crate::exec) renewal: Option<Renewal>,
    /// The exits of its outputs beside the main one, in their order.
    pub(in crate::exec) others: Vec<OtherExit>,
}

/// Makes a driver for each round.
pub(in crate::exec) struct Renewal {
    pub(in crate::exec) factory: Arc<DriverFactory>,
    pub(in crate::exec) context: TaskContext,
}

/// Where an output beside the main one leaves.
pub(in crate::exec) struct OtherExit {
    pub(in crate::exec) exit: Exit,
    /// The operators whose rows these are beside the exit's own.
    also_counted: Vec<usize>,
    /// Nothing follows.
    pub(in crate::exec) has_ended: bool,
}

impl OtherExit {
    fn put(&mut self, item: Item, watch: &Watch) -> Result<()> {
        match item {
            Item::Control(control) => self.say(control, watch),
            Item::Page(page) => {
                if self.exit.take_page(page, watch).is_some() {
                    return Err(Error::Internal("rows of a numbered output are to be picked".to_owned()));
                }
            }
        }
        Ok(())
    }

    fn say(&mut self, control: Control, watch: &Watch) {
        self.has_ended |= control == Control::End;
        self.exit.say(control, watch);
    }
}

/// A port that an inbox feeds.
pub(in crate::exec) struct Side {
    pub(in crate::exec) port: usize,
    pub(in crate::exec) input: AlignedInput,
}

/// The step before, among the inputs of a step.
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
            memory: Some(memory),
            gives: false,
            port,
            sides,
            outputs,
            part,
            inputs,
            heard: VecDeque::new(),
            work: None,
            absorbing: None,
            passed: None,
            ready: ReadyItems::default(),
            may_stop: plan.may_stop(),
            renewal: None,
            others: Vec::new(),
        }
    }

    /// The step in a loop: behind each round it gets another driver, unless that [goes on](Driver::survives_rounds) by itself.
    pub(in crate::exec) fn renewed_by(self, renewal: Renewal) -> Self {
        Step { renewal: Some(renewal), ..self }
    }

    /// The step, whose driver may write more in one call than memory holds.
    pub(in crate::exec) fn overflowing(mut self, memory: Memory, context: &TaskContext) -> Self {
        // A driver that makes rounds says where they end between its pages, and stops when one is full.
        if !self.driver.makes_rounds() {
            self.ready.relieve(self.outputs.pages(), memory, context);
        }
        self
    }

    /// The step with an exit for each of its outputs beside the main one, and the operators beside the exit's own
    /// whose rows these are.
    pub(in crate::exec) fn with_others(self, exits: Vec<(Exit, Vec<usize>)>) -> Self {
        let other = |(exit, also_counted)| OtherExit { exit, also_counted, has_ended: false };
        let others = exits.into_iter().map(other).collect();
        Step { others, ..self }
    }

    /// Ends it where it stands: it gives nothing more, and holds nothing, not even the least that was kept for it. It passes on what the step before says from
    /// now on.
    pub(in crate::exec) fn stop(&mut self, watch: &Watch) {
        self.work = None;
        self.passed = None;
        self.heard.clear();
        self.ready.clear();
        self.gives = false;
        self.sides.drain(..).for_each(|mut side| side.input.close());
        self.inputs = Alignment::of(1);
        self.count_memory(watch);
        let held = (self.memory.take(), std::mem::replace(&mut self.driver, Box::new(Stopped)));
        let pages = self.outputs.pages();
        *pages = pages.emptied();
        // The user's code may be dropped with the driver, so it comes last.
        watch.enter(self.operator);
        drop(held);
    }

    /// Notes the most that the driver held. Pages on their way are not its own.
    pub(in crate::exec) fn count_memory(&self, watch: &Watch) {
        if let Some(memory) = &self.memory {
            watch.metrics(self.operator).memory_bytes.add(memory.peak_bytes() as u64);
        }
    }

    /// Gives back what others ask for; whether there is more to do for it now.
    pub(in crate::exec) fn give_back(&mut self, watch: &Watch) -> Result<bool> {
        let Some(memory) = &self.memory else { return Ok(false) };
        let asked = memory.revoke_requested();
        if asked == 0 && !self.gives {
            return Ok(false);
        }
        watch.enter(self.operator);
        if asked > 0 {
            self.driver.revoke(asked)?;
        }
        let progress = self.driver.settle()?;
        self.gives = progress != Progress::Done;
        Ok(progress == Progress::OutputFull)
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

    /// Takes what one of the sides has, if anything; whether it did.
    pub(super) fn take_side(&mut self) -> Result<bool> {
        for side in 0..self.sides.len() {
            let input = STREAM + 1 + side;
            if self.inputs.is_held(input) {
                continue;
            }
            let may_take = Item::is_taken_by(self.driver.wants(self.sides[side].port));
            if let Some(item) = self.sides[side].input.receive(may_take)? {
                self.take(input, item)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes an item of an input; it is not to be asked for more before that is done.
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
        self.heard.extend(self.inputs.rows(input));
        self.work = Some(Work::Rows(rows));
    }

    /// What all inputs say next, where nothing else is to be done before.
    pub(super) fn next_control(&mut self) -> Option<Control> {
        if self.work.is_some() { None } else { self.heard.pop_front() }
    }

    fn port_of(&self, input: usize) -> usize {
        input.checked_sub(STREAM + 1).and_then(|side| self.sides.get(side)).map_or(self.port, |side| side.port)
    }

    fn offer(&mut self, input: usize, control: Control) -> Result<()> {
        self.heard.extend(self.inputs.offer(input, control)?);
        Ok(())
    }

    /// Tells the driver that a round is over at an input; what it answers. Whatever it gives comes before what is said of that.
    pub(super) fn end_round(&mut self, input: usize, round: Round, mut cursor: Cursor) -> Result<Progress> {
        let port = self.port_of(input);
        let progress = self.driver.on_round_end(port, round, &mut cursor, &mut self.outputs)?;
        if progress != Progress::Done {
            self.work = Some(Work::RoundEnd { input, round, cursor });
        } else if self.driver.feed(port) == Feed::EveryRound {
            self.offer(input, Control::RoundEnd(round.number))?;
        } else {
            // What came once is kept, and no round of the other inputs waits for it.
            self.heard.extend(self.inputs.is_fed(input)?);
        }
        Ok(progress)
    }

    /// Tells the driver that nothing follows at an input; what it answers.
    pub(super) fn end_input(&mut self, input: usize, mut cursor: Cursor) -> Result<Progress> {
        let progress = self.driver.on_end(self.port_of(input), &mut cursor, &mut self.outputs)?;
        match progress {
            Progress::Done => self.offer(input, Control::End)?,
            _ => self.work = Some(Work::End { input, cursor }),
        }
        Ok(progress)
    }

    /// Tells the driver what all inputs say; what it answers.
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

    /// All inputs have said something, and the driver is done with it: it goes on, unless the driver makes rounds of its own.
    pub(super) fn pass_on(&mut self, control: Control, watch: &Watch) -> Result<()> {
        if let Control::Watermark(micros) = control {
            watch.metrics(self.operator).event_time.raise(micros);
        }
        let ends = matches!(control, Control::RoundEnd(_) | Control::End);
        if !(ends && self.driver.makes_rounds()) {
            self.ready.push(Item::Control(control));
            self.others.iter_mut().for_each(|other| other.say(control, watch));
        }
        match control {
            Control::RoundEnd(number) => self.begin_round(number + 1),
            _ => Ok(()),
        }
    }

    /// Gives the step the driver of a round.
    fn begin_round(&mut self, superstep: u32) -> Result<()> {
        let Some(renewal) = self.renewal.as_mut().filter(|_| !self.driver.survives_rounds()) else { return Ok(()) };
        // What the last one held is there for the next.
        self.driver = Box::new(Stopped);
        renewal.context.superstep = superstep;
        self.driver = renewal.factory.create(&renewal.context)?;
        Ok(())
    }

    /// Takes rows that give no output, while there is no room for any; whether it did.
    pub(super) fn absorb(&mut self, watch: &Watch) -> Result<bool> {
        let Some(mut rows) = self.absorbed()? else { return Ok(false) };
        let Data::Page(page) = &rows.data else { return Ok(false) };
        let (result, _) = drive(self, &page.batch(), (rows.port, rows.filtered), &mut rows.at, watch)?;
        if !matches!(result, DriveResult::Exhausted) {
            self.absorbing = Some(rows);
        }
        Ok(!matches!(result, DriveResult::Awaits))
    }

    /// The rows to absorb next.
    fn absorbed(&mut self) -> Result<Option<Rows>> {
        if let Some(rows) = self.absorbing.take() {
            return Ok(Some(rows));
        }
        for (number, side) in self.sides.iter_mut().enumerate() {
            if !self.driver.absorbs(side.port) || self.inputs.is_held(STREAM + 1 + number) {
                continue;
            }
            if let Some(Item::Page(page)) = side.input.receive(|item| matches!(item, Item::Page(_)))? {
                return Ok(Some(Rows::all(side.port, Data::Page(page))));
            }
        }
        Ok(None)
    }

    /// Whether it has outputs beside the main one.
    pub(super) fn has_others(&self) -> bool {
        !self.others.is_empty()
    }

    /// Sends what waits at the exits of the other outputs, also behind one that is blocked; whether all of it went.
    pub(super) fn flush(&mut self) -> bool {
        self.others.iter_mut().fold(true, |went, other| other.exit.flush() & went)
    }

    /// Whether nothing follows at the exits of the other outputs.
    pub(super) fn others_have_ended(&self) -> bool {
        self.others.iter().all(|other| other.has_ended)
    }

    /// Moves the driver's items to the next step and to the exits of the other outputs. Rows of another
    /// output are counted as those of its own operator: they went past the step's.
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

    /// Has the driver give on what it keeps back, where it is in the middle of nothing and all that it gave is taken; whether that is work.
    pub(super) fn lull(&mut self, watch: &Watch) -> Result<bool> {
        if self.work.is_some() || !self.ready.is_empty() {
            return Ok(false);
        }
        watch.enter(self.operator);
        let progress = self.driver.on_lull(&mut self.outputs)?;
        self.collect_all(watch)?;
        Ok(progress == Progress::OutputFull || !self.ready.is_empty())
    }

    /// As [`Step::collect`], with the page that is open.
    pub(super) fn collect_all(&mut self, watch: &Watch) -> Result<()> {
        self.outputs.seal();
        self.collect(watch)
    }
}

/// In the place of a driver that was stopped.
pub(in crate::exec) struct Stopped;

impl Driver for Stopped {
    fn on_batch(&mut self, _: usize, _: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        Ok(Progress::Done)
    }
}

/// What a step is in the middle of.
pub(in crate::exec) enum Work {
    Rows(Rows),
    RoundEnd {
        input: usize,
        round: Round,
        cursor: Cursor,
    },
    /// Nothing follows at an input.
    End {
        input: usize,
        cursor: Cursor,
    },
    /// What all inputs say.
    Control {
        control: Control,
        cursor: Cursor,
    },
}

/// Why a driver stopped.
pub(in crate::exec) enum DriveResult {
    /// The rows are used up.
    Exhausted,
    /// Output is full, or rows passed.
    Stopped,
    /// Something outside is on its way.
    Awaits,
}

/// Runs windows of rows through a step's prelude, behind what they have been through of that, and its driver.
pub(in crate::exec) fn drive(
    step: &mut Step,
    batch: &Batch<'_>,
    (port, filtered): (usize, usize),
    at: &mut Windows,
    watch: &Watch,
) -> Result<(DriveResult, Option<Selection>)> {
    let streamed = port == step.port;
    loop {
        if !at.begun {
            if !at.advance(batch) {
                return Ok((DriveResult::Exhausted, None));
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
            Progress::Pending => return Ok((DriveResult::Awaits, None)),
            Progress::OutputFull => return Ok((DriveResult::Stopped, None)),
            Progress::Done => {
                (at.begun, at.cursor) = (false, 0);
                let passed = outputs.take_passed().filter(|passed| !passed.is_empty());
                if passed.is_some() || outputs.is_full() {
                    return Ok((DriveResult::Stopped, passed));
                }
            }
        }
    }
}

/// The filters and views before a step are for the rows of the step before it; what comes by a side has been through its own.
pub(in crate::exec) fn inline_of(inline: &mut [InlineStep], streamed: bool) -> &mut [InlineStep] {
    if streamed { inline } else { &mut [] }
}
