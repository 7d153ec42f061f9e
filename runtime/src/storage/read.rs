//! Reads of several ranges at the same time, without blocking a task.

use std::io::{ErrorKind, Result as IoResult};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::StoredObject;
use super::blocking::Blocking;
use crate::error::{Error, Result};
use crate::memory::Memory;
use crate::page::Buffer;

/// Ranges of an object that are read together.
#[derive(Clone, Debug)]
pub struct ReadRequest {
    /// The open object.
    pub object: Arc<dyn StoredObject>,
    /// Its path, for messages.
    pub path: Arc<PathBuf>,
    /// The ranges. They end within the object.
    pub ranges: Vec<Range<u64>>,
    /// Whether the object may have become shorter. Then the bytes that it has are returned.
    pub may_end_early: bool,
}

impl ReadRequest {
    /// Reads all ranges. Blocks.
    ///
    /// # Errors
    /// [`Error::Io`] with the path, or [`Error::OutOfMemory`].
    pub fn read(&self, memory: &Memory) -> Result<Vec<Bytes>> {
        let range = |range: &Range<u64>| {
            let mut buffer = self.buffer(range, memory)?;
            let read = self.object.read_at(buffer.as_mut(), range.start);
            self.bytes(buffer, read)
        };
        self.ranges.iter().map(range).collect()
    }

    fn buffer(&self, range: &Range<u64>, memory: &Memory) -> Result<Buffer> {
        Buffer::new((range.end - range.start) as usize, memory)
    }

    /// The bytes of a buffer after a read.
    fn bytes(&self, buffer: Buffer, read: IoResult<usize>) -> Result<Bytes> {
        let read = match read {
            Ok(read) if read == buffer.as_ref().len() || self.may_end_early => Ok(read),
            Ok(_) => Err(ErrorKind::UnexpectedEof.into()),
            Err(error) => Err(error),
        };
        let read = read.map_err(Error::io("read", self.path.as_ref()))?;
        Ok(Bytes::from_owner(buffer).slice(..read))
    }
}

/// The ranges of a request while they are read.
pub struct PendingRead(Arc<Parts>);

struct Parts {
    request: ReadRequest,
    state: Mutex<State>,
}

struct State {
    /// The result of each range.
    done: Vec<Option<Result<Bytes>>>,
    /// Ranges without a result.
    missing: usize,
}

impl PendingRead {
    /// Reads cached ranges immediately, and starts the reads of the others.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], or [`Error::Io`] for a cached range.
    pub fn start(request: ReadRequest, memory: &Memory, blocking: &Arc<dyn Blocking>) -> Result<Self> {
        let count = request.ranges.len();
        let state = State { done: (0..count).map(|_| None).collect(), missing: count };
        let parts = Arc::new(Parts { request, state: Mutex::new(state) });
        let request = &parts.request;
        for (part, range) in request.ranges.iter().enumerate() {
            let mut buffer = request.buffer(range, memory)?;
            let cached = request.object.read_cached(buffer.as_mut(), range.start);
            if cached.map_err(Error::io("read", request.path.as_ref()))? {
                parts.complete(part, Ok(Bytes::from_owner(buffer)));
                continue;
            }
            let done = ReadDone { part, parts: parts.clone(), blocking: blocking.clone() };
            request.object.clone().read(buffer, range.start, done);
        }
        Ok(PendingRead(parts))
    }

    /// The bytes of all ranges, or the first error. `None` until all ranges are read.
    pub fn take(&self) -> Option<Result<Vec<Bytes>>> {
        let mut state = self.0.lock();
        if state.missing > 0 {
            return None;
        }
        Some(std::mem::take(&mut state.done).into_iter().flatten().collect())
    }
}

impl Parts {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn complete(&self, part: usize, result: Result<Bytes>) {
        let mut state = self.lock();
        if let Some(slot @ None) = state.done.get_mut(part) {
            *slot = Some(result);
            state.missing -= 1;
        }
    }
}

/// Receives the result of one read.
pub struct ReadDone {
    part: usize,
    parts: Arc<Parts>,
    blocking: Arc<dyn Blocking>,
}

impl ReadDone {
    /// Runs `read` on a blocking thread. It returns the buffer and the number of bytes in it.
    pub fn on_blocking_thread(self, read: impl FnOnce() -> (Buffer, IoResult<usize>) + Send + 'static) {
        let ReadDone { part, parts, blocking } = self;
        blocking.submit(Box::new(move || {
            let (buffer, read) = read();
            let result = parts.request.bytes(buffer, read);
            parts.complete(part, result);
        }));
    }

    /// Completes the read with a buffer that a thread of the storage has filled, and the number of
    /// bytes in it.
    pub fn complete(self, buffer: Buffer, read: IoResult<usize>) {
        let result = self.parts.request.bytes(buffer, read);
        self.parts.complete(self.part, result);
        // Work that does nothing wakes the task.
        self.blocking.submit(Box::new(|| ()));
    }
}
