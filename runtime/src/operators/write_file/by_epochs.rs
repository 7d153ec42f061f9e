//! A folder of files that become visible epoch by epoch: the sink of flows that do not end, where snapshots are taken.
//!
//! Each task has a file for each epoch in which it is given records. It is encoded and written as any other, and at the barrier that ends the epoch its end is written
//! and the disk told to keep it; then it is prepared. [`EpochFolder`] says where files lie, and how they become part of the result.

use std::sync::{Arc, Mutex, PoisonError};

use super::{WRITE_BYTES, encoded, from_start, head, nothing, written_columns};
use crate::error::{Error, Result};
use crate::kernel::{Background, Outputs, TaskContext};
use crate::memory::Memory;
use crate::output::{Claim, Commit, EpochFile, EpochFolder, EpochSink, Target, Transaction};
use crate::page::Input;
use crate::plan::{Endpoint, Operator, Table};
use crate::row::{LeafSet, Schema};
use crate::source::{ColumnFit, Encoder, Format, unwritten_compression};
use crate::strategy::{
    Cursor, Driver, DriverFactory, Planning, Progress, Recovery, Role, Snapshotted, Strategy, Work, ready,
};

/// Writes all records in a format, into a folder, epoch by epoch.
pub(super) struct WriteEpochs {
    input: Schema,
    output: Schema,
    format: Arc<dyn Format>,
    target: Target,
    /// While a job runs.
    folder: Arc<Mutex<Option<Arc<EpochFolder>>>>,
}

impl WriteEpochs {
    /// A sink for `input` records; the target is a folder.
    pub(super) fn new(input: Schema, format: Arc<dyn Format>, target: Target) -> Self {
        WriteEpochs { input, output: nothing(), format, target, folder: Arc::default() }
    }

    fn folder(&self) -> Result<Arc<EpochFolder>> {
        opened(&self.folder, &self.target)
    }

    fn driver(&self) -> DriverFactory {
        let (schema, format, target) = (self.input.clone(), self.format.clone(), self.target.clone());
        let folder = self.folder.clone();
        // As where a file is written once.
        let pinned_bytes = 4 * WRITE_BYTES + from_start(|memory| format.encoder(&schema, memory));
        let name = format!("write {} by epochs", format.name());
        let create = move |context: &TaskContext| {
            let folder = opened(&folder, &target)?;
            let file = folder.file(context.subtask, context.epoch);
            Ok(EpochDriver {
                schema: schema.clone(),
                format: format.clone(),
                memory: context.memory.clone(),
                folder,
                task: context.subtask,
                epoch: context.epoch,
                encoder: None,
                out: Background::new(file, &context.blocking),
                prepared: Vec::new(),
            })
        };
        DriverFactory::new(name, create).pinning(pinned_bytes).recovering(Recovery::Restored)
    }
}

fn opened(folder: &Mutex<Option<Arc<EpochFolder>>>, target: &Target) -> Result<Arc<EpochFolder>> {
    let folder = folder.lock().unwrap_or_else(PoisonError::into_inner);
    let not_prepared = || Error::Internal(format!("the output {} was not prepared", target.path().display()));
    folder.clone().ok_or_else(not_prepared)
}

impl Operator for WriteEpochs {
    fn name(&self) -> &'static str {
        "write"
    }

    fn details(&self) -> String {
        format!("{} {}, by epochs", self.format.name(), self.target.describe())
    }

    fn schema(&self) -> &Schema {
        &self.output
    }

    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        LeafSet::all(self.input.leaves().len())
    }

    fn check(&self) -> Result<()> {
        head(&*self.format, &self.input)?;
        unwritten_compression(&*self.format, self.target.path())?;
        self.target.check_by_epochs()
    }

    fn as_endpoint(&self) -> Option<&dyn Endpoint> {
        Some(self)
    }

    fn role(&self) -> Role {
        Role::Sink
    }

    fn strategies(&self, planning: &Planning<'_>) -> Vec<Strategy> {
        vec![planning.forwarded(self.driver(), Work::default())]
    }

    fn reference(&self, inputs: &[Table]) -> Result<Table> {
        let folder = self.folder()?;
        let mut file = folder.file(0, 1);
        if !inputs[0].rows.is_empty() {
            file.append(&encoded(&*self.format, &self.input, &inputs[0])?)?;
            file.seal()?;
            folder.commit(1, &[file.name().to_owned()])?;
        }
        Ok(Table::default())
    }
}

