//! The inputs of a step, and its current work.

use std::collections::VecDeque;

use super::work::{Callback, Data, Rows, Work};
use crate::error::Result;
use crate::exec::aligned_input::AlignedInput;
use crate::strategy::{PortSet, Round};
use crate::stream::{Alignment, Control, Item};

/// A side input: a port whose rows arrive in an inbox.
pub(in crate::exec) struct SideInput {
    pub(in crate::exec) port: usize,
    pub(in crate::exec) input: AlignedInput,
}

/// The input number of the stream, which comes from the step before. The side inputs follow it.
const STREAM: usize = 0;

/// The inputs of a step: the stream of the step before, and the side inputs.
pub(super) struct StepInputs {
    /// The driver's port that the stream feeds.
    pub(super) port: usize,
    sides: Vec<SideInput>,
    /// Merges the watermarks of all inputs, and aligns their round ends and barriers.
    alignment: Alignment,
    /// Aligned controls that the driver has not received yet.
    controls: VecDeque<Control>,
    pub(super) work: Option<Work>,
    /// Unfinished rows of a port that the driver
    /// [buffers](crate::strategy::DriverProperties::buffers).
    pub(super) buffering: Option<Rows>,
    /// Rows that the step before passed on, while the driver accepts only another port.
    passed: Option<Rows>,
}

impl StepInputs {
    pub(super) fn new(port: usize, sides: Vec<SideInput>) -> Self {
        let alignment = Alignment::new(1 + sides.len());
        StepInputs { port, sides, alignment, controls: VecDeque::new(), work: None, buffering: None, passed: None }
    }

    /// Drops all work, and closes the side inputs.
    pub(super) fn close(&mut self) {
        self.sides.drain(..).for_each(|mut side| side.input.close());
        *self = StepInputs::new(self.port, Vec::new());
    }

    /// The port that an input feeds.
    pub(super) fn port_of(&self, input: usize) -> usize {
        input.checked_sub(STREAM + 1).and_then(|side| self.sides.get(side)).map_or(self.port, |side| side.port)
    }

    pub(super) fn stream_is_held(&self) -> bool {
        self.alignment.is_held(STREAM)
    }

    /// Takes an item of the stream as the current work.
    pub(super) fn take(&mut self, item: Item) -> Result<()> {
        self.take_from(STREAM, item)
    }

    /// Takes rows of the stream as the current work.
    pub(super) fn take_rows(&mut self, rows: Rows) {
        self.take_rows_from(STREAM, rows);
    }

    /// Takes an item of an input as the current work. There must be no other work.
    fn take_from(&mut self, input: usize, item: Item) -> Result<()> {
        match item {
            Item::Page(page) => self.take_rows_from(input, Rows::all(Data::Page(page), 0)),
            Item::Control(Control::RoundEnd(number)) => {
                self.work = Some(Work::Callback(Callback::RoundEnd { input, round: Round { number } }, 0));
            }
            Item::Control(Control::End) => self.work = Some(Work::Callback(Callback::End { input }, 0)),
            Item::Control(control) => self.offer(input, control)?,
        }
        Ok(())
    }

    fn take_rows_from(&mut self, input: usize, mut rows: Rows) {
        self.controls.extend(self.alignment.rows_received(input));
        rows.windows.port = self.port_of(input);
        self.work = Some(Work::Rows(rows));
    }

    /// Takes an item of a side input as the current work. Returns `true` if there was one.
    pub(super) fn take_side(&mut self, accepted: PortSet) -> Result<bool> {
        for number in 0..self.sides.len() {
            let input = STREAM + 1 + number;
            if self.alignment.is_held(input) {
                continue;
            }
            let side = &mut self.sides[number];
            if let Some(item) = side.input.receive(Item::accept_filter(accepted.contains(side.port)))? {
                self.take_from(input, item)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes work that does not come from the step before. Returns `true` if there was some.
    pub(super) fn take_waiting(&mut self, accepted: PortSet, sides_first: bool) -> Result<bool> {
        if let Some(rows) = self.buffering.take() {
            self.work = Some(Work::Rows(rows));
            return Ok(true);
        }
        if sides_first && self.take_side(accepted)? {
            return Ok(true);
        }
        let passed = self.passed.take_if(|_| accepted.contains(self.port));
        Ok(passed.map(|rows| self.take_rows(rows)).is_some())
    }

    /// Keeps rows of the stream until the driver accepts them.
    pub(super) fn keep_passed(&mut self, rows: Rows) {
        self.passed = Some(rows);
    }

    pub(super) fn has_passed(&self) -> bool {
        self.passed.is_some()
    }

    /// Takes the current work, or else the next aligned control.
    pub(super) fn next_work(&mut self) -> Option<Work> {
        let control = |control| Work::Callback(Callback::Control(control), 0);
        self.work.take().or_else(|| self.controls.pop_front().map(control))
    }

    /// Takes the next rows of a buffered port.
    pub(super) fn next_buffered(&mut self, buffered: PortSet) -> Result<Option<Rows>> {
        if let Some(rows) = self.buffering.take() {
            return Ok(Some(rows));
        }
        for (number, side) in self.sides.iter_mut().enumerate() {
            if !buffered.contains(side.port) || self.alignment.is_held(STREAM + 1 + number) {
                continue;
            }
            if let Some(Item::Page(page)) = side.input.receive(|item| matches!(item, Item::Page(_)))? {
                let mut rows = Rows::all(Data::Page(page), 0);
                rows.windows.port = side.port;
                return Ok(Some(rows));
            }
        }
        Ok(None)
    }

    /// Returns `true` if a side input is neither at a cut nor at its end.
    pub(super) fn awaits_sides(&self) -> bool {
        (0..self.sides.len()).any(|side| !self.alignment.is_held(STREAM + 1 + side))
    }

    pub(super) fn have_ended(&self) -> bool {
        self.alignment.has_ended()
    }

    /// Aligns a control of an input, after the driver's callback for it.
    pub(super) fn offer(&mut self, input: usize, control: Control) -> Result<()> {
        self.controls.extend(self.alignment.offer(input, control)?);
        Ok(())
    }

    /// Ends the only round of an input whose rows arrive once. Rounds of the other inputs no longer
    /// wait for it.
    pub(super) fn end_only_round(&mut self, input: usize) -> Result<()> {
        self.controls.extend(self.alignment.end_only_round(input)?);
        Ok(())
    }
}
