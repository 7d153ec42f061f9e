//! The outputs of a step: items for the next step, and side outputs to other stages.

use super::ready::ReadyItems;
use crate::error::{Error, Result};
use crate::exec::exits::Exit;
use crate::exec::inline::Watch;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::Memory;
use crate::stream::{Control, Item};

pub(super) struct StepOutputs {
    /// The pages that the driver writes.
    pub(super) written: Outputs,
    /// Items for the next step.
    pub(super) ready: ReadyItems,
    /// The side outputs, in the order of the driver's outputs.
    others: Vec<OtherExit>,
}

/// An output to another stage, besides the main output to the next step.
struct OtherExit {
    exit: Exit,
    /// Other operators that count these rows, too.
    also_counted: Vec<usize>,
    /// The end of the rows was passed to it.
    has_ended: bool,
}

impl OtherExit {
    fn put(&mut self, item: Item, watch: &Watch) -> Result<()> {
        for &operator in [&self.exit.operator].into_iter().chain(&self.also_counted) {
            let metrics = watch.metrics(operator);
            metrics.rows_in.add(item.rows() as u64);
            metrics.rows_out.add(item.rows() as u64);
        }
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

impl StepOutputs {
    pub(super) fn new(written: Outputs) -> Self {
        StepOutputs { written, ready: ReadyItems::default(), others: Vec::new() }
    }

    /// Sets the side outputs. Each is paired with other operators that count its rows, too.
    pub(super) fn set_others(&mut self, exits: Vec<(Exit, Vec<usize>)>) {
        let other = |(exit, also_counted)| OtherExit { exit, also_counted, has_ended: false };
        self.others = exits.into_iter().map(other).collect();
    }

    /// Allows the driver to emit more rows in one call than fit in memory.
    pub(super) fn overflow_to(&mut self, memory: Memory, context: &TaskContext) {
        self.ready.relieve(self.written.pages(), memory, context);
    }

    /// Drops all items, and releases the memory of the pages.
    pub(super) fn close(&mut self) {
        self.ready.clear();
        let pages = self.written.pages();
        *pages = pages.emptied();
    }

    /// Moves the driver's items to the next step and to the side outputs. Returns the number of
    /// rows for the next step. Rows of a side output are counted for the operators of that output.
    pub(super) fn collect(&mut self, watch: &Watch) -> Result<usize> {
        let mut rows = 0;
        for item in self.written.take_items() {
            rows += item.rows();
            self.ready.push(item);
        }
        for (number, other) in self.others.iter_mut().enumerate() {
            self.written.take_items_of_other(number).try_for_each(|item| other.put(item, watch))?;
        }
        Ok(rows + self.ready.push_overflow())
    }

    pub(super) fn send_control(&mut self, control: Control, watch: &Watch) {
        self.ready.push(Item::Control(control));
        self.others.iter_mut().for_each(|other| other.send_control(control, watch));
    }

    pub(super) fn has_others(&self) -> bool {
        !self.others.is_empty()
    }

    /// Sends the waiting items of all side outputs, even if one of them is blocked. Returns `true`
    /// if all were sent.
    pub(super) fn flush_others(&mut self) -> bool {
        self.others.iter_mut().fold(true, |went, other| other.exit.flush() & went)
    }

    pub(super) fn others_have_ended(&self) -> bool {
        self.others.iter().all(|other| other.has_ended)
    }
}