impl Endpoint for WriteEpochs {
    fn columns(&self) -> Vec<ColumnFit> {
        written_columns(&self.input, self.format.name())
    }

    fn claim(&self) -> Option<Claim> {
        self.target.claim_by_epochs()
    }

    fn prepare(&self) -> Result<()> {
        let folder = self.target.epoch_folder(self.format.extension())?;
        *self.folder.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(folder));
        Ok(())
    }

    fn finish(&self, success: bool) -> Result<()> {
        let folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(folder) = folder {
            folder.close(success);
        }
        Ok(())
    }

    fn epochs(&self) -> Option<&dyn EpochSink> {
        Some(self)
    }
}

impl EpochSink for WriteEpochs {
    fn recover(&self, epoch: u64, prepared: &[Transaction]) -> Result<Commit> {
        self.folder()?.recover(epoch, prepared)
    }

    fn commit(&self, epoch: u64, prepared: &[Transaction]) -> Result<Commit> {
        self.folder()?.commit(epoch, prepared)
    }
}

struct EpochDriver {
    schema: Schema,
    format: Arc<dyn Format>,
    memory: Memory,
    folder: Arc<EpochFolder>,
    task: usize,
    /// The epoch that is open.
    epoch: u64,
    /// From the first record of an epoch on.
    encoder: Option<Box<dyn Encoder>>,
    out: Background<EpochFile>,
    prepared: Vec<String>,
}

/// Where a task is at the end of an epoch.
mod ending {
    use crate::strategy::Cursor;

    /// The encoder gives its last bytes.
    pub(super) const FINISHING: Cursor = 0;
    /// They go to the file, and that to disk.
    pub(super) const SEALING: Cursor = 1;
    /// The file is prepared.
    pub(super) const SEALED: Cursor = 2;
}

impl EpochDriver {
    /// Hands the encoded bytes to a writing thread, where there are enough of them; `Pending` where the one before is still at work.
    fn relieve(&mut self) -> Result<Progress> {
        let Some(encoder) = &mut self.encoder else { return Ok(Progress::Done) };
        if encoder.output().len() < WRITE_BYTES {
            return Ok(Progress::Done);
        }
        let Some(file) = self.out.take()? else { return Ok(Progress::Pending) };
        let bytes = std::mem::take(encoder.output());
        self.out.submit(file, move |file| file.append(&bytes));
        Ok(Progress::Done)
    }

    /// Prepares the file of the epoch that is open, where there is one, and begins the next epoch.
    fn end_epoch(&mut self, cursor: &mut Cursor) -> Result<Progress> {
        if let Some(encoder) = self.encoder.as_mut().filter(|_| *cursor == ending::FINISHING) {
            encoder.finish()?;
            *cursor = ending::SEALING;
        }
        let Some(file) = self.out.take()? else { return Ok(Progress::Pending) };
        if let Some(encoder) = self.encoder.as_mut().filter(|_| *cursor == ending::SEALING) {
            let bytes = std::mem::take(encoder.output());
            self.out.submit(file, move |file| file.append(&bytes).and_then(|()| file.seal()));
            *cursor = ending::SEALED;
            return Ok(Progress::Pending);
        }
        if self.encoder.take().is_some() {
            self.prepared.push(file.name().to_owned());
        }
        self.epoch += 1;
        self.out.put(self.folder.file(self.task, self.epoch));
        Ok(Progress::Done)
    }
}

impl Driver for EpochDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        if input.is_empty() {
            return Ok(Progress::Done);
        }
        // The rows wait while there is enough to write and the one before is not written.
        ready!(self.relieve()?);
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            none => none.insert(self.format.encoder(&self.schema, &self.memory)?),
        };
        encoder.encode(input)?;
        Ok(Progress::Done)
    }

    fn on_barrier(&mut self, epoch: u64, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        // Where snapshots were given up, what they would have held is in this one.
        self.epoch = self.epoch.max(epoch);
        self.end_epoch(cursor)
    }

    fn on_end(&mut self, _: usize, cursor: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.end_epoch(cursor)
    }

    fn snapshotted(&mut self) -> Option<&mut dyn Snapshotted> {
        Some(self)
    }
}

impl Snapshotted for EpochDriver {
    fn prepared(&mut self) -> Vec<String> {
        std::mem::take(&mut self.prepared)
    }
}
