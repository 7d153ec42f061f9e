//! A table's images, one after the other, while the table goes on.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Poll;

use super::format::{Head, Header, write_image};
use crate::error::{Error, Result};
use crate::group::{PartSet, Room};
use crate::page::{Page, PageImage, heap_start};
use crate::spill::{Spilled, SpilledReader};
use crate::state::key_groups::KeyGroupSet;
use crate::state::marks::{MarkedPage, PreImage};
use crate::state::{EventTimes, StateTable};
use crate::strategy::Progress;

/// A mark whose images were not all given yet.
pub(in crate::state) struct Marking {
    epoch: u64,
    /// How far event time had come.
    times: EventTimes,
    /// The key groups whose rows were in memory, of each part that the table had at the mark.
    groups: Vec<KeyGroupSet>,
    has_begun: bool,
    images: u32,
    rows: u64,
    /// What is on disk of it.
    spilled: VecDeque<SpilledImages>,
    reader: Option<SpilledReader>,
}

/// Pages on disk that belong to a mark: nobody writes them any more.
struct SpilledImages {
    /// Keeps them there.
    file: Arc<Spilled>,
    /// Where they lie.
    pages: Spilled,
    of: ImagesOf,
}

enum ImagesOf {
    /// All rows, of these key groups.
    Groups(KeyGroupSet),
    /// What of each of them was there at the mark.
    Pages(VecDeque<MarkedPage>),
}

impl StateTable {
    /// Marks the rows as the state of an epoch. [`StateTable::next_image`] returns them as they are now,
    /// while the table goes on changing. `times` is how far event time has come, in microseconds since
    /// 1970, or `i64::MIN` without event time. It is [restored](StateTable::restored) with the rows.
    ///
    /// It takes a note for each page. Until a page is given, who writes to it has it copied first, which takes memory; rows for which there is none
    /// are handled as those that find no room. What is on disk belongs to the mark as it is. Requests that wait do not.
    ///
    /// # Errors
    /// Where the mark before was not given to its end, nor [abandoned](StateTable::abandon_mark), or a walk not ended; or memory for a page of each part is refused.
    pub fn mark(&mut self, epoch: u64, times: impl Into<EventTimes>) -> Result<()> {
        if let Some(before) = &self.marking {
            let before = before.epoch;
            return Err(Error::Internal(format!("a mark of epoch {epoch} while that of {before} is given")));
        }
        if self.walking.is_some() {
            return Err(Error::Internal(format!("a mark of epoch {epoch} in the midst of a walk")));
        }
        // What is on disk as it is in memory is given from there, and may be written to at once.
        let is_clean: PartSet = std::array::from_fn(|part| self.places[part].clean.is_some());
        self.marks.mark(&mut self.table, &is_clean)?;
        let groups = (0..self.table.parts()).map(|part| self.resident_groups(part)).collect();
        let files = self.places.iter().flat_map(|place| place.away.iter().chain(&place.clean));
        let all = |file: &Arc<Spilled>| file.part(0..file.pages());
        let spilled = files.map(|away| SpilledImages {
            pages: all(&away.file),
            file: away.file.clone(),
            of: ImagesOf::Groups(away.groups),
        });
        let spilled = spilled.collect();
        self.marking = Some(Marking {
            epoch,
            times: times.into(),
            groups,
            has_begun: false,
            images: 0,
            rows: 0,
            spilled,
            reader: None,
        });
        Ok(())
    }

