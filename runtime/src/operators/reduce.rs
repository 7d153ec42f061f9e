//! Reduce: the user's closure makes one record of two, until each group has one. Without a key the whole flow is one group.
//!
//! A window of rows finds its groups at once; then the kernel goes over the rows, each beside its group's row as it is by then.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::group::{
    Combined, Combiner, FinalAggregate, GroupTable, GroupUpdate, Groups, HybridHashAggregation, PreAggregate, Reduce,
    ReduceFactory, Rows, UnplacedRows, probe,
};
use crate::kernel::TaskContext;
use crate::memory::{Memory, limits};
use crate::page::{Input, Page, RowWriter, Selection};
use crate::plan::{Operator, Table, row_bytes, unbounded_memory};
use crate::row::{LeafSet, RowLayout, Schema};
use crate::strategy::{Driver, DriverFactory, Estimate, Planning, Ship, Strategy, Way};

use super::{HASH_SECONDS, combiner_bytes, grouped, names, windows};

/// What the closure's records may take before they become groups' rows, the last of them in a page that is not full.
const SCRATCH_BYTES: usize = 6 * limits::PAGE_BYTES;

/// Folds each group to one record by an associative closure; the order of application is unspecified.
pub struct KeyedReduce {
    /// The records, in and out.
    pub schema: Schema,
    /// The key's leaves; none where everything is one group.
    pub key: Vec<usize>,
    /// The first leaves, which the closure sees and writes; those behind them are of a computed key, which a group keeps.
    pub leaves: usize,
    /// The closure.
    pub kernel: ReduceFactory,
}

impl Operator for KeyedReduce {
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

impl KeyedReduce {
    fn factory(&self, combine: bool) -> ReduceDriverFactory {
        let types = self.schema.types();
        let layout = GroupTable::layout_of(types.clone(), &LeafSet::all(types.len()));
        let (key, kernel) = (self.key.clone(), self.kernel.clone());
        ReduceDriverFactory { layout, key, written: self.leaves, kernel, combine }
    }

    /// What becomes of one group, in a table that holds nothing else.
    fn reduce(&self, group: &Table) -> Result<Vec<Page>> {
        let (factory, memory) = (self.factory(false), unbounded_memory());
        let (mut update, mut left) = (factory.open(&TaskContext::alone(memory.clone()))?, UnplacedRows::default());
        let mut table = factory.table(&memory)?;
        for page in group.pages(&LeafSet::all(group.types.len()))? {
            windows(&page.batch(), |input| update.add(&mut table, input, Rows::New, &mut left))?;
        }
        table.drain()
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

    fn minimum_bytes(&self) -> Option<usize> {
        Some(if self.combine { limits::COMBINE_BYTES } else { limits::GROUP_BYTES })
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let (update, table) = (self.open(context)?, self.table(&context.memory)?);
        Ok(if self.combine {
            Box::new(PreAggregate { update, combiner: Combiner::new(table, combiner_bytes(context)) })
        } else {
            Box::new(FinalAggregate { update, grouping: HybridHashAggregation::new(table, SCRATCH_BYTES, context) })
        })
    }
}

impl ReduceDriverFactory {
    fn table(&self, memory: &Memory) -> Result<GroupTable> {
        Ok(GroupTable::new(self.layout.clone(), self.key.clone(), memory)?.keeping_from(self.written))
    }

    fn open(&self, context: &TaskContext) -> Result<ReduceUpdate> {
        Ok(ReduceUpdate {
            groups: Groups::default(),
            found: Selection::default(),
            kernel: self.kernel.open(context)?,
            key: self.key.clone(),
            copied: (0..self.layout.types().len()).map(|leaf| (leaf, leaf)).collect(),
            scratch: RowWriter::new(self.layout.clone(), context.memory.clone()),
        })
    }
}

/// States are records: both are combined by the closure.
struct ReduceUpdate {
    groups: Groups,
    found: Selection,
    kernel: Box<dyn Reduce>,
    key: Vec<usize>,
    copied: Vec<(usize, usize)>,
    /// Where the closure's records are written before they replace their groups': they may borrow from these.
    scratch: RowWriter,
}

impl GroupUpdate for ReduceUpdate {
    fn key(&self, _: Rows) -> &[usize] {
        &self.key
    }

    fn add(&mut self, table: &mut GroupTable, input: &Input<'_>, _: Rows, left: &mut UnplacedRows) -> Result<()> {
        let by = (&self.key[..], &self.copied[..]);
        let found = probe(table, input, by, &mut self.groups, &mut self.found, left)?;
        match self.kernel.combine(table, &found, &self.groups, &mut self.scratch) {
            Ok(Combined::Kept) => {}
            Ok(Combined::NotOne) => return Err(not_one()),
            Ok(Combined::KeyChanged) => return Err(changed_key()),
            // A record of the closure's found no room: its pair is left.
            Err(Error::OutOfMemory { .. }) if !table.must_grow() => {}
            Err(error) => return Err(error),
        }
        left.uncombined(table, &found, &self.groups);
        self.scratch.seal();
        let pages: Vec<Page> = self.scratch.take_sealed().collect();
        // What a large record took is not kept for small ones.
        let usual = pages.into_iter().filter(|page| page.bytes() == limits::PAGE_BYTES);
        usual.for_each(|page| self.scratch.recycle(page));
        table.compact(false)?;
        Ok(())
    }
}
