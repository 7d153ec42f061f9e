//! Records with numbers: consecutive over the whole flow, or unique without asking other tasks.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::page::{Input, Page, RowWriter};
use crate::plan::{Operator, Table, row_bytes};
use crate::row::{Datum, LeafSet, RowLayout, Schema};
use crate::strategy::{Answer, Cursor, Driver, DriverFactory, Estimate, Planning, Round, Ship, Strategy, Way};

use super::meeting::Meeting;
use super::{ROW_SECONDS, layout};

/// The leaf of the output that holds the number; the record's leaves stand behind it.
const NUMBER: usize = 0;

/// Puts a number before each record.
pub struct Zip {
    /// The records it is given.
    pub input: Schema,
    /// The records it gives: a `u64`, then the record.
    pub output: Schema,
    /// Which numbers.
    pub numbers: Numbers,
}

/// Which numbers records get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// From 0 on without gaps, tasks in order. A task keeps its records until all tasks before it have counted theirs.
    Consecutive,
    /// Those that leave the task's index as rest when they are divided by the number of tasks.
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

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        Estimate { rows: inputs.first().map_or(0.0, |input| input.rows), row_bytes: row_bytes(&self.output, live) }
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let driver = ZipFactory {
            layout: layout(&self.output, planning.live),
            numbers: self.numbers,
            meeting: Meeting::of(planning.input_tasks[0]),
        };
        vec![Strategy {
            ways: vec![Way::ship(Ship::Forward)],
            driver: Arc::new(driver),
            tasks: planning.input_tasks[0],
            streamed: 0,
            cost: planning.inputs[0].rows * ROW_SECONDS,
        }]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let number = |(number, row): (usize, &Vec<Datum>)| {
            std::iter::once(Datum::Fixed(number as u128)).chain(row.iter().cloned()).collect()
        };
        Ok(Table { types: self.output.types(), rows: inputs[0].rows.iter().enumerate().map(number).collect() })
    }
}

struct ZipFactory {
    layout: Arc<RowLayout>,
    numbers: Numbers,
    meeting: Arc<Meeting<u64>>,
}

impl DriverFactory for ZipFactory {
    fn name(&self) -> String {
        match self.numbers {
            Numbers::Consecutive => "count, then number",
            Numbers::Unique => "number",
        }
        .to_owned()
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(self.layout.clone())
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let (next, step) = match self.numbers {
            Numbers::Consecutive => (None, 1),
            Numbers::Unique => (Some(context.subtask as u64), context.subtasks as u64),
        };
        // Where leaf `i` of a row comes from: the number from nowhere, as it is set when the page is closed.
        let from = std::iter::once(usize::MAX).chain(0..self.layout.types().len() - 1).collect();
        Ok(Box::new(ZipDriver {
            rows: RowWriter::new(self.layout.clone(), context.memory.clone()),
            from,
            closed: VecDeque::new(),
            count: 0,
            next,
            step,
            meeting: self.meeting.clone(),
            context: context.clone(),
        }))
    }
}

struct ZipDriver {
    rows: RowWriter,
    from: Vec<usize>,
    /// Pages without numbers.
    closed: VecDeque<Page>,
    count: u64,
    /// The number of the next row, once it is known.
    next: Option<u64>,
    step: u64,
    meeting: Arc<Meeting<u64>>,
    context: TaskContext,
}

impl ZipDriver {
    /// Numbers the next page, and gives it.
    fn give(&mut self, out: &mut Outputs) {
        let Some(first) = self.next else { return };
        let Some(page) = self.closed.pop_front() else { return };
        let number = Cell::new(first);
        let numbered = page.map_leaves(&[NUMBER], |_| number.replace(number.get() + self.step).into());
        self.next = Some(first + numbered.rows() as u64 * self.step);
        out.pages().push_sealed(numbered);
    }

    fn has_more(&self) -> bool {
        self.next.is_some() && !self.closed.is_empty()
    }
}

impl Driver for ZipDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        if *cursor == 0 {
            self.rows.append(input, Some(&self.from))?;
            self.closed.extend(self.rows.take_sealed());
            self.count += input.len() as u64;
            *cursor = 1;
        }
        if self.next.is_none() {
            self.next = self.meeting.ask(|counts| sum_before(counts, self.context.subtask));
        }
        self.give(out);
        Ok(if self.has_more() { Answer::Resume } else { Answer::Done })
    }

    fn on_round_end(&mut self, _: usize, _: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        if *cursor == 0 {
            self.rows.seal();
            self.closed.extend(self.rows.take_sealed());
            self.meeting.say(&self.context, self.count);
            *cursor = 1;
        }
        if self.next.is_none() {
            self.next = self.meeting.wait(&self.context, |counts| sum_before(counts, self.context.subtask));
        }
        self.give(out);
        Ok(match self.next {
            None => Answer::Await,
            Some(_) if self.has_more() => Answer::Resume,
            Some(_) => Answer::Done,
        })
    }
}

/// The number of the records of all tasks before one, once they have counted.
fn sum_before(counts: &[Option<u64>], subtask: usize) -> Option<u64> {
    counts.iter().take(subtask).copied().sum()
}
