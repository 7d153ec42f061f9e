//! Records to any [`Sink`].
//!
//! In a job with snapshots, transactions are prepared at barriers, and the executor commits them
//! with the snapshot. In other jobs they are prepared at the end of the input and committed when
//! the job has succeeded.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::kernel::{Outputs, TaskContext, catching};
use crate::output::{Claim, Commit, EpochSink, Transaction};
use crate::page::Input;
use crate::plan::{Endpoint, Operator, Table, unbounded_memory};
use crate::row::{LeafSet, Schema};
use crate::sink::{Prepared, Sink, Writer, WriterContext};
use crate::source::{ColumnFit, ThisThread};
use crate::strategy::{
    Cursor, Driver, DriverFactory, Planning, Progress, Recovery, Role, Snapshotted, Strategy, Work, ready,
};

use super::sink::nothing;

/// Commits that are tried at the end of a job without snapshots.
const MAX_COMMITS: usize = 10;

/// Pause before such a commit is repeated.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// Writes all records to a sink.
pub struct WriteSink {
    input: Schema,
    output: Schema,
    sink: Arc<dyn Sink>,
    /// The facts of a sink that writes files.
    files: Option<Arc<dyn Endpoint + Send + Sync>>,
    /// Transactions are committed with snapshots.
    by_epochs: bool,
    /// The transactions of a job without snapshots.
    prepared: Arc<Mutex<Vec<Transaction>>>,
}

impl WriteSink {
    /// Writes `input` records.
    #[must_use]
    pub fn new(input: Schema, sink: Arc<dyn Sink>) -> Self {
        WriteSink { input, output: nothing(), sink, files: None, by_epochs: false, prepared: Arc::default() }
    }

    /// Writes `input` records to files that are committed with snapshots.
    pub(super) fn to_files(input: Schema, sink: Arc<impl Sink + Endpoint + 'static>) -> Self {
        WriteSink { files: Some(sink.clone()), by_epochs: true, ..WriteSink::new(input, sink) }
    }

    fn driver(&self) -> DriverFactory {
        let (sink, by_epochs, all) = (self.sink.clone(), self.by_epochs, self.prepared.clone());
        let schema = self.input.clone();
        let create = move |context: &TaskContext| {
            let writer = sink.writer(WriterContext {
                schema: schema.clone(),
                subtask: context.subtask,
                subtasks: context.subtasks,
                epoch: context.epoch,
                memory: context.memory.clone(),
                blocking: context.blocking.clone(),
            })?;
            let (commits, epoch) = (sink.as_epochs().is_some(), context.epoch);
            Ok(SinkDriver {
                writer,
                commits,
                by_epochs,
                is_flushing: false,
                epoch,
                prepared: Vec::new(),
                all: all.clone(),
            })
        };
        let recovery = if self.sink.as_epochs().is_some() { Recovery::Restored } else { Recovery::Stateless };
        DriverFactory::new("write", create).pinning(self.sink.writer_bytes()).recovering(recovery)
    }

    fn take_prepared(&self) -> Vec<Transaction> {
        std::mem::take(&mut self.prepared.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn uncommitted(&self, reason: &str, prepared: &[Transaction]) -> Error {
        Error::Connector(format!(
            "{} did not commit: {reason}; the records are prepared: commit the transactions {prepared:?} there, or \
             abort them and run the job again",
            self.sink.describe()
        ))
    }

    /// Commits the transactions of a job without snapshots.
    fn commit_all(&self, epochs: &dyn EpochSink) -> Result<()> {
        let prepared = self.take_prepared();
        for _ in 0..MAX_COMMITS {
            match catching(|| epochs.commit(1, &prepared)) {
                Ok(Commit::Done) => return Ok(()),
                Ok(Commit::Retry) => sleep(RETRY_PAUSE),
                Err(error) => return Err(self.uncommitted(&error.to_string(), &prepared)),
            }
        }
        Err(self.uncommitted("it is not available", &prepared))
    }
}

impl Operator for WriteSink {
    fn name(&self) -> &'static str {
        "write"
    }

    fn details(&self) -> String {
        let sink = self.sink.describe();
        if self.files.is_some() { sink + ", by epochs" } else { format!("{sink}, {}", self.sink.guarantee()) }
    }

    fn schema(&self) -> &Schema {
        &self.output
    }

    fn reads(&self, _: usize, _: &LeafSet) -> LeafSet {
        LeafSet::all(self.input.leaves().len())
    }

    fn check(&self) -> Result<()> {
        catching(|| self.sink.check(&self.input))
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
        let thread = Arc::new(ThisThread::default());
        let (schema, memory, blocking) = (self.input.clone(), unbounded_memory(), thread.clone());
        let mut writer =
            self.sink.writer(WriterContext { schema, subtask: 0, subtasks: 1, epoch: 1, memory, blocking })?;
        let repeat = |call: &mut dyn FnMut() -> Result<Progress>| {
            while call()? != Progress::Done {
                thread.wait();
            }
            Ok(())
        };
        let all = LeafSet::all(self.input.leaves().len());
        inputs[0].windows(&all, |rows| repeat(&mut || writer.write(rows)))?;
        let Some(epochs) = self.sink.as_epochs() else {
            repeat(&mut || writer.flush())?;
            return Ok(Table::default());
        };
        let prepared = loop {
            match writer.prepare(1)? {
                Prepared::Pending => thread.wait(),
                Prepared::Transactions(transactions) => break transactions,
            }
        };
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner).extend(prepared);
        self.commit_all(epochs)?;
        Ok(Table::default())
    }
}

