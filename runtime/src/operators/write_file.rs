//! Sinks that write files, folders of files, streams, and the terminal.
//!
//! A file gets its name after the job has succeeded. Blocking threads write the bytes, one buffer
//! of a task at a time.

mod by_epochs;

use std::path::PathBuf;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::kernel::{Background, Outputs, TaskContext};
use crate::memory::Memory;
use crate::output::{Appender, Appending, Claim, Target};
use crate::page::Input;
use crate::plan::{Endpoint, Operator, Table, unbounded_memory};
use crate::row::{LeafSet, LeafType, Schema};
use crate::source::{ColumnFit, Encoder, Format, unwritten_compression};
use crate::strategy::{
    Cursor, Driver, DriverFactory, InputEdge, Planning, Progress, Recovery, Role, Round, Ship, Strategy, Work,
};

use super::sink::nothing;
use super::write_sink::WriteSink;
use super::write_together::{self, PIECE_BYTES};

/// A buffer is written when it has this size.
pub(super) const WRITE_BYTES: usize = 1 << 20;

/// Writes all records in a format.
pub struct WriteFile {
    input: Schema,
    output: Schema,
    format: Arc<dyn Format>,
    target: Target,
    /// A job that resumes from a snapshot may write rows to the stream again. All rows before a
    /// barrier are written when it passes.
    may_repeat: bool,
}

impl WriteFile {
    /// A sink for `input` records.
    #[must_use]
    pub fn new(input: Schema, format: Arc<dyn Format>, target: Target) -> Self {
        WriteFile { input, output: nothing(), format, target, may_repeat: false }
    }

    /// A driver for each task. The tasks write one file, or a file each. `None` if several tasks
    /// cannot write the file.
    #[must_use]
    pub fn driver(&self, tasks: usize, in_order: bool) -> Option<DriverFactory> {
        if self.may_repeat {
            return (tasks == 1).then(|| self.each_alone().recovering(Recovery::Stateless));
        }
        let parts = if tasks > 1 && !self.target.is_folder() { self.format.parts(&self.input).ok()? } else { None };
        match parts {
            Some(parts) => {
                let held_bytes = 4 * PIECE_BYTES + parts.kept_bytes();
                let pinned_bytes = held_bytes + from_start(|memory| parts.encoder(0, memory));
                let target = self.target.clone();
                Some(write_together::driver(self.format.name(), parts, target, in_order).pinning(pinned_bytes))
            }
            None => (tasks == 1 || self.target.is_folder()).then(|| self.each_alone()),
        }
    }

    /// Each task writes a file of its own.
    fn each_alone(&self) -> DriverFactory {
        let (schema, format, target) = (self.input.clone(), self.format.clone(), self.target.clone());
        // The bytes that are encoded, those that are written meanwhile, and as many for the
        // encoder.
        let pinned_bytes = 4 * WRITE_BYTES + from_start(|memory| format.encoder(&schema, memory));
        let name = if target.is_printed() { "print".to_owned() } else { format!("write {}", format.name()) };
        let create = move |context: &TaskContext| {
            let out = target.appender(&part_name(&*format, context.subtask))?;
            let encoder = format.encoder(&schema, &context.memory)?;
            Ok(WriteDriver { encoder, out: Background::new(out, &context.blocking), path: target.path().to_owned() })
        };
        DriverFactory::new(name, create).pinning(pinned_bytes)
    }
}

impl Operator for WriteFile {
    fn name(&self) -> &'static str {
        if self.target.is_printed() { "print" } else { "write" }
    }

    fn details(&self) -> String {
        let to = (!self.target.is_printed()).then(|| format!("{} {}", self.format.name(), self.target.describe()));
        let repeats = self.may_repeat.then(|| "at least once".to_owned());
        to.into_iter().chain(repeats).collect::<Vec<_>>().join(", ")
    }

    fn schema(&self) -> &Schema {
        &self.output
    }

    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        LeafSet::all(self.input.leaves().len())
    }

    fn check(&self) -> Result<()> {
        let head = head(&*self.format, &self.input)?;
        unwritten_compression(&*self.format, self.target.path())?;
        self.target.check(self.format.appending(&self.input), &head)
    }

    fn as_endpoint(&self) -> Option<&dyn Endpoint> {
        Some(self)
    }

    fn role(&self) -> Role {
        Role::Sink
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let from = planning.input_tasks();
        let in_order = planning.properties[0].is_in_order();
        let strategy = |ship, tasks| {
            Some(planning.of_one(InputEdge::ship(ship), self.driver(tasks, in_order)?, tasks, Work::default()))
        };
        // One task writes what several cannot.
        strategy(Ship::Forward, from).or_else(|| strategy(Ship::Gather, 1)).into_iter().collect()
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let encoded = encoded(&*self.format, &self.input, &inputs[0])?;
        let mut out = self.target.appender(&part_name(&*self.format, 0))?;
        out.append(&encoded).map_err(Error::io("write", self.target.path()))?;
        Ok(Table::default())
    }
}

