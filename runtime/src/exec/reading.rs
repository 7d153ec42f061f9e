//! The head of a stage that reads a source: splits from a shared queue, bytes from the page cache at once, others by a thread that
//! may block.
//!
//! **Reading never blocks the pool.** `preadv2(RWF_NOWAIT)` takes what the page cache has, of inputs and of spilled pages; the rest is read by
//! blocking threads, which wake the task.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::inline::Watch;
use crate::error::{Error, Result};
use crate::kernel::Blocking;
use crate::memory::Memory;
use crate::page::{Batch, Buffer};
use crate::source::{ReadRequest, Ready, RejectSink, Split, SplitReader};
use crate::spill;
use crate::stream::Control;

/// Splits that any task of the stage may take.
pub(super) type SplitQueue = Mutex<VecDeque<Split>>;

/// Work of a blocking thread, until somebody takes what came of it.
type Flight<T> = Arc<Mutex<Option<Result<T>>>>;

pub(super) struct SourceHead {
    pub(super) operator: usize,
    reader: Box<dyn SplitReader>,
    splits: Arc<SplitQueue>,
    current: Option<Split>,
    /// A read that a blocking thread does.
    flight: Option<Flight<Vec<Bytes>>>,
    /// Where bad records go, and those that a blocking thread writes.
    rejects: Option<Arc<dyn RejectSink>>,
    rejecting: Option<Flight<()>>,
    blocking: Arc<dyn Blocking>,
    /// Pays for what is read.
    memory: Memory,
    stopped: bool,
    /// What is said behind the last row, from when that was given.
    ending: std::array::IntoIter<Control, 2>,
}

/// What a head has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SourceProgress {
    Batch,
    Control(Control),
    Wait,
}

impl SourceHead {
    pub(super) fn new(
        operator: usize,
        reader: Box<dyn SplitReader>,
        rejects: Option<Arc<dyn RejectSink>>,
        splits: Arc<SplitQueue>,
        blocking: Arc<dyn Blocking>,
        memory: Memory,
    ) -> Self {
        SourceHead {
            operator,
            reader,
            splits,
            current: None,
            flight: None,
            rejects,
            rejecting: None,
            blocking,
            memory,
            stopped: false,
            ending: Control::END_OF_INPUT.into_iter(),
        }
    }

    /// Whether it may end before its splits do: what is wrong with its records is written down for all of them.
    pub(super) fn may_stop(&self) -> bool {
        self.rejects.is_none()
    }

    /// Reads no more. The last batch stays.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
        self.ending = Control::END_OF_INPUT.into_iter();
    }

    pub(super) fn batch(&self) -> Result<Batch<'_>> {
        self.reader.batch()
    }

    /// Goes on to the next batch.
    pub(super) fn advance(&mut self, watch: &Watch) -> Result<SourceProgress> {
        let metrics = watch.enter(self.operator);
        let totals = &watch.job.metrics;
        loop {
            if self.stopped {
                return Ok(self.end());
            }
            if let Some(rejecting) = &self.rejecting {
                let Some(written) = landed(rejecting) else { return Ok(SourceProgress::Wait) };
                self.rejecting = None;
                written?;
            }
            if let Some(flight) = &self.flight {
                let Some(bytes) = landed(flight) else { return Ok(SourceProgress::Wait) };
                self.flight = None;
                self.reader.supply(bytes?)?;
            }
            if self.current.is_none() {
                let next = self.splits.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some(split) = next else { return Ok(self.end()) };
                self.reader.open(&split)?;
                self.current = Some(split);
            }
            let ready = self.reader.advance()?;
            self.reject();
            match ready {
                Ready::Batch => {
                    let rows = self.reader.batch()?.rows() as u64;
                    totals.source_rows.add(rows);
                    metrics.rows_out.add(rows);
                    return Ok(SourceProgress::Batch);
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

    /// Whether its rows, and their end, are given.
    pub(super) fn is_at_end(&self) -> bool {
        self.ending.len() < Control::END_OF_INPUT.len()
    }

    /// Says what is still to be said at the end.
    fn end(&mut self) -> SourceProgress {
        self.ending.next().map_or(SourceProgress::Wait, SourceProgress::Control)
    }

    /// Has bad records written; the next batch waits for that.
    fn reject(&mut self) {
        let rejected = self.reader.take_rejected();
        let Some(rejects) = self.rejects.clone().filter(|_| !rejected.is_empty()) else { return };
        let rejecting = Flight::default();
        self.rejecting = Some(rejecting.clone());
        self.blocking.submit(Box::new(move || {
            let written = rejects.write(&rejected);
            *rejecting.lock().unwrap_or_else(PoisonError::into_inner) = Some(written);
        }));
    }

    fn read(&mut self) -> Result<()> {
        let Some(request) = self.reader.wants() else {
            return Err(Error::Internal("a reader starves and wants nothing".to_owned()));
        };
        if let Some(bytes) = read_cached(&request, &self.memory)? {
            return self.reader.supply(bytes);
        }
        let flight = Flight::default();
        self.flight = Some(flight.clone());
        let memory = self.memory.clone();
        self.blocking.submit(Box::new(move || {
            let bytes = request.read(&memory);
            *flight.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
        }));
        Ok(())
    }
}

/// What came of a blocking thread's work, once it is done.
fn landed<T>(flight: &Flight<T>) -> Option<Result<T>> {
    flight.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Reads without waiting; `None` where some of it is not in the page cache.
fn read_cached(request: &ReadRequest, memory: &Memory) -> Result<Option<Vec<Bytes>>> {
    let mut all = Vec::with_capacity(request.ranges.len());
    for range in &request.ranges {
        let mut buffer = Buffer::new((range.end - range.start) as usize, memory)?;
        let is_cached = spill::read_cached(&request.file, buffer.as_mut(), range.start)
            .map_err(|error| Error::io("read", request.path.as_ref())(error))?;
        if !is_cached {
            return Ok(None);
        }
        all.push(Bytes::from_owner(buffer));
    }
    Ok(Some(all))
}
