//! Some records of each group, whichever come first: a count for each group lets them pass.
//!
//! **Who has let records pass cannot take them back.** `first` of each group counts records as they come, so where its table is full it opens no
//! more groups, and records of other groups go to disk themselves, in parts; no group is counted by two tables.

#[cfg(test)]
mod tests;
mod whole;

use std::sync::Arc;

use whole::GroupFirstDriver;

use crate::error::{Error, Result};
use crate::group::{GroupTable, Groups, UnplacedRows, probe};
use crate::kernel::{Outputs, TaskContext};
use crate::memory::limits;
use crate::page::{Input, Selection};
use crate::plan::{Operator, Table, row_bytes};
use crate::row::{LeafSet, LeafType, RowLayout, Schema};
use crate::strategy::{Cursor, Driver, DriverFactory, Estimate, Planning, Progress, Round, Ship, Strategy, Way};

use super::{HASH_SECONDS, combiner_bytes, grouped, names};

/// Any `count` records of each group.
pub struct GroupFirst {
    /// The records.
    pub schema: Schema,
    /// The key's leaves.
    pub key: Vec<usize>,
    /// How many.
    pub count: usize,
}

impl Operator for GroupFirst {
    fn name(&self) -> &'static str {
        "first"
    }

    fn details(&self) -> String {
        format!("{} of each {}", self.count, names(&self.schema, &self.key))
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reads(&self, _: usize, live: &LeafSet) -> LeafSet {
        let mut reads = live.clone();
        self.key.iter().for_each(|&leaf| reads.insert(leaf));
        reads
    }

    fn lets_filters_pass(&self, _: usize) -> Option<Vec<Option<usize>>> {
        Some(super::of_key(&self.key, &self.schema))
    }

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        let rows = inputs.first().map_or(0.0, |input| input.rows);
        // Groups of ten, as where they are folded.
        let share = (self.count as f64 / 10.0).min(1.0);
        Estimate { rows: rows * share, row_bytes: row_bytes(&self.schema, live) }
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let factory = |combine| -> Arc<dyn DriverFactory> {
            let (key, types) = (self.key.clone(), self.schema.types());
            let layout = super::layout(&self.schema, &self.reads(0, planning.live));
            Arc::new(FirstFactory { key, types, count: self.count as u64, combine, layout })
        };
        let cost = planning.inputs[0].rows * HASH_SECONDS;
        let (way, tasks) = match planning.input_tasks[0] {
            1 => (Way::ship(Ship::Forward), 1),
            _ => (planning.combined(factory(true), Ship::Hash(self.key.clone())), planning.tasks),
        };
        vec![Strategy { ways: vec![way], driver: factory(false), tasks, streamed: 0, cost: cost / tasks as f64 }]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let groups = grouped(&inputs[0], &self.key).into_iter();
        let rows = groups.flat_map(|group| group.into_iter().take(self.count).cloned()).collect();
        Ok(Table { types: inputs[0].types.clone(), rows })
    }
}

struct FirstFactory {
    key: Vec<usize>,
    types: Vec<LeafType>,
    count: u64,
    combine: bool,
    /// The records that pass, as they are kept where they have to wait.
    layout: Arc<RowLayout>,
}

impl DriverFactory for FirstFactory {
    fn name(&self) -> String {
        format!("hash first {}", self.count)
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        (!self.combine).then(|| self.layout.clone())
    }

    fn minimum_bytes(&self) -> Option<usize> {
        Some(if self.combine { limits::COMBINE_BYTES } else { limits::GROUP_BYTES })
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let counts = Counts::new(self, context)?;
        if self.combine {
            let (table, most_bytes) = (counts.table.draining(), combiner_bytes(context));
            return Ok(Box::new(SendingDriver { counts: Counts { table, ..counts }, most_bytes }));
        }
        Ok(Box::new(GroupFirstDriver::new(counts, self.layout.clone(), context)))
    }
}

/// Keys, each with how many of its records have passed.
struct Counts {
    table: GroupTable,
    groups: Groups,
    found: Selection,
    left: UnplacedRows,
    key: Vec<usize>,
    copied: Vec<(usize, usize)>,
    count: u64,
}

