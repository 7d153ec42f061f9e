//! Sinks: records that leave the program.
//!
//! A [`Sink`] makes one [`Writer`] per task. A writer never blocks: it returns `Pending` while its
//! target takes no more, and wakes its task. A sink that is an [`EpochSink`] writes each record
//! exactly once in a job with snapshots: writers prepare transactions at barriers, and the sink
//! commits them after the snapshot is complete. One operator (`operators::WriteSink`) adapts all
//! sinks.

use std::fmt;
use std::sync::Arc;

use crate::error::Result;
use crate::memory::Memory;
use crate::output::{EpochSink, Transaction};
use crate::page::Input;
use crate::row::Schema;
use crate::storage::Blocking;
use crate::strategy::Progress;

/// How often a record is in the result if a job fails and resumes from a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarantee {
    /// Records after the snapshot may be written again.
    AtLeastOnce,
    /// Each record is there once.
    ExactlyOnce,
}

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Guarantee::AtLeastOnce => "at least once",
            Guarantee::ExactlyOnce => "exactly once",
        })
    }
}

/// A target of records outside of the program. It opens no connection before the job runs.
pub trait Sink: Send + Sync {
    /// A short text for EXPLAIN: `kafka clicks`.
    fn describe(&self) -> String;

    /// How often records are in the result after a failure. The default follows from
    /// [`Sink::as_epochs`]. A sink whose writes can be repeated without effect, such as puts by
    /// key, may return [`Guarantee::ExactlyOnce`] without it.
    fn guarantee(&self) -> Guarantee {
        if self.as_epochs().is_some() { Guarantee::ExactlyOnce } else { Guarantee::AtLeastOnce }
    }

    /// Checks before the job runs that records of this schema can be written.
    ///
    /// # Errors
    /// Fails if a field cannot be written. The error names the field.
    fn check(&self, schema: &Schema) -> Result<()> {
        let _ = schema;
        Ok(())
    }

    /// Minimum memory of a writer in bytes, which it reserves from [`WriterContext::memory`].
    fn writer_bytes(&self) -> usize {
        0
    }

    /// Creates the writer of one task. Must not block.
    ///
    /// # Errors
    /// Fails if memory is refused.
    fn writer(&self, context: WriterContext) -> Result<Box<dyn Writer>>;

    /// Returns the sink as one that commits epochs. `None` if written records are visible
    /// immediately.
    fn as_epochs(&self) -> Option<&dyn EpochSink> {
        None
    }
}

/// The task of a writer, and its resources.
#[derive(Clone)]
pub struct WriterContext {
    /// The schema of the records.
    pub schema: Schema,
    /// The number of the task.
    pub subtask: usize,
    /// The number of tasks.
    pub subtasks: usize,
    /// The first epoch of the writer: 1, or the one after the restored snapshot.
    pub epoch: u64,
    /// The memory for the writer's buffers, which it reserves here.
    pub memory: Memory,
    /// Runs work that may block, and wakes the task after it.
    pub blocking: Arc<dyn Blocking>,
}

/// Writes the records of one task. Each call returns [`Progress::Done`] or [`Progress::Pending`].
///
/// Before a writer returns `Pending`, it must submit work to [`WriterContext::blocking`], or the
/// job never continues. After that work the task repeats the call.
pub trait Writer: Send {
    /// Writes rows. `Pending` means that none of them is written: the call is repeated with the
    /// same rows.
    ///
    /// # Errors
    /// Fails if they cannot be written. The error ends the job.
    fn write(&mut self, rows: &Input<'_>) -> Result<Progress>;

    /// Sends the buffered rows. Called when the task is idle. If the sink commits nothing, also
    /// before each barrier and at the end of the input.
    ///
    /// # Errors
    /// As [`Writer::write`].
    fn flush(&mut self) -> Result<Progress>;

    /// Makes the rows since the last call durable and invisible, and names them. Only called for an
    /// [`EpochSink`]: at the barrier of `epoch`, and at the end of the input.
    ///
    /// # Errors
    /// As [`Writer::write`].
    fn prepare(&mut self, epoch: u64) -> Result<Prepared> {
        let _ = epoch;
        Ok(Prepared::Transactions(Vec::new()))
    }
}

/// The result of [`Writer::prepare`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prepared {
    /// The target has not confirmed yet. The writer wakes the task.
    Pending,
    /// The transactions that hold the rows.
    Transactions(Vec<Transaction>),
}
