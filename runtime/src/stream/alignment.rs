//! Aligns the control items of several inputs. A state machine without threads or I/O.
//!
//! Round ends and barriers are *cuts*: they cut all inputs at the same point.
//!
//! * An input that has sent a cut is *held*: nothing is taken from it until all other inputs have
//!   sent the same cut. So rows of the next round or snapshot never arrive before the cut.
//! * A barrier does not wait for an input at the end of its round. A source that has ended sends
//!   no more barriers.
//! * The merged watermark is the minimum over the inputs that are not idle and not at the end of
//!   their round. So a finite input does not hold up the event time of an endless one. The merged
//!   watermark never goes back.
//! * Nothing waits for an input that has ended.
//!
//! All inputs send their cuts in the same order. Two inputs held at different cuts would wait for
//! each other forever, so that is an error.

use smallvec::SmallVec;

use super::Control;
use crate::error::{Error, Result};

/// Control items of all inputs together, in order.
pub(crate) type AlignedControls = SmallVec<[Control; 3]>;

/// The alignment state of several inputs.
pub(crate) struct Alignment {
    inputs: Vec<InputState>,
    /// The last merged watermark.
    watermark: i64,
    /// The last event-time control was `Idle`: all inputs are idle.
    is_idle: bool,
}

struct InputState {
    /// The cut at which the input is held.
    cut: Option<Control>,
    watermark: i64,
    is_idle: bool,
    /// Its only round has ended. Later round ends do not wait for it.
    only_round_ended: bool,
    has_ended: bool,
}

impl Alignment {
    pub(crate) fn new(inputs: usize) -> Self {
        let input =
            || InputState { cut: None, watermark: i64::MIN, is_idle: false, only_round_ended: false, has_ended: false };
        Alignment { inputs: std::iter::repeat_with(input).take(inputs).collect(), watermark: i64::MIN, is_idle: false }
    }

    /// Returns `true` if nothing may be taken from the input: it waits at a cut, or has ended.
    pub(crate) fn is_held(&self, input: usize) -> bool {
        self.inputs.get(input).is_none_or(|input| input.cut.is_some() || input.has_ended)
    }

    /// Returns `true` if all inputs have ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.inputs.iter().all(|input| input.has_ended)
    }

    /// Rows arrived from an input, which ends its idleness. Returns the event time of all inputs if
    /// that changes it.
    pub(crate) fn rows_received(&mut self, input: usize) -> Option<Control> {
        let state = self.inputs.get_mut(input)?;
        std::mem::take(&mut state.is_idle).then(|| self.advance_event_time()).flatten()
    }

    /// Adds a control item of an input. Returns the control items that all inputs have now sent.
    ///
    /// # Errors
    /// Fails if the input is held, or if its cut differs from the one at which another input is
    /// held.
    pub(crate) fn offer(&mut self, input: usize, control: Control) -> Result<AlignedControls> {
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
        let mut aligned = AlignedControls::new();
        // The event time belongs before the cut: no input has sent anything since it was held.
        aligned.extend(self.advance_event_time());
        if let Some(cut) = self.take_aligned_cut()? {
            aligned.push(cut);
            aligned.extend(self.advance_event_time());
        }
        if self.has_ended() {
            aligned.push(Control::End);
        }
        Ok(aligned)
    }

    /// Ends the only round of an input whose rows arrive once. Round ends no longer wait for it.
    /// Returns the cut that all other inputs have already reached.
    ///
    /// # Errors
    /// As [`Alignment::offer`].
    pub(crate) fn end_only_round(&mut self, input: usize) -> Result<Option<Control>> {
        if let Some(state) = self.inputs.get_mut(input) {
            state.only_round_ended = true;
        }
        self.take_aligned_cut()
    }

    /// Updates the merged event time. Returns `None` if it has not changed.
    fn advance_event_time(&mut self) -> Option<Control> {
        let is_over = |input: &&InputState| input.has_ended || matches!(input.cut, Some(Control::RoundEnd(_)));
        let open = || self.inputs.iter().filter(|input| !is_over(input));
        let minimum = open().filter(|input| !input.is_idle).map(|input| input.watermark).min();
        let Some(minimum) = minimum else {
            // If no input is open, the caller returns the round end or the end instead.
            let has_changed = open().next().is_some() && !std::mem::replace(&mut self.is_idle, true);
            return has_changed.then_some(Control::Idle);
        };
        let was_idle = std::mem::replace(&mut self.is_idle, false);
        let has_changed = was_idle || minimum > self.watermark;
        self.watermark = self.watermark.max(minimum);
        has_changed.then_some(Control::Watermark(self.watermark))
    }

    /// Returns the cut that all inputs have reached, and releases the inputs held at it.
    fn take_aligned_cut(&mut self) -> Result<Option<Control>> {
        let barrier = self.pending_cuts().find(|cut| matches!(cut, Control::Barrier(_)));
        let Some(first) = barrier.or_else(|| self.pending_cuts().next()) else { return Ok(None) };
        // After a round end, an input sends nothing that belongs before a barrier.
        let agrees = |cut: Control| cut == first || barrier.is_some() && matches!(cut, Control::RoundEnd(_));
        if let Some(other) = self.pending_cuts().find(|&other| !agrees(other)) {
            return Err(Error::Internal(format!("one input waits at {first:?}, another at {other:?}")));
        }
        let mut open =
            self.inputs.iter().filter(|input| !(input.has_ended || barrier.is_none() && input.only_round_ended));
        if open.any(|input| input.cut.is_none()) {
            return Ok(None);
        }
        self.inputs.iter_mut().filter(|input| input.cut == Some(first)).for_each(|input| input.cut = None);
        Ok(Some(first))
    }

    /// The cuts at which inputs are held.
    fn pending_cuts(&self) -> impl Iterator<Item = Control> {
        self.inputs.iter().filter_map(|input| input.cut)
    }
}

#[cfg(test)]
mod tests;
