//! Sorted runs that become one sequence.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::Result;
use crate::memory::Memory;
use crate::page::{Merge, Merged, OrderKey, Page, RowWriter, SortBuffer};
use crate::row::RowLayout;
use crate::spill::{Read, SpilledReader};

use super::runs::PartReader;

/// Runs, on disk or in memory, on their way through a merge.
pub(super) struct Streams {
    layout: Arc<RowLayout>,
    order: Box<[OrderKey]>,
    streams: Vec<Stream>,
    merge: Merge,
}

/// Where sorted pages come from.
pub(super) enum Stream {
    Spilled(SpilledReader),
    /// Those of a range.
    Part(PartReader),
    Pages(VecDeque<Page>),
    /// The sorted buffer, whose rows are put in order page by page: a writer, and pages of it.
    Buffer(RowWriter, VecDeque<Page>),
}

impl Stream {
    fn poll(&mut self, buffer: &mut SortBuffer) -> Result<Read> {
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
        Ok(page.map_or(Read::End, Read::Page))
    }
}

/// What came of going on.
pub(super) enum Next {
    /// A page is closed.
    Full,
    /// A page is on its way from the disk.
    Pending,
    /// All rows are merged.
    End,
}

impl Streams {
    pub(super) fn of(layout: Arc<RowLayout>, order: Box<[OrderKey]>, streams: Vec<Stream>) -> Result<Self> {
        let merge = Merge::new(layout.clone(), order.clone(), streams.len())?;
        Ok(Streams { layout, order, streams, merge })
    }

    /// Merges the rows of a sorted buffer, too. Before the first call of `next`.
    pub(super) fn add_memory(&mut self, memory: &Memory) -> Result<()> {
        self.streams.push(Stream::Buffer(RowWriter::new(self.layout.clone(), memory.clone()), VecDeque::new()));
        self.merge = Merge::new(self.layout.clone(), self.order.clone(), self.streams.len())?;
        Ok(())
    }

    /// Goes on until a page of `out` is closed, or a page must come from the disk.
    pub(super) fn next(&mut self, buffer: &mut SortBuffer, out: &mut RowWriter) -> Result<Next> {
        loop {
            match self.merge.run(out)? {
                Merged::Full => return Ok(Next::Full),
                Merged::Done => return Ok(Next::End),
                Merged::Needs(number) => match self.streams.get_mut(number).map(|stream| stream.poll(buffer)) {
                    Some(Ok(Read::Page(page))) => self.merge.feed(number, Some(page)),
                    Some(Ok(Read::Pending)) => return Ok(Next::Pending),
                    Some(Err(error)) => return Err(error),
                    Some(Ok(Read::End)) | None => self.merge.feed(number, None),
                },
            }
        }
    }
}
