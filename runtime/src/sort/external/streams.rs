//! The merge of sorted runs into one sequence.
//!
//! With enough memory, each run on disk is read some pages ahead. With less, a merge holds one page
//! of each run and a few more. It then requests the page that is needed next: that of the run whose
//! current page ends with the least key (*forecasting*). So one merge can take about twice as many
//! runs.
//!
//! Source: Knuth, *The Art of Computer Programming*, vol. 3, 5.4.9.

use std::collections::VecDeque;
use std::task::Poll;

use crate::error::Result;
use crate::memory::Memory;
use crate::page::{Page, RowWriter};
use crate::sort::external::runs::{PartReader, RowOrder};
use crate::sort::in_memory::InMemorySort;
use crate::sort::merge::{Merge, MergeStep};
use crate::sort::ranges::KeyPrefix;
use crate::spill::SpilledReader;

/// Runs in a merge, on disk or in memory.
pub(crate) struct Streams {
    row_order: RowOrder,
    streams: Vec<Stream>,
    merge: Merge,
    forecast: Option<Forecast>,
}

/// The number of pages that runs on disk are read ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadAhead {
    /// Pages of each run.
    Each(usize),
    /// Pages of all runs together.
    Shared(usize),
}

impl ReadAhead {
    /// Pages that each reader requests by itself.
    pub(crate) fn of_each(self) -> usize {
        match self {
            ReadAhead::Each(pages) => pages,
            ReadAhead::Shared(_) => 0,
        }
    }
}

/// Decides which runs' next pages are requested.
struct Forecast {
    /// The greatest number of pages that are requested and not yet used.
    pages: usize,
    /// The last key of each stream's current page. `None` before the first page.
    last: Vec<Option<KeyPrefix>>,
}

/// A source of sorted pages.
pub(crate) enum Stream {
    Spilled(SpilledReader),
    /// A range of a run on disk.
    Part(PartReader),
    Pages(VecDeque<Page>),
    /// The sorted buffer. Its rows are copied page by page: the writer, and pages of it.
    Buffer(RowWriter, VecDeque<Page>),
}

impl Stream {
    fn poll(&mut self, buffer: &mut InMemorySort) -> Result<Poll<Option<Page>>> {
        let page = match self {
            Stream::Spilled(reader) => return reader.poll(),
            Stream::Part(reader) => return reader.poll(),
            Stream::Pages(pages) => pages.pop_front(),
            Stream::Buffer(writer, pages) => {
                if pages.is_empty() {
                    if !buffer.emit(writer)? {
                        writer.seal();
                    }
                    pages.extend(writer.take_sealed());
                }
                pages.pop_front()
            }
        };
        Ok(Poll::Ready(page))
    }

    fn reader(&mut self) -> Option<&mut SpilledReader> {
        match self {
            Stream::Spilled(reader) => Some(reader),
            Stream::Part(part) => part.reader.as_mut(),
            Stream::Pages(_) | Stream::Buffer(..) => None,
        }
    }
}

impl Forecast {
    /// Called when a stream has a new page.
    fn note(&mut self, number: usize, page: &Page, row_order: &RowOrder) {
        if let Some(last) = self.last.get_mut(number) {
            *last = page.rows().checked_sub(1).map(|row| row_order.key(page, row));
        }
    }

    /// Requests the pages that are needed next.
    fn request_pages(&mut self, streams: &mut [Stream], row_order: &RowOrder) {
        let mut has_request = |number: usize| streams[number].reader().is_none_or(|reader| reader.has_request());
        let mut waiting: Vec<usize> = (0..self.last.len()).filter(|&number| !has_request(number)).collect();
        let mut free =
            (self.pages + waiting.len()).saturating_sub(streams.iter_mut().filter_map(Stream::reader).count());
        while free > 0 && !waiting.is_empty() {
            // A stream without a page comes first.
            let key = |position: &usize| self.last[waiting[*position]].as_ref();
            let compare = |left: &usize, right: &usize| match (key(left), key(right)) {
                (Some(left), Some(right)) => row_order.compare(left, right),
                (left, right) => left.is_some().cmp(&right.is_some()),
            };
            let Some(next) = (0..waiting.len()).min_by(compare) else { return };
            let number = waiting.swap_remove(next);
            free -= usize::from(streams[number].reader().is_some_and(SpilledReader::request_next));
        }
    }
}

/// The result of [`Streams::next`].
pub(crate) enum MergeProgress {
    /// A page of the output is sealed.
    Full,
    /// A page is being read from disk. The task is woken.
    Pending,
    /// All rows are merged.
    End,
}

impl Streams {
    pub(crate) fn of(row_order: &RowOrder, mut streams: Vec<Stream>, ahead: ReadAhead) -> Result<Self> {
        let merge = Merge::new(row_order.layout.clone(), row_order.order.clone(), streams.len())?;
        let forecast = match ahead {
            ReadAhead::Each(_) => None,
            ReadAhead::Shared(pages) => {
                // The merge needs the first page of each run before its first row.
                streams.iter_mut().filter_map(Stream::reader).for_each(|reader| _ = reader.request_next());
                Some(Forecast { pages, last: vec![None; streams.len()] })
            }
        };
        Ok(Streams { row_order: row_order.clone(), streams, merge, forecast })
    }

    /// Adds the rows of a sorted buffer to the merge. Must precede the first call of `next`.
    pub(crate) fn add_memory(&mut self, memory: &Memory) -> Result<()> {
        self.streams
            .push(Stream::Buffer(RowWriter::new(self.row_order.layout.clone(), memory.clone()), VecDeque::new()));
        self.merge = Merge::new(self.row_order.layout.clone(), self.row_order.order.clone(), self.streams.len())?;
        Ok(())
    }

    /// Merges until a page of `out` is sealed, or until a page from disk is missing.
    pub(crate) fn next(&mut self, buffer: &mut InMemorySort, out: &mut RowWriter) -> Result<MergeProgress> {
        loop {
            match self.merge.run(out)? {
                MergeStep::Full => return Ok(MergeProgress::Full),
                MergeStep::Done => return Ok(MergeProgress::End),
                MergeStep::Needs(number) => match self.streams.get_mut(number).map(|stream| stream.poll(buffer)) {
                    Some(Ok(Poll::Ready(Some(page)))) => {
                        if let Some(forecast) = &mut self.forecast {
                            forecast.note(number, &page, &self.row_order);
                            forecast.request_pages(&mut self.streams, &self.row_order);
                        }
                        self.merge.feed(number, Some(page));
                    }
                    Some(Ok(Poll::Pending)) => return Ok(MergeProgress::Pending),
                    Some(Err(error)) => return Err(error),
                    Some(Ok(Poll::Ready(None))) | None => self.merge.feed(number, None),
                },
            }
        }
    }
}
