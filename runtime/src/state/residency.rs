//! Which key groups' rows are in memory: parts that leave for the disk, and key groups that come back.
//!
//! A part leaves as a whole: what it has in memory becomes one file, or, if nothing of it was written to since it was read, the file that it was read from is
//! its place again. It comes back as a whole where that fits; else some of its key groups do, and the file keeps the others: a file's rows
//! whose key groups are not its own any more are passed over.

use std::sync::Arc;
use std::task::Poll;

use crate::error::{Error, Result};
use crate::group::{EVICTED_SHARE, Groups, PartSet, Room, standing_rows};
use crate::hash::{HashIndex, hash_rows};
use crate::memory::limits::{PAGE_BYTES, SPILL_PARTS};
use crate::page::{Input, Page, Selection};
use crate::spill::{Spilled, SpilledReader};
use crate::state::StateTable;
use crate::state::key_groups::{KeyGroupSet, key_group_of};
use crate::state::lines::Lines;
use crate::state::policy::{Resident, Stay, leaving};
use crate::strategy::{Opened, PageWindows, Progress};

/// Pages that are read ahead, where there is memory for them beside all that comes back.
const READ_AHEAD: usize = 4;

/// Key groups on disk.
#[derive(Clone)]
pub(super) struct Away {
    pub(super) file: Arc<Spilled>,
    pub(super) groups: KeyGroupSet,
    /// How many key groups the file had rows of when it was written.
    of: usize,
}

/// Where the rows of a part are.
#[derive(Default)]
pub(super) struct Place {
    pub(super) away: Vec<Away>,
    /// What it has in memory lies in this file, too, word for word.
    pub(super) clean: Option<Away>,
    /// So many key groups at most come back at once, where more were found not to fit.
    pub(super) most: Option<usize>,
}

/// Key groups that come back.
pub(super) struct Loading {
    pub(super) part: usize,
    groups: KeyGroupSet,
    away: Away,
    reader: SpilledReader,
    page: Option<Page>,
    /// Its rows; of a window that is open, those that are not in the table yet.
    windows: PageWindows,
}

impl StateTable {
    /// The part, where there are several, that a key group is in.
    pub(super) fn part_of_group(&self, group: usize) -> usize {
        (group.saturating_sub(self.owned.start) * SPILL_PARTS / self.owned.len().max(1)).min(SPILL_PARTS - 1)
    }

    /// The key groups of a part.
    pub(super) fn groups_of_part(&self, part: usize) -> KeyGroupSet {
        self.owned.clone().filter(|&group| self.part_of_group(group) == part).collect()
    }

    /// The key groups whose rows a part of the table has in memory: of its one part, all that there are, where it is not cut.
    pub(super) fn resident_groups(&self, part: usize) -> KeyGroupSet {
        match self.table.is_split() {
            true => self.groups_of_part(part).without(&self.away),
            false => KeyGroupSet::of_range(self.owned.clone()),
        }
    }

    fn count_away(&mut self) {
        let away = self.places.iter().flat_map(|place| &place.away);
        self.away = away.fold(KeyGroupSet::default(), |all, away| all.or(&away.groups));
    }

    /// Gives memory back, or begins to: first what it holds and does not use.
    ///
    /// # Errors
    /// What the disk says of what was written before.
    pub fn revoke(&mut self, bytes: usize) -> Result<()> {
        let unused = self.memory.shrink_to(self.table.room_beside());
        if unused < bytes {
            self.evict(bytes - unused, &[])?;
        }
        Ok(())
    }

