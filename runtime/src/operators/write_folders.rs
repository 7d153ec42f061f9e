//! Writes a folder for each value of some fields, such as `day=1995-01-01/part-00000.parquet`.
//!
//! Records of one folder are shipped to one task by a hash, so a folder has one file. A task keeps
//! an encoder for each of its folders, but no open file. It opens a file only to append encoded
//! bytes. So no sort is needed, and nothing is held until the end.
//!
//! # Limits
//! A task needs one file handle for any number of folders. The bytes of its encoders are bounded:
//! above the bound, the fullest encoders flush first.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::kernel::{Background, Outputs, TaskContext};
use crate::memory::{Memory, Reservation};
use crate::output::{Claim, FolderKey, PendingFolder, Target, folder_keys};
use crate::page::{Batch, Input, Selection};
use crate::plan::{Endpoint, Operator, Table};
use crate::row::{Datum, LeafSet, Schema};
use crate::source::{ColumnFit, Encoder, Format, unwritten_compression};
use crate::strategy::{
    Cursor, Driver, DriverFactory, InputEdge, Planning, Progress, Role, Round, Ship, Strategy, Work,
};

use super::common::names;
use super::sink::nothing;
use super::write_file::{WRITE_BYTES, encoded, head, part_name, written_columns};

/// Most bytes that the encoders of a task hold together before the fullest ones are flushed. Small
/// budgets lower it, see [`ENCODER_SHARE`].
const MAX_ENCODER_BYTES: usize = 64 << 20;

/// The encoders of all tasks hold at most one byte in this many of the budget, but may hold
/// [`WRITE_BYTES`] per task.
const ENCODER_SHARE: usize = 16;

/// Writes all records in a format, in a folder for each value of a key.
pub struct WriteFolders {
    input: Schema,
    output: Schema,
    key: Vec<usize>,
    format: Arc<dyn Format>,
    target: Target,
}

impl WriteFolders {
    /// A sink for `input` records, into folders by the leaves `key`, inside a folder.
    #[must_use]
    pub fn new(input: Schema, key: Vec<usize>, format: Arc<dyn Format>, target: Target) -> Self {
        WriteFolders { input, output: nothing(), key, format, target }
    }

    /// The leaves that are written to files, and those that name folders.
    fn layout(&self) -> Result<FolderLayout> {
        let refused = |reason: String| Error::Plan(format!("cannot write folders by {reason}"));
        let keys = folder_keys(&self.input, &self.key).map_err(|reason| {
            refused(format!(
                "this key: {reason}; use fields that are texts, numbers or dates, of the record or of a record in it"
            ))
        })?;
        let named: Vec<usize> = keys.iter().flat_map(FolderKey::leaves).collect();
        let (rest, leaves) = self.input.without(&named);
        if keys.is_empty() || named.len() == self.input.leaves().len() {
            return Err(refused("all fields or none: files must hold at least one, and folders too".to_owned()));
        }
        Ok(FolderLayout { keys, rest, leaves })
    }

    fn driver(&self) -> DriverFactory {
        // A plan is checked before, so an error here is unexpected. Each task returns it.
        let layout = self.layout().map(Arc::new).map_err(|error| error.to_string());
        let (format, target) = (self.format.clone(), self.target.clone());
        let create = move |context: &TaskContext| {
            let share = context.memory.budget().limit_bytes() / ENCODER_SHARE / context.subtasks.max(1);
            Ok(FoldersDriver {
                max_bytes: share.clamp(WRITE_BYTES, MAX_ENCODER_BYTES),
                layout: layout.clone().map_err(Error::Plan)?,
                format: format.clone(),
                pending: target.pending_folder()?,
                path: target.path().to_owned(),
                part: part_name(&*format, context.subtask),
                numbers: HashMap::new(),
                files: Vec::new(),
                rows: Vec::new(),
                ready_bytes: Vec::new(),
                reserved: context.memory.reserve(0)?,
                writing: Background::new((), &context.blocking),
                memory: context.memory.clone(),
            })
        };
        // The bytes in encoders, those that wait to be written, and those that are written.
        DriverFactory::new(format!("write {}", self.format.name()), create).pinning(4 * WRITE_BYTES)
    }
}

