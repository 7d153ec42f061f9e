//! Groups of two inputs side by side: the user's closure goes over the records of a key on both sides, and emits any number.
//!
//! Both sides' rows come to their key's task, which keeps them in pages, sorts each side by the key and by its own order behind it, and
//! goes over both together: a merge of two sorted lists, whose keys may be on one side only.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{CoGroupFactory, CoGroupKernel, Outputs, TaskContext};
use crate::memory::Memory;
use crate::page::{Input, OrderKey, SortBuffer};
use crate::plan::{Operator, Reads, Table, row_bytes, unbounded_memory};
use crate::row::{Datum, LeafSet, RowLayout, Schema};
use crate::strategy::{Answer, Cursor, Driver, DriverFactory, Estimate, Planning, Round, Ship, Strategy, Way};

use super::join::{self, Nulls};
use super::{HASH_SECONDS, ROW_SECONDS, layout, order, windows};

/// Calls a closure with the groups of each key that either side has. A null key is a key like any other.
pub struct CoGroup {
    /// The left and right records.
    pub inputs: [Schema; 2],
    /// The key's leaves on each side, in the same order.
    pub keys: [Vec<usize>; 2],
    /// The order within each side's groups; where it says nothing, there is none.
    pub orders: [Vec<OrderKey>; 2],
    /// The records it gives.
    pub output: Schema,
    /// The closure.
    pub kernel: CoGroupFactory,
    /// What it reads of each side.
    pub reads: [Reads; 2],
}

impl CoGroup {
    fn needed(&self, side: usize) -> LeafSet {
        let mut needed = self.reads[side].of(&self.inputs[side]);
        needed.extend_from(&order::leaves(&self.orders[side]));
        self.keys[side].iter().for_each(|&leaf| needed.insert(leaf));
        needed
    }

    /// The rows of each key, in the order in which keys and rows come: those of the left side, and those of the right.
    fn groups<'t>(&self, inputs: &'t [Table]) -> Vec<[Vec<&'t Vec<Datum>>; 2]> {
        let mut numbers: HashMap<Vec<&Datum>, usize> = HashMap::new();
        let mut groups: Vec<[Vec<&Vec<Datum>>; 2]> = Vec::new();
        for side in [0, 1] {
            for row in &inputs[side].rows {
                let key = self.keys[side].iter().map(|&leaf| &row[leaf]).collect();
                let number = *numbers.entry(key).or_insert(groups.len());
                if number == groups.len() {
                    groups.push([Vec::new(), Vec::new()]);
                }
                groups[number][side].push(row);
            }
        }
        groups
    }

    /// One side of a group, in its order. The buffer has none of its own, so it keeps the rows as they are added, as one group.
    fn kept(&self, side: usize, mut rows: Vec<&Vec<Datum>>, memory: &Memory) -> Result<SortBuffer> {
        let schema = &self.inputs[side];
        rows.sort_by(|left, right| order::compare(schema, &self.orders[side], left, right));
        let table = Table { types: schema.types(), rows: rows.into_iter().cloned().collect() };
        let mut kept = SortBuffer::new(Arc::new(RowLayout::full(schema.types())), Vec::new(), memory)?;
        for page in table.pages(&self.needed(side))? {
            windows(&page.batch(), |input| kept.add(input))?;
        }
        Ok(kept)
    }
}

