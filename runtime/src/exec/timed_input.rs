//! An inbox after which event time begins.
//!
//! The rows of a task come from any splits here, so the task has one watermark for all of them: the greatest time of
//! its rows less the lateness. Watermarks of senders belong to another event time, or to none, and are dropped.
//!
//! A snapshot does not hold the watermark. It is sent before the next barrier is received, so the states that use it
//! hold it. A restored task makes the next one of the next rows.

use super::aligned_input::AlignedInput;
use super::reading::WatermarkGenerator;
use crate::error::Result;
use crate::stream::{Control, Item};

/// The number under which the generator knows all rows of the task.
const TASK: usize = 0;

/// The channels of a port, with watermarks of the rows that come.
pub(super) struct TimedInput {
    input: AlignedInput,
    time: WatermarkGenerator,
    /// Some of the rows come from a source without end. Else they come in no order of time, and time
    /// passes at their end.
    is_endless: bool,
    /// The end of the rows was received.
    has_ended: bool,
    /// The control item that follows the last watermark.
    ending: Option<Item>,
}

impl TimedInput {
    pub(super) fn new(input: AlignedInput, time: WatermarkGenerator, is_endless: bool) -> Self {
        TimedInput { input, time, is_endless, has_ended: false, ending: None }
    }

    /// The greatest event time of the rows received last.
    pub(super) fn note_time(&mut self, greatest: i64) {
        self.time.note_time(TASK, greatest);
    }

    /// As [`AlignedInput::receive`].
    pub(super) fn receive(&mut self, may_take: fn(&Item) -> bool) -> Result<Option<Item>> {
        let watermark = |micros| Ok(Some(Item::Control(Control::Watermark(micros))));
        if self.ending.is_some() {
            return Ok(self.ending.take_if(|item| may_take(item)));
        }
        if self.is_endless
            && let Some(micros) = self.time.advance(std::iter::once(TASK))
        {
            return watermark(micros);
        }
        loop {
            match self.input.receive(may_take)? {
                Some(Item::Control(Control::Watermark(_))) => {}
                Some(end @ Item::Control(Control::RoundEnd(_) | Control::End)) if !self.has_ended => {
                    (self.has_ended, self.ending) = (true, Some(end));
                    return watermark(i64::MAX);
                }
                item => return Ok(item),
            }
        }
    }

    /// As [`AlignedInput::close`].
    pub(super) fn close(&mut self) {
        self.ending = None;
        self.input.close();
    }
}