/// The destination of each part of a record.
struct FolderLayout {
    keys: Vec<FolderKey>,
    /// The schema of the files, and the input's leaf of each of its leaves.
    rest: Schema,
    leaves: Vec<usize>,
}

impl FolderLayout {
    /// The folder of a record, within the output.
    fn folder(&self, value: impl Fn(usize) -> Datum) -> PathBuf {
        let name = |key: &FolderKey| {
            let is_there = key.validity.is_none_or(|validity| value(validity).bits() != 0);
            key.folder(is_there.then(|| value(key.leaf)).as_ref())
        };
        self.keys.iter().map(name).collect()
    }
}

impl Operator for WriteFolders {
    fn name(&self) -> &'static str {
        "write"
    }

    fn details(&self) -> String {
        let by = names(&self.input, &self.key);
        format!("{} {} in folders by {by}", self.format.name(), self.target.describe())
    }

    fn schema(&self) -> &Schema {
        &self.output
    }

    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        LeafSet::all(self.input.leaves().len())
    }

    fn check(&self) -> Result<()> {
        let layout = self.layout()?;
        let head = head(&*self.format, &layout.rest)?;
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
        let alone = planning.tasks == 1 && planning.input_tasks() == 1;
        let ship = if alone { Ship::Forward } else { Ship::Hash(self.key.clone()) };
        let edge = InputEdge::ship(ship);
        vec![planning.of_one(edge, self.driver(), planning.tasks, Work::default())]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let layout = self.layout()?;
        let mut folders: BTreeMap<PathBuf, Table> = BTreeMap::new();
        for row in &inputs[0].rows {
            let table = folders.entry(layout.folder(|leaf| row[leaf].clone()));
            let table = table.or_insert_with(|| Table::new(layout.rest.types()));
            table.rows.push(layout.leaves.iter().map(|&leaf| row[leaf].clone()).collect());
        }
        let pending = self.target.pending_folder()?;
        for (folder, table) in folders {
            let encoded = encoded(&*self.format, &layout.rest, &table)?;
            let file = folder.join(part_name(&*self.format, 0));
            pending.append(&file, &encoded).map_err(Error::io("write", self.target.path()))?;
        }
        Ok(Table::default())
    }
}

impl Endpoint for WriteFolders {
    fn columns(&self) -> Vec<ColumnFit> {
        let Ok(layout) = self.layout() else { return Vec::new() };
        let key = |key: &FolderKey| {
            ColumnFit::of(&self.input.leaves()[key.leaf], format!("{}=…", key.name), "is written as a folder's name")
        };
        let keys = layout.keys.iter().map(key);
        keys.chain(written_columns(&layout.rest, self.format.name())).collect()
    }

    fn claim(&self) -> Option<Claim> {
        self.target.claim()
    }

    fn prepare(&self) -> Result<()> {
        self.target.prepare(self.format.appending(&self.input), &[])
    }

    fn finish(&self, success: bool) -> Result<()> {
        self.target.finish(success)
    }
}

/// A file of the output, with its path there.
struct FolderFile {
    path: PathBuf,
    encoder: Box<dyn Encoder>,
}

struct FoldersDriver {
    layout: Arc<FolderLayout>,
    format: Arc<dyn Format>,
    pending: Arc<PendingFolder>,
    /// The output, for messages.
    path: PathBuf,
    part: String,
    /// The number of the file of each key.
    numbers: HashMap<Vec<u8>, usize>,
    files: Vec<FolderFile>,
    /// The rows of a window for each file.
    rows: Vec<Vec<u32>>,
    /// Bytes that wait for the writing thread.
    ready_bytes: Vec<(PathBuf, Vec<u8>)>,
    /// Memory of the bytes that are being written.
    reserved: Reservation,
    writing: Background<()>,
    memory: Memory,
    /// Most bytes that the encoders hold together.
    max_bytes: usize,
}

