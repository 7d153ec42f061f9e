//! The rows of a table and the place of each key group: in memory, or on disk.
//!
//! A part is evicted as a whole. Its rows in memory become one file. If no row was written since
//! the part was read, the file that it was read from is reused. A part is loaded as a whole if it
//! fits, otherwise by some of its key groups (`loading`). The file keeps the other groups. Its rows
//! of groups that are in memory are skipped when it is read.

use std::ops::Range;
use std::sync::Arc;

use crate::error::Result;
use crate::group::{EVICTED_SHARE, GroupTable, Groups, PartSet, Room};
use crate::hash::hash_rows;
use crate::memory::Memory;
use crate::memory::limits::{PAGE_BYTES, SPILL_PARTS};
use crate::page::{Input, Page};
use crate::spill::{Spilled, Spiller};
use crate::state::images::marking::Marking;
use crate::state::key_groups::{KeyGroupSet, key_group_of};
use crate::state::policy::{Eviction, Resident, evicted_for};
use crate::state::queues::RequestQueues;
use crate::state::spec::StateSpec;

/// Key groups on disk.
#[derive(Clone)]
pub(super) struct Evicted {
    pub(super) file: Arc<Spilled>,
    pub(super) groups: KeyGroupSet,
    /// Number of key groups in the file when it was written.
    pub(super) groups_written: usize,
}

/// The place of a part's rows.
#[derive(Default)]
pub(super) struct PartResidency {
    /// Disjoint sets of key groups.
    pub(super) evicted: Vec<Evicted>,
    /// A file with the same bytes as the rows in memory.
    pub(super) clean: Option<Evicted>,
    /// The maximum number of key groups that are loaded together. Set after more did not fit.
    pub(super) max_groups: Option<usize>,
}

/// Parts that are in use.
#[derive(Default)]
pub(super) struct UsedParts {
    /// The part that is scanned. Its rows must not move.
    pub(super) scanned: Option<usize>,
    /// The part whose requests are served.
    pub(super) served: Option<usize>,
    /// The part that is being loaded. `None` after its eviction: the rows that were read are
    /// dropped.
    pub(super) loaded: Option<usize>,
}

/// A table of rows with its files.
pub(super) struct Residency {
    pub(super) table: GroupTable,
    pub(super) spec: StateSpec,
    /// The key groups of the task.
    pub(super) owned: Range<usize>,
    /// The key groups on disk.
    pub(super) evicted: KeyGroupSet,
    pub(super) parts: [PartResidency; SPILL_PARTS],
    pub(super) used: UsedParts,
    pub(super) marking: Marking,
    pub(super) spiller: Spiller,
    /// Files without a user. They are deleted after all writes.
    unused: Vec<Spilled>,
    pub(super) memory: Memory,
}

impl Residency {
    pub(super) fn new(
        table: GroupTable,
        spec: StateSpec,
        owned: Range<usize>,
        spiller: Spiller,
        memory: Memory,
    ) -> Self {
        Residency {
            table,
            spec,
            owned,
            evicted: KeyGroupSet::default(),
            parts: Default::default(),
            used: UsedParts::default(),
            marking: Marking::default(),
            spiller,
            unused: Vec::new(),
            memory,
        }
    }

    /// The part of a key group in a table that is split.
    pub(super) fn part_of_group(&self, group: usize) -> usize {
        (group.saturating_sub(self.owned.start) * SPILL_PARTS / self.owned.len().max(1)).min(SPILL_PARTS - 1)
    }

    /// The key groups of a part.
    pub(super) fn groups_of_part(&self, part: usize) -> KeyGroupSet {
        self.owned.clone().filter(|&group| self.part_of_group(group) == part).collect()
    }

    /// The key groups of a part that are in memory. A table that is not split has one part of all
    /// groups.
    pub(super) fn resident_groups(&self, part: usize) -> KeyGroupSet {
        match self.table.store.is_split() {
            true => self.groups_of_part(part).without(&self.evicted),
            false => KeyGroupSet::of_range(self.owned.clone()),
        }
    }

    /// Updates `evicted` from the parts.
    pub(super) fn collect_evicted(&mut self) {
        let evicted = self.parts.iter().flat_map(|part| &part.evicted);
        self.evicted = evicted.fold(KeyGroupSet::default(), |all, evicted| all.or(&evicted.groups));
    }

    /// Makes room, in this order: by pages that are being written, by parts that can be evicted, by
    /// the open pages of the queues. Parts in `keep` stay.
    pub(super) fn make_room(&mut self, queues: Option<&mut RequestQueues>, keep: &[usize]) -> Result<Room> {
        self.spiller.check()?;
        self.delete_unused();
        if self.used.scanned.is_none() && self.table.compact(false)? {
            return Ok(Room::Made);
        }
        if self.spiller.unwritten_bytes() > 0 {
            return Ok(Room::Awaited);
        }
        let goal = (self.table.bytes() / EVICTED_SHARE).max(PAGE_BYTES);
        if self.marking.write_pre_images(&self.spiller) || self.evict(goal, keep)? {
            return Ok(Room::Made);
        }
        if queues.is_some_and(|queues| queues.flush(&self.spiller)) {
            return Ok(Room::Awaited);
        }
        Ok(if self.used.scanned.is_none() && self.table.compact(true)? { Room::Made } else { Room::None })
    }