impl Operator for CoGroup {
    fn name(&self) -> &'static str {
        "co_group"
    }

    fn details(&self) -> String {
        let sides = ["left", "right"].into_iter().zip(&self.inputs).zip(&self.orders);
        let sorted = sides
            .filter(|(_, order)| !order.is_empty())
            .map(|((side, schema), order)| format!(", {side} sorted by {}", order::describe(schema, order)));
        join::on(&self.inputs, &self.keys, Nulls::Differ) + &sorted.collect::<String>()
    }

    fn schema(&self) -> &Schema {
        &self.output
    }

    fn reads(&self, input: usize, _: &LeafSet) -> LeafSet {
        self.needed(input)
    }

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        let rows = inputs.iter().map(|input| input.rows).fold(0.0, f64::max);
        // As many as the larger side has groups, which are guessed to be of ten.
        Estimate { rows: (rows / 10.0).max(rows.min(1.0)), row_bytes: row_bytes(&self.output, live) }
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let is_alone = planning.input_tasks.iter().all(|&tasks| tasks == 1);
        let tasks = if is_alone { 1 } else { planning.tasks };
        let way = |side: usize| match is_alone {
            true => Way::ship(Ship::Forward),
            false => Way::ship(Ship::Hash(self.keys[side].clone())),
        };
        let driver = Arc::new(CoGrouping {
            kept: [0, 1].map(|side| layout(&self.inputs[side], &self.needed(side))),
            orders: [0, 1]
                .map(|side| order::ascending(&self.keys[side]).chain(self.orders[side].iter().copied()).collect()),
            leading: self.keys[0].len(),
            output: layout(&self.output, planning.live),
            kernel: self.kernel.clone(),
        });
        let sorting = |rows: f64| rows * (rows.max(2.0).log2() * HASH_SECONDS + ROW_SECONDS);
        let cost = planning.inputs.iter().map(|input| sorting(input.rows)).sum::<f64>() / tasks as f64;
        vec![Strategy { ways: vec![way(0), way(1)], driver, tasks, streamed: 0, cost }]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let memory = unbounded_memory();
        let mut kernel = self.kernel.open(&TaskContext::alone(memory.clone()))?;
        let mut output = Table::new(self.output.types());
        let mut writer = output.writer();
        for [left, right] in self.groups(inputs) {
            let (left, right) = (self.kept(0, left, &memory)?, self.kept(1, right, &memory)?);
            kernel.run([&left, &right], 0, [0, 0], &mut writer)?;
            writer.seal();
            writer.take_sealed().for_each(|page| output.extend(&page.batch()));
        }
        Ok(output)
    }
}

struct CoGrouping {
    /// How each side's rows are kept.
    kept: [Arc<RowLayout>; 2],
    /// By the key, then by the side's own order.
    orders: [Vec<OrderKey>; 2],
    /// Leaves of the key, which the orders begin with.
    leading: usize,
    output: Arc<RowLayout>,
    kernel: CoGroupFactory,
}

impl DriverFactory for CoGrouping {
    fn name(&self) -> String {
        "sort both in memory, co_group".to_owned()
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(self.output.clone())
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let side = |side: usize| SortBuffer::new(self.kept[side].clone(), self.orders[side].clone(), &context.memory);
        Ok(Box::new(CoGroupDriver {
            sides: [side(0)?, side(1)?],
            leading: self.leading,
            ended: 0,
            next: [0, 0],
            kernel: self.kernel.open(context)?,
        }))
    }
}

struct CoGroupDriver {
    sides: [SortBuffer; 2],
    leading: usize,
    /// CoGrouping of which all rows are there.
    ended: usize,
    /// Where the next groups begin.
    next: [usize; 2],
    kernel: Box<dyn CoGroupKernel>,
}

impl Driver for CoGroupDriver {
    fn on_batch(&mut self, port: usize, input: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Answer> {
        self.sides[port].add(input)?;
        Ok(Answer::Done)
    }

    /// A side is sorted when its rows are there; the closure runs when those of both are. The cursor says that the former is done.
    fn on_round_end(&mut self, port: usize, _: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        if *cursor == 0 {
            self.sides[port].sort();
            self.ended += 1;
            *cursor = 1;
        }
        if self.ended < 2 {
            return Ok(Answer::Done);
        }
        let [left, right] = &self.sides;
        self.next = self.kernel.run([left, right], self.leading, self.next, out.pages())?;
        if self.next != [left.len(), right.len()] {
            return Ok(Answer::Resume);
        }
        self.sides.iter_mut().for_each(SortBuffer::clear);
        Ok(Answer::Done)
    }
}
