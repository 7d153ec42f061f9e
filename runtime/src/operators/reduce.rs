//! Reduce: the user's closure makes one record of two, until each group has one. Without a key the whole flow is one group.
//!
//! A window of rows finds its groups at once; then the kernel goes over the rows, each beside its group's row as it is by then.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::kernel::{Outputs, Reduce, ReduceFactory, TaskContext};
use crate::page::{Combined, GroupTable, Groups, Input, Page, RowWriter};
use crate::plan::{Operator, Table, row_bytes, unbounded_memory};
use crate::row::{LeafSet, RowLayout, Schema};
use crate::strategy::{Answer, Cursor, Driver, DriverFactory, Estimate, Planning, Round, Ship, Strategy, Way};

use super::{HASH_SECONDS, combiner_bytes, grouped, names, windows};

/// Folds each group to one record by an associative closure; the order of application is unspecified.
pub struct Reduced {
    /// The records, in and out.
    pub schema: Schema,
    /// The key's leaves; none where everything is one group.
    pub key: Vec<usize>,
    /// The first leaves, which the closure sees and writes; those behind them are of a computed key, which a group keeps.
    pub leaves: usize,
    /// The closure.
    pub kernel: ReduceFactory,
}

impl Operator for Reduced {
    fn name(&self) -> &'static str {
        "reduce"
    }

    fn details(&self) -> String {
        if self.key.is_empty() { String::new() } else { format!("by {}", names(&self.schema, &self.key)) }
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        LeafSet::all(self.schema.leaves().len())
    }

    fn lets_filters_pass(&self, _: usize) -> Option<Vec<Option<usize>>> {
        Some(super::of_key(&self.key, &self.schema))
    }

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        let rows = inputs.first().map_or(0.0, |input| input.rows);
        let groups = if self.key.is_empty() { 0.0 } else { rows / 10.0 };
        Estimate { rows: groups.max(rows.min(1.0)), row_bytes: row_bytes(&self.schema, live) }
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let cost = planning.inputs[0].rows * HASH_SECONDS * 2.0;
        let combined = |ship| planning.combined(Arc::new(self.factory(true)), ship);
        let (way, tasks) = match planning.input_tasks[0] {
            1 => (Way::ship(Ship::Forward), 1),
            _ if self.key.is_empty() => (combined(Ship::Gather), 1),
            _ => (combined(Ship::Hash(self.key.clone())), planning.tasks),
        };
        vec![Strategy {
            ways: vec![way],
            driver: Arc::new(self.factory(false)),
            tasks,
            streamed: 0,
            cost: cost / tasks as f64,
        }]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let types = self.schema.types();
        let mut output = Table::new(types.clone());
        for group in grouped(&inputs[0], &self.key) {
            let group = Table { types: types.clone(), rows: group.into_iter().cloned().collect() };
            self.reduce(&group)?.iter().for_each(|page| output.extend(&page.batch()));
        }
        Ok(output)
    }
}

impl Reduced {
    fn factory(&self, combine: bool) -> ReduceDriverFactory {
        let types = self.schema.types();
        let layout = GroupTable::layout_of(types.clone(), &LeafSet::all(types.len()));
        let (key, kernel) = (self.key.clone(), self.kernel.clone());
        ReduceDriverFactory { layout, key, written: self.leaves, kernel, combine }
    }

    /// What becomes of one group, in a table that holds nothing else.
    fn reduce(&self, group: &Table) -> Result<Vec<Page>> {
        let mut reducing = self.factory(false).open(&TaskContext::alone(unbounded_memory()))?;
        for page in group.pages(&LeafSet::all(group.types.len()))? {
            windows(&page.batch(), |input| reducing.reduce(input))?;
        }
        reducing.table.drain()
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
    written: usize,
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
        Ok(Box::new(self.open(context)?))
    }
}

impl ReduceDriverFactory {
    fn open(&self, context: &TaskContext) -> Result<ReduceDriver> {
        let leaves = self.layout.types().len();
        Ok(ReduceDriver {
            table: GroupTable::new(self.layout.clone(), self.key.clone(), &context.memory)?.keeping_from(self.written),
            groups: Groups::default(),
            kernel: self.kernel.open(context)?,
            key: self.key.clone(),
            copied: (0..leaves).map(|leaf| (leaf, leaf)).collect(),
            scratch: RowWriter::new(self.layout.clone(), context.memory.clone()),
            most_bytes: self.combine.then(|| combiner_bytes(context)),
        })
    }
}

struct ReduceDriver {
    table: GroupTable,
    groups: Groups,
    kernel: Box<dyn Reduce>,
    key: Vec<usize>,
    copied: Vec<(usize, usize)>,
    /// Where the closure's records are written before they replace their groups': they may borrow from these.
    scratch: RowWriter,
    /// A combiner gives up its groups beyond this.
    most_bytes: Option<usize>,
}

impl ReduceDriver {
    fn reduce(&mut self, input: &Input<'_>) -> Result<()> {
        self.table.probe(input, &self.key, &self.copied, &mut self.groups)?;
        match self.kernel.combine(&mut self.table, input, &self.groups, &mut self.scratch)? {
            Combined::Kept => {}
            Combined::NotOne => return Err(not_one()),
            Combined::KeyChanged => return Err(changed_key()),
        }
        self.scratch.seal();
        let pages: Vec<Page> = self.scratch.take_sealed().collect();
        pages.into_iter().for_each(|page| self.scratch.recycle(page));
        self.table.compact()
    }

    fn flush(&mut self, out: &mut Outputs) -> Result<()> {
        self.table.drain()?.into_iter().for_each(|page| out.pages().push_sealed(page));
        Ok(())
    }
}

impl Driver for ReduceDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        self.reduce(input)?;
        if self.most_bytes.is_some_and(|most| self.table.bytes() > most) {
            self.flush(out)?;
        }
        Ok(Answer::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        self.flush(out)?;
        Ok(Answer::Done)
    }
}
