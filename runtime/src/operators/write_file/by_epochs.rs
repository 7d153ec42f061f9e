//! A folder of files that become visible epoch by epoch: the [`Sink`] of flows that do not end, in
//! jobs with snapshots.
//!
//! Each task has a file for each epoch in which it receives records. At the barrier that ends the
//! epoch, the end of the file is written and the file is synced. Then it is prepared.
//! [`EpochFolder`] defines where files are, and how they become part of the result.

use std::sync::{Arc, Mutex, PoisonError};

use super::{WRITE_BYTES, from_start, head, written_columns};
use crate::error::{Error, Result};
use crate::kernel::Background;
use crate::output::{Claim, Commit, EpochFile, EpochFolder, EpochSink, Target, Transaction};
use crate::page::Input;
use crate::plan::Endpoint;
use crate::row::Schema;
use crate::sink::{Guarantee, Prepared, Sink, Writer, WriterContext};
use crate::source::{ColumnFit, Encoder, Format, unwritten_compression};
use crate::strategy::{Progress, ready};

/// A folder of files in a format.
pub(super) struct FolderSink {
    schema: Schema,
    format: Arc<dyn Format>,
    target: Target,
    /// The folder, while a job runs.
    folder: Mutex<Option<Arc<EpochFolder>>>,
}

impl FolderSink {
    /// A sink for `schema` records. The target is a folder.
    pub(super) fn new(schema: Schema, format: Arc<dyn Format>, target: Target) -> Self {
        FolderSink { schema, format, target, folder: Mutex::default() }
    }

    fn folder(&self) -> Result<Arc<EpochFolder>> {
        let folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        let not_prepared = || Error::Internal(format!("the output {} was not prepared", self.target.path().display()));
        folder.clone().ok_or_else(not_prepared)
    }
}

impl Sink for FolderSink {
    fn describe(&self) -> String {
        format!("{} {}", self.format.name(), self.target.describe())
    }

    fn guarantee(&self) -> Guarantee {
        Guarantee::ExactlyOnce
    }

    fn check(&self, schema: &Schema) -> Result<()> {
        head(&*self.format, schema)?;
        unwritten_compression(&*self.format, self.target.path())?;
        self.target.check_by_epochs()
    }

    /// As for a file that is written once.
    fn writer_bytes(&self) -> usize {
        4 * WRITE_BYTES + from_start(|memory| self.format.encoder(&self.schema, memory))
    }

    fn writer(&self, context: WriterContext) -> Result<Box<dyn Writer>> {
        let folder = self.folder()?;
        let out = Background::new(folder.file(context.subtask, context.epoch), &context.blocking);
        let (schema, format) = (self.schema.clone(), self.format.clone());
        Ok(Box::new(EpochWriter { schema, format, folder, context, encoder: None, out, prepared: Vec::new() }))
    }

    fn as_epochs(&self) -> Option<&dyn EpochSink> {
        Some(self)
    }
}

impl Endpoint for FolderSink {
    fn columns(&self) -> Vec<ColumnFit> {
        written_columns(&self.schema, self.format.name())
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
}

impl EpochSink for FolderSink {
    fn recover(&self, epoch: u64, prepared: &[Transaction]) -> Result<Commit> {
        self.folder()?.recover(epoch, prepared)
    }

    fn commit(&self, epoch: u64, prepared: &[Transaction]) -> Result<Commit> {
        self.folder()?.commit(epoch, prepared)
    }
}

struct EpochWriter {
    schema: Schema,
    format: Arc<dyn Format>,
    folder: Arc<EpochFolder>,
    context: WriterContext,
    /// From the first record of an epoch on.
    encoder: Option<Box<dyn Encoder>>,
    /// The file of the open epoch.
    out: Background<EpochFile>,
    /// The file whose end is being written.
    prepared: Vec<Transaction>,
}

impl EpochWriter {
    /// Hands a full buffer to a blocking thread. `Pending` if that thread still writes the one
    /// before.
    fn write_full_buffer(&mut self) -> Result<Progress> {
        let Some(encoder) = &mut self.encoder else { return Ok(Progress::Done) };
        if encoder.output().len() < WRITE_BYTES {
            return Ok(Progress::Done);
        }
        let Some(file) = self.out.take()? else { return Ok(Progress::Pending) };
        let bytes = std::mem::take(encoder.output());
        self.out.submit(file, move |file| file.append(&bytes));
        Ok(Progress::Done)
    }
}

impl Writer for EpochWriter {
    fn write(&mut self, rows: &Input<'_>) -> Result<Progress> {
        ready!(self.write_full_buffer()?);
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            none => none.insert(self.format.encoder(&self.schema, &self.context.memory)?),
        };
        encoder.encode(rows)?;
        Ok(Progress::Done)
    }

    /// No reader sees rows before their epoch ends.
    fn flush(&mut self) -> Result<Progress> {
        Ok(Progress::Done)
    }

    /// Prepares the file of the open epoch, if there is one, and begins the next epoch. If
    /// snapshots were given up, the file has the rows of several epochs.
    fn prepare(&mut self, epoch: u64) -> Result<Prepared> {
        let Some(file) = self.out.take()? else { return Ok(Prepared::Pending) };
        if let Some(mut encoder) = self.encoder.take() {
            encoder.finish()?;
            self.prepared.push(file.name().to_owned());
            // The encoder holds the memory of its output until that is written.
            self.out.submit(file, move |file| file.append(encoder.output()).and_then(|()| file.seal()));
            return Ok(Prepared::Pending);
        }
        self.out.put(self.folder.file(self.context.subtask, epoch + 1));
        Ok(Prepared::Transactions(std::mem::take(&mut self.prepared)))
    }
}
