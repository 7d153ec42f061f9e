//! The head of a stage that reads a source: splits from a shared queue, bytes from the page cache at once, others by a thread that
//! may block.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use rustix::io::{Errno, ReadWriteFlags, preadv2};

use super::light::Watch;
use crate::error::{Error, Result};
use crate::kernel::Blocking;
use crate::page::Batch;
use crate::source::{ReadRequest, Ready, Split, SplitReader};

/// Splits that any task of the stage may take.
pub(super) type SplitQueue = Mutex<VecDeque<Split>>;

type Flight = Arc<Mutex<Option<Result<Vec<Bytes>>>>>;

pub(super) struct SourceHead {
    pub(super) operator: usize,
    reader: Box<dyn SplitReader>,
    splits: Arc<SplitQueue>,
    current: Option<Split>,
    /// A read that a blocking thread does.
    flight: Option<Flight>,
    blocking: Arc<dyn Blocking>,
    buffers: Arc<Buffers>,
}

/// What a head has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Headed {
    Batch,
    Wait,
    End,
}

impl SourceHead {
    pub(super) fn new(
        operator: usize,
        reader: Box<dyn SplitReader>,
        splits: Arc<SplitQueue>,
        blocking: Arc<dyn Blocking>,
    ) -> Self {
        SourceHead { operator, reader, splits, current: None, flight: None, blocking, buffers: Arc::default() }
    }

    pub(super) fn batch(&self) -> Result<Batch<'_>> {
        self.reader.batch()
    }

    /// Goes on to the next batch.
    pub(super) fn advance(&mut self, watch: &Watch) -> Result<Headed> {
        let metrics = watch.enter(self.operator);
        let totals = &watch.job.metrics;
        loop {
            if let Some(flight) = &self.flight {
                let arrived = flight.lock().unwrap_or_else(PoisonError::into_inner).take();
                let Some(bytes) = arrived else { return Ok(Headed::Wait) };
                self.flight = None;
                self.reader.supply(bytes?)?;
            }
            if self.current.is_none() {
                let next = self.splits.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some(split) = next else { return Ok(Headed::End) };
                self.reader.open(&split)?;
                self.current = Some(split);
            }
            match self.reader.advance()? {
                Ready::Batch => {
                    let rows = self.reader.batch()?.rows() as u64;
                    totals.source_rows.add(rows);
                    metrics.rows_out.add(rows);
                    return Ok(Headed::Batch);
                }
                Ready::End => {
                    let bytes = self.current.take().map_or(0, |split| split.bytes);
                    totals.source_bytes.add(bytes);
                    metrics.bytes.add(bytes);
                }
                Ready::Starved => self.read()?,
            }
        }
    }

    fn read(&mut self) -> Result<()> {
        let Some(request) = self.reader.wants() else {
            return Err(Error::Internal("a reader starves and wants nothing".to_owned()));
        };
        if let Some(bytes) = read_cached(&request, &self.buffers)? {
            return self.reader.supply(bytes);
        }
        let flight = Flight::default();
        self.flight = Some(flight.clone());
        self.blocking.submit(Box::new(move || {
            let bytes = request.read();
            *flight.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
        }));
        Ok(())
    }
}

/// Reads without waiting; `None` where some of it is not in the page cache.
fn read_cached(request: &ReadRequest, buffers: &Arc<Buffers>) -> Result<Option<Vec<Bytes>>> {
    let mut all = Vec::with_capacity(request.ranges.len());
    for range in &request.ranges {
        let mut buffer = Buffers::take(buffers, (range.end - range.start) as usize);
        let mut filled = 0;
        while filled < buffer.used {
            let rest = std::io::IoSliceMut::new(&mut buffer.bytes[filled..buffer.used]);
            let offset = range.start + filled as u64;
            match preadv2(&*request.file, &mut [rest], offset, ReadWriteFlags::NOWAIT) {
                Ok(0) | Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(None),
                Ok(count) => filled += count,
                Err(Errno::INTR) => {}
                Err(error) => return Err(Error::io("read", request.path.as_ref())(error.into())),
            }
        }
        all.push(Bytes::from_owner(buffer));
    }
    Ok(Some(all))
}

/// Read buffers that were used before: fresh ones cost a page fault every 4 KiB.
#[derive(Default)]
struct Buffers(Mutex<Vec<Vec<u8>>>);

/// Buffers that wait for use, at most; a split's columns are read together.
const SPARE_BUFFERS: usize = 32;

/// A buffer that goes back when nobody reads from it any more.
struct Buffer {
    bytes: Vec<u8>,
    used: usize,
    home: Weak<Buffers>,
}

impl Buffers {
    fn take(home: &Arc<Self>, used: usize) -> Buffer {
        let mut bytes = home.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        if bytes.len() < used {
            bytes.resize(used, 0);
        }
        Buffer { bytes, used, home: Arc::downgrade(home) }
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.used]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(home) = self.home.upgrade() {
            let mut spare = home.0.lock().unwrap_or_else(PoisonError::into_inner);
            if spare.len() < SPARE_BUFFERS {
                spare.push(std::mem::take(&mut self.bytes));
            }
        }
    }
}