impl Endpoint for WriteSink {
    fn columns(&self) -> Vec<ColumnFit> {
        self.files.as_ref().map_or_else(Vec::new, |files| files.columns())
    }

    fn claim(&self) -> Option<Claim> {
        self.files.as_ref()?.claim()
    }

    fn prepare(&self) -> Result<()> {
        self.take_prepared();
        self.files.as_ref().map_or(Ok(()), |files| files.prepare())
    }

    fn finish(&self, success: bool) -> Result<()> {
        match self.sink.as_epochs().filter(|_| !self.by_epochs) {
            Some(epochs) if success => self.commit_all(epochs),
            Some(epochs) => catching(|| epochs.abort(&self.take_prepared())),
            None => self.files.as_ref().map_or(Ok(()), |files| files.finish(success)),
        }
    }

    fn commits_outside(&self) -> bool {
        !self.by_epochs && self.sink.as_epochs().is_some()
    }

    fn by_epochs(&self) -> Option<Arc<dyn Operator>> {
        let (input, sink, files) = (self.input.clone(), self.sink.clone(), self.files.clone());
        Some(Arc::new(WriteSink { files, by_epochs: true, ..WriteSink::new(input, sink) }))
    }

    fn epochs(&self) -> Option<&dyn EpochSink> {
        self.sink.as_epochs().filter(|_| self.by_epochs)
    }
}

struct SinkDriver {
    writer: Box<dyn Writer>,
    /// The sink commits transactions.
    commits: bool,
    by_epochs: bool,
    /// The last flush returned `Pending`, and is to be repeated before another call.
    is_flushing: bool,
    /// The epoch that is written.
    epoch: u64,
    /// Transactions for the next snapshot.
    prepared: Vec<Transaction>,
    /// The transactions of all tasks of a job without snapshots.
    all: Arc<Mutex<Vec<Transaction>>>,
}

impl SinkDriver {
    fn flush(&mut self) -> Result<Progress> {
        let progress = self.writer.flush()?;
        self.is_flushing = progress != Progress::Done;
        Ok(progress)
    }

    /// Repeats a flush that has returned `Pending`.
    fn continue_flush(&mut self) -> Result<Progress> {
        if self.is_flushing { self.flush() } else { Ok(Progress::Done) }
    }

    /// Prepares the rows of an epoch, or sends them if the sink commits nothing.
    fn end_epoch(&mut self, epoch: u64) -> Result<Progress> {
        if !self.commits {
            return self.flush();
        }
        ready!(self.continue_flush()?);
        let Prepared::Transactions(transactions) = self.writer.prepare(epoch)? else { return Ok(Progress::Pending) };
        self.epoch = epoch + 1;
        match self.by_epochs {
            true => self.prepared.extend(transactions),
            false => self.all.lock().unwrap_or_else(PoisonError::into_inner).extend(transactions),
        }
        Ok(Progress::Done)
    }
}

impl Driver for SinkDriver {
    fn on_batch(&mut self, _: usize, input: &Input<'_>, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        ready!(self.continue_flush()?);
        if input.is_empty() { Ok(Progress::Done) } else { self.writer.write(input) }
    }

    fn on_idle(&mut self, _: &mut Outputs) -> Result<Progress> {
        self.flush()
    }

    fn on_barrier(&mut self, epoch: u64, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.end_epoch(epoch)
    }

    fn on_end(&mut self, _: usize, _: &mut Cursor, _: &mut Outputs) -> Result<Progress> {
        self.end_epoch(self.epoch)
    }

    fn snapshotted(&mut self) -> Option<&mut dyn Snapshotted> {
        if self.commits { Some(self) } else { None }
    }
}

impl Snapshotted for SinkDriver {
    fn prepared(&mut self) -> Vec<Transaction> {
        std::mem::take(&mut self.prepared)
    }
}
