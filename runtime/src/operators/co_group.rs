//! Calls a closure with the groups of each key from two inputs. It emits any number of records.
//!
//! The rows of both sides are sent to the task of their key. It keeps them in pages, and sorts each
//! side by the key and then by the side's own order. Then it merges the two sorted lists. A key may
//! be on one side only.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::Memory;
use crate::memory::limits::SORTED_GROUPS_BYTES;
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

/// Calls a closure with the groups of each key that is on either side. Null keys are equal to each
/// other.
pub struct CoGroup {
    /// The left and right records.
    pub inputs: [Schema; 2],
    /// The key's leaves on each side, in the same order.
    pub keys: [Vec<usize>; 2],
    /// The order within each side's groups. Empty if there is none.
    pub orders: [Vec<OrderKey>; 2],
    /// The records that it emits.
    pub output: Schema,
    /// The closure.
    pub kernel: CoGroupFactory,
    /// The leaves that the closure reads of each side.
    pub reads: [Reads; 2],
}

impl CoGroup {
    fn read_leaves(&self, side: usize) -> LeafSet {
        let mut read_leaves = self.reads[side].of(&self.inputs[side]);
        read_leaves.extend_from(&order::leaves(&self.orders[side]));
        self.keys[side].iter().for_each(|&leaf| read_leaves.insert(leaf));
        read_leaves
    }

    /// For each side: the key, then the order within a group.
    fn whole_orders(&self) -> [Vec<OrderKey>; 2] {
        [0, 1].map(|side| OrderKey::ascending(&self.keys[side]).chain(self.orders[side].iter().copied()).collect())
    }

    /// Sorts both sides, and then calls the closure with the groups of each key.
    fn driver(&self, output: Arc<RowLayout>) -> DriverFactory {
        let kept = [0, 1].map(|side| layout(&self.inputs[side], &self.read_leaves(side)));
        let orders = self.whole_orders();
        let (key_leaves, kernel) = (self.keys[0].len(), self.kernel.clone());
        let create = move |context: &TaskContext| {
            let side = |side: usize| GroupSorter::new(kept[side].clone(), orders[side].clone(), key_leaves, context);
            Ok(CoGroupDriver {
                sides: [side(0)?, side(1)?],
                key_leaves,
                ended_sides: 0,
                next_groups: [0, 0],
                kernel: kernel.open(context)?,
            })
        };
        let factory = DriverFactory::new("external sort of both, co_group", create);
        factory.waiting_for_end().emitting(output).spilling_beyond(2 * SORTED_GROUPS_BYTES)
    }

    /// The rows of each key, of the left and of the right side. Keys and rows are in the order of
    /// the inputs.
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

    /// One side of a group, in its order. The buffer has no order, so it keeps the rows as they are
    /// added, as one group.
    fn buffered(&self, side: usize, mut rows: Vec<&Vec<Datum>>, memory: &Memory) -> Result<SortBuffer> {
        let schema = &self.inputs[side];
        rows.sort_by(|left, right| order::compare(schema, &self.orders[side], left, right));
        let table = Table { types: schema.types(), rows: rows.into_iter().cloned().collect() };
        let mut kept = SortBuffer::new(Arc::new(RowLayout::full(schema.types())), Vec::new(), memory)?;
        table.windows(&self.read_leaves(side), |input| kept.add(input))?;
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
        self.read_leaves(input)
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        // One record for each group of the side that has more groups.
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
            let (left, right) = (self.buffered(0, left, &memory)?, self.buffered(1, right, &memory)?);
            kernel.run([&left, &right], 0, [0, 0], [left.len(), right.len()], &mut writer)?;
            output.take(&mut writer);
        }
        Ok(output)
    }
}

struct CoGroupDriver {
    sides: [GroupSorter; 2],
    /// The number of the key's leaves, which the orders begin with.
    key_leaves: usize,
    /// The number of sides whose rows have all arrived.
    ended_sides: usize,
    /// The positions in both windows of the next groups.
    next_groups: [usize; 2],
    kernel: Box<dyn CoGroupKernel>,
}

impl Driver for CoGroupDriver {
    fn on_batch(&mut self, port: usize, input: &Input<'_>, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        // If memory runs out, the larger side is written to disk, even if it has ended.
        let [this, other] = [port, 1 - port].map(|side| self.sides[side].bytes());
        if other > this && !self.sides[port].has_room_for(input) {
            self.sides[1 - port].revoke();
        }
        ready!(self.sides[1 - port].continue_revoking()?);
        self.sides[port].add(input, cursor)
    }

    /// A side is sorted after its rows have arrived. The closure is called after both sides have
    /// ended. The cursor is 1 after this port's side is sorted, and 2 after the other side is.
    fn on_round_end(&mut self, port: usize, _: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        if *cursor == 0 {
            ready!(self.sides[port].finish()?);
            (self.ended_sides, *cursor) = (self.ended_sides + 1, 1);
        }
        if self.ended_sides < 2 {
            return Ok(Progress::Done);
        }
        if *cursor == 1 {
            // The other side was sorted before, but its rows may have been written to disk since.
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
        if self.ended_sides < 2 {
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
        for (side, next) in self.sides.iter_mut().zip(&mut self.next_groups) {
            if !side.is_ready() || (*next == side.window().len() && !side.is_last()) {
                ready!(side.advance()?);
                *next = 0;
            }
        }
        let until = [0, 1].map(|side| {
            self.sides[side].matchable_rows(&self.sides[1 - side], self.next_groups[side], self.key_leaves)
        });
        let windows = self.sides.each_ref().map(GroupSorter::window);
        if self.next_groups != until {
            self.next_groups = self.kernel.run(windows, self.key_leaves, self.next_groups, until, out.pages())?;
            return Ok(Progress::Yield);
        }
        if self.next_groups == windows.map(SortBuffer::len) {
            self.sides.iter_mut().for_each(GroupSorter::clear);
            return Ok(Progress::Done);
        }
        self.run_large(out)?;
        Ok(Progress::Yield)
    }

    /// Calls the closure with the groups of the next key, of which one is large.
    fn run_large(&mut self, out: &mut Outputs) -> Result<()> {
        let windows = self.sides.each_ref().map(GroupSorter::window);
        let ends = SortBuffer::next_groups(windows, self.next_groups, windows.map(SortBuffer::len), self.key_leaves);
        let mut group = |side: usize| match ends[side] > self.next_groups[side] {
            true if self.sides[side].is_large() => Ok(self.sides[side].take_large()),
            true => self.sides[side].as_large(self.next_groups[side]..ends[side]).map(Some),
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
        self.next_groups = ends;
        Ok(())
    }
}

/// The group of a key on a side without that key.
struct NoRow;

impl NextRow for NoRow {
    fn next(&mut self) -> Option<OneRow<'_>> {
        None
    }

    fn left(&self) -> usize {
        0
    }
}
