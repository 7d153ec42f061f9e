//! Groups of two inputs side by side: the user's closure goes over the records of a key on both sides, and emits any number.
//!
//! Both sides' rows come to their key's task, which keeps them in pages, sorts each side by the key and by its own order behind it, and
//! goes over both together: a merge of two sorted lists, whose keys may be on one side only.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::Memory;
use crate::memory::limits::GROUPS_BYTES;
use crate::page::{Input, NextRow, OneRow};
use crate::plan::{Operator, Reads, Table, unbounded_memory};
use crate::row::{Datum, LeafSet, RowLayout, Schema};
use crate::sort::{CoGroupFactory, CoGroupKernel, GroupSorter, LargeGroup, OrderKey, SortBuffer};
use crate::statistics::Relation;
use crate::strategy::{Cursor, Driver, DriverFactory, Planning, Progress, Revocable, Round, Strategy, ready};

use super::common::layout;
use super::join::Nulls;
use super::keys::check_keys;
use super::{join, order};

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

    /// Sorts both sides, and goes over the groups of both together.
    /// By the key, then in the order within a group.
    fn whole_orders(&self) -> [Vec<OrderKey>; 2] {
        [0, 1].map(|side| OrderKey::ascending(&self.keys[side]).chain(self.orders[side].iter().copied()).collect())
    }

    fn driver(&self, output: Arc<RowLayout>) -> DriverFactory {
        let kept = [0, 1].map(|side| layout(&self.inputs[side], &self.needed(side)));
        let orders = self.whole_orders();
        let (leading, kernel) = (self.keys[0].len(), self.kernel.clone());
        let create = move |context: &TaskContext| {
            let side = |side: usize| GroupSorter::new(kept[side].clone(), orders[side].clone(), leading, context);
            Ok(CoGroupDriver {
                sides: [side(0)?, side(1)?],
                leading,
                ended: 0,
                next: [0, 0],
                kernel: kernel.open(context)?,
            })
        };
        let factory = DriverFactory::new("external sort of both, co_group", create);
        factory.waiting_for_end().emitting(output).spilling_beyond(2 * GROUPS_BYTES)
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
        table.windows(&self.needed(side), |input| kept.add(input))?;
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

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        // As many as the side has groups that has more.
        let groups = inputs.iter().zip(&self.keys).map(|(input, key)| input.distinct(key));
        Relation::unknown(groups.fold(0.0, f64::max), &self.output)
    }

    fn check(&self) -> Result<()> {
        check_keys(&self.inputs, &self.keys)
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let driver = || self.driver(layout(&self.output, planning.live));
        planning.both_by_key(&self.keys, &self.whole_orders(), &driver)
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let memory = unbounded_memory();
        let mut kernel = self.kernel.open(&TaskContext::alone(memory.clone()))?;
        let mut output = Table::new(self.output.types());
        let mut writer = output.writer();
        for [left, right] in self.groups(inputs) {
            let (left, right) = (self.kept(0, left, &memory)?, self.kept(1, right, &memory)?);
            kernel.run([&left, &right], 0, [0, 0], [left.len(), right.len()], &mut writer)?;
            output.take(&mut writer);
        }
        Ok(output)
    }
}

struct CoGroupDriver {
    sides: [GroupSorter; 2],
    /// Leaves of the key, which the orders begin with.
    leading: usize,
    /// Sides of which all rows are there.
    ended: usize,
    /// Where the next groups begin in both windows.
    next: [usize; 2],
    kernel: Box<dyn CoGroupKernel>,
}

impl Driver for CoGroupDriver {
    fn on_batch(&mut self, port: usize, input: &Input<'_>, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        // Where memory ends, the larger side goes to disk, even if all of it is there.
        let [this, other] = [port, 1 - port].map(|side| self.sides[side].bytes());
        if other > this && !self.sides[port].has_room_for(input) {
            self.sides[1 - port].revoke();
        }
        ready!(self.sides[1 - port].continue_revoking()?);
        self.sides[port].add(input, cursor)
    }

    /// A side is sorted when its rows are there; the closure runs when those of both are. The cursor says that the former is done.
    fn on_round_end(&mut self, port: usize, _: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if *cursor == 0 {
            ready!(self.sides[port].finish()?);
            (self.ended, *cursor) = (self.ended + 1, 1);
        }
        if self.ended < 2 {
            return Ok(Progress::Done);
        }
        if *cursor == 1 {
            // The other side was in order once, but may have gone to disk since.
            ready!(self.sides[1 - port].finish()?);
            *cursor = 2;
        }
        self.run(out)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for CoGroupDriver {
    fn revoke(&mut self, _: usize) -> Result<()> {
        if self.ended < 2 {
            self.sides.iter_mut().for_each(GroupSorter::revoke);
        }
        Ok(())
    }

    fn continue_revoking(&mut self) -> Result<Progress> {
        for side in &mut self.sides {
            ready!(side.continue_revoking()?);
        }
        Ok(Progress::Done)
    }
}

impl CoGroupDriver {
    fn run(&mut self, out: &mut Outputs) -> Result<Progress> {
        for (side, next) in self.sides.iter_mut().zip(&mut self.next) {
            if !side.is_ready() || (*next == side.window().len() && !side.is_last()) {
                ready!(side.advance()?);
                *next = 0;
            }
        }
        let until =
            [0, 1].map(|side| self.sides[side].matchable_rows(&self.sides[1 - side], self.next[side], self.leading));
        let windows = self.sides.each_ref().map(GroupSorter::window);
        if self.next != until {
            self.next = self.kernel.run(windows, self.leading, self.next, until, out.pages())?;
            return Ok(Progress::Yield);
        }
        if self.next == windows.map(SortBuffer::len) {
            self.sides.iter_mut().for_each(GroupSorter::clear);
            return Ok(Progress::Done);
        }
        self.run_large(out)?;
        Ok(Progress::Yield)
    }

    /// Runs over the groups of the next key, of which one is large.
    fn run_large(&mut self, out: &mut Outputs) -> Result<()> {
        let windows = self.sides.each_ref().map(GroupSorter::window);
        let ends = SortBuffer::next_groups(windows, self.next, windows.map(SortBuffer::len), self.leading);
        let mut group = |side: usize| match ends[side] > self.next[side] {
            true if self.sides[side].is_large() => Ok(self.sides[side].take_large()),
            true => self.sides[side].as_large(self.next[side]..ends[side]).map(Some),
            false => Ok(None),
        };
        let (mut left, mut right) = (group(0)?, group(1)?);
        let (mut no_left, mut no_right) = (NoRow, NoRow);
        let sides: [&mut dyn NextRow; 2] = [
            left.as_mut().map_or(&mut no_left, |group| group as &mut dyn NextRow),
            right.as_mut().map_or(&mut no_right, |group| group as &mut dyn NextRow),
        ];
        self.kernel.run_large(sides, out.pages())?;
        left.iter_mut().chain(&mut right).try_for_each(LargeGroup::check)?;
        self.next = ends;
        Ok(())
    }
}

/// The group of a key that a side does not have.
struct NoRow;

impl NextRow for NoRow {
    fn next(&mut self) -> Option<OneRow<'_>> {
        None
    }

    fn left(&self) -> usize {
        0
    }
}
