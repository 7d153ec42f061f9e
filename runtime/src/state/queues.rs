//! Request queues: rows of requests whose key groups are on disk. Each part has a queue. Its front
//! may be on disk, too.

use std::sync::Arc;

use crate::error::Result;
use crate::group::UnplacedRows;
use crate::memory::Memory;
use crate::memory::limits::{PAGE_BYTES, SPILL_PARTS};
use crate::page::{Input, Page, RowWriter, Selection};
use crate::row::{LeafSet, LeafType, RowLayout};
use crate::spill::{Spilled, SpilledReader, Spiller};
use crate::state::key_groups::KeyGroupSet;
use crate::state::policy::NextPart;
use crate::strategy::PageWindows;

/// Pages of a queue that are read ahead, if there is memory for them.
const READ_AHEAD: usize = 2;

/// The queued rows of one kind of request. They have one layout. Rows of one key are served in
/// their order. If the order of two kinds of request matters, the first must be
/// [served](crate::state::StateTable::serve) to its end before the other one begins.
pub struct Requests {
    pub(super) queues: RequestQueues,
    pub(super) next: NextPart,
    pub(super) draining: Option<Draining>,
    /// The rest of the driver's current window.
    pub(super) work: Work,
}

/// A queue for each part.
pub(super) struct RequestQueues {
    pub(super) layout: Arc<RowLayout>,
    memory: Memory,
    pub(super) queues: [RequestQueue; SPILL_PARTS],
    /// Rows of the served queue whose key groups are still on disk. They precede rows that were
    /// queued since.
    pub(super) requeued: RequestQueue,
    /// The key groups of queued rows.
    pub(super) wanted: KeyGroupSet,
}

/// Rows that wait for one part.
#[derive(Default)]
pub(super) struct RequestQueue {
    spilled: Spilled,
    open: Option<RowWriter>,
    pub(super) wanted: KeyGroupSet,
    rows: u64,
}

/// The rest of a window of rows.
#[derive(Default)]
pub(super) struct Work {
    pub(super) unplaced: UnplacedRows,
    /// Rows that are served now. `later` are served after them.
    pub(super) rest: Selection,
    pub(super) later: Vec<u32>,
    /// Rows to queue: part, row, and key group.
    pub(super) waiting: Vec<(usize, u32, usize)>,
    pub(super) hashes: Vec<u64>,
}

/// A queue that is served from front to end. New rows wait in a new queue.
pub(super) struct Draining {
    pub(super) part: usize,
    pub(super) reader: SpilledReader,
    /// Pages that were never on disk, the last one first.
    pub(super) last: Vec<Page>,
    pub(super) page: Option<Page>,
    pub(super) windows: PageWindows,
    pub(super) work: Work,
}

impl Requests {
    pub(super) fn new(types: Vec<LeafType>, live: &LeafSet, memory: &Memory) -> Self {
        let queues = RequestQueues {
            layout: Arc::new(RowLayout::new(types, live)),
            memory: memory.clone(),
            queues: Default::default(),
            requeued: RequestQueue::default(),
            wanted: KeyGroupSet::default(),
        };
        Requests { queues, next: NextPart::default(), draining: None, work: Work::default() }
    }

