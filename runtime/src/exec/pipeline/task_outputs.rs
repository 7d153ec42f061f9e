//! The outputs of a task, and the rows that are being written to them.

use super::head::PipelineHead;
use super::work::{Data, Rows};
use crate::error::Result;
use crate::exec::inline::OperatorScope;
use crate::exec::stage_output::StageOutput;
use crate::page::Page;
use crate::stream::{Control, Item};

pub(super) struct TaskOutputs {
    pub(super) outputs: Vec<StageOutput>,
    /// The rows that are being written to the outputs.
    rows: Option<Rows>,
    /// The end of the rows was passed to the outputs.
    pub(super) have_ended: bool,
}

impl TaskOutputs {
    pub(super) fn new(outputs: Vec<StageOutput>) -> Self {
        TaskOutputs { outputs, rows: None, have_ended: false }
    }

    /// Returns `true` if no receiver accepts more items.
    pub(super) fn are_closed(&self) -> bool {
        !self.outputs.is_empty() && self.outputs.iter().all(StageOutput::is_closed)
    }

    /// Returns `true` if items wait for room in a channel.
    pub(super) fn are_blocked(&self) -> bool {
        self.outputs.iter().any(StageOutput::is_blocked)
    }

    /// Sends the waiting items of all outputs, even if one of them is blocked. Returns `true` if
    /// all were sent.
    pub(super) fn flush(&mut self) -> bool {
        self.outputs.iter_mut().fold(true, |all_sent, output| output.flush() & all_sent)
    }

    /// Takes an item of the last step. If there is one output, it may send a page as it is.
    /// Otherwise the rows of the page must be written.
    pub(super) fn take(&mut self, item: Item, scope: &OperatorScope) {
        match (item, self.outputs.as_mut_slice()) {
            (Item::Page(page), [output]) => {
                self.rows = output.take_page(page, scope).map(|page| Rows::all(Data::Page(page), 0));
            }
            (Item::Page(page), _) => self.take_rows(Rows::all(Data::Page(page), 0)),
            (Item::Control(control), outputs) => {
                outputs.iter_mut().for_each(|output| output.send_control(control, scope));
                self.have_ended = control == Control::End;
            }
        }
    }

    /// Takes rows to be written.
    pub(super) fn take_rows(&mut self, rows: Rows) {
        self.rows = (!self.outputs.is_empty()).then_some(rows);
    }

    pub(super) fn have_rows(&self) -> bool {
        self.rows.is_some()
    }

    /// Writes the next window of the rows. After the last window, returns their page for reuse.
    pub(super) fn write(&mut self, head: &PipelineHead, scope: &OperatorScope) -> Result<Option<Page>> {
        let Some(mut rows) = self.rows.take() else { return Ok(None) };
        let has_more = {
            let batch = head.batch_of(&rows.data)?;
            let viewed = rows.view.as_ref().map(|view| batch.project(view));
            let batch = viewed.as_ref().unwrap_or(&batch);
            let has_more = rows.windows.advance(batch);
            for output in self.outputs.iter_mut().filter(|_| has_more) {
                output.write(batch, &rows.windows.window, rows.windows.filtered, scope)?;
            }
            has_more
        };
        match rows.data {
            _ if has_more => self.rows = Some(rows),
            Data::Page(page) => return Ok(Some(page)),
            Data::Source => {}
        }
        Ok(None)
    }
}
