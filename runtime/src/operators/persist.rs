//! `persist`: keeps the records of a flow for several readers of a run, and for later runs.
//!
//! In the first run, each task lets its rows pass and keeps copies. The copies are available after
//! the last row of all tasks. In a later run the flow begins at the copies. Its input is cut off
//! before any rule reads the plan (`Operator::kept_source`). Each task emits the pages that the
//! task of its number kept. So orders and partitionings hold, and the executor has no case for it.
//!
//! Pages lie in a [`Store`], which outlives its task. A store releases memory to other operators,
//! also between runs, on a thread that may block. A page can be read from memory until it is on
//! disk, so no reader waits for a write.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Poll;

use crate::error::Result;
use crate::kernel::{Outputs, TaskContext};
use crate::memory::Memory;
use crate::memory::limits::SPOOL_BYTES;
use crate::page::Input;
use crate::plan::{Operator, Table, unbounded_memory};
use crate::row::{LeafSet, Schema};
use crate::spill::{Store, StoreReader};
use crate::statistics::Relation;
use crate::strategy::{
    Cursor, Driver, DriverFactory, InputEdge, Planning, Progress, Revocable, Round, Ship, Strategy, Work,
};

use super::ScanSource;
use super::common::layout;
use super::queued_rows::QueuedRows;
use super::scan::Pages;

/// Keeps its records.
pub struct Persist {
    /// The records.
    pub schema: Schema,
    /// The records that each task kept. Set after all tasks have ended.
    pub kept: Arc<OnceLock<Vec<Arc<Store>>>>,
}

impl Persist {
    fn all(&self) -> LeafSet {
        LeafSet::all(self.schema.leaves().len())
    }

    /// The driver of a later run: emits the kept records.
    fn reading_driver(&self) -> DriverFactory {
        let kept = self.kept.clone();
        let create = move |context: &TaskContext| {
            let store = kept.get().and_then(|tasks| tasks.get(context.subtask));
            let reader =
                |store: &Arc<Store>| StoreReader::new(store.clone(), context.blocking.clone(), &context.memory);
            Ok(PersistReader { kept: store.map(reader), memory: context.memory.clone() })
        };
        DriverFactory::new("give what is kept", create).emitting(layout(&self.schema, &self.all()))
    }

    /// The driver of the first run: passes records, and keeps copies.
    fn writing_driver(&self) -> DriverFactory {
        let (kept, layout) = (self.kept.clone(), layout(&self.schema, &self.all()));
        DriverFactory::new("pass, and keep", move |context| {
            let stores = context.process_local(|| Mutex::new(vec![None; context.subtasks]));
            let store = Store::new(layout.clone(), context.spiller(), &context.memory);
            let rows = QueuedRows::into_pages(layout.clone(), store.clone(), context);
            Ok(PersistWriter { rows, store, context: context.clone(), stores, kept: kept.clone() })
        })
    }
}

impl Operator for Persist {
    fn name(&self) -> &'static str {
        "persist"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    /// A later run may read any leaf.
    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        self.all()
    }

    fn estimate(&self, inputs: &[Relation]) -> Relation {
        match self.kept.get() {
            Some(tasks) => {
                Relation::unknown(tasks.iter().map(|store| store.rows()).sum::<usize>() as f64, &self.schema)
            }
            None => inputs[0].clone(),
        }
    }

    fn kept_source(&self) -> Option<Arc<dyn Operator>> {
        self.kept.get()?;
        Some(Arc::new(ScanSource(Arc::new(Pages::none(self.schema.clone())))))
    }

    fn follows_order(&self) -> bool {
        // A later run does not know the order of the records over the tasks.
        true
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let before = planning.input_tasks();
        let tasks = self.kept.get().map_or(before, Vec::len);
        let ship = match tasks {
            same if same == before => Ship::Forward,
            1 => Ship::Gather,
            _ => Ship::Rebalance,
        };
        let driver = if self.kept.get().is_some() { self.reading_driver() } else { self.writing_driver() };
        let (edge, driver) = (InputEdge::ship(ship), driver.spilling_beyond(SPOOL_BYTES));
        vec![planning.of_one(edge, driver, tasks, Work::rows(planning.inputs[0].rows))]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let context = TaskContext::alone(unbounded_memory());
        let Some(kept) = self.kept.get() else {
            let store = Store::new(layout(&self.schema, &self.all()), context.spiller(), &context.memory);
            inputs[0].pages(&self.all())?.into_iter().for_each(|page| store.push(page));
            // A concurrent run may have set it first, to the same records.
            let _ = self.kept.set(vec![store]);
            return Ok(inputs[0].clone());
        };
        let mut table = Table::new(self.schema.types());
        for store in kept {
            let mut reader = StoreReader::new(store.clone(), context.blocking.clone(), &context.memory);
            while let Poll::Ready(Some(page)) = reader.poll()? {
                table.extend(&page.batch());
            }
        }
        Ok(table)
    }
}

/// Passes rows, and keeps copies.
struct PersistWriter {
    rows: QueuedRows<Arc<Store>>,
    store: Arc<Store>,
    context: TaskContext,
    /// The store of each task in this run. Each is set after the task's last row.
    stores: Arc<Mutex<Vec<Option<Arc<Store>>>>>,
    kept: Arc<OnceLock<Vec<Arc<Store>>>>,
}

impl Driver for PersistWriter {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, cursor: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let progress = self.rows.add(input, cursor)?;
        if progress == Progress::Done {
            out.pass(input.selection().clone());
        }
        Ok(progress)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.rows.seal();
        if !self.store.seal()? {
            return Ok(Progress::Pending);
        }
        self.context.metrics.memory_bytes.add(self.store.peak_bytes() as u64);
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(part) = stores.get_mut(self.context.subtask) {
            *part = Some(self.store.clone());
        }
        if stores.iter().all(Option::is_some) {
            // A concurrent run may have set it first, to the same records.
            let _ = self.kept.set(stores.drain(..).flatten().collect());
        }
        Ok(Progress::Done)
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for PersistWriter {
    /// Frees bytes that are reserved ahead. The store itself gives pages back.
    fn revoke(&mut self, _: usize) -> Result<()> {
        self.context.memory.shrink();
        Ok(())
    }
}

/// Emits kept pages.
struct PersistReader {
    /// `None` if the task has no kept rows.
    kept: Option<StoreReader>,
    memory: Memory,
}

impl Driver for PersistReader {
    /// Drops rows that arrive: the store has them.
    fn on_batch(&mut self, _: usize, _: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        Ok(Progress::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, _: &mut Cursor, out: &mut Outputs) -> Result<Progress> {
        let Some(kept) = &mut self.kept else { return Ok(Progress::Done) };
        Ok(match kept.poll()? {
            Poll::Ready(Some(page)) => {
                // A page that is in memory is shared, and the store still accounts for it.
                out.pages().adopt(page);
                Progress::Yield
            }
            Poll::Pending => Progress::Pending,
            Poll::Ready(None) => Progress::Done,
        })
    }

    fn revocable(&mut self) -> Option<&mut dyn Revocable> {
        Some(self)
    }
}

impl Revocable for PersistReader {
    fn revoke(&mut self, _: usize) -> Result<()> {
        self.memory.shrink();
        Ok(())
    }
}