    /// Returns `true` if no row is queued.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queues.wanted.is_empty()
    }

    /// Approximate bytes of queued rows.
    #[must_use]
    pub fn waiting_bytes(&self) -> u64 {
        self.queues.queues.iter().map(RequestQueue::bytes).sum()
    }

    /// Starts to serve the queue of a part. Its spilled pages must be written. `reserve_bytes`
    /// bytes stay free.
    pub(super) fn drain(&mut self, part: usize, reserve_bytes: usize, spiller: &Spiller) {
        let RequestQueue { spilled, open, .. } = std::mem::take(&mut self.queues.queues[part]);
        let mut last: Vec<Page> = Vec::new();
        if let Some(mut open) = open {
            open.seal();
            last.extend(open.take_sealed().rev());
        }
        let RequestQueues { layout, memory, .. } = &self.queues;
        let has_room =
            memory.try_reserve_idle((READ_AHEAD + 1) * spilled.largest_page_bytes().max(PAGE_BYTES) + reserve_bytes);
        self.draining = Some(Draining {
            part,
            reader: spiller.read(spilled, layout, if has_room { READ_AHEAD } else { 1 }, memory),
            last,
            page: None,
            windows: PageWindows::default(),
            work: Work::default(),
        });
    }

    /// Ends serving the queue of a part. Requeued rows come first, then rows that were queued
    /// since.
    pub(super) fn end_drain(&mut self, part: usize, spiller: &Spiller) {
        self.draining = None;
        let RequestQueues { queues, requeued, wanted, .. } = &mut self.queues;
        let newer = std::mem::replace(&mut queues[part], std::mem::take(requeued));
        queues[part].append(newer, spiller);
        *wanted = queues.iter().fold(KeyGroupSet::default(), |wanted, queue| wanted.or(&queue.wanted));
    }
}

impl Work {
    /// Starts with all rows of a window.
    pub(super) fn begin(&mut self, rows: &Selection) {
        self.rest.clone_from(rows);
        self.later.clear();
        self.waiting.clear();
    }
}

impl RequestQueues {
    /// Adds rows to the queue of a part, or to the requeued ones. Returns `false` if memory for
    /// them and for `reserve_bytes` bytes is refused.
    pub(super) fn push(
        &mut self,
        part: Option<usize>,
        input: &Input<'_>,
        groups: &KeyGroupSet,
        reserve_bytes: Option<usize>,
        spiller: &Spiller,
    ) -> Result<bool> {
        let queue = match part {
            Some(part) => &mut self.queues[part],
            None => &mut self.requeued,
        };
        let open = queue.open.get_or_insert_with(|| RowWriter::new(self.layout.clone(), self.memory.clone()));
        let bytes = open.fitting(input, None, usize::MAX).1;
        if let Some(reserve_bytes) = reserve_bytes.filter(|_| bytes > 0)
            && !self.memory.try_reserve(bytes + reserve_bytes)
        {
            return Ok(false);
        }
        open.append(input, None)?;
        open.seal_large();
        if open.has_sealed() {
            let pages: Vec<Page> = open.take_sealed().collect();
            spiller.write(&mut queue.spilled, pages);
        }
        queue.rows += input.len() as u64;
        queue.wanted = queue.wanted.or(groups);
        self.wanted = self.wanted.or(groups);
        Ok(true)
    }

    /// Writes the open pages of all queues. Returns `false` if there were none.
    pub(super) fn flush(&mut self, spiller: &Spiller) -> bool {
        let queues = self.queues.iter_mut().chain([&mut self.requeued]);
        queues.fold(false, |flushed, queue| queue.flush(spiller) | flushed)
    }
}

impl RequestQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Bytes of its rows.
    pub(super) fn bytes(&self) -> u64 {
        let open = self.open.as_ref().map_or(0, |open| open.open_rows() * open.layout().width());
        self.spilled.bytes() + open as u64
    }

    fn flush(&mut self, spiller: &Spiller) -> bool {
        let Some(mut open) = self.open.take() else { return false };
        open.seal();
        let pages: Vec<Page> = open.take_sealed().collect();
        let is_flushed = !pages.is_empty();
        spiller.write(&mut self.spilled, pages);
        is_flushed
    }

    /// Appends a newer queue.
    fn append(&mut self, newer: RequestQueue, spiller: &Spiller) {
        if newer.is_empty() {
            return;
        }
        self.flush(spiller);
        self.spilled.append(newer.spilled);
        self.open = newer.open;
        self.wanted = self.wanted.or(&newer.wanted);
        self.rows += newer.rows;
    }
}