    /// Makes room: by what is on disk already, by what may be written, and in the end by the lines' open pages. Parts that are in `keep` stay.
    pub(super) fn make_room(&mut self, lines: Option<&mut Lines>, keep: &[usize]) -> Result<Room> {
        self.spiller.check()?;
        self.forget_files();
        // Who goes through a part knows its rows by where they are.
        if self.walking.is_none() && self.table.compact(false)? {
            return Ok(Room::Made);
        }
        if self.spiller.unwritten_bytes() > 0 {
            return Ok(Room::Awaited);
        }
        let goal = (self.table.bytes() / EVICTED_SHARE).max(PAGE_BYTES);
        if self.write_rescued() || self.evict(goal, keep)? {
            return Ok(Room::Made);
        }
        if lines.is_some_and(|lines| lines.flush(&self.spiller)) {
            return Ok(Room::Awaited);
        }
        Ok(if self.walking.is_none() && self.table.compact(true)? { Room::Made } else { Room::None })
    }

    /// Has parts leave that take so many bytes; whether there was one.
    pub(super) fn evict(&mut self, goal: usize, keep: &[usize]) -> Result<bool> {
        if self.table.is_empty() && self.loading.is_none() && self.walking.is_none() {
            let had = self.table.bytes() > 0;
            let pages = self.table.shed();
            self.marks.keep(&mut self.table, &pages);
            drop(pages);
            self.memory.shrink();
            return Ok(had);
        }
        if !self.table.is_split() && self.walking.is_some() {
            return Ok(false); // its one part is gone through
        }
        self.table.split()?;
        let parts: [Resident; SPILL_PARTS] = std::array::from_fn(|part| Resident {
            bytes: self.table.freed_by(part),
            is_clean: self.places[part].clean.is_some(),
            stay: if keep.contains(&part) || self.walking == Some(part) {
                Stay::Pinned
            } else if self.serving.is_some_and(|serving| serving.part == part)
                || self.loading.as_ref().is_some_and(|loading| loading.part == part)
            {
                Stay::Wanted
            } else {
                Stay::Free
            },
        });
        let set = leaving(&parts, goal);
        (0..SPILL_PARTS).filter(|&part| set[part]).for_each(|part| self.send_away(part));
        self.count_away();
        Ok(set.contains(&true))
    }

    /// Has a part leave. What was read of it so far, where it was being read, is forgotten.
    pub(super) fn send_away(&mut self, part: usize) {
        let groups = self.resident_groups(part);
        if self.loading.as_ref().is_some_and(|loading| loading.part == part) {
            self.loading = None;
        }
        let mut set: PartSet = [false; SPILL_PARTS];
        set[part] = true;
        self.write_rescued();
        let pages: Vec<Page> = self.table.evict(&set).into_iter().flat_map(|(_, pages)| pages).collect();
        self.marks.keep(&mut self.table, &pages);
        let rescued = self.marks.take_pre_images();
        if let Some(clean) = self.places[part].clean.take() {
            // Nothing of a clean part is marked: its mark is the file.
            let place = &mut self.places[part];
            match place.away.iter_mut().find(|away| Arc::ptr_eq(&away.file, &clean.file)) {
                Some(away) => away.groups = away.groups.or(&clean.groups),
                None => place.away.push(clean),
            }
        } else if !groups.is_empty() {
            let firsts: Vec<usize> = pages.iter().map(Page::first_row).collect();
            let mut spilled = Spilled::default();
            self.spiller.count_part();
            self.spiller.write(&mut spilled, pages);
            let file = Arc::new(spilled);
            self.mark_written(rescued, &firsts, &file);
            self.places[part].away.push(Away { file, groups, of: groups.len() });
        }
        self.count_away();
    }

    /// Takes a file back that nobody refers to any more, once nothing is being written.
    pub(super) fn release(&mut self, file: Arc<Spilled>) {
        self.unused.extend(Arc::into_inner(file));
    }

    fn forget_files(&mut self) {
        if self.spiller.unwritten_bytes() == 0 {
            self.unused.drain(..).for_each(|file| self.spiller.forget(file));
        }
    }

    /// Rows of a part are written to: what is on disk of those in memory is not theirs any more.
    pub(super) fn soil(&mut self, part: usize) {
        if let Some(clean) = self.places[part].clean.take() {
            self.release(clean.file);
        }
    }

