//! Brings the control items of several inputs together: a state machine without threads or I/O.
//!
//! * **Round ends and barriers cut all inputs alike.** An input that has said one is *held*: nothing more is taken from it until all others have said the
//!   same one. So rows of the next round, or of the next snapshot, never come before the cut.
//! * **A barrier does not wait for an input at the end of its round.** A source that has come to its end says that, and no barrier any more.
//! * **Watermarks are merged**: event time is as far as the input that is furthest behind, of those that are not idle and
//!   not at the end of their round. So a finite input does not hold up the event time of an endless one. It never goes back.
//! * **An input that has ended is waited for by nobody.**
//!
//! Inputs say cuts in one order. Two that differ would hold each other for ever, so that is an error and not a hang.

use smallvec::SmallVec;

use super::Control;
use crate::error::{Error, Result};

/// Control items that go on, in their order.
pub(crate) type Passed = SmallVec<[Control; 3]>;

/// The control items of some inputs, brought together.
pub(crate) struct Alignment {
    inputs: Vec<InputState>,
    /// The watermark that was passed on last.
    watermark: i64,
    /// It was passed on that all inputs are idle.
    is_idle: bool,
}

struct InputState {
    /// The cut that it waits at.
    cut: Option<Control>,
    watermark: i64,
    is_idle: bool,
    /// Rounds go on without it: it was fed once, and what came is kept.
    is_fed: bool,
    has_ended: bool,
}

impl Alignment {
    /// Of so many inputs that have said nothing yet.
    pub(crate) fn of(inputs: usize) -> Self {
        let new = || InputState { cut: None, watermark: i64::MIN, is_idle: false, is_fed: false, has_ended: false };
        Alignment { inputs: std::iter::repeat_with(new).take(inputs).collect(), watermark: i64::MIN, is_idle: false }
    }

    /// Whether nothing is to be taken from an input for now, or for ever.
    pub(crate) fn is_held(&self, input: usize) -> bool {
        self.inputs.get(input).is_none_or(|input| input.cut.is_some() || input.has_ended)
    }

    /// Whether all inputs have ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.inputs.iter().all(|input| input.has_ended)
    }

    /// Rows came from an input, so it is idle no more; what that says of all inputs.
    pub(crate) fn rows(&mut self, input: usize) -> Option<Control> {
        let state = self.inputs.get_mut(input)?;
        std::mem::take(&mut state.is_idle).then(|| self.event_time()).flatten()
    }

    /// An input says something; what all of them together say by that.
    ///
    /// # Errors
    /// Where it says another cut than an input that waits, or speaks while it is held.
    pub(crate) fn offer(&mut self, input: usize, control: Control) -> Result<Passed> {
        if self.is_held(input) {
            return Err(Error::Internal(format!("input {input} says {control:?} while it is held")));
        }
        let state = &mut self.inputs[input];
        match control {
            Control::RoundEnd(_) | Control::Barrier(_) => state.cut = Some(control),
            Control::Watermark(micros) => {
                state.watermark = state.watermark.max(micros);
                state.is_idle = false;
            }
            Control::Idle => state.is_idle = true,
            Control::End => state.has_ended = true,
        }
        let mut passed = Passed::new();
        // What the inputs know of time belongs before the cut: none has said anything since it was held.
        passed.extend(self.event_time());
        if let Some(cut) = self.cut()? {
            passed.push(cut);
            passed.extend(self.event_time());
        }
        if self.has_ended() {
            passed.push(Control::End);
        }
        Ok(passed)
    }

    /// An input that is fed once has had its round: from now on no end of a round waits for it. What that says of all inputs.
    ///
    /// # Errors
    /// As [`Alignment::offer`].
    pub(crate) fn is_fed(&mut self, input: usize) -> Result<Option<Control>> {
        if let Some(state) = self.inputs.get_mut(input) {
            state.is_fed = true;
        }
        self.cut()
    }

    /// What event time all inputs have come to, or that all are idle, where that is news.
    fn event_time(&mut self) -> Option<Control> {
        let is_over = |input: &&InputState| input.has_ended || matches!(input.cut, Some(Control::RoundEnd(_)));
        let open = || self.inputs.iter().filter(|input| !is_over(input));
        let least = open().filter(|input| !input.is_idle).map(|input| input.watermark).min();
        let Some(least) = least else {
            // If all have ended, the round's end or the end is passed on instead.
            let is_news = open().next().is_some() && !std::mem::replace(&mut self.is_idle, true);
            return is_news.then_some(Control::Idle);
        };
        let was_idle = std::mem::replace(&mut self.is_idle, false);
        let is_news = was_idle || least > self.watermark;
        self.watermark = self.watermark.max(least);
        is_news.then_some(Control::Watermark(self.watermark))
    }

    /// The cut that all inputs have come to; who said it is held no more.
    fn cut(&mut self) -> Result<Option<Control>> {
        let barrier = self.said().find(|cut| matches!(cut, Control::Barrier(_)));
        let Some(first) = barrier.or_else(|| self.said().next()) else { return Ok(None) };
        // Behind an end of a round nothing comes that belongs before a barrier.
        let agrees = |cut: Control| cut == first || barrier.is_some() && matches!(cut, Control::RoundEnd(_));
        if let Some(other) = self.said().find(|&other| !agrees(other)) {
            return Err(Error::Internal(format!("one input waits at {first:?}, another at {other:?}")));
        }
        let mut open = self.inputs.iter().filter(|input| !(input.has_ended || barrier.is_none() && input.is_fed));
        if open.any(|input| input.cut.is_none()) {
            return Ok(None);
        }
        self.inputs.iter_mut().filter(|input| input.cut == Some(first)).for_each(|input| input.cut = None);
        Ok(Some(first))
    }

    /// The cuts that inputs wait at.
    fn said(&self) -> impl Iterator<Item = Control> {
        self.inputs.iter().filter_map(|input| input.cut)
    }
}

#[cfg(test)]
mod tests;
