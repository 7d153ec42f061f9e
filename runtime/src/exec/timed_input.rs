//! An inbox that makes watermarks from its rows: event time is assigned after it.
//!
//! The rows of a task come from any splits. So the task has one watermark for all of them: the
//! greatest event time of its rows minus the lateness. Watermarks of senders belong to another
//! event time, and are dropped.
//!
//! Snapshots do not hold the watermark. It is sent before the next barrier is received, so the
//! states that depend on it hold it. A restored task computes the next watermark from the next
//! rows.

use super::aligned_input::AlignedInput;
use super::reading::WatermarkGenerator;
use crate::error::Result;
use crate::stream::{Control, Item};

/// The split number of all rows of the task, for the generator.
const TASK: usize = 0;

/// The aligned items of a port, with watermarks of its rows.
pub(super) struct TimedInput {
    input: AlignedInput,
    time: WatermarkGenerator,
    /// Some rows come from an endless source. Otherwise the rows are in no order of time, and all
    /// of their time passes at the end.
    is_endless: bool,
    /// The end of the rows was received.
    has_ended: bool,
    /// The control item that follows the last watermark.
    control_after_watermark: Option<Item>,
}

impl TimedInput {
    pub(super) fn new(input: AlignedInput, time: WatermarkGenerator, is_endless: bool) -> Self {
        TimedInput { input, time, is_endless, has_ended: false, control_after_watermark: None }
    }

    /// Notes the greatest event time of the rows received last.
    pub(super) fn note_time(&mut self, greatest: i64) {
        self.time.note_time(TASK, greatest);
    }

    /// As [`AlignedInput::receive`].
    pub(super) fn receive(&mut self, may_take: fn(&Item) -> bool) -> Result<Option<Item>> {
        let watermark = |micros| Ok(Some(Item::Control(Control::Watermark(micros))));
        if self.control_after_watermark.is_some() {
            return Ok(self.control_after_watermark.take_if(|item| may_take(item)));
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
                    (self.has_ended, self.control_after_watermark) = (true, Some(end));
                    return watermark(i64::MAX);
                }
                item => return Ok(item),
            }
        }
    }

    /// As [`AlignedInput::close`].
    pub(super) fn close(&mut self) {
        self.control_after_watermark = None;
        self.input.close();
    }
}
