//! Reduce: the user's closure makes one record of two, until each group has one. Without a key the whole flow is one group.
//!
//! A window of rows finds its groups at once; then the kernel goes over the rows, each beside its group's row as it is by then.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::group::{Combined, GroupTable, GroupUpdate, Groups, Reduce, ReduceFactory, Rows, UnplacedRows, probe};
use crate::kernel::TaskContext;
use crate::memory::limits;
use crate::page::{Input, Page, RowWriter, Selection};
use crate::plan::{Operator, Table, unbounded_memory};
use crate::row::{LeafSet, RowLayout, Schema};
use crate::statistics::Relation;
use crate::strategy::{Grouping, Planning, Strategy, Work};

use super::common::{by_key, defined, final_aggregate, group_bytes, grouped, of_key, pre_aggregate};
use super::updates::{States, UpdatesByKey};

/// What the closure's records may take before they become groups' rows, the last of them in a page that is not full.
/// What a row does: it is looked up, and its group's row is written anew.
const OF_ROW: Work = Work::lookups(2.0);

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
    /// The source texts of a computed key, and of the closure.
    pub closures: Vec<&'static str>,
}

impl Operator for KeyedReduce {
    fn name(&self) -> &'static str {
        "reduce"
    }

    fn details(&self) -> String {
        by_key(&self.schema, &self.key)
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        LeafSet::all(self.schema.leaves().len())
    }

    fn lets_filters_pass(&self, _: usize) -> Option<Vec<Option<usize>>> {
        Some(of_key(&self.key, &self.schema))
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        inputs[0].grouped(&self.key, &of_key(&self.key, &self.schema))
    }

    fn has_choice(&self) -> bool {
        !self.key.is_empty()
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let spec = self.spec();
        let combiner = || {
            let combine = spec.clone();
            pre_aggregate("combine reduce", spec.layout.clone(), move |context| combine.open(context))
        };
        let driver = |_: bool| {
            let reduce = spec.clone();
            let open = move |context: &TaskContext| reduce.open(context);
            final_aggregate("hash reduce", spec.layout.clone(), SCRATCH_BYTES, open)
        };
        let grouping = Grouping {
            driver: &driver,
            combiner: Some(&combiner),
            key_of_combined: &self.key,
            of_row: OF_ROW,
            counts: 0,
            sorts_by: &[],
            kept_bytes: group_bytes(planning),
        };
        planning.by_key(&self.key, &grouping)
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

impl UpdatesByKey for KeyedReduce {
    fn definition(&self) -> String {
        format!("reduce {}", defined(&by_key(&self.schema, &self.key), &self.closures))
    }

    fn updating(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let (spec, states) = (self.spec(), States::of_records(&self.schema, &self.key));
        let states = States {
            spec: states.spec.writing(self.leaves).defined_as(self.definition()),
            aside: SCRATCH_BYTES,
            ..states
        };
        let driver = states.driver("reduce", planning, move |context| spec.update(context));
        let work = (OF_ROW * planning.inputs[0].rows).in_tables(group_bytes(planning), planning.tasks);
        vec![planning.by_key_group(&self.key, driver, work)]
    }
}

impl KeyedReduce {
    fn spec(&self) -> Spec {
        let types = self.schema.types();
        let layout = GroupTable::layout_of(types.clone(), &LeafSet::all(types.len()));
        Spec { layout, key: self.key.clone(), written: self.leaves, kernel: self.kernel.clone() }
    }

    /// What becomes of one group, in a table that holds nothing else.
    fn reduce(&self, group: &Table) -> Result<Vec<Page>> {
        let (mut update, mut table) = self.spec().open(&TaskContext::alone(unbounded_memory()))?;
        let mut left = UnplacedRows::default();
        group.windows(&LeafSet::all(group.types.len()), |input| update.add(&mut table, input, Rows::New, &mut left))?;
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

/// What a task needs to know, with and without a combiner.
#[derive(Clone)]
struct Spec {
    layout: Arc<RowLayout>,
    key: Vec<usize>,
    written: usize,
    kernel: ReduceFactory,
}

impl Spec {
    fn open(&self, context: &TaskContext) -> Result<(ReduceUpdate, GroupTable)> {
        let table = GroupTable::new(self.layout.clone(), self.key.clone(), &context.memory)?;
        Ok((self.update(context)?, table.keeping_from(self.written)))
    }

    fn update(&self, context: &TaskContext) -> Result<ReduceUpdate> {
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
