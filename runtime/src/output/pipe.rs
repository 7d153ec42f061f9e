//! A named pipe as an output.
//!
//! A pipe can be opened for writing only while another process reads it. A process that reads
//! several pipes opens them in any order, even each after the end of another. So each pipe is
//! opened as soon as it has a reader, whether or not a task waits for it. It is closed after its
//! last row. The system does not report new readers. So a blocking thread tries all waiting pipes
//! of the process every [`RETRY_PAUSE`].
//!
//! # Readers that leave
//! A sink whose reader has closed the pipe drops its rows. So a broken pipe is no error, and the
//! other sinks are completed. The executor ends a job if all outputs have lost their readers.

use std::io::{ErrorKind, Result as IoResult, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::storage::{BlockingThreads, Location};

/// Time between two attempts to open the pipes without a reader.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

/// The pipes of this process without a reader. A thread tries them until there are none.
static WAITING: Mutex<Vec<Arc<Pipe>>> = Mutex::new(Vec::new());

/// A pipe that is written while a job runs.
pub(super) struct Pipe {
    location: Location,
    state: Mutex<PipeState>,
    changed: Condvar,
}

struct PipeState {
    stage: PipeStage,
    writers: usize,
    /// Set after the last write.
    is_done: bool,
}

enum PipeStage {
    /// No process reads it yet.
    Waiting,
    Open(WritingEnd),
    Refused(ErrorKind),
    Closed,
}

/// The writing end of an open pipe.
type WritingEnd = Arc<Mutex<Box<dyn Write + Send + Sync>>>;

impl std::fmt::Debug for Pipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipe").finish_non_exhaustive()
    }
}

impl PipeState {
    fn close(&mut self) {
        self.is_done = true;
        if matches!(self.stage, PipeStage::Open(_)) {
            self.stage = PipeStage::Closed;
        }
    }
}

impl Pipe {
    /// Creates a pipe that is opened as soon as it has a reader.
    pub(super) fn open(location: Location) -> Arc<Self> {
        let state = PipeState { stage: PipeStage::Waiting, writers: 0, is_done: false };
        let pipe = Arc::new(Pipe { location, state: Mutex::new(state), changed: Condvar::new() });
        let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(pipe.clone());
        let is_first = waiting.len() == 1;
        drop(waiting);
        if is_first {
            BlockingThreads::of_process().submit(Box::new(Pipe::open_waiting));
        }
        pipe
    }

    /// Opens the waiting pipes, until none waits.
    fn open_waiting() {
        loop {
            let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.retain(|pipe| !pipe.try_open());
            if waiting.is_empty() {
                return;
            }
            drop(waiting);
            std::thread::sleep(RETRY_PAUSE);
        }
    }

    fn lock(&self) -> MutexGuard<'_, PipeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the pipe if it has a reader. Returns `true` if it no longer waits for one.
    fn try_open(&self) -> bool {
        let mut state = self.lock();
        if matches!(state.stage, PipeStage::Closed) {
            return true;
        }
        state.stage = match self.location.file_system().and_then(|files| files.open_pipe(self.location.path())) {
            Ok(None) => return false,
            Ok(Some(pipe)) if !state.is_done => PipeStage::Open(Arc::new(Mutex::new(pipe))),
            // The reader gets the end of the pipe.
            Ok(Some(_)) => PipeStage::Closed,
            Err(error) => PipeStage::Refused(error.kind()),
        };
        self.changed.notify_all();
        true
    }

    /// A writer for a task. The pipe is closed when the last writer is dropped.
    pub(super) fn writer(self: &Arc<Self>) -> PipeWriter {
        self.lock().writers += 1;
        PipeWriter(self.clone())
    }

    /// The open pipe. Waits until it has a reader.
    fn opened(&self) -> IoResult<WritingEnd> {
        let mut state = self.lock();
        loop {
            match &state.stage {
                PipeStage::Waiting => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                PipeStage::Open(pipe) => return Ok(pipe.clone()),
                PipeStage::Refused(kind) => return Err((*kind).into()),
                // The job has failed.
                PipeStage::Closed => return Err(ErrorKind::BrokenPipe.into()),
            }
        }
    }

    /// Ends the pipe. After `success` it waits for a reader, which gets the end of the pipe even if
    /// nothing was written.
    pub(super) fn finish(&self, success: bool) -> IoResult<()> {
        let mut state = self.lock();
        state.close();
        while success && matches!(state.stage, PipeStage::Waiting) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let stage = std::mem::replace(&mut state.stage, PipeStage::Closed);
        self.changed.notify_all();
        match stage {
            PipeStage::Refused(kind) => Err(kind.into()),
            _ => Ok(()),
        }
    }
}

/// Writes to a pipe. Waits until it has a reader.
pub(super) struct PipeWriter(Arc<Pipe>);

impl Write for PipeWriter {
    fn write(&mut self, bytes: &[u8]) -> IoResult<usize> {
        self.0.opened()?.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> IoResult<()> {
        Ok(())
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.writers -= 1;
        if state.writers == 0 {
            state.close();
        }
    }
}