    /// Begins to read back key groups of a part, with those that are `wanted` first. Returns `Done` if
    /// it has begun, or none of them is on disk.
    pub(super) fn begin_loading(
        &mut self,
        part: usize,
        wanted: &KeyGroupSet,
        mut lines: Option<&mut Lines>,
    ) -> Result<Progress> {
        loop {
            let is_wanted = |away: &&Away| !away.groups.and(wanted).is_empty();
            let Some(away) = self.places[part].away.iter().find(is_wanted).cloned() else { return Ok(Progress::Done) };
            self.spiller.check()?;
            if self.spiller.unwritten_bytes() > 0 {
                return Ok(Progress::Pending);
            }
            let groups = self.groups_to_load(part, &away, wanted);
            let count = groups.len();
            if !self.memory.try_reserve(self.loading_bytes(&away, count)) {
                match self.make_room(lines.as_deref_mut(), &[part])? {
                    Room::Made => continue,
                    Room::Awaited => return Ok(Progress::Pending),
                    Room::None if self.table.freed_by(part) > 0 => {
                        self.send_away(part);
                        continue;
                    }
                    Room::None if count > 1 => {
                        self.places[part].most = Some(count / 2);
                        continue;
                    }
                    // It may be less than was thought; what is refused then says what it needs.
                    Room::None => {}
                }
            }
            let more = self.loading_bytes(&away, count) + READ_AHEAD * away.file.largest_page_bytes();
            let ahead = if self.memory.try_reserve_idle(more) { READ_AHEAD } else { 1 };
            let reader = self.spiller.read_again(&away.file, self.table.layout(), ahead, &self.memory);
            let windows = PageWindows::default();
            self.loading = Some(Loading { part, groups, away, reader, page: None, windows });
            return Ok(Progress::Done);
        }
    }

    /// The key groups of a file to read back together. The wanted ones are first, and others follow as
    /// far as memory allows. A walk reads no others: it has shown their rows.
    fn groups_to_load(&mut self, part: usize, away: &Away, wanted: &KeyGroupSet) -> KeyGroupSet {
        let first = away.groups.and(wanted);
        let is_walked = self.walking == Some(part);
        let others = if is_walked { KeyGroupSet::default() } else { away.groups.without(wanted) };
        let all = first.len() + others.len();
        if self.places[part].most.is_some() && self.memory.try_reserve_idle(2 * self.loading_bytes(away, all)) {
            self.places[part].most = None; // More memory is free than at the last try.
        }
        first.iter().chain(others.iter()).take(self.places[part].most.unwrap_or(all)).collect()
    }

    /// The estimated bytes of memory that `groups` key groups of a file take.
    fn loading_bytes(&self, away: &Away, groups: usize) -> usize {
        let of = away.of.max(1);
        let (rows, bytes) = (away.file.rows() as usize / of * groups, away.file.bytes() as usize / of * groups);
        // A page that is read, and one that is begun; an index is made anew when it grows.
        bytes + 2 * away.file.largest_page_bytes() + HashIndex::bytes_for(rows) * 3 / 2 + self.table.room_beside()
    }

