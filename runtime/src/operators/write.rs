//! Results that leave the program: files and the terminal.
//!
//! A file is written under a temporary name beside its own and renamed when the whole job is done, so nothing half-written ever
//! bears the output's name. Bytes are written on the threads that may block, one buffer at a time.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::format::temporary_name;
use crate::kernel::{Blocking, Outputs, TaskContext};
use crate::page::Input;
use crate::plan::{Operator, Table, unbounded_memory};
use crate::row::{LeafSet, LeafType, RowLayout, Schema};
use crate::source::{ColumnFit, Encoder, Format};
use crate::strategy::{Answer, Cursor, Driver, DriverFactory, Estimate, Planning, Round, Ship, Strategy, Way};

use super::sink::nothing;
use super::windows;

/// A buffer is written when it holds this much.
pub(super) const WRITE_BYTES: usize = 1 << 20;

/// Where encoded bytes go.
#[derive(Clone, Debug)]
pub enum Target {
    /// One file, whose rows keep the order of an ordered flow.
    File(PathBuf),
    /// A folder of numbered files, one per task.
    Folder(PathBuf),
    /// The terminal.
    Standard,
}

impl Target {
    /// What the user's path means: a folder where it ends with a slash.
    #[must_use]
    pub fn of(path: &str) -> Self {
        if path.ends_with('/') { Target::Folder(path.into()) } else { Target::File(path.into()) }
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Target::File(path) | Target::Folder(path) => path,
            Target::Standard => Path::new("the terminal"),
        }
    }

    pub(super) fn temporary(&self) -> PathBuf {
        temporary_name(self.path())
    }

    /// Whether something is in the way.
    pub(super) fn check(&self) -> Result<()> {
        let path = self.path();
        match self {
            Target::File(_) if path.is_dir() => Err(Error::Plan(format!(
                "cannot write {}: it is a folder; end the path with `/` to write a folder of files",
                path.display()
            ))),
            Target::Folder(_) if path.read_dir().is_ok_and(|mut files| files.next().is_some()) => {
                Err(Error::Plan(format!(
                    "cannot write {}: the folder exists and is not empty; remove it, or choose another name",
                    path.display()
                )))
            }
            _ => Ok(()),
        }
    }

    /// Makes room.
    pub(super) fn prepare(&self) -> Result<()> {
        if let Target::Folder(_) = self {
            let folder = self.temporary();
            std::fs::create_dir_all(&folder).map_err(Error::io("create", folder))?;
        }
        Ok(())
    }

    /// Gives what was written its name, or removes it.
    pub(super) fn finish(&self, success: bool) -> Result<()> {
        let (temporary, path) = (self.temporary(), self.path());
        match (self, success) {
            (Target::Standard, _) => Ok(()),
            (_, true) => std::fs::rename(&temporary, path).map_err(Error::io("rename the finished output to", path)),
            // What cannot be removed was never made, or cannot be helped: the job's own error is the one to show.
            (Target::File(_), false) => {
                let _ = std::fs::remove_file(temporary);
                Ok(())
            }
            (Target::Folder(_), false) => {
                let _ = std::fs::remove_dir_all(temporary);
                Ok(())
            }
        }
    }
}

/// Writes all records in a format.
pub struct Written {
    input: Schema,
    output: Schema,
    format: Arc<dyn Format>,
    target: Target,
}

impl Written {
    /// A sink for `input` records.
    #[must_use]
    pub fn new(input: Schema, format: Arc<dyn Format>, target: Target) -> Self {
        Written { input, output: nothing(), format, target }
    }

    fn factory(&self) -> WriteFactory {
        WriteFactory { schema: self.input.clone(), format: self.format.clone(), target: self.target.clone() }
    }

    fn read_set(&self) -> LeafSet {
        LeafSet::all(self.input.leaves().len())
    }
}