    /// Whether images of a mark are still to be given.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        self.marking.is_some()
    }

    /// Gives no more of a mark.
    pub fn abandon_mark(&mut self) {
        if let Some(marking) = self.marking.take() {
            marking.spilled.into_iter().for_each(|images| self.release(images.file));
        }
        self.marks.unmark(&mut self.table);
    }

    /// Appends the next piece of the mark's snapshot to `out`, some 64 KiB unless a row is larger: then `Yield`. `Done` where there was no more, and so the
    /// snapshot is whole; `Pending` where a page is on its way from disk. To be called whenever who writes it has room.
    ///
    /// # Errors
    /// Where the disk does not give what was spilled, or the leaves are more than a header can say.
    pub fn next_image(&mut self, out: &mut Vec<u8>) -> Result<Progress> {
        let Some(marking) = &mut self.marking else { return Ok(Progress::Done) };
        if !marking.has_begun {
            marking.has_begun = true;
            let header = Header::of(&self.spec, marking.epoch, marking.times.clone(), self.owned.clone());
            header.write(out).map_err(Error::Plan)?;
            return Ok(Progress::Yield);
        }
        let number = marking.images;
        let mut given = 0;
        let is_given = self.marks.next(&mut self.table, number.into(), &mut |part, image| {
            let groups = marking.groups.get(part).copied().unwrap_or_default();
            given = u64::from(image.sizes().0);
            write_image(Head::of(number, image, groups), image, out);
        })?;
        if is_given {
            (marking.images, marking.rows) = (number + 1, marking.rows + given);
            return Ok(Progress::Yield);
        }
        self.next_spilled(out)
    }

    /// As [`StateTable::next_image`], of what is on disk.
    fn next_spilled(&mut self, out: &mut Vec<u8>) -> Result<Progress> {
        loop {
            let Some(marking) = &mut self.marking else { return Ok(Progress::Done) };
            let Some(images) = marking.spilled.front_mut() else {
                Head::End { number: marking.images, rows: marking.rows }.write(out);
                self.marking = None;
                return Ok(Progress::Done);
            };
            let Some(reader) = &mut marking.reader else {
                self.spiller.check()?;
                if self.spiller.unwritten_bytes() > 0 {
                    return Ok(Progress::Pending);
                }
                let pages = &images.pages;
                marking.reader = Some(self.spiller.read_again(pages, self.table.layout(), 1, &self.memory));
                continue;
            };
            match reader.poll() {
                Ok(Poll::Ready(Some(page))) => {
                    let number = marking.images;
                    let (rows, heap_start, groups) = match &mut images.of {
                        ImagesOf::Groups(groups) => (page.rows() as u32, heap_start(page.as_bytes()) as u32, *groups),
                        ImagesOf::Pages(pages) => {
                            let Some(of) = pages.pop_front() else {
                                return Err(Error::Internal("a page of no mark".to_owned()));
                            };
                            (of.rows, of.heap_start, marking.groups.get(of.part).copied().unwrap_or_default())
                        }
                    };
                    let image = PageImage::of_run(page.as_bytes(), rows, heap_start, page.layout(), number.into());
                    write_image(Head::of(number, &image, groups), &image, out);
                    (marking.images, marking.rows) = (number + 1, marking.rows + u64::from(rows));
                    return Ok(Progress::Yield);
                }
                Ok(Poll::Pending) => return Ok(Progress::Pending),
                Ok(Poll::Ready(None)) => {
                    marking.reader = None;
                    if let Some(images) = marking.spilled.pop_front() {
                        self.release(images.file);
                    }
                }
                Err(error @ Error::OutOfMemory { .. }) => match self.make_room(None, &[])? {
                    Room::Made => {}
                    Room::Awaited => return Ok(Progress::Pending),
                    Room::None => return Err(error),
                },
                Err(error) => return Err(error),
            }
        }
    }

    /// Has copies of marked pages written that were not given yet, so that their memory serves others; whether there were any.
    pub(in crate::state) fn write_rescued(&mut self) -> bool {
        let rescued = self.marks.take_pre_images();
        let Some(marking) = &mut self.marking else { return !rescued.is_empty() };
        if rescued.is_empty() {
            return false;
        }
        let (of, pages): (VecDeque<MarkedPage>, Vec<Page>) =
            rescued.into_iter().map(|rescued| (rescued.of, rescued.page)).unzip();
        let mut spilled = Spilled::default();
        self.spiller.write(&mut spilled, pages);
        let pages = spilled.part(0..spilled.pages());
        marking.spilled.push_back(SpilledImages { file: Arc::new(spilled), pages, of: ImagesOf::Pages(of) });
        true
    }

    /// Marked pages that were just written to a file with others, whose first rows lie at `firsts`, are given from there.
    pub(in crate::state) fn mark_written(
        &mut self,
        rescued: VecDeque<PreImage>,
        firsts: &[usize],
        file: &Arc<Spilled>,
    ) {
        let Some(marking) = &mut self.marking else { return };
        let number = |rescued: &PreImage| firsts.iter().position(|&first| first == rescued.page.first_row());
        let mut marked: Vec<(usize, MarkedPage)> =
            rescued.iter().filter_map(|rescued| Some((number(rescued)?, rescued.of))).collect();
        if marked.is_empty() {
            return;
        }
        marked.sort_unstable_by_key(|&(number, _)| number);
        let mut pages = Spilled::default();
        marked.iter().for_each(|&(number, _)| pages.append(file.part(number..number + 1)));
        let of = ImagesOf::Pages(marked.into_iter().map(|(_, of)| of).collect());
        marking.spilled.push_back(SpilledImages { file: file.clone(), pages, of });
    }
}
