//! A random sample of a given number of records. Each task keeps the records with the smallest
//! random numbers, and one task merges these.
//!
//! This is a reservoir by random priorities. It needs no count in advance, and the reservoirs of
//! several tasks can be merged. Source: Efraimidis, Spirakis, *Weighted random sampling with a
//! reservoir*.

use std::collections::BinaryHeap;
use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits::SORT_BYTES;
use crate::memory::{Memory, Reservation};
use crate::page::{Input, Selection};
use crate::plan::{Operator, Table};
use crate::row::{RowLayout, Schema};
use crate::sort::OrderKey;
use crate::statistics::Relation;
use crate::strategy::{
    Cursor, Driver, DriverFactory, InputEdge, Planning, Progress, Revocable, Round, Ship, Strategy, Work,
};

use super::common::numbered_layout;
use super::sample::Draws;
use super::sorted_rows::{self, SortedRows};

/// Keeps `count` records, each with the same probability: those that draw the smallest numbers.
pub struct SampleN {
    /// The records.
    pub schema: Schema,
    /// The number of records.
    pub count: usize,
    /// Different seeds give different samples.
    pub seed: u64,
}

impl Operator for SampleN {
    fn name(&self) -> &'static str {
        "sample_n"
    }

    fn details(&self) -> String {
        self.count.to_string()
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        inputs[0].first_of(&[], self.count)
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        // The number follows the record's leaves. Only the tasks of this operator read it.
        let (layout, number) = numbered_layout(&self.schema, planning.live);
        let order = vec![OrderKey { leaf: number, descending: false }];
        let draw = self.draw(layout.clone(), order.clone());
        let work = Work::rows(planning.inputs[0].rows);
        vec![match planning.input_tasks() {
            1 => planning.forwarded(draw, work),
            tasks => {
                let shipped = planning.output.rows * tasks as f64;
                let edge = InputEdge { shipped_rows: Some(shipped), ..InputEdge::through(draw, work, Ship::Gather) };
                planning.of_one(edge, sorted_rows::first(layout, self.count, order), 1, Work::rows(shipped))
            }
        }]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let mut draws = Draws::new(self.seed, 0);
        let mut drawn: Vec<_> = inputs[0].rows.iter().map(|row| (draws.next(), row)).collect();
        drawn.sort_by_key(|&(number, _)| number);
        let rows = drawn.into_iter().take(self.count).map(|(_, row)| row.clone()).collect();
        Ok(Table { types: self.schema.types(), rows })
    }
}

impl SampleN {
    /// Keeps the rows of a task that draw the smallest numbers.
    fn draw(&self, layout: Arc<RowLayout>, order: Vec<OrderKey>) -> DriverFactory {
        let (&SampleN { count, seed, .. }, record, rows) = (self, self.schema.leaves().len(), layout.clone());
        let create = move |context: &TaskContext| {
            Ok(DrawDriver {
                draws: Draws::new(seed, context.subtask),
                count,
                record_leaves: (0..record).collect(),
                smallest: Some(BinaryHeap::new()),
                reserved: context.memory.reserve(0)?,
                memory: context.memory.clone(),
                numbers: Vec::new(),
                reserved_numbers: context.memory.reserve(0)?,
                selected: Selection::default(),
                kept: SortedRows::first(rows.clone(), &order, count, context)?,
            })
        };
        let factory = DriverFactory::new(format!("draw {count}"), create).waiting_for_end();
        factory.emitting(layout).spilling_beyond(SORT_BYTES)
    }
}

struct DrawDriver {
    draws: Draws,
    count: usize,
    /// The record's leaves. The number follows them.
    record_leaves: Vec<usize>,
    /// The smallest numbers so far. A row with a number above the largest of them is not copied.
    /// `None` if there is no memory for them: all rows are then copied.
    smallest: Option<BinaryHeap<u64>>,
    /// The memory of `smallest`.
    reserved: Reservation,
    memory: Memory,
    /// The numbers of the batch's rows, and the rows that are kept.
    numbers: Vec<u64>,
    reserved_numbers: Reservation,
    selected: Selection,
    kept: SortedRows,
}

