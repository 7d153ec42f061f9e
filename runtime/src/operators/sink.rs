//! Results that stay in the program: collected or counted records.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::page::{Input, Page, RowWriter};
use crate::plan::{Operator, Table};
use crate::row::{LeafSet, Schema, SchemaBuilder, Shape};
use crate::strategy::{Cursor, Driver, DriverFactory, Planning, Progress, Role, Round, Strategy, Work};

use super::common::layout;

/// The records that a sink emits: none.
pub(crate) fn nothing() -> Schema {
    SchemaBuilder::build(|_| Shape::Record { name: "", fields: Vec::new() })
}

/// The records that a job has collected for the program.
#[derive(Default)]
pub struct Collector {
    pages: Mutex<Vec<(usize, Vec<Page>)>>,
    rows: AtomicU64,
}

impl Collector {
    /// Number of records that have arrived.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// The pages, in the order of the tasks that collected them.
    #[must_use]
    pub fn take(&self) -> Vec<Page> {
        let mut pages = std::mem::take(&mut *self.pages.lock().unwrap_or_else(PoisonError::into_inner));
        pages.sort_by_key(|(subtask, _)| *subtask);
        pages.into_iter().flat_map(|(_, pages)| pages).collect()
    }

    fn put(&self, subtask: usize, pages: Vec<Page>) {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).push((subtask, pages));
    }
}

/// Keeps all records, or only counts them.
pub struct Collect {
    /// The records.
    pub input: Schema,
    /// The records that it emits: none.
    pub output: Schema,
    /// The destination of the records.
    pub collector: Arc<Collector>,
    /// Whether records are only counted.
    pub count_only: bool,
}

impl Collect {
    /// A sink that keeps all records, or counts them if `count_only`.
    #[must_use]
    pub fn new(input: Schema, count_only: bool) -> Self {
        Collect { input, output: nothing(), collector: Arc::default(), count_only }
    }
}

impl Operator for Collect {
    fn name(&self) -> &'static str {
        if self.count_only { "count" } else { "collect" }
    }

    fn schema(&self) -> &Schema {
        &self.output
    }

    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        if self.count_only { LeafSet::none() } else { LeafSet::all(self.input.leaves().len()) }
    }

    fn role(&self) -> Role {
        Role::Sink
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let layout = layout(&self.input, &self.reads(0, &LeafSet::none()));
        let (collector, count_only) = (self.collector.clone(), self.count_only);
        let create = move |context: &TaskContext| {
            let kept = RowWriter::new(layout.clone(), context.memory.clone());
            let (collector, subtask) = (collector.clone(), context.subtask);
            Ok(CollectDriver { kept, pages: Vec::new(), collector, subtask, count_only })
        };
        vec![planning.forwarded(DriverFactory::new(self.name(), create), Work::default())]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        self.collector.rows.fetch_add(inputs[0].rows.len() as u64, Ordering::Relaxed);
        if !self.count_only {
            self.collector.put(0, inputs[0].pages(&self.reads(0, &LeafSet::none()))?);
        }
        Ok(Table::default())
    }
}

struct CollectDriver {
    kept: RowWriter,
    pages: Vec<Page>,
    collector: Arc<Collector>,
    subtask: usize,
    count_only: bool,
}

impl Driver for CollectDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.collector.rows.fetch_add(input.len() as u64, Ordering::Relaxed);
        if !self.count_only {
            self.kept.append(input, None)?;
            self.pages.extend(self.kept.take_sealed());
        }
        Ok(Progress::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.kept.seal();
        self.pages.extend(self.kept.take_sealed());
        self.collector.put(self.subtask, std::mem::take(&mut self.pages));
        Ok(Progress::Done)
    }
}
