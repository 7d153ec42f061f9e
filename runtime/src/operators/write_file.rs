//! Results that leave the program: files and the terminal.
//!
//! A file gets its name when the whole job is done, so nothing half-written ever bears the output's name. Bytes are written on the threads that may
//! block, one buffer at a time.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::format::unwritten_compression;
use crate::kernel::{Blocking, Outputs, TaskContext};
use crate::memory::Memory;
use crate::output::{Appender, Assembly, Claim, Target};
use crate::page::Input;
use crate::plan::{Operator, Table, unbounded_memory};
use crate::row::{LeafSet, LeafType, RowLayout, Schema};
use crate::source::{ColumnFit, Encoder, Format};
use crate::strategy::{Cursor, Driver, DriverFactory, Estimate, Planning, Progress, Round, Ship, Strategy, Way};

use super::sink::nothing;
use super::windows;
use super::write_together::{PIECE_BYTES, TogetherFactory};

/// A buffer is written when it holds this much.
pub(super) const WRITE_BYTES: usize = 1 << 20;

/// Writes all records in a format.
pub struct WriteFile {
    input: Schema,
    output: Schema,
    format: Arc<dyn Format>,
    target: Target,
}

impl WriteFile {
    /// A sink for `input` records.
    #[must_use]
    pub fn new(input: Schema, format: Arc<dyn Format>, target: Target) -> Self {
        WriteFile { input, output: nothing(), format, target }
    }

    /// A driver for each of so many tasks, which write one file, or a file each.
    fn driver(&self, tasks: usize, in_order: bool) -> Option<Arc<dyn DriverFactory>> {
        let parts = if tasks > 1 && !self.target.is_folder() { self.format.parts(&self.input).ok()? } else { None };
        let (format, target) = (self.format.clone(), self.target.clone());
        Some(match parts {
            Some(parts) => {
                let held_bytes = 4 * PIECE_BYTES + parts.kept_bytes();
                let pinned_bytes = held_bytes + from_start(|memory| parts.encoder(0, memory));
                let (format, assembly) = (format.name(), Assembly::of(tasks, in_order));
                Arc::new(TogetherFactory { format, parts, target, assembly, pinned_bytes, in_order })
            }
            None if tasks == 1 || target.is_folder() => {
                // What is encoded, what is written meanwhile, and as much for the encoder.
                let pinned_bytes = 4 * WRITE_BYTES + from_start(|memory| format.encoder(&self.input, memory));
                Arc::new(WriteFactory { schema: self.input.clone(), format, target, pinned_bytes })
            }
            None => return None,
        })
    }

    fn read_set(&self) -> LeafSet {
        LeafSet::all(self.input.leaves().len())
    }
}

impl Operator for WriteFile {
    fn name(&self) -> &'static str {
        if self.target.is_printed() { "print" } else { "write" }
    }

    fn details(&self) -> String {
        match self.target.is_printed() {
            true => String::new(),
            false => format!("{} {}", self.format.name(), self.target.describe()),
        }
    }

    fn schema(&self) -> &Schema {
        &self.output
    }

    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        self.read_set()
    }

    fn estimate(&self, _: &[Estimate], _: &LeafSet) -> Estimate {
        Estimate { rows: 0.0, row_bytes: 0.0 }
    }

    fn columns(&self) -> Vec<ColumnFit> {
        if self.target.is_printed() { Vec::new() } else { written_columns(&self.input, self.format.name()) }
    }

    fn check(&self) -> Result<()> {
        let head = head(&*self.format, &self.input)?;
        unwritten_compression(&*self.format, self.target.path())?;
        self.target.check(self.format.appending(), &head)
    }

    fn claim(&self) -> Option<Claim> {
        self.target.claim()
    }

    fn prepare(&self) -> Result<()> {
        self.target.prepare(self.format.appending(), &head(&*self.format, &self.input)?)
    }

    fn is_abandoned(&self) -> bool {
        self.target.is_abandoned()
    }

    fn finish(&self, success: bool) -> Result<()> {
        self.target.finish(success)
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let from = planning.input_tasks[0];
        let in_order = planning.in_order[0];
        let strategy = |ship, tasks| {
            let driver = self.driver(tasks, in_order)?;
            Some(Strategy { ways: vec![Way::ship(ship)], driver, tasks, streamed: 0, cost: 0.0 })
        };
        // One task writes what several cannot.
        strategy(Ship::Forward, from).or_else(|| strategy(Ship::Gather, 1)).into_iter().collect()
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let mut encoder = self.format.encoder(&self.input, &unbounded_memory())?;
        for page in inputs[0].pages(&self.read_set())? {
            windows(&page.batch(), |input| encoder.encode(input))?;
        }
        encoder.finish()?;
        let mut out = self.target.appender(&part_name(&*self.format, 0))?;
        out.append(encoder.output()).map_err(Error::io("write", self.target.path()))?;
        Ok(Table::default())
    }
}

