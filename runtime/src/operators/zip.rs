//! Records with numbers: consecutive over the whole flow, or unique without communication between
//! tasks.

use std::cell::Cell;
use std::sync::Arc;
use std::task::Poll;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::SPOOL_BYTES;
use crate::page::Input;
use crate::plan::{Operator, Table};
use crate::rendezvous::Rendezvous;
use crate::row::{Datum, LeafSet, LeafType, RowLayout, Schema};
use crate::strategy::{Cursor, Driver, DriverFactory, Planning, Progress, Revocable, Round, Strategy, Work, ready};

use super::common::layout;
use super::queued_rows::QueuedRows;

/// The leaf of the output that holds the number. The record's leaves follow it.
const NUMBER: usize = 0;

/// Emits each record after a number.
pub struct Zip {
    /// The records that it receives.
    pub input: Schema,
    /// The records that it emits: a `u64`, then the record.
    pub output: Schema,
    /// The kind of numbers.
    pub numbers: Numbers,
}

/// The kind of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// From 0 without gaps, over the tasks in order. A task keeps its records until all tasks
    /// before it have counted theirs.
    Consecutive,
    /// Numbers whose remainder modulo the number of tasks is the task's index.
    Unique,
}

impl Operator for Zip {
    fn name(&self) -> &'static str {
        match self.numbers {
            Numbers::Consecutive => "zip_with_index",
            Numbers::Unique => "zip_with_unique_id",
        }
    }

    fn schema(&self) -> &Schema {
        &self.output
    }

    fn reads(&self, _: usize, live: &LeafSet) -> LeafSet {
        live.iter().filter(|&leaf| leaf != NUMBER).map(|leaf| leaf - 1).collect()
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let (numbers, layout) = (self.numbers, layout(&self.output, planning.live));
        let rows = layout.clone();
        let name = match numbers {
            Numbers::Consecutive => "count, then number",
            Numbers::Unique => "number",
        };
        let create = move |context: &TaskContext| Ok(ZipDriver::new(rows.clone(), numbers, context));
        let driver = DriverFactory::new(name, create).emitting(layout).spilling_beyond(SPOOL_BYTES);
        let driver = if numbers == Numbers::Consecutive { driver.waiting_for_end() } else { driver };
        vec![planning.forwarded(driver, Work::rows(planning.inputs[0].rows))]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let number = |(number, row): (usize, &Vec<Datum>)| {
            std::iter::once(Datum::Fixed(number as u128)).chain(row.iter().cloned()).collect()
        };
        Ok(Table { types: self.output.types(), rows: inputs[0].rows.iter().enumerate().map(number).collect() })
    }
}

struct ZipDriver {
    /// Rows whose numbers are not set yet.
    rows: QueuedRows,
    /// For each leaf of a row, the leaf of the record that it copies, and its type.
    view: Vec<(Option<usize>, LeafType)>,
    count: u64,
    /// The number of the next row. `None` until the tasks before this one have counted their
    /// records.
    next: Option<u64>,
    step: u64,
    /// The number of records of each task.
    counts: Arc<Rendezvous<u64>>,
    context: TaskContext,
}

impl ZipDriver {
    fn new(layout: Arc<RowLayout>, numbers: Numbers, context: &TaskContext) -> Self {
        let (next, step) = match numbers {
            Numbers::Consecutive => (None, 1),
            Numbers::Unique => (Some(context.subtask as u64), context.subtasks as u64),
        };
        // The number has no leaf in the record. It is set when its page is emitted.
        let from = |(leaf, &ty): (usize, &LeafType)| (leaf.checked_sub(1), ty);
        let view = layout.types().iter().enumerate().map(from).collect();
        let rows = QueuedRows::new(layout, context);
        let counts = Rendezvous::of(context);
        ZipDriver { rows, view, count: 0, next, step, counts, context: context.clone() }
    }

    /// Numbers and emits the next page. Returns `Done` if no page is left. Returns `Pending` if the
    /// page is on disk or its number is not known.
    fn emit_page(&mut self, out: &mut Outputs) -> Result<Progress> {
        let Some(first) = self.next else { return Ok(Progress::Pending) };
        Ok(match self.rows.poll()? {
            Poll::Ready(Some(page)) => {
                let number = Cell::new(first);
                let mut numbered = page.into_mut(&self.context.memory)?;
                numbered.map_leaves(&[NUMBER], |_| number.replace(number.get() + self.step).into());
                self.next = Some(first + numbered.rows() as u64 * self.step);
                out.pages().adopt(numbered.freeze());
                if self.rows.is_empty() { Progress::Done } else { Progress::Yield }
            }
            Poll::Pending => Progress::Pending,
            Poll::Ready(None) => Progress::Done,
        })
    }
}

impl ZipDriver {
    /// Emits all rows, if their numbers are known.
    fn flush(&mut self, out: &mut Outputs) -> Result<Progress> {
        if self.next.is_none() {
            return Ok(Progress::Done);
        }
        self.rows.seal();
        self.emit_page(out)
    }
}

impl Driver for ZipDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if *cursor < input.len() {
            let batch = input.batch().arranged(&self.view);
            let before = *cursor;
            let progress = self.rows.add(&Input::new(&batch, input.selection()), cursor)?;
            self.count += (*cursor - before) as u64;
            ready!(progress);
        }
        if self.next.is_none() {
            self.next = self.counts.peek(|counts| sum_before(counts, self.context.subtask));
        }
        // A page that is being read from disk is emitted by a later call.
        Ok(if self.emit_page(out)? == Progress::Yield { Progress::Yield } else { Progress::Done })
    }

    /// Rows that wait to fill a page are emitted before the watermark, since they would be late
    /// after it.
    fn on_watermark(&mut self, _: i64, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        self.flush(out)
    }

    fn on_idle(&mut self, out: &mut Outputs) -> Result<Progress> {
        self.flush(out)
    }

    fn on_round_end(&mut self, _: usize, _: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if *cursor == 0 {
            self.rows.seal();
            self.counts.send(&self.context, self.count)?;
            *cursor = 1;
        }
        if self.next.is_none() {
            self.next = self.counts.poll(&self.context, |counts| sum_before(counts, self.context.subtask));
        }
        self.emit_page(out)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for ZipDriver {
    fn revoke(&mut self, bytes: usize) -> Result<()> {
        self.rows.revoke(bytes);
        Ok(())
    }
}

/// The number of records of all tasks before `subtask`. `None` while one has not counted them.
fn sum_before(counts: &[Option<u64>], subtask: usize) -> Option<u64> {
    counts.iter().take(subtask).copied().sum()
}
