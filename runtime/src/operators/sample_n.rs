//! So many of all records: each task keeps those that draw the smallest numbers, then one task decides.
//!
//! That is a reservoir by random priorities; it needs no count beforehand, and reservoirs of several tasks merge (Efraimidis, Spirakis: Weighted
//! random sampling with a reservoir).

use std::cell::Cell;
use std::collections::BinaryHeap;
use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::Reservation;
use crate::page::{Input, OrderKey, RowWriter, Selection, SortBuffer};
use crate::plan::{Operator, Table, row_bytes};
use crate::row::{LeafSet, LeafType, RowLayout, Schema};
use crate::strategy::{Answer, Cursor, Driver, DriverFactory, Estimate, Planning, Round, Ship, Strategy, Way};

use super::sample::Draws;
use super::top::{TopDriver, TopFactory};
use super::{HASH_SECONDS, windows};

/// Keeps so many records, each with the same chance: those with the smallest numbers.
pub struct SampleN {
    /// The records.
    pub schema: Schema,
    /// How many.
    pub count: usize,
    /// Other seeds give other samples.
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

    fn reads(&self, _: usize, live: &LeafSet) -> LeafSet {
        live.clone()
    }

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        let rows = inputs.first().map_or(0.0, |input| input.rows).min(self.count as f64);
        Estimate { rows, row_bytes: row_bytes(&self.schema, live) }
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        // What a row drew is written behind the record's leaves, where only the tasks of this operator look.
        let number = self.schema.leaves().len();
        let mut types = self.schema.types();
        types.push(LeafType::U64);
        let mut written = planning.live.clone();
        written.insert(number);
        let layout = Arc::new(RowLayout::new(types, &written));
        let (count, order) = (self.count, vec![OrderKey { leaf: number, descending: false }]);
        let draw = Arc::new(DrawFactory { layout: layout.clone(), count, seed: self.seed });
        let cost = planning.inputs[0].rows * HASH_SECONDS / planning.input_tasks[0] as f64;
        let (way, driver): (Way, Arc<dyn DriverFactory>) = match planning.input_tasks[0] {
            1 => (Way::ship(Ship::Forward), draw),
            _ => (Way { before: Some(draw), ship: Ship::Gather }, Arc::new(TopFactory { layout, count, order })),
        };
        vec![Strategy { ways: vec![way], driver, tasks: 1, streamed: 0, cost }]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let mut draws = Draws::new(self.seed, 0);
        let mut drawn: Vec<_> = inputs[0].rows.iter().map(|row| (draws.next(), row)).collect();
        drawn.sort_by_key(|&(number, _)| number);
        let rows = drawn.into_iter().take(self.count).map(|(_, row)| row.clone()).collect();
        Ok(Table { types: self.schema.types(), rows })
    }
}

struct DrawFactory {
    /// The record's leaves, and what the row drew.
    layout: Arc<RowLayout>,
    count: usize,
    seed: u64,
}

impl DriverFactory for DrawFactory {
    fn name(&self) -> String {
        format!("draw {}", self.count)
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(self.layout.clone())
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let number = self.layout.types().len() - 1;
        let order = [OrderKey { leaf: number, descending: false }];
        Ok(Box::new(DrawDriver {
            draws: Draws::new(self.seed, context.subtask),
            count: self.count,
            number,
            smallest: BinaryHeap::new(),
            paid: context.memory.reserve(0)?,
            drawn: RowWriter::new(self.layout.clone(), context.memory.clone()),
            kept: TopDriver::new(SortBuffer::new(self.layout.clone(), order, &context.memory)?, self.count),
        }))
    }
}

struct DrawDriver {
    draws: Draws,
    count: usize,
    /// The leaf of what was drawn.
    number: usize,
    /// The smallest numbers so far: a row that draws more than the largest of them is not copied.
    smallest: BinaryHeap<u64>,
    paid: Reservation,
    /// Rows on their way to those that are kept.
    drawn: RowWriter,
    kept: TopDriver,
}

impl DrawDriver {
    /// Whether a number is among the smallest now.
    fn enters(&mut self, number: u64) -> Result<bool> {
        if self.smallest.len() < self.count {
            self.reserve()?;
            self.smallest.push(number);
            return Ok(true);
        }
        match self.smallest.peek_mut() {
            Some(mut largest) if number < *largest => {
                *largest = number;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn reserve(&mut self) -> Result<()> {
        let (length, capacity) = (self.smallest.len(), self.smallest.capacity());
        if length == capacity {
            let grown = capacity.saturating_mul(2).max(1024).min(self.count);
            self.paid.resize(grown * size_of::<u64>())?;
            self.smallest.reserve_exact(grown - length);
        }
        Ok(())
    }

    /// Keeps rows with what they drew.
    fn keep(&mut self, input: &Input<'_>, rows: Vec<u32>, numbers: &[u64]) -> Result<()> {
        let mut entering = Selection::default();
        entering.set(rows);
        self.drawn.append(&Input::new(input.batch(), &entering), None)?;
        self.drawn.seal();
        let next = Cell::new(0);
        for page in self.drawn.take_sealed() {
            let page = page.map_leaves(&[self.number], |_| numbers[next.replace(next.get() + 1)].into());
            windows(&page.batch(), |input| self.kept.add(input))?;
        }
        Ok(())
    }
}

impl Driver for DrawDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Answer> {
        let (mut rows, mut numbers) = (Vec::new(), Vec::new());
        for &row in input.selection().rows() {
            let number = self.draws.next();
            if self.enters(number)? {
                rows.push(row);
                numbers.push(number);
            }
        }
        if !rows.is_empty() {
            self.keep(input, rows, &numbers)?;
        }
        Ok(Answer::Done)
    }

    fn on_round_end(&mut self, port: usize, round: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        self.kept.on_round_end(port, round, cursor, out)
    }
}