    /// Reads on what is being read back: `Done` when it is in memory, or nothing is.
    pub(super) fn load(&mut self, mut lines: Option<&mut Lines>) -> Result<Progress> {
        while let Some(mut loading) = self.loading.take() {
            let page = match loading.page.take() {
                Some(page) => page,
                None => match loading.reader.poll() {
                    Ok(Poll::Ready(Some(page))) => page,
                    Ok(Poll::Pending) => {
                        self.loading = Some(loading);
                        return Ok(Progress::Pending);
                    }
                    Ok(Poll::Ready(None)) => {
                        self.loaded(loading);
                        return Ok(Progress::Done);
                    }
                    Err(error @ Error::OutOfMemory { .. }) => match self.give_way(loading, &mut lines)? {
                        Some(Progress::Done) => return Err(error),
                        Some(progress) => return Ok(progress),
                        None => continue,
                    },
                    Err(error) => return Err(error),
                },
            };
            let (batch, mut is_refused) = (page.batch(), false);
            while let Some(opened) = loading.windows.open(batch.rows()) {
                let window = &mut loading.windows.window;
                if opened == Opened::New {
                    self.choose(&Input::new(&batch, &window.clone()), &loading.groups, window);
                }
                self.insert(&Input::new(&batch, &window.clone()), window)?;
                is_refused = !window.is_empty();
                if is_refused {
                    break;
                }
                loading.windows.close();
            }
            if is_refused {
                drop(batch);
                loading.page = Some(page);
                match self.give_way(loading, &mut lines)? {
                    // One row that is all that there is.
                    Some(Progress::Done) => self.table.set_must_grow(true),
                    Some(progress) => return Ok(progress),
                    None => {}
                }
                continue;
            }
            self.loading = Some(loading);
        }
        self.table.set_must_grow(false);
        Ok(Progress::Done)
    }

    /// Keeps the rows of a window that stand, and are of some key groups.
    fn choose(&mut self, input: &Input<'_>, groups: &KeyGroupSet, window: &mut Selection) {
        let (mut standing, mut hashes) = (Vec::new(), Vec::new());
        let hidden = self.spec.has_tombstones().then_some(self.spec.leaves.len());
        standing_rows(input, self.table.layout(), hidden, &mut standing);
        window.set(standing);
        hash_rows(&Input::new(input.batch(), window), &self.spec.key, &mut hashes);
        window.keep_positions(|position| groups.contains(key_group_of(hashes[position])));
    }

    /// Puts rows of the table's own layout into it that it does not have; those that found no room are left in the window.
    fn insert(&mut self, input: &Input<'_>, window: &mut Selection) -> Result<()> {
        let copied: Vec<(usize, usize)> = (0..self.table.layout().types().len()).map(|leaf| (leaf, leaf)).collect();
        let mut groups = Groups::default();
        let probed = self.table.probe(input, &self.spec.key, &copied, &mut groups);
        self.table.set_must_grow(false);
        probed?;
        let rows = input.selection().rows();
        window.set(groups.missed().iter().map(|&position| rows[position as usize]));
        Ok(())
    }

    /// Memory is refused to what is being read back: others leave, or some of its own key groups come later. `Done` where neither helps.
    fn give_way(&mut self, loading: Loading, lines: &mut Option<&mut Lines>) -> Result<Option<Progress>> {
        let (part, count) = (loading.part, loading.groups.len());
        self.loading = Some(loading);
        match self.make_room(lines.as_deref_mut(), &[part])? {
            Room::Made => Ok(None),
            Room::Awaited => Ok(Some(Progress::Pending)),
            Room::None if count > 1 => {
                self.places[part].most = Some(count / 2);
                self.send_away(part);
                Ok(Some(Progress::Yield))
            }
            Room::None => Ok(Some(Progress::Done)),
        }
    }

    /// What was read back is in memory.
    fn loaded(&mut self, loading: Loading) {
        let Loading { part, groups, away, .. } = loading;
        let was_empty = self.resident_groups(part).is_empty();
        let place = &mut self.places[part];
        // Sets of key groups on disk are disjoint.
        if let Some(at) = place.away.iter().position(|other| !other.groups.and(&groups).is_empty()) {
            place.away[at].groups = place.away[at].groups.without(&groups);
            if place.away[at].groups.is_empty() {
                place.away.swap_remove(at);
            }
        }
        match &mut place.clean {
            Some(clean) if Arc::ptr_eq(&clean.file, &away.file) => clean.groups = clean.groups.or(&groups),
            None if was_empty => place.clean = Some(Away { groups, ..away }),
            _ => {
                self.soil(part);
                self.release(away.file);
            }
        }
        self.count_away();
    }
}