/// What an encoder reserves before the first record.
fn from_start(encoder: impl FnOnce(&Memory) -> Result<Box<dyn Encoder>>) -> usize {
    let memory = unbounded_memory();
    let encoder = encoder(&memory);
    if encoder.is_ok() { memory.budget().used_bytes() } else { 0 }
}

/// The columns that a record is written as.
pub(super) fn written_columns(schema: &Schema, format: &str) -> Vec<ColumnFit> {
    let values = schema.leaves().iter().filter(|leaf| leaf.ty != LeafType::Valid);
    let column = |path: &str| if path.is_empty() { "value".to_owned() } else { path.to_owned() };
    values.map(|leaf| ColumnFit::of(leaf, column(&leaf.path), format!("is written as {format}"))).collect()
}

/// What files of a format begin with. A format that cannot hold the record says so, before the first one comes.
pub(super) fn head(format: &dyn Format, schema: &Schema) -> Result<Vec<u8>> {
    Ok(std::mem::take(format.encoder(schema, &unbounded_memory())?.output()))
}

/// The name of a task's file, in a folder of files.
pub(super) fn part_name(format: &dyn Format, subtask: usize) -> String {
    format!("part-{subtask:05}.{}", format.extension())
}

struct WriteFactory {
    schema: Schema,
    format: Arc<dyn Format>,
    target: Target,
    pinned_bytes: usize,
}

impl DriverFactory for WriteFactory {
    fn name(&self) -> String {
        if self.target.is_printed() { "print".to_owned() } else { format!("write {}", self.format.name()) }
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        None
    }

    fn pinned_bytes(&self) -> usize {
        self.pinned_bytes
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let out = self.target.appender(&part_name(&*self.format, context.subtask))?;
        let state = Writing { out, failed: None };
        Ok(Box::new(WriteDriver {
            encoder: self.format.encoder(&self.schema, &context.memory)?,
            state: Arc::new(Mutex::new(Some(state))),
            path: self.target.path().to_owned(),
            blocking: context.blocking.clone(),
        }))
    }
}

/// The output while nobody writes to it; it travels to the writing thread and back.
struct Writing {
    out: Appender,
    failed: Option<std::io::Error>,
}

struct WriteDriver {
    encoder: Box<dyn Encoder>,
    state: Arc<Mutex<Option<Writing>>>,
    path: PathBuf,
    blocking: Arc<dyn Blocking>,
}

impl WriteDriver {
    /// Hands the encoded bytes to a writing thread, unless one is still at work.
    fn write(&mut self) -> Result<Progress> {
        let mut slot = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut writing) = slot.take() else { return Ok(Progress::Pending) };
        if let Some(error) = writing.failed.take() {
            return Err(Error::Io { action: "write", path: self.path.clone(), source: error });
        }
        let bytes = std::mem::take(self.encoder.output());
        if bytes.is_empty() {
            *slot = Some(writing);
            return Ok(Progress::Done);
        }
        drop(slot);
        let state = self.state.clone();
        self.blocking.submit(Box::new(move || {
            writing.failed = writing.out.append(&bytes).err();
            *state.lock().unwrap_or_else(PoisonError::into_inner) = Some(writing);
        }));
        Ok(Progress::Pending)
    }
}

impl Driver for WriteDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        // The rows wait while there is enough to write and the one before is not written.
        if self.encoder.output().len() >= WRITE_BYTES {
            self.write()?;
            if !self.encoder.output().is_empty() {
                return Ok(Progress::Pending);
            }
        }
        self.encoder.encode(input)?;
        Ok(Progress::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        if *cursor == 0 {
            self.encoder.finish()?;
            *cursor = 1;
        }
        self.write()
    }
}
