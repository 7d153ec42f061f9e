//! Rows of requests whose key groups are on disk: they wait in a line for each part, the beginning of which is on disk, too.

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

/// Pages of a line that are read ahead, where there is memory for them.
const READ_AHEAD: usize = 2;

/// The line of one kind of request: rows of one layout, all of which are asked for the same. Rows of one key are served in their order; of two kinds of
/// request whose order matters, one is to be [served](crate::state::StateTable::serve) to its end before the other is asked for.
pub struct Requests {
    pub(super) lines: Lines,
    pub(super) next: NextPart,
    pub(super) draining: Option<Draining>,
    /// Of the window that the driver gives.
    pub(super) work: Work,
}

/// What waits, by part.
pub(super) struct Lines {
    pub(super) layout: Arc<RowLayout>,
    memory: Memory,
    pub(super) lines: [Line; SPILL_PARTS],
    /// Of the line that is served, the rows whose key groups are still on disk: they come before all that waits behind it.
    pub(super) again: Line,
    /// The key groups of rows that wait.
    pub(super) wanted: KeyGroupSet,
}

/// What waits for one part.
#[derive(Default)]
pub(super) struct Line {
    spilled: Spilled,
    open: Option<RowWriter>,
    pub(super) wanted: KeyGroupSet,
    rows: u64,
}

/// What is left of a window of rows.
#[derive(Default)]
pub(super) struct Work {
    pub(super) unplaced: UnplacedRows,
    /// What is to be done now, and then.
    pub(super) rest: Selection,
    pub(super) later: Vec<u32>,
    /// What is to be put in line, by part, with its key group.
    pub(super) waiting: Vec<(usize, u32, usize)>,
    pub(super) hashes: Vec<u64>,
}

/// A line that is served from its beginning to its end; what comes meanwhile waits behind it.
pub(super) struct Draining {
    pub(super) part: usize,
    pub(super) reader: SpilledReader,
    /// The pages that never left memory, the last one first.
    pub(super) last: Vec<Page>,
    pub(super) page: Option<Page>,
    pub(super) windows: PageWindows,
    pub(super) work: Work,
}

impl Requests {
    pub(super) fn new(types: Vec<LeafType>, live: &LeafSet, memory: &Memory) -> Self {
        let lines = Lines {
            layout: Arc::new(RowLayout::new(types, live)),
            memory: memory.clone(),
            lines: Default::default(),
            again: Line::default(),
            wanted: KeyGroupSet::default(),
        };
        Requests { lines, next: NextPart::default(), draining: None, work: Work::default() }
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.wanted.is_empty()
    }

    /// About how many bytes of rows wait.
    #[must_use]
    pub fn waiting_bytes(&self) -> u64 {
        self.lines.lines.iter().map(Line::bytes).sum()
    }

    /// Begins to serve a part's line, with so much memory that is left to others `beside`. What is on disk must be written by now.
    pub(super) fn drain(&mut self, part: usize, beside: usize, spiller: &Spiller) {
        let line = std::mem::take(&mut self.lines.lines[part]);
        let Line { spilled, open, .. } = line;
        let mut last: Vec<Page> = Vec::new();
        if let Some(mut open) = open {
            open.seal();
            last.extend(open.take_sealed().rev());
        }
        let Lines { layout, memory, .. } = &self.lines;
        let has_room =
            memory.try_reserve_idle((READ_AHEAD + 1) * spilled.largest_page_bytes().max(PAGE_BYTES) + beside);
        self.draining = Some(Draining {
            part,
            reader: spiller.read(spilled, layout, if has_room { READ_AHEAD } else { 1 }, memory),
            last,
            page: None,
            windows: PageWindows::default(),
            work: Work::default(),
        });
    }

    /// The line that was served is at its end: what could not be served comes first, then what came meanwhile.
    pub(super) fn end_drain(&mut self, part: usize, spiller: &Spiller) {
        self.draining = None;
        let behind = std::mem::replace(&mut self.lines.lines[part], std::mem::take(&mut self.lines.again));
        self.lines.lines[part].append(behind, spiller);
        self.lines.wanted =
            self.lines.lines.iter().fold(KeyGroupSet::default(), |wanted, line| wanted.or(&line.wanted));
    }
}

impl Work {
    /// Begins with all rows of a window.
    pub(super) fn begin(&mut self, rows: &Selection) {
        self.rest.clone_from(rows);
        self.later.clear();
        self.waiting.clear();
    }
}

impl Lines {
    /// Puts rows of an input at the end of a part's line, or of those that are asked for again; whether there was memory for them, and so much `beside` that
    /// others are to find.
    pub(super) fn push(
        &mut self,
        part: Option<usize>,
        input: &Input<'_>,
        groups: &KeyGroupSet,
        beside: Option<usize>,
        spiller: &Spiller,
    ) -> Result<bool> {
        let line = match part {
            Some(part) => &mut self.lines[part],
            None => &mut self.again,
        };
        let open = line.open.get_or_insert_with(|| RowWriter::new(self.layout.clone(), self.memory.clone()));
        let bytes = open.fitting(input, None, usize::MAX).1;
        if let Some(beside) = beside.filter(|_| bytes > 0)
            && !self.memory.try_reserve(bytes + beside)
        {
            return Ok(false);
        }
        open.append(input, None)?;
        open.seal_large();
        if open.has_sealed() {
            let pages: Vec<Page> = open.take_sealed().collect();
            spiller.write(&mut line.spilled, pages);
        }
        line.rows += input.len() as u64;
        line.wanted = line.wanted.or(groups);
        self.wanted = self.wanted.or(groups);
        Ok(true)
    }

    /// Has the open pages of all lines written, as memory is scarce; whether there was one.
    pub(super) fn flush(&mut self, spiller: &Spiller) -> bool {
        let lines = self.lines.iter_mut().chain([&mut self.again]);
        lines.fold(false, |flushed, line| line.flush(spiller) | flushed)
    }
}

impl Line {
    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Bytes that rows take in it.
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

    /// What waits behind this, too.
    fn append(&mut self, behind: Line, spiller: &Spiller) {
        if behind.is_empty() {
            return;
        }
        self.flush(spiller);
        self.spilled.append(behind.spilled);
        self.open = behind.open;
        self.wanted = self.wanted.or(&behind.wanted);
        self.rows += behind.rows;
    }
}