impl DrawDriver {
    /// Adds a number to the smallest ones. Returns `true` if it is one of them, or these are not
    /// known.
    fn admit(&mut self, number: u64) -> Result<bool> {
        self.make_room()?;
        let Some(smallest) = &mut self.smallest else { return Ok(true) };
        if smallest.len() < self.count {
            smallest.push(number);
            return Ok(true);
        }
        match smallest.peek_mut() {
            Some(mut largest) if number < *largest => {
                *largest = number;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Reserves memory for one more number, or drops all numbers.
    fn make_room(&mut self) -> Result<()> {
        let Some(smallest) = &mut self.smallest else { return Ok(()) };
        let (length, capacity) = (smallest.len(), smallest.capacity());
        if length < capacity || length == self.count {
            return Ok(());
        }
        let grown = capacity.saturating_mul(2).max(1024).min(self.count);
        // Both buffers exist while one is copied to the other.
        if self.memory.try_reserve((capacity + grown) * size_of::<u64>()) {
            self.reserved.resize(grown * size_of::<u64>())?;
            smallest.reserve_exact(grown - length);
        } else {
            self.smallest = None;
            self.reserved.release();
        }
        Ok(())
    }

    /// Draws a number for each row, and selects the rows to keep.
    fn draw(&mut self, input: &Input<'_>) -> Result<()> {
        let mut rows = Vec::new();
        let rows_of_batch = input.batch().rows();
        if rows_of_batch > self.numbers.len() {
            self.reserved_numbers.resize(rows_of_batch * size_of::<u64>())?;
            self.numbers.resize(rows_of_batch, 0);
        }
        for &row in input.selection().rows() {
            let number = self.draws.next();
            if self.admit(number)? {
                rows.push(row);
                self.numbers[row as usize] = number;
            }
        }
        self.selected.set(rows);
        Ok(())
    }
}

impl Driver for DrawDriver {
    /// The cursor is 0 before numbers are drawn. After that it is the number of selected rows that
    /// were added, plus 1.
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        if *cursor == 0 {
            self.draw(input)?;
            *cursor = 1;
        }
        let batch = input.batch().project(&self.record_leaves);
        let mut taken = *cursor - 1;
        let progress = self.kept.add(&Input::new(&batch.with_numbers(&self.numbers), &self.selected), &mut taken)?;
        *cursor = 1 + taken;
        Ok(progress)
    }

    fn on_round_end(&mut self, port: usize, round: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if *cursor == 0 {
            (self.smallest, *cursor) = (None, 1);
            self.reserved.release();
        }
        self.kept.on_round_end(port, round, cursor, out)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for DrawDriver {
    fn revoke(&mut self, bytes: usize) -> Result<()> {
        self.kept.revoke(bytes)
    }

    fn continue_revoking(&mut self) -> Result<Progress> {
        self.kept.continue_revoking()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::memory::Budget;
    use crate::page::windows;
    use crate::plan::unbounded_writer;
    use crate::row::{Datum, LeafSet, LeafType, SchemaBuilder};

    #[test]
    fn revoked_memory_spills_rows_without_input() {
        let schema = SchemaBuilder::build(|b| b.leaf(LeafType::U64));
        let sample = SampleN { schema, count: 100_000, seed: 1 };
        let (layout, leaf) = numbered_layout(&sample.schema, &LeafSet::all(1));
        let memory = Memory::spilling(Budget::new(64 << 20), "sample", SORT_BYTES);
        let context = TaskContext::alone(memory);
        let mut driver = sample.draw(layout, vec![OrderKey { leaf, descending: false }]).create(&context).unwrap();
        let mut rows = unbounded_writer(vec![LeafType::U64]);
        (0..100_000).for_each(|number| rows.append_datums(&[Datum::Fixed(number)]).unwrap());
        rows.seal();
        let mut out = Outputs::new(unbounded_writer(Vec::new()));
        for page in rows.take_sealed() {
            let taken = |input: &Input<'_>| driver.on_batch(0, input, &mut 0, &mut out).map(drop);
            windows(&page.batch(), taken).unwrap();
        }
        let revocable = driver.revocable().unwrap();
        revocable.revoke(1 << 20).unwrap();
        while revocable.continue_revoking().unwrap() != Progress::Done {}
        assert!(context.metrics.spilled_bytes.get() > 0);
    }
}