impl Endpoint for WriteFile {
    fn columns(&self) -> Vec<ColumnFit> {
        if self.target.is_printed() { Vec::new() } else { written_columns(&self.input, self.format.name()) }
    }

    fn claim(&self) -> Option<Claim> {
        self.target.claim()
    }

    fn prepare(&self) -> Result<()> {
        self.target.prepare(self.format.appending(&self.input), &head(&*self.format, &self.input)?)
    }

    fn is_abandoned(&self) -> bool {
        self.target.is_abandoned()
    }

    fn finish(&self, success: bool) -> Result<()> {
        self.target.finish(success)
    }

    fn by_epochs(&self) -> Option<Arc<dyn Operator>> {
        let (input, format, target) = (self.input.clone(), self.format.clone(), self.target.clone());
        if target.is_folder() {
            let folder = by_epochs::FolderSink::new(input.clone(), format, target);
            return Some(Arc::new(WriteSink::to_files(input, Arc::new(folder))));
        }
        // A format with an end holds bytes back, which would be lost. A broken stream would lack
        // the end.
        let goes_on = target.is_stream() && format.appending(&input) != Appending::Never;
        goes_on.then(|| -> Arc<dyn Operator> {
            Arc::new(WriteFile { may_repeat: true, ..WriteFile::new(input, format, target) })
        })
    }
}

/// Bytes that an encoder reserves before the first record.
fn from_start(encoder: impl FnOnce(&Memory) -> Result<Box<dyn Encoder>>) -> usize {
    let memory = unbounded_memory();
    let encoder = encoder(&memory);
    if encoder.is_ok() { memory.budget().used_bytes() } else { 0 }
}

/// The columns of records in a file.
pub(super) fn written_columns(schema: &Schema, format: &str) -> Vec<ColumnFit> {
    let values = schema.leaves().iter().filter(|leaf| leaf.ty != LeafType::Valid);
    let column = |path: &str| if path.is_empty() { "value".to_owned() } else { path.to_owned() };
    values.map(|leaf| ColumnFit::of(leaf, column(&leaf.path), format!("is written as {format}"))).collect()
}

/// The first bytes of files in a format.
///
/// # Errors
/// Fails if the format cannot hold the record.
pub(super) fn head(format: &dyn Format, schema: &Schema) -> Result<Vec<u8>> {
    Ok(std::mem::take(format.encoder(schema, &unbounded_memory())?.output()))
}

/// A table's records in a format.
pub(super) fn encoded(format: &dyn Format, schema: &Schema, table: &Table) -> Result<Vec<u8>> {
    let mut encoder = format.encoder(schema, &unbounded_memory())?;
    table.windows(&LeafSet::all(table.types.len()), |input| encoder.encode(input))?;
    encoder.finish()?;
    Ok(std::mem::take(encoder.output()))
}

/// The name of a task's file in a folder.
pub(super) fn part_name(format: &dyn Format, subtask: usize) -> String {
    format!("part-{subtask:05}.{}", format.extension())
}

struct WriteDriver {
    encoder: Box<dyn Encoder>,
    out: Background<Appender>,
    /// The output, for messages.
    path: PathBuf,
}

impl WriteDriver {
    /// Hands the encoded bytes to a blocking thread. `Pending` if one still writes.
    fn write(&mut self) -> Result<Progress> {
        let Some(out) = self.out.take()? else { return Ok(Progress::Pending) };
        let bytes = std::mem::take(self.encoder.output());
        if bytes.is_empty() {
            self.out.put(out);
            return Ok(Progress::Done);
        }
        let path = self.path.clone();
        self.out.submit(out, move |out| out.append(&bytes).map_err(Error::io("write", &path)));
        Ok(Progress::Pending)
    }
}

impl Driver for WriteDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        // The rows wait while a buffer is full and the one before is being written.
        if self.encoder.output().len() >= WRITE_BYTES {
            self.write()?;
            if !self.encoder.output().is_empty() {
                return Ok(Progress::Pending);
            }
        }
        self.encoder.encode(input)?;
        Ok(Progress::Done)
    }

    fn on_barrier(&mut self, _: u64, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.write()
    }

    fn on_idle(&mut self, _: &mut Outputs) -> Result<Progress> {
        if self.encoder.output().is_empty() { Ok(Progress::Done) } else { self.write() }
    }

    fn on_round_end(&mut self, _: usize, _: Round, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        if *cursor == 0 {
            self.encoder.finish()?;
            *cursor = 1;
        }
        self.write()
    }
}
