//! Reduces each group to one record: by a closure (`reduce`), or to the first record in an order
//! (`min_by`, `max_by`). Without a key, all records are one group.
//!
//! The groups of a window's rows are looked up. Then the kernel combines each row with its group's
//! row. A combiner does the same on the sending side.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::group::{Combined, GroupTable, GroupUpdate, Groups, Reduce, ReduceFactory, Rows, UnplacedRows, probe};
use crate::kernel::TaskContext;
use crate::memory::limits;
use crate::page::{Input, Page, RowWriter, Selection};
use crate::plan::{Operator, Table, unbounded_memory};
use crate::row::{Datum, LeafSet, RowLayout, Schema};
use crate::sort::OrderKey;
use crate::statistics::Relation;
use crate::strategy::{Grouping, Planning, Strategy, Work};

use super::common::{by_key, defined, filters_on_key, final_aggregate, group_bytes, grouped, of_each, pre_aggregate};
use super::min_max_by::{keep_best, whole_order};
use super::order;
use super::updates::{States, UpdatesByKey};

/// Most bytes of a closure's records before they replace rows of groups. The last page is not full.
const SCRATCH_BYTES: usize = 6 * limits::PAGE_BYTES;

/// Reduces each group to one record.
pub struct KeyedReduce {
    /// For EXPLAIN: `reduce`, `min_by`.
    pub word: &'static str,
    /// The records, in and out.
    pub schema: Schema,
    /// The key's leaves. Empty: all records are one group.
    pub key: Vec<usize>,
    /// How two records are combined.
    pub reduction: Reduction,
    /// The source texts of a computed key, and of the closure or a computed order.
    pub closures: Vec<&'static str>,
}

/// How two records of a group are combined.
pub enum Reduction {
    /// By an associative closure. The order of application is unspecified.
    Closure {
        /// The closure.
        kernel: ReduceFactory,
        /// The closure reads and writes the first `leaves` leaves. The others are a computed key,
        /// which the group keeps.
        leaves: usize,
    },
    /// The first record in an order stays. Records that are equal in it are ordered by all other
    /// leaves, ascending, with nulls last. So the result does not depend on the number of tasks.
    First(Vec<OrderKey>),
}

impl Operator for KeyedReduce {
    fn name(&self) -> &'static str {
        self.word
    }

    fn details(&self) -> String {
        match &self.reduction {
            Reduction::Closure { .. } => by_key(&self.schema, &self.key),
            Reduction::First(order) => order::describe(&self.schema, order) + &of_each(&self.schema, &self.key),
        }
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        LeafSet::all(self.schema.leaves().len())
    }

    fn lets_filters_pass(&self, _: usize) -> Option<Vec<Option<usize>>> {
        Some(filters_on_key(&self.key, &self.schema))
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        inputs[0].grouped(&self.key, &filters_on_key(&self.key, &self.schema))
    }

    fn has_choice(&self) -> bool {
        !self.key.is_empty()
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let spec = self.spec();
        let layout = &spec.layout;
        let open = || {
            let spec = spec.clone();
            move |context: &TaskContext| spec.open(context)
        };
        let grouping = Grouping {
            driver: &|_| final_aggregate(format!("hash {}", self.word), layout.clone(), self.scratch_bytes(), open()),
            combiner: Some(&|| pre_aggregate(format!("combine {}", self.word), layout.clone(), open())),
            key_of_combined: &self.key,
            of_row: self.work_of_row(),
            counts: 0,
            sorts_by: &[],
            kept_bytes: group_bytes(planning),
        };
        planning.by_key(&self.key, &grouping)
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let types = self.schema.types();
        let groups = grouped(&inputs[0], &self.key);
        if let Reduction::First(order) = &self.reduction {
            let order = whole_order(&self.schema, &self.key, order);
            let compare = |left: &&Vec<Datum>, right: &&Vec<Datum>| order::compare(&self.schema, &order, left, right);
            let rows = groups.into_iter().filter_map(|group| group.into_iter().min_by(compare).cloned()).collect();
            return Ok(Table { types, rows });
        }
        let mut output = Table::new(types.clone());
        for group in groups {
            let group = Table { types: types.clone(), rows: group.into_iter().cloned().collect() };
            self.reduce(&group)?.iter().for_each(|page| output.extend(&page.batch()));
        }
        Ok(output)
    }
}

impl UpdatesByKey for KeyedReduce {
    fn definition(&self) -> String {
        format!("{} {}", self.word, defined(&self.details(), &self.closures))
    }

    fn updating(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let (spec, states) = (self.spec(), States::of_records(&self.schema, &self.key));
        let states = States {
            spec: states.spec.writing(spec.written).defined_as(self.definition()),
            update_bytes: self.scratch_bytes(),
            ..states
        };
        let driver = states.driver(self.word, planning, move |context| spec.update(context));
        let work = (self.work_of_row() * planning.inputs[0].rows).in_tables(group_bytes(planning), planning.tasks);
        vec![planning.by_key_group(&self.key, driver, work)]
    }
}

impl KeyedReduce {
    fn spec(&self) -> Spec {
        let types = self.schema.types();
        let layout = GroupTable::layout_of(types.clone(), &LeafSet::all(types.len()));
        let (kernel, written) = match &self.reduction {
            Reduction::Closure { kernel, leaves } => (kernel.clone(), *leaves),
            Reduction::First(order) => (keep_best(whole_order(&self.schema, &self.key, order)), types.len()),
        };
        Spec { layout, key: self.key.clone(), written, kernel }
    }

    /// Bytes for the closure's records.
    fn scratch_bytes(&self) -> usize {
        if matches!(self.reduction, Reduction::Closure { .. }) { SCRATCH_BYTES } else { 0 }
    }

    /// Looks up a row. A closure also rewrites its group's row.
    fn work_of_row(&self) -> Work {
        Work::lookups(if matches!(self.reduction, Reduction::Closure { .. }) { 2.0 } else { 1.0 })
    }

    /// Reduces one group, in a table of its own.
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

/// Creates the update and the table of a task, with and without a combiner.
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

/// Adds rows to groups. States are records, so the kernel combines both.
struct ReduceUpdate {
    groups: Groups,
    found: Selection,
    kernel: Box<dyn Reduce>,
    key: Vec<usize>,
    copied: Vec<(usize, usize)>,
    /// Holds the closure's records until they replace rows of groups, from which they may borrow.
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
            // A record of the closure found no room. Its pair is left for later.
            Err(Error::OutOfMemory { .. }) if !table.must_grow() => {}
            Err(error) => return Err(error),
        }
        left.uncombined(table, &found, &self.groups);
        self.scratch.seal();
        let pages: Vec<Page> = self.scratch.take_sealed().collect();
        // Pages of large records are not kept for small ones.
        let usual = pages.into_iter().filter(|page| page.bytes() == limits::PAGE_BYTES);
        usual.for_each(|page| self.scratch.recycle(page));
        table.compact(false)?;
        Ok(())
    }
}