    /// Evicts parts of at least `goal` bytes. Returns `false` if none can be evicted.
    pub(super) fn evict(&mut self, goal: usize, keep: &[usize]) -> Result<bool> {
        let UsedParts { scanned, served, loaded } = self.used;
        if self.table.is_empty() && loaded.is_none() && scanned.is_none() {
            let had = self.table.bytes() > 0;
            let pages = self.table.shed();
            self.marking.pages.keep(&mut self.table, &pages);
            drop(pages);
            self.memory.shrink();
            return Ok(had);
        }
        if !self.table.store.is_split() && scanned.is_some() {
            return Ok(false);
        }
        self.table.split()?;
        let parts: [Resident; SPILL_PARTS] = std::array::from_fn(|part| Resident {
            bytes: self.table.freed_by(part),
            is_clean: self.parts[part].clean.is_some(),
            eviction: if keep.contains(&part) || scanned == Some(part) {
                Eviction::Forbidden
            } else if served == Some(part) || loaded == Some(part) {
                Eviction::LastResort
            } else {
                Eviction::Allowed
            },
        });
        let set = evicted_for(&parts, goal);
        (0..SPILL_PARTS).filter(|&part| set[part]).for_each(|part| self.evict_part(part));
        Ok(set.contains(&true))
    }

    /// Evicts a part.
    pub(super) fn evict_part(&mut self, part: usize) {
        let groups = self.resident_groups(part);
        self.used.loaded.take_if(|loaded| *loaded == part);
        let mut set: PartSet = [false; SPILL_PARTS];
        set[part] = true;
        self.marking.write_pre_images(&self.spiller);
        let pages: Vec<Page> = self.table.evict(&set).into_iter().flat_map(|(_, pages)| pages).collect();
        self.marking.pages.keep(&mut self.table, &pages);
        let pre_images = self.marking.pages.take_pre_images();
        let residency = &mut self.parts[part];
        if let Some(clean) = residency.clean.take() {
            // No page of a clean part is marked: its file belongs to the mark instead.
            match residency.evicted.iter_mut().find(|evicted| Arc::ptr_eq(&evicted.file, &clean.file)) {
                Some(evicted) => evicted.groups = evicted.groups.or(&clean.groups),
                None => residency.evicted.push(clean),
            }
        } else if !groups.is_empty() {
            let firsts: Vec<usize> = pages.iter().map(Page::first_row).collect();
            let mut spilled = Spilled::default();
            self.spiller.count_part();
            self.spiller.write(&mut spilled, pages);
            let file = Arc::new(spilled);
            self.marking.add_written(&pre_images, &firsts, &file);
            residency.evicted.push(Evicted { file, groups, groups_written: groups.len() });
        }
        self.collect_evicted();
    }

    /// Evicts a part that does not fit together with the work on it. Fewer of its key groups are
    /// loaded next time. Returns `false` if there is only one group.
    pub(super) fn load_fewer_groups(&mut self, part: usize, of: usize) -> bool {
        if of > 1 && self.table.store.is_split() {
            self.parts[part].max_groups = Some(of / 2);
            self.evict_part(part);
        }
        of > 1
    }

    /// Drops a reference to a file.
    pub(super) fn release(&mut self, file: Arc<Spilled>) {
        self.unused.extend(Arc::into_inner(file));
    }

    fn delete_unused(&mut self) {
        if self.spiller.unwritten_bytes() == 0 {
            self.unused.drain(..).for_each(|file| self.spiller.forget(file));
        }
    }

    /// Notes that rows of a part are written, so that its file is outdated.
    pub(super) fn mark_dirty(&mut self, part: usize) {
        if let Some(clean) = self.parts[part].clean.take() {
            self.release(clean.file);
        }
    }

    /// Marks the parts of rows as dirty.
    pub(super) fn mark_rows_dirty(&mut self, input: &Input<'_>, key: &[usize], hashes: &mut Vec<u64>) {
        if self.parts.iter().all(|part| part.clean.is_none()) {
            return;
        }
        hash_rows(input, self.spec.without_sub_key(key), hashes);
        for &hash in hashes.iter() {
            self.mark_dirty(self.part_of_group(key_group_of(hash)));
        }
    }

    /// Copies the marked pages of groups' rows. `refused` receives the positions whose pages found
    /// no memory.
    ///
    /// # Errors
    /// Fails with [`OutOfMemory`](crate::error::Error::OutOfMemory) if the table must grow.
    pub(super) fn protect(&mut self, groups: &Groups, refused: &mut Vec<u32>) -> Result<()> {
        self.marking.pages.protect(&mut self.table, groups, refused, &self.memory)
    }
}
