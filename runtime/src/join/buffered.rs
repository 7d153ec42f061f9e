//! Probe rows that arrived before the table was built.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Poll;

use crate::error::{Error, Result};
use crate::join::JoinContext;
use crate::memory::Memory;
use crate::page::{Input, Page, RowWriter};
use crate::row::RowLayout;
use crate::spill::{Spilled, SpilledReader, Spiller};
use crate::strategy::ProgressOf;

/// The minimum number of pages that are read ahead of the current one.
pub(super) const STREAM_AHEAD: usize = 2;

/// The buffered rows. They wait in memory, or on disk after memory was refused or revoked.
#[derive(Default)]
pub(super) struct BufferedProbeRows {
    writer: Option<RowWriter>,
    pages: VecDeque<Page>,
    /// Rows in `writer` and `pages`.
    rows: usize,
    spilled: Spilled,
    /// The buffer's own spiller. The join's spiller may have files that all tasks share.
    spiller: Option<Spiller>,
    reader: Option<SpilledReader>,
    /// Whether the rows have the layout of a table because they were in one.
    are_linked: bool,
    /// The first row of the first page that is not probed yet.
    pub(super) next: usize,
    /// Whether their side has ended.
    pub(super) have_ended: bool,
}

impl BufferedProbeRows {
    /// A buffer for rows of `layout`.
    pub(super) fn new(layout: &Arc<RowLayout>, memory: &Memory, spiller: Spiller) -> Self {
        let writer = Some(RowWriter::new(layout.clone(), memory.clone()));
        BufferedProbeRows { writer, spiller: Some(spiller), ..BufferedProbeRows::default() }
    }

    /// Replaces the rows with those of a table. Returns the pages of the replaced rows.
    pub(super) fn exchange(&mut self, pages: Vec<Page>) -> VecDeque<Page> {
        self.seal();
        let spiller = self.spiller.take();
        let linked =
            BufferedProbeRows { pages: pages.into(), spiller, are_linked: true, ..BufferedProbeRows::default() };
        std::mem::replace(self, linked).pages
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The bytes that these rows would add.
    pub(super) fn bytes_for(&self, input: &Input<'_>) -> usize {
        self.writer.as_ref().map_or(0, |writer| writer.fitting(input, None, usize::MAX).1)
    }

    /// Bytes needed to read the rows back from disk.
    pub(super) fn stream_bytes(&self) -> usize {
        (STREAM_AHEAD + 1) * self.spilled.largest_page_bytes()
    }

    /// Adds rows.
    ///
    /// # Errors
    /// Fails with [`Error::OutOfMemory`].
    pub(super) fn append(&mut self, input: &Input<'_>) -> Result<()> {
        let refused = || Error::Internal("a join received probe rows before its table was built".to_owned());
        let writer = self.writer.as_mut().ok_or_else(refused)?;
        writer.append(input, None)?;
        self.pages.extend(writer.take_sealed());
        self.rows += input.len();
        Ok(())
    }

    /// Writes closed pages to disk.
    pub(super) fn spill(&mut self) {
        if let Some(spiller) = self.spiller.as_mut().filter(|_| !self.pages.is_empty()) {
            spiller.write(&mut self.spilled, self.pages.drain(..));
        }
    }

    /// Returns `true` while written pages are still in memory. The task is woken after the write.
    pub(super) fn are_being_written(&self) -> Result<bool> {
        let Some(spiller) = &self.spiller else { return Ok(false) };
        spiller.check()?;
        Ok(spiller.unwritten_bytes() > 0)
    }

    /// The next page to probe, with rows of `side`. `None` if no page is left.
    pub(super) fn page(&mut self, side: usize, join: &JoinContext) -> Result<ProgressOf<Option<Page>>> {
        self.seal();
        if self.pages.is_empty() {
            if !self.spilled.is_empty() {
                let layouts = &join.layouts[side];
                let layout = if self.are_linked { &layouts.linked } else { &layouts.plain };
                let spilled = std::mem::take(&mut self.spilled);
                let read = |spiller: &Spiller| spiller.read(spilled, layout, STREAM_AHEAD, &join.disk.memory);
                self.reader = self.spiller.as_ref().map(read);
            }
            match self.reader.as_mut().map(SpilledReader::poll).transpose()? {
                Some(Poll::Ready(Some(page))) => self.pages.push_back(page),
                Some(Poll::Pending) => return Ok(ProgressOf::Pending),
                Some(Poll::Ready(None)) | None => self.reader = None,
            }
        }
        Ok(ProgressOf::Done(self.pages.front().cloned()))
    }

    /// Drops the first page after it has probed the table.
    pub(super) fn pop(&mut self) {
        self.pages.pop_front();
        self.next = 0;
    }

    fn seal(&mut self) {
        if let Some(mut writer) = self.writer.take() {
            writer.seal();
            self.pages.extend(writer.take_sealed());
        }
    }
}
