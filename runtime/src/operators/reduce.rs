//! Grouped reduce: the user's closure makes one record of two, until each group has one.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::kernel::{Outputs, Reduce, ReduceFactory, TaskContext};
use crate::page::{Batch, GroupTable, Groups, Input, RowWriter, Selection};
use crate::plan::{Operator, Table, row_bytes, unbounded_memory};
use crate::row::{Datum, LeafSet, RowLayout, Schema};
use crate::strategy::{Answer, Cursor, Driver, DriverFactory, Estimate, Planning, Round, Ship, Strategy, Way};

use super::{HASH_SECONDS, finished, names};

/// Folds each group to one record by an associative closure; the order of application is unspecified.
pub struct Reduced {
    /// The records, in and out.
    pub schema: Schema,
    /// The key's leaves.
    pub key: Vec<usize>,
    /// The closure.
    pub kernel: ReduceFactory,
}

impl Operator for Reduced {
    fn name(&self) -> &'static str {
        "reduce"
    }

    fn details(&self) -> String {
        format!("by {}", names(&self.schema, &self.key))
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        LeafSet::all(self.schema.leaves().len())
    }

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        let rows = inputs.first().map_or(0.0, |input| input.rows);
        Estimate { rows: (rows / 10.0).max(rows.min(1.0)), row_bytes: row_bytes(&self.schema, live) }
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let types = self.schema.types();
        let layout = GroupTable::layout_of(types.clone(), &LeafSet::all(types.len()));
        let factory = |combine| -> Arc<dyn DriverFactory> {
            let (key, kernel) = (self.key.clone(), self.kernel.clone());
            Arc::new(ReduceDriverFactory { layout: layout.clone(), key, kernel, combine })
        };
        let cost = planning.inputs[0].rows * HASH_SECONDS * 2.0;
        let (way, tasks) = match planning.input_tasks[0] {
            1 => (Way::ship(Ship::Forward), 1),
            _ => (Way { before: Some(factory(true)), ship: Ship::Hash(self.key.clone()) }, planning.tasks),
        };
        vec![Strategy { ways: vec![way], driver: factory(false), tasks, streamed: 0, cost: cost / tasks as f64 }]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let context = TaskContext::alone(unbounded_memory());
        let mut kernel = self.kernel.open(&context)?;
        let mut groups: Vec<Vec<Datum>> = Vec::new();
        let key = |row: &Vec<Datum>| self.key.iter().map(|&leaf| row[leaf].clone()).collect::<Vec<_>>();
        for row in &inputs[0].rows {
            match groups.iter_mut().find(|group| key(group) == key(row)) {
                Some(group) => {
                    let combined = self.combined(&mut *kernel, group, row)?;
                    if key(&combined) != key(row) {
                        return Err(changed_key());
                    }
                    *group = combined;
                }
                None => groups.push(row.clone()),
            }
        }
        Ok(Table { types: inputs[0].types.clone(), rows: groups })
    }
}

impl Reduced {
    fn combined(&self, kernel: &mut dyn Reduce, left: &[Datum], right: &[Datum]) -> Result<Vec<Datum>> {
        let one = |row: &[Datum]| Table { types: self.schema.types(), rows: vec![row.to_vec()] };
        let all = LeafSet::all(self.schema.leaves().len());
        let (left, right) = (one(left).pages(&all)?, one(right).pages(&all)?);
        let mut row = Selection::default();
        row.set([0]);
        let mut writer = one(&[]).writer();
        kernel.combine(&Input::new(&left[0].batch(), &row), &Input::new(&right[0].batch(), &row), &mut writer)?;
        let mut result = Table::new(self.schema.types());
        finished(writer).iter().for_each(|page| result.extend(&page.batch()));
        match result.rows.pop() {
            Some(row) if result.rows.is_empty() => Ok(row),
            _ => Err(not_one()),
        }
    }
}

fn changed_key() -> Error {
    Error::Plan(
        "a `reduce` closure must keep the key of its records: change key fields in a `map` before or after".to_owned(),
    )
}

fn not_one() -> Error {
    Error::Plan("a `reduce` closure must emit exactly one record".to_owned())
}

struct ReduceDriverFactory {
    layout: Arc<RowLayout>,
    key: Vec<usize>,
    kernel: ReduceFactory,
    combine: bool,
}

impl DriverFactory for ReduceDriverFactory {
    fn name(&self) -> String {
        if self.combine { "combine reduce" } else { "hash reduce" }.to_owned()
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        Some(self.layout.clone())
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let leaves = self.layout.types().len();
        Ok(Box::new(ReduceDriver {
            table: GroupTable::new(self.layout.clone(), self.key.clone(), &context.memory)?,
            groups: Groups::default(),
            kernel: self.kernel.open(context)?,
            key: self.key.clone(),
            copied: (0..leaves).map(|leaf| (leaf, leaf)).collect(),
            scratch: RowWriter::new(self.layout.clone(), context.memory.clone()),
        }))
    }
}

struct ReduceDriver {
    table: GroupTable,
    groups: Groups,
    kernel: Box<dyn Reduce>,
    key: Vec<usize>,
    copied: Vec<(usize, usize)>,
    /// Where the closure's record is written before it replaces the group's: it may borrow from that.
    scratch: RowWriter,
}

impl ReduceDriver {
    fn combine(&mut self, batch: &Batch<'_>, row: u32, position: usize) -> Result<()> {
        let (mut first, mut this) = (Selection::default(), Selection::default());
        first.set([0]);
        this.set([row]);
        let state = self.table.state_of(&self.groups, position);
        self.kernel.combine(&Input::new(&state, &first), &Input::new(batch, &this), &mut self.scratch)?;
        self.scratch.seal();
        let pages: Vec<_> = self.scratch.take_sealed().collect();
        let [page] = pages.as_slice() else { return Err(not_one()) };
        if page.rows() != 1 {
            return Err(not_one());
        }
        let (result, state) = (page.batch(), self.table.state_of(&self.groups, position));
        let kept = |&leaf: &usize| {
            result.leaf_bits(leaf, 0) == state.leaf_bits(leaf, 0)
                && result.leaf_bytes(leaf, 0) == state.leaf_bytes(leaf, 0)
        };
        if !self.key.iter().all(kept) {
            return Err(changed_key());
        }
        self.table.replace(&mut self.groups, position, &result)?;
        pages.into_iter().for_each(|page| self.scratch.recycle(page));
        Ok(())
    }
}

impl Driver for ReduceDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Answer> {
        self.table.probe(input, &self.key, &self.copied, &mut self.groups)?;
        let mut fresh = self.groups.fresh().to_vec().into_iter().peekable();
        for (position, &row) in input.selection().rows().iter().enumerate() {
            if fresh.next_if_eq(&(position as u32)).is_none() {
                self.combine(input.batch(), row, position)?;
            }
        }
        self.table.compact()?;
        Ok(Answer::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        self.table.drain()?.into_iter().for_each(|page| out.pages().push_sealed(page));
        Ok(Answer::Done)
    }
}