impl Counts {
    fn new(factory: &FirstFactory, context: &TaskContext) -> Result<Self> {
        let key_types = factory.key.iter().map(|&leaf| factory.types[leaf]);
        let types: Vec<LeafType> = key_types.chain([LeafType::U64]).collect();
        let layout = GroupTable::layout_of(types.clone(), &LeafSet::all(types.len()));
        let table_key: Vec<usize> = (0..factory.key.len()).collect();
        Ok(Counts {
            copied: table_key.iter().copied().zip(factory.key.iter().copied()).collect(),
            table: GroupTable::new(layout, table_key, &context.memory)?,
            groups: Groups::default(),
            found: Selection::default(),
            left: UnplacedRows::default(),
            key: factory.key.clone(),
            count: factory.count,
        })
    }

    fn spilling(self, aside: usize) -> Self {
        Counts { table: self.table.spilling(aside), ..self }
    }

    fn key(&self) -> &[usize] {
        &self.key
    }

    /// Opens no more groups, where there is one.
    fn freeze(&mut self) {
        if !self.table.is_empty() {
            self.table.freeze();
        }
    }

    fn clear(&mut self) -> Result<()> {
        self.table.drain().map(drop)
    }

    /// Counts records; those that pass, and those whose group found no room. In an empty table one does.
    fn count(&mut self, input: &Input<'_>) -> Result<(Vec<u32>, Vec<u32>)> {
        self.left.clear();
        let by = (&self.key[..], &self.copied[..]);
        let found = probe(&mut self.table, input, by, &mut self.groups, &mut self.found, &mut self.left)?;
        if self.table.is_empty()
            && let Some(row) = self.left.missed.pop()
        {
            let (mut first, mut others) = (Selection::default(), Selection::default());
            first.set([row]);
            others.set(self.left.rows());
            let first = Input::new(input.batch(), &first);
            self.table.set_must_grow(true);
            let opened = self.table.probe(&first, by.0, by.1, &mut self.groups);
            self.table.set_must_grow(false);
            opened?;
            let mut passed = passing(&mut self.table, &self.groups, &first, (self.key.len(), self.count))?;
            // Some of them may be of its group.
            let (more, left) = self.count(&Input::new(input.batch(), &others))?;
            passed.extend(more);
            passed.sort_unstable();
            return Ok((passed, left));
        }
        let passed = passing(&mut self.table, &self.groups, &found, (self.key.len(), self.count))?;
        Ok((passed, self.left.rows().collect()))
    }
}

/// Counts records of groups that a table has, behind so many leaves: which of them are among the first `count` of theirs.
fn passing(
    table: &mut GroupTable,
    groups: &Groups,
    found: &Input<'_>,
    (behind, count): (usize, u64),
) -> Result<Vec<u32>> {
    let asked = found.selection().rows();
    let passed = table.visit(found, groups, |_, mut states, rows| {
        states.skip(behind);
        let passed = states.plain::<u64>()?;
        let counted = asked.iter().zip(rows.iter()).filter(|(_, (_, group))| {
            let before = passed.get(*group);
            passed.set(*group, before.saturating_add(1));
            before < count
        });
        Some(counted.map(|(&row, _)| row).collect::<Vec<u32>>())
    });
    passed.ok_or_else(|| Error::Internal("groups without a count".to_owned()))
}

/// On the sending side, keys beyond `most_bytes`, or beyond what memory there is, are forgotten: more than need be pass then.
struct SendingDriver {
    counts: Counts,
    most_bytes: usize,
}

impl Driver for SendingDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let (mut passed, left) = self.counts.count(input)?;
        if !left.is_empty() || self.counts.table.bytes() > self.most_bytes {
            passed.extend(left);
            passed.sort_unstable();
            self.counts.clear()?;
        }
        let mut rows = Selection::default();
        rows.set(passed);
        out.pass(rows);
        Ok(Progress::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.counts.clear()?;
        Ok(Progress::Done)
    }

    fn revoke(&mut self, _: usize) -> Result<()> {
        self.counts.clear()
    }
}
