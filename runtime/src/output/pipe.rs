//! A pipe with a name as an output.
//!
//! Such a pipe can be opened once somebody reads it, and who reads several opens them in an order of their own, or the second when the first has ended. So
//! each is opened by a thread of its own, as soon as that is possible, and closed when its last row is written.
//!
//! **A sink whose reader has gone takes rows and forgets them.** A broken pipe is no error then, other sinks are completed, and the executor, which
//! asks now and then whether anybody still sees what is written, ends a job of which nobody does.

use std::io::{ErrorKind, Result as IoResult, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::storage::Location;

/// How often somebody looks whether a pipe has a reader. The system tells nobody.
const PAUSE: Duration = Duration::from_millis(10);

/// A pipe that is written to while a job runs.
pub(super) struct Pipe {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    stage: Stage,
    writers: usize,
    /// Nothing more will be written.
    is_done: bool,
}

enum Stage {
    /// Nobody reads it yet.
    Waiting,
    Open(PipeEnd),
    Refused(ErrorKind),
    Closed,
}

/// The open end of a pipe that is written to.
type PipeEnd = Arc<Mutex<Box<dyn Write + Send + Sync>>>;

impl std::fmt::Debug for Pipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipe").finish_non_exhaustive()
    }
}

impl State {
    fn close(&mut self) {
        self.is_done = true;
        if matches!(self.stage, Stage::Open(_)) {
            self.stage = Stage::Closed;
        }
    }
}

impl Pipe {
    /// Begins to look for a reader.
    pub(super) fn open(location: Location) -> IoResult<Arc<Self>> {
        let state = State { stage: Stage::Waiting, writers: 0, is_done: false };
        let pipe = Arc::new(Pipe { state: Mutex::new(state), changed: Condvar::new() });
        let opened = pipe.clone();
        std::thread::Builder::new()
            .name("dataflow-pipe".to_owned())
            .spawn(move || opened.wait_for_reader(&location))?;
        Ok(pipe)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for_reader(&self, location: &Location) {
        loop {
            let opened = location.file_system().and_then(|files| files.open_pipe(location.path()));
            let mut state = self.lock();
            if matches!(state.stage, Stage::Closed) {
                return;
            }
            state.stage = match opened {
                Ok(Some(pipe)) if !state.is_done => Stage::Open(Arc::new(Mutex::new(pipe))),
                // The reader finds the end of the pipe.
                Ok(Some(_)) => Stage::Closed,
                Ok(None) => {
                    drop(state);
                    std::thread::sleep(PAUSE);
                    continue;
                }
                Err(error) => Stage::Refused(error.kind()),
            };
            return self.changed.notify_all();
        }
    }

    /// What a task writes to; the pipe is closed with the last of them.
    pub(super) fn writer(self: &Arc<Self>) -> PipeWriter {
        self.lock().writers += 1;
        PipeWriter(self.clone())
    }

    /// The open pipe, once somebody reads it.
    fn opened(&self) -> IoResult<PipeEnd> {
        let mut state = self.lock();
        loop {
            match &state.stage {
                Stage::Waiting => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Stage::Open(pipe) => return Ok(pipe.clone()),
                Stage::Refused(kind) => return Err((*kind).into()),
                // The job has failed meanwhile.
                Stage::Closed => return Err(ErrorKind::BrokenPipe.into()),
            }
        }
    }

    /// Waits until somebody has read it, also where nothing was written; or, where the job failed, waits no more.
    pub(super) fn finish(&self, success: bool) -> IoResult<()> {
        let mut state = self.lock();
        state.close();
        while success && matches!(state.stage, Stage::Waiting) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let stage = std::mem::replace(&mut state.stage, Stage::Closed);
        self.changed.notify_all();
        match stage {
            Stage::Refused(kind) => Err(kind.into()),
            _ => Ok(()),
        }
    }
}

/// Writes to a pipe, once somebody reads it.
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
