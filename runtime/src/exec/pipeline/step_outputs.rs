//! The outputs of a step: items for the next step, and side outputs to other stages.

use super::ready::ReadyItems;
use crate::error::{Error, Result};
use crate::exec::inline::OperatorScope;
use crate::exec::stage_output::StageOutput;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::Memory;
use crate::stream::{Control, Item};

pub(super) struct StepOutputs {
    /// The pages that the driver writes.
    pub(super) written: Outputs,
    /// Items for the next step.
    pub(super) ready: ReadyItems,
    /// The side outputs, in the order of the driver's outputs.
    side_outputs: Vec<SideOutput>,
}

/// An output to another stage, besides the main output to the next step.
struct SideOutput {
    output: StageOutput,
    /// Other operators that count these rows, too.
    also_counted: Vec<usize>,
    /// The end of the rows was passed to it.
    has_ended: bool,
}

impl SideOutput {
    fn take(&mut self, item: Item, scope: &OperatorScope) -> Result<()> {
        for &operator in [&self.output.operator].into_iter().chain(&self.also_counted) {
            let metrics = scope.metrics(operator);
            metrics.rows_in.add(item.rows() as u64);
            metrics.rows_out.add(item.rows() as u64);
        }
        match item {
            Item::Control(control) => self.send_control(control, scope),
            Item::Page(page) => {
                if self.output.take_page(page, scope).is_some() {
                    return Err(Error::Internal("rows of a numbered output are to be picked".to_owned()));
                }
            }
        }
        Ok(())
    }

    fn send_control(&mut self, control: Control, scope: &OperatorScope) {
        self.has_ended |= control == Control::End;
        self.output.send_control(control, scope);
    }
}

impl StepOutputs {
    pub(super) fn new(written: Outputs) -> Self {
        StepOutputs { written, ready: ReadyItems::default(), side_outputs: Vec::new() }
    }

    /// Sets the side outputs. Each is paired with other operators that count its rows, too.
    pub(super) fn set_side_outputs(&mut self, outputs: Vec<(StageOutput, Vec<usize>)>) {
        let side_output = |(output, also_counted)| SideOutput { output, also_counted, has_ended: false };
        self.side_outputs = outputs.into_iter().map(side_output).collect();
    }

    /// Allows the driver to emit more rows in one call than fit in memory.
    pub(super) fn overflow_to(&mut self, memory: Memory, context: &TaskContext) {
        self.ready.enable_overflow(self.written.pages(), memory, context);
    }

    /// Drops all items, and releases the memory of the pages.
    pub(super) fn close(&mut self) {
        self.ready.clear();
        let pages = self.written.pages();
        *pages = pages.emptied();
    }

    /// Moves the driver's items to the next step and to the side outputs. Returns the number of
    /// rows for the next step. Rows of a side output are counted for the operators of that output.
    pub(super) fn collect(&mut self, scope: &OperatorScope) -> Result<usize> {
        let mut rows = 0;
        for item in self.written.take_items() {
            rows += item.rows();
            self.ready.push(item);
        }
        for (number, side_output) in self.side_outputs.iter_mut().enumerate() {
            self.written.take_items_of_other(number).try_for_each(|item| side_output.take(item, scope))?;
        }
        Ok(rows + self.ready.push_overflow())
    }

    pub(super) fn send_control(&mut self, control: Control, scope: &OperatorScope) {
        self.ready.push(Item::Control(control));
        self.side_outputs.iter_mut().for_each(|side_output| side_output.send_control(control, scope));
    }

    pub(super) fn has_side_outputs(&self) -> bool {
        !self.side_outputs.is_empty()
    }

    /// Sends the waiting items of all side outputs, even if one of them is blocked. Returns `true`
    /// if all were sent.
    pub(super) fn flush_side_outputs(&mut self) -> bool {
        self.side_outputs.iter_mut().fold(true, |all_sent, side_output| side_output.output.flush() & all_sent)
    }

    pub(super) fn side_outputs_have_ended(&self) -> bool {
        self.side_outputs.iter().all(|side_output| side_output.has_ended)
    }
}
