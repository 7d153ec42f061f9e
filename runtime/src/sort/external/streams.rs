//! Sorted runs that become one sequence.
//!
//! Where there is memory, each run on disk is read some pages ahead. Where there is little, one page of each run and a few more have to do: the next page
//! that is needed is that of the run whose page ends with the least key, so that one is sent for (*forecasting*: Knuth, The Art of Computer Programming
//! 3, 5.4.9). It makes room for about twice as many runs in one merge.

use std::collections::VecDeque;
use std::task::Poll;

use crate::error::Result;
use crate::memory::Memory;
use crate::page::{Page, RowWriter};
use crate::sort::external::runs::{Ordered, PartReader};
use crate::sort::in_memory::InMemorySort;
use crate::sort::merge::{Merge, Merged};
use crate::sort::ranges::KeyPrefix;
use crate::spill::SpilledReader;

/// Runs, on disk or in memory, on their way through a merge.
pub(crate) struct Streams {
    of: Ordered,
    streams: Vec<Stream>,
    merge: Merge,
    forecast: Option<Forecast>,
}

/// How runs on disk are read before their rows are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ahead {
    /// So many pages of each.
    Each(usize),
    /// So many pages of all together.
    Shared(usize),
}

impl Ahead {
    /// Pages that each reader sends for by itself.
    pub(crate) fn of_each(self) -> usize {
        match self {
            Ahead::Each(pages) => pages,
            Ahead::Shared(_) => 0,
        }
    }
}

/// Which runs' next pages are sent for.
struct Forecast {
    /// The most that are on their way.
    pages: usize,
    /// The last key of each stream's page, once it has one.
    last: Vec<Option<KeyPrefix>>,
}

/// Where sorted pages come from.
pub(crate) enum Stream {
    Spilled(SpilledReader),
    /// Those of a range.
    Part(PartReader),
    Pages(VecDeque<Page>),
    /// The sorted buffer, whose rows are put in order page by page: a writer, and pages of it.
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
    /// A stream has a page.
    fn note(&mut self, number: usize, page: &Page, of: &Ordered) {
        if let Some(last) = self.last.get_mut(number) {
            *last = page.rows().checked_sub(1).map(|row| of.key(page, row));
        }
    }

    /// Sends for the pages that are needed next.
    fn send(&mut self, streams: &mut [Stream], of: &Ordered) {
        let mut is_sent = |number: usize| streams[number].reader().is_none_or(|reader| reader.is_sent());
        let mut waiting: Vec<usize> = (0..self.last.len()).filter(|&number| !is_sent(number)).collect();
        let mut free =
            (self.pages + waiting.len()).saturating_sub(streams.iter_mut().filter_map(Stream::reader).count());
        while free > 0 && !waiting.is_empty() {
            // A stream that has no page yet comes first.
            let key = |position: &usize| self.last[waiting[*position]].as_ref();
            let compare = |left: &usize, right: &usize| match (key(left), key(right)) {
                (Some(left), Some(right)) => of.compare(left, right),
                (left, right) => left.is_some().cmp(&right.is_some()),
            };
            let Some(next) = (0..waiting.len()).min_by(compare) else { return };
            let number = waiting.swap_remove(next);
            free -= usize::from(streams[number].reader().is_some_and(SpilledReader::send));
        }
    }
}

/// What came of going on.
pub(crate) enum Next {
    /// A page is closed.
    Full,
    /// A page is on its way from the disk.
    Pending,
    /// All rows are merged.
    End,
}

impl Streams {
    pub(crate) fn of(of: &Ordered, mut streams: Vec<Stream>, ahead: Ahead) -> Result<Self> {
        let merge = Merge::new(of.layout.clone(), of.order.clone(), streams.len())?;
        let forecast = match ahead {
            Ahead::Each(_) => None,
            Ahead::Shared(pages) => {
                // All first pages are needed before the first row.
                streams.iter_mut().filter_map(Stream::reader).for_each(|reader| _ = reader.send());
                Some(Forecast { pages, last: vec![None; streams.len()] })
            }
        };
        Ok(Streams { of: of.clone(), streams, merge, forecast })
    }

    /// Merges the rows of a sorted buffer, too. Before the first call of `next`.
    pub(crate) fn add_memory(&mut self, memory: &Memory) -> Result<()> {
        self.streams.push(Stream::Buffer(RowWriter::new(self.of.layout.clone(), memory.clone()), VecDeque::new()));
        self.merge = Merge::new(self.of.layout.clone(), self.of.order.clone(), self.streams.len())?;
        Ok(())
    }

    /// Goes on until a page of `out` is closed, or a page must come from the disk.
    pub(crate) fn next(&mut self, buffer: &mut InMemorySort, out: &mut RowWriter) -> Result<Next> {
        loop {
            match self.merge.run(out)? {
                Merged::Full => return Ok(Next::Full),
                Merged::Done => return Ok(Next::End),
                Merged::Needs(number) => match self.streams.get_mut(number).map(|stream| stream.poll(buffer)) {
                    Some(Ok(Poll::Ready(Some(page)))) => {
                        if let Some(forecast) = &mut self.forecast {
                            forecast.note(number, &page, &self.of);
                            forecast.send(&mut self.streams, &self.of);
                        }
                        self.merge.feed(number, Some(page));
                    }
                    Some(Ok(Poll::Pending)) => return Ok(Next::Pending),
                    Some(Err(error)) => return Err(error),
                    Some(Ok(Poll::Ready(None))) | None => self.merge.feed(number, None),
                },
            }
        }
    }
}