impl Operator for Written {
    fn name(&self) -> &'static str {
        if matches!(self.target, Target::Standard) { "print" } else { "write" }
    }

    fn details(&self) -> String {
        match &self.target {
            Target::Standard => String::new(),
            target => format!("{} {}", self.format.name(), target.path().display()),
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
        match self.target {
            Target::Standard => Vec::new(),
            _ => written_columns(&self.input, self.format.name()),
        }
    }

    fn check(&self) -> Result<()> {
        // A format that cannot hold the record says so before the first one comes.
        self.format.encoder(&self.input, &unbounded_memory())?;
        self.target.check()
    }

    fn prepare(&self) -> Result<()> {
        self.target.prepare()
    }

    fn finish(&self, success: bool) -> Result<()> {
        self.target.finish(success)
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        let from = planning.input_tasks[0];
        let (ship, tasks) = match self.target {
            Target::Folder(_) => (Ship::Forward, from),
            _ if from == 1 => (Ship::Forward, 1),
            _ => (Ship::Gather, 1),
        };
        let driver = Arc::new(self.factory());
        vec![Strategy { ways: vec![Way::ship(ship)], driver, tasks, streamed: 0, cost: 0.0 }]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let mut encoder = self.format.encoder(&self.input, &unbounded_memory())?;
        for page in inputs[0].pages(&self.read_set())? {
            windows(&page.batch(), |input| encoder.encode(input))?;
        }
        encoder.finish()?;
        let mut out = open(&self.target, &*self.format, 0)?;
        out.write_all(encoder.output()).map_err(Error::io("write", self.target.path()))?;
        Ok(Table::default())
    }
}

/// The columns that a record is written as.
pub(super) fn written_columns(schema: &Schema, format: &str) -> Vec<ColumnFit> {
    let values = schema.leaves().iter().filter(|leaf| leaf.ty != LeafType::Valid);
    let column = |path: &str| if path.is_empty() { "value".to_owned() } else { path.to_owned() };
    values.map(|leaf| ColumnFit::of(leaf, column(&leaf.path), format!("is written as {format}"))).collect()
}

/// The file or stream that a task writes.
fn open(target: &Target, format: &dyn Format, subtask: usize) -> Result<Box<dyn Write + Send>> {
    let path = match target {
        Target::Standard => return Ok(Box::new(std::io::stdout())),
        Target::File(_) => target.temporary(),
        Target::Folder(_) => target.temporary().join(format!("part-{subtask:05}.{}", format.extension())),
    };
    // The error names the output, not the temporary file that the user never asked for.
    let file = File::create(&path).map_err(Error::io("create", target.path()))?;
    Ok(Box::new(file))
}

struct WriteFactory {
    schema: Schema,
    format: Arc<dyn Format>,
    target: Target,
}

impl DriverFactory for WriteFactory {
    fn name(&self) -> String {
        match self.target {
            Target::Standard => "print".to_owned(),
            _ => format!("write {}", self.format.name()),
        }
    }

    fn layout(&self) -> Option<Arc<RowLayout>> {
        None
    }

    fn pinned_bytes(&self) -> usize {
        // What is encoded, what is written meanwhile, and as much for the encoder.
        4 * WRITE_BYTES
    }

    fn create(&self, context: &TaskContext) -> Result<Box<dyn Driver>> {
        let state = Writing { out: open(&self.target, &*self.format, context.subtask)?, failed: None };
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
    out: Box<dyn Write + Send>,
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
    fn write(&mut self) -> Result<Answer> {
        let mut slot = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut writing) = slot.take() else { return Ok(Answer::Await) };
        if let Some(error) = writing.failed.take() {
            return Err(Error::Io { action: "write", path: self.path.clone(), source: error });
        }
        let bytes = std::mem::take(self.encoder.output());
        if bytes.is_empty() {
            *slot = Some(writing);
            return Ok(Answer::Done);
        }
        drop(slot);
        let state = self.state.clone();
        self.blocking.submit(Box::new(move || {
            writing.failed = writing.out.write_all(&bytes).and_then(|()| writing.out.flush()).err();
            *state.lock().unwrap_or_else(PoisonError::into_inner) = Some(writing);
        }));
        Ok(Answer::Await)
    }
}

impl Driver for WriteDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Answer> {
        // The rows wait while there is enough to write and the one before is not written.
        if self.encoder.output().len() >= WRITE_BYTES {
            self.write()?;
            if !self.encoder.output().is_empty() {
                return Ok(Answer::Await);
            }
        }
        self.encoder.encode(input)?;
        Ok(Answer::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, cursor: &mut Cursor, _: &mut Outputs) -> Result<Answer> {
        if *cursor == 0 {
            self.encoder.finish()?;
            *cursor = 1;
        }
        self.write()
    }
}
