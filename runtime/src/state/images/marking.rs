//! A mark: the pages of a table whose images are not emitted yet.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::page::{Page, heap_start};
use crate::spill::{Spilled, SpilledReader, Spiller};
use crate::state::images::EventTimes;
use crate::state::key_groups::KeyGroupSet;
use crate::state::marks::{MarkedPage, MarkedPages, PreImage};

/// The mark of a table, if there is one, and its pages in memory.
#[derive(Default)]
pub(in crate::state) struct Marking {
    pub(in crate::state) pages: MarkedPages,
    pub(super) mark: Option<Mark>,
}

/// A mark whose images are not all emitted.
pub(super) struct Mark {
    pub(super) epoch: u64,
    pub(super) times: EventTimes,
    /// For each part of the table, the key groups that were in memory at the mark.
    pub(super) groups: Vec<KeyGroupSet>,
    pub(super) has_begun: bool,
    /// The number of images emitted so far.
    pub(super) images: u32,
    /// The number of rows emitted so far.
    pub(super) rows: u64,
    pub(super) spilled: VecDeque<SpilledImages>,
    pub(super) reader: Option<SpilledReader>,
}

/// Pages on disk that belong to a mark. They no longer change.
pub(super) struct SpilledImages {
    /// Keeps the pages on disk.
    pub(super) file: Arc<Spilled>,
    /// The pages in the file.
    pub(super) pages: Spilled,
    pub(super) of: ImagesOf,
}

pub(super) enum ImagesOf {
    /// All rows of these key groups.
    Groups(KeyGroupSet),
    /// The rows of each page at the mark.
    Pages(VecDeque<MarkedPage>),
}

impl ImagesOf {
    /// The number of rows of the next page that belong to the mark, the start of its variable
    /// parts, and its key groups. `groups` has the key groups of each part.
    pub(super) fn of_next_page(&mut self, page: &Page, groups: &[KeyGroupSet]) -> Result<(u32, u32, KeyGroupSet)> {
        match self {
            ImagesOf::Groups(groups) => Ok((page.rows() as u32, heap_start(page.as_bytes()) as u32, *groups)),
            ImagesOf::Pages(pages) => {
                let unmarked = || Error::Internal("a page of no mark".to_owned());
                let of = pages.pop_front().ok_or_else(unmarked)?;
                Ok((of.rows, of.heap_start, groups.get(of.part).copied().unwrap_or_default()))
            }
        }
    }
}

impl SpilledImages {
    /// The rows of some key groups in a file.
    pub(super) fn of_groups(file: Arc<Spilled>, groups: KeyGroupSet) -> Self {
        SpilledImages { pages: file.slice(0..file.pages()), file, of: ImagesOf::Groups(groups) }
    }
}

impl Marking {
    /// Writes pre-images to disk, so that their memory is free. Returns `false` if there were none.
    pub(in crate::state) fn write_pre_images(&mut self, spiller: &Spiller) -> bool {
        let pre_images = self.pages.take_pre_images();
        if pre_images.is_empty() {
            return false;
        }
        if let Some(mark) = &mut self.mark {
            let (of, pages): (VecDeque<MarkedPage>, Vec<Page>) =
                pre_images.into_iter().map(|image| (image.of, image.page)).unzip();
            let mut file = Spilled::default();
            spiller.write(&mut file, pages);
            let pages = file.slice(0..file.pages());
            mark.spilled.push_back(SpilledImages { file: Arc::new(file), pages, of: ImagesOf::Pages(of) });
        }
        true
    }

    /// Adds marked pages that were written to a file together with others. `firsts` are the places
    /// of the first rows of the file's pages.
    pub(in crate::state) fn add_written(
        &mut self,
        pre_images: &VecDeque<PreImage>,
        firsts: &[usize],
        file: &Arc<Spilled>,
    ) {
        let Some(mark) = &mut self.mark else { return };
        let number = |image: &PreImage| firsts.iter().position(|&first| first == image.page.first_row());
        let mut marked: Vec<(usize, MarkedPage)> =
            pre_images.iter().filter_map(|image| Some((number(image)?, image.of))).collect();
        if marked.is_empty() {
            return;
        }
        marked.sort_unstable_by_key(|&(number, _)| number);
        let mut pages = Spilled::default();
        marked.iter().for_each(|&(number, _)| pages.append(file.slice(number..number + 1)));
        let of = ImagesOf::Pages(marked.into_iter().map(|(_, of)| of).collect());
        mark.spilled.push_back(SpilledImages { file: file.clone(), pages, of });
    }
}
