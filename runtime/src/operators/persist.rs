//! Records that are made once and kept: for several readers of a run, and for the runs after it.
//!
//! The first run lets rows pass and keeps copies. Once every task has seen its last row the copies are all there; a later run then begins at
//! them: each task gives the pages that the task of its number kept, so order and partitioning are as they were.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::Memory;
use crate::page::{Input, Page, RowWriter};
use crate::plan::{Operator, Table, row_bytes};
use crate::row::{LeafSet, RowLayout, Schema};
use crate::source::{Scan, Source, Split, SplitReader, Statistics};
use crate::strategy::{Answer, Cursor, Driver, DriverFactory, Estimate, Planning, Round, Ship, Strategy, Way};

use super::scan::Pages;
use super::{ROW_SECONDS, Scanned, layout};

/// Keeps what it is given.
pub struct Persist {
    /// The records.
    pub schema: Schema,
    /// The pages of each task, once all are there.
    pub kept: Arc<OnceLock<Vec<Vec<Page>>>>,
}

impl Persist {
    fn all(&self) -> LeafSet {
        LeafSet::all(self.schema.leaves().len())
    }
}

impl Operator for Persist {
    fn name(&self) -> &'static str {
        "persist"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Who reads it in a later run is not known.
    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        self.all()
    }

    fn estimate(&self, inputs: &[Estimate], live: &LeafSet) -> Estimate {
        let kept = self.kept.get().map(|tasks| tasks.iter().flatten().map(Page::rows).sum::<usize>() as f64);
        let rows = kept.unwrap_or_else(|| inputs.first().map_or(0.0, |input| input.rows));
        Estimate { rows, row_bytes: row_bytes(&self.schema, live) }
    }

    fn begins_here(&self) -> Option<Arc<dyn Operator>> {
        self.kept.get()?;
        Some(Arc::new(Scanned(Arc::new(Nothing(Pages::new(self.schema.clone(), Vec::new()))))))
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let before = planning.input_tasks[0];
        let tasks = self.kept.get().map_or(before, Vec::len);
        let ship = match tasks {
            same if same == before => Ship::Forward,
            1 => Ship::Gather,
            _ => Ship::Rebalance,
        };
        let driver = PersistFactory {
            kept: self.kept.clone(),
            layout: layout(&self.schema, &self.all()),
            parts: Arc::new(Mutex::new(vec![None; tasks])),
            gives: self.kept.get().is_some(),
        };
        let cost = planning.inputs[0].rows * ROW_SECONDS;
        vec![Strategy { ways: vec![Way::ship(ship)], driver: Arc::new(driver), tasks, streamed: 0, cost }]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let Some(kept) = self.kept.get() else {
            // Whoever was faster kept the same.
            let _ = self.kept.set(vec![inputs[0].pages(&self.all())?]);
            return Ok(inputs[0].clone());
        };
        let mut table = Table::new(self.schema.types());
        kept.iter().flatten().for_each(|page| table.extend(&page.batch()));
        Ok(table)
    }
}

/// The source in the place of what needs not run again.
struct Nothing(Pages);

impl Source for Nothing {
    fn describe(&self) -> String {
        "nothing".to_owned()
    }

    fn schema(&self) -> &Schema {
        self.0.schema()
    }

    fn statistics(&self, _: &Scan) -> Statistics {
        Statistics { rows: Some(0.0), bytes: 0 }
    }

    fn splits(&self, _: &Scan) -> Result<Vec<Split>> {
        Ok(Vec::new())
    }

    fn reader(&self, scan: &Scan, memory: &Memory) -> Result<Box<dyn SplitReader>> {
        self.0.reader(scan, memory)
    }
}

struct PersistFactory {
    kept: Arc<OnceLock<Vec<Vec<Page>>>>,
    layout: Arc<RowLayout>,
    /// What the tasks of this run have kept, each when it has seen its last row.
    parts: Arc<Mutex<Vec<Option<Vec<Page>>>>>,
    /// Whether the records are there from a run before.
    gives: bool,
}

impl DriverFactory for PersistFactory {
    fn name(&self) -> String {
        if self.gives { "give what is kept" } else { "pass, and keep" }.to_owned()
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        self.gives.then(|| self.layout.clone())
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let subtask = context.subtask;
        if let (true, Some(kept)) = (self.gives, self.kept.get()) {
            return Ok(Box::new(Give { pages: kept.get(subtask).cloned().unwrap_or_default() }));
        }
        Ok(Box::new(Keep {
            rows: RowWriter::new(self.layout.clone(), context.memory.clone()),
            pages: Vec::new(),
            subtask,
            parts: self.parts.clone(),
            kept: self.kept.clone(),
        }))
    }
}

/// Lets rows pass, and keeps copies.
struct Keep {
    rows: RowWriter,
    pages: Vec<Page>,
    subtask: usize,
    parts: Arc<Mutex<Vec<Option<Vec<Page>>>>>,
    kept: Arc<OnceLock<Vec<Vec<Page>>>>,
}

impl Driver for Keep {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        self.rows.append(input, None)?;
        self.pages.extend(self.rows.take_sealed());
        out.pass(input.selection().clone());
        Ok(Answer::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, _: &mut Outputs) -> Result<Answer> {
        self.rows.seal();
        self.pages.extend(self.rows.take_sealed());
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(part) = parts.get_mut(self.subtask) {
            *part = Some(std::mem::take(&mut self.pages));
        }
        if parts.iter().all(Option::is_some) {
            // A run beside this one may have been faster, and kept the same.
            let _ = self.kept.set(parts.drain(..).flatten().collect());
        }
        Ok(Answer::Done)
    }
}

/// Gives what is kept, page by page.
struct Give {
    pages: Vec<Page>,
}

impl Driver for Give {
    /// What comes nevertheless is kept already.
    fn on_batch(&mut self, _: usize, _: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Answer> {
        Ok(Answer::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, cursor: &mut Cursor, out: &mut Outputs) -> Result<Answer> {
        if let Some(page) = self.pages.get(*cursor) {
            out.pages().push_sealed(page.clone());
            *cursor += 1;
        }
        Ok(if *cursor < self.pages.len() { Answer::Resume } else { Answer::Done })
    }
}
