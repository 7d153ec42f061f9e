//! Emits the images of a mark one by one, while the table continues to change.

use std::task::Poll;

use super::format::Header;
use super::head::{Head, write_image};
use super::marking::{Mark, SpilledImages};
use crate::error::{Error, Result};
use crate::group::{PartSet, Room};
use crate::page::PageImage;
use crate::state::residency::Residency;
use crate::state::{EventTimes, StateTable};
use crate::strategy::Progress;

impl StateTable {
    /// Marks the rows as the state of an epoch. [`StateTable::next_image`] returns them as they are
    /// now, while the table continues to change. `times` is the event time in microseconds since
    /// 1970, or `i64::MIN` without event time. It is [restored](StateTable::restored) with the
    /// rows.
    ///
    /// A mark stores one note per page. A page that is written before it is emitted is copied
    /// first. If memory for the copy is refused, its rows are treated as rows that find no room.
    /// Rows on disk belong to the mark as they are. Rows of queued requests do not.
    ///
    /// # Errors
    /// Fails if images of the last mark are left, if a scan has not ended, or if memory for a page
    /// of each part is refused.
    pub fn mark(&mut self, epoch: u64, times: impl Into<EventTimes>) -> Result<()> {
        let rows = &mut self.rows;
        if let Some(Mark { epoch: before, .. }) = rows.marking.mark {
            return Err(Error::Internal(format!("a mark of epoch {epoch} while that of {before} is given")));
        }
        if rows.used.scanned.is_some() {
            return Err(Error::Internal(format!("a mark of epoch {epoch} in the midst of a scan")));
        }
        // Clean parts are emitted from disk, so they may be written immediately.
        let is_clean: PartSet = std::array::from_fn(|part| rows.parts[part].clean.is_some());
        rows.marking.pages.mark(&mut rows.table, &is_clean)?;
        let groups = (0..rows.table.store.parts()).map(|part| rows.resident_groups(part)).collect();
        let files = rows.parts.iter().flat_map(|part| part.evicted.iter().chain(&part.clean));
        let spilled = files.map(|evicted| SpilledImages::of_groups(evicted.file.clone(), evicted.groups)).collect();
        let times = times.into();
        let mark = Mark { epoch, times, groups, has_begun: false, images: 0, rows: 0, spilled, reader: None };
        rows.marking.mark = Some(mark);
        Ok(())
    }

    /// Appends the next piece of the mark's snapshot to `out` and returns `Yield`. A piece has
    /// about 64 KiB, unless a row is larger. Returns `Done` if the snapshot is complete, and
    /// `Pending` while a page is read from disk. Called whenever the writer of the snapshot has
    /// room.
    ///
    /// # Errors
    /// Fails if a spilled page cannot be read, or if the header cannot hold the leaves.
    pub fn next_image(&mut self, out: &mut Vec<u8>) -> Result<Progress> {
        loop {
            match self.rows.next_image(out) {
                Err(error @ Error::OutOfMemory { .. }) => match self.rows.make_room(None, &[])? {
                    Room::Made => {}
                    Room::Awaited => return Ok(Progress::Pending),
                    Room::None => return Err(error),
                },
                progress => return progress,
            }
        }
    }
}

impl Residency {
    fn next_image(&mut self, out: &mut Vec<u8>) -> Result<Progress> {
        let Some(mark) = &mut self.marking.mark else { return Ok(Progress::Done) };
        if !mark.has_begun {
            mark.has_begun = true;
            let header = Header::of(&self.spec, mark.epoch, mark.times.clone(), self.owned.clone());
            header.write(out).map_err(Error::Plan)?;
            return Ok(Progress::Yield);
        }
        let number = mark.images;
        let mut rows = 0;
        let is_emitted = self.marking.pages.next(&mut self.table, number.into(), &mut |part, image| {
            let groups = mark.groups.get(part).copied().unwrap_or_default();
            rows = u64::from(image.sizes().0);
            write_image(Head::of(number, image, groups), image, out);
        })?;
        if is_emitted {
            (mark.images, mark.rows) = (number + 1, mark.rows + rows);
            return Ok(Progress::Yield);
        }
        self.next_spilled(out)
    }

    /// Appends the next image of a page on disk, or the end.
    fn next_spilled(&mut self, out: &mut Vec<u8>) -> Result<Progress> {
        loop {
            let Some(mark) = &mut self.marking.mark else { return Ok(Progress::Done) };
            let Some(images) = mark.spilled.front_mut() else {
                Head::End { number: mark.images, rows: mark.rows }.write(out);
                self.marking.mark = None;
                return Ok(Progress::Done);
            };
            let Some(reader) = &mut mark.reader else {
                self.spiller.check()?;
                if self.spiller.unwritten_bytes() > 0 {
                    return Ok(Progress::Pending);
                }
                mark.reader = Some(self.spiller.read_again(&images.pages, self.table.layout(), 1, &self.memory));
                continue;
            };
            match reader.poll()? {
                Poll::Pending => return Ok(Progress::Pending),
                Poll::Ready(Some(page)) => {
                    let number = mark.images;
                    let (rows, heap_start, groups) = images.of.of_next_page(&page, &mark.groups)?;
                    let image = PageImage::of_run(page.as_bytes(), rows, heap_start, page.layout(), number.into());
                    write_image(Head::of(number, &image, groups), &image, out);
                    (mark.images, mark.rows) = (number + 1, mark.rows + u64::from(rows));
                    return Ok(Progress::Yield);
                }
                Poll::Ready(None) => {
                    mark.reader = None;
                    if let Some(images) = mark.spilled.pop_front() {
                        self.release(images.file);
                    }
                }
            }
        }
    }
}
