//! Some records of each group, whichever come first: a count for each group lets them pass.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::kernel::{Outputs, TaskContext};
use crate::page::{GroupTable, Groups, Input, Selection};
use crate::plan::{Operator, Table, row_bytes};
use crate::row::{LeafSet, LeafType, RowLayout, Schema};
use crate::strategy::{Answer, Cursor, Driver, DriverFactory, Estimate, Planning, Round, Ship, Strategy, Way};

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
            Arc::new(FirstFactory { key, types, count: self.count as u64, combine })
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
}

impl DriverFactory for FirstFactory {
    fn name(&self) -> String {
        format!("hash first {}", self.count)
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        None
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let key_types = self.key.iter().map(|&leaf| self.types[leaf]);
        let types: Vec<LeafType> = key_types.chain([LeafType::U64]).collect();
        let layout = GroupTable::layout_of(types.clone(), &LeafSet::all(types.len()));
        let table_key: Vec<usize> = (0..self.key.len()).collect();
        Ok(Box::new(FirstDriver {
            copied: table_key.iter().copied().zip(self.key.iter().copied()).collect(),
            table: GroupTable::new(layout, table_key, &context.memory)?,
            groups: Groups::default(),
            key: self.key.clone(),
            count: self.count,
            most_bytes: self.combine.then(|| combiner_bytes(context)),
        }))
    }
}

struct FirstDriver {
    /// Keys, each with how many of its records have passed.
    table: GroupTable,
    groups: Groups,
    key: Vec<usize>,
    copied: Vec<(usize, usize)>,
    count: u64,
    /// On the sending side, keys beyond this are forgotten: more than need be pass then.
    most_bytes: Option<usize>,
}

impl Driver for FirstDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        self.table.probe(input, &self.key, &self.copied, &mut self.groups)?;
        let (behind, count, asked) = (self.key.len(), self.count, input.selection().rows());
        let passed = self.table.visit(input, &self.groups, |_, mut states, rows| {
            states.skip(behind);
            let passed = states.plain::<u64>()?;
            let counted = asked.iter().zip(rows.iter()).filter(|(_, (_, group))| {
                let before = passed.get(*group);
                passed.set(*group, before.saturating_add(1));
                before < count
            });
            Some(counted.map(|(&row, _)| row).collect::<Vec<u32>>())
        });
        let mut rows = Selection::default();
        rows.set(passed.ok_or_else(|| Error::Internal("groups without a count".to_owned()))?);
        out.pass(rows);
        if self.most_bytes.is_some_and(|most| self.table.bytes() > most) {
            drop(self.table.drain()?);
        }
        Ok(Answer::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, _: &mut Outputs) -> Result<Answer> {
        drop(self.table.drain()?);
        Ok(Answer::Done)
    }
}
