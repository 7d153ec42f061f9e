//! A pipe with a name as an output.
//!
//! Such a pipe can be opened once somebody reads it, and who reads several opens them in an order of their own, or the second when the first has ended. So
//! each is opened by a thread of its own, as soon as that is possible, and closed when its last row is written.
//!
//! **A sink whose reader has gone takes rows and forgets them.** A broken pipe is no error then, other sinks are completed, and the executor, which
//! asks now and then whether anybody still sees what is written, ends a job of which nobody does.

use std::fs::File;
use std::io::{Error as IoError, ErrorKind, Result as IoResult, Write};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open};
use rustix::io::Errno;

/// How often somebody looks whether a pipe has a reader. The system tells nobody.
const PAUSE: Duration = Duration::from_millis(10);

/// A pipe that is written to while a job runs.
#[derive(Debug)]
pub(super) struct Pipe {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    stage: Stage,
    writers: usize,
    /// Nothing more will be written.
    is_done: bool,
}

#[derive(Debug)]
enum Stage {
    /// Nobody reads it yet.
    Waiting,
    Open(Arc<File>),
    Refused(ErrorKind),
    Closed,
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
    pub(super) fn open(path: PathBuf) -> IoResult<Arc<Self>> {
        let state = State { stage: Stage::Waiting, writers: 0, is_done: false };
        let pipe = Arc::new(Pipe { state: Mutex::new(state), changed: Condvar::new() });
        let opened = pipe.clone();
        std::thread::Builder::new().name("dataflow-pipe".to_owned()).spawn(move || opened.wait_for_reader(&path))?;
        Ok(pipe)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for_reader(&self, path: &PathBuf) {
        loop {
            let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let file = open(path, flags, Mode::empty());
            let mut state = self.lock();
            if matches!(state.stage, Stage::Closed) {
                return;
            }
            state.stage = match file.map(File::from).and_then(|file| waiting(&file).map(|()| file)) {
                Ok(file) if !state.is_done => Stage::Open(Arc::new(file)),
                // Who reads hears that there is nothing.
                Ok(_) => Stage::Closed,
                Err(Errno::NXIO) => {
                    drop(state);
                    std::thread::sleep(PAUSE);
                    continue;
                }
                Err(error) => Stage::Refused(IoError::from(error).kind()),
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
    fn opened(&self) -> IoResult<Arc<File>> {
        let mut state = self.lock();
        loop {
            match &state.stage {
                Stage::Waiting => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Stage::Open(file) => return Ok(file.clone()),
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

/// The same file, whose writes wait for room.
fn waiting(file: &File) -> Result<(), Errno> {
    fcntl_setfl(file, fcntl_getfl(file)? - OFlags::NONBLOCK)
}

/// Writes to a pipe, once somebody reads it.
pub(super) struct PipeWriter(Arc<Pipe>);

impl Write for PipeWriter {
    fn write(&mut self, bytes: &[u8]) -> IoResult<usize> {
        (&*self.0.opened()?).write(bytes)
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