impl FoldersDriver {
    /// The file of a row.
    fn file_of(&mut self, batch: &Batch<'_>, row: usize, key: &mut Vec<u8>) -> Result<usize> {
        key.clear();
        for part in &self.layout.keys {
            key.extend(part.validity.map(|validity| batch.leaf_bits(validity, row) as u8));
            key.extend_from_slice(&batch.leaf_bits(part.leaf, row).to_le_bytes());
            let bytes = batch.leaf_bytes(part.leaf, row);
            key.extend_from_slice(&bytes.len().to_le_bytes());
            key.extend_from_slice(bytes);
        }
        if let Some(&file) = self.numbers.get(key.as_slice()) {
            return Ok(file);
        }
        let types = |leaf: usize| {
            self.layout.keys.iter().find(|key| key.leaf == leaf).map_or(crate::row::LeafType::Valid, |key| key.ty)
        };
        let folder = self.layout.folder(|leaf| batch.datum(leaf, types(leaf), row));
        let encoder = self.format.encoder(&self.layout.rest, &self.memory)?;
        self.files.push(FolderFile { path: folder.join(&self.part), encoder });
        self.rows.push(Vec::new());
        self.numbers.insert(key.clone(), self.files.len() - 1);
        Ok(self.files.len() - 1)
    }

    fn encode(&mut self, input: &Input<'_>) -> Result<()> {
        let mut key = Vec::new();
        let mut touched = Vec::new();
        for &row in input.selection().rows() {
            let file = self.file_of(input.batch(), row as usize, &mut key)?;
            if self.rows[file].is_empty() {
                touched.push(file);
            }
            self.rows[file].push(row);
        }
        let rest = input.batch().project(&self.layout.leaves);
        let mut selection = Selection::default();
        for file in touched {
            selection.set(self.rows[file].drain(..));
            let FolderFile { path, encoder } = &mut self.files[file];
            encoder.encode(&Input::new(&rest, &selection))?;
            if encoder.output().len() >= WRITE_BYTES {
                self.ready_bytes.push((path.clone(), std::mem::take(encoder.output())));
                encoder.settle()?;
            }
        }
        self.flush_fullest()
    }

    /// Flushes the fullest encoders if all of them together hold too many bytes.
    fn flush_fullest(&mut self) -> Result<()> {
        let held = |file: &mut FolderFile| file.encoder.kept_bytes() + file.encoder.output().len();
        let mut sizes: Vec<(usize, usize)> = self.files.iter_mut().map(held).zip(0..).collect();
        let mut total: usize = sizes.iter().map(|(bytes, _)| bytes).sum();
        if total <= self.max_bytes {
            return Ok(());
        }
        sizes.sort_unstable_by(|left, right| right.cmp(left));
        for (bytes, file) in sizes {
            if total <= self.max_bytes / 2 {
                break;
            }
            total -= bytes;
            let FolderFile { path, encoder } = &mut self.files[file];
            encoder.flush()?;
            self.ready_bytes.push((path.clone(), std::mem::take(encoder.output())));
            encoder.settle()?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        // Each encoder frees its memory before the next one needs more to end its file.
        for FolderFile { path, mut encoder } in self.files.drain(..) {
            encoder.finish()?;
            self.ready_bytes.push((path, std::mem::take(encoder.output())));
        }
        Ok(())
    }

    /// Writes the ready bytes on a blocking thread. Returns `Pending` if it still writes the last
    /// ones.
    fn write(&mut self) -> Result<Progress> {
        if self.writing.take()?.is_none() {
            return Ok(Progress::Pending);
        }
        self.reserved.resize(self.ready_bytes.iter().map(|(_, bytes)| bytes.capacity()).sum())?;
        if self.ready_bytes.is_empty() {
            self.writing.put(());
            return Ok(Progress::Done);
        }
        let (ready, pending, path) = (std::mem::take(&mut self.ready_bytes), self.pending.clone(), self.path.clone());
        self.writing.submit((), move |()| {
            let mut files = ready.iter();
            files.try_for_each(|(file, bytes)| pending.append(file, bytes)).map_err(Error::io("write", &path))
        });
        Ok(Progress::Pending)
    }
}

impl Driver for FoldersDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        // While earlier bytes are written and others are ready, the rows wait.
        if !self.ready_bytes.is_empty() {
            self.write()?;
            if !self.ready_bytes.is_empty() {
                return Ok(Progress::Pending);
            }
        }
        self.encode(input)?;
        Ok(Progress::Done)
    }

    fn on_round_end(&mut self, _: usize, _: Round, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        if *cursor == 0 {
            self.finish()?;
            *cursor = 1;
        }
        self.write()
    }
}
