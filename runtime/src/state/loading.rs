//! Loading: reads key groups of a part back into the table.

use std::sync::Arc;
use std::task::Poll;

use crate::error::{Error, Result};
use crate::group::{Groups, Room, live_rows};
use crate::hash::{HashIndex, hash_rows};
use crate::page::{Input, Page, Selection};
use crate::spill::SpilledReader;
use crate::state::key_groups::{KeyGroupSet, key_group_of};
use crate::state::queues::RequestQueues;
use crate::state::residency::{Evicted, Residency};
use crate::strategy::{Opened, PageWindows, Progress};

/// Pages that are read ahead, if there is memory for them in addition to the rows.
const READ_AHEAD: usize = 4;

/// Key groups that are being loaded into memory.
pub(super) struct Loading {
    part: usize,
    groups: KeyGroupSet,
    evicted: Evicted,
    reader: SpilledReader,
    page: Option<Page>,
    /// Windows of the page. An open one holds the rows that are not in the table yet.
    windows: PageWindows,
}

impl Loading {
    /// Starts to load key groups of a part, the `wanted` ones first. Returns `None` if none of them
    /// is on disk, and `Pending` while files are written.
    pub(super) fn begin(
        part: usize,
        wanted: &KeyGroupSet,
        rows: &mut Residency,
        mut queues: Option<&mut RequestQueues>,
    ) -> Result<Poll<Option<Self>>> {
        loop {
            let is_wanted = |evicted: &&Evicted| !evicted.groups.and(wanted).is_empty();
            let Some(evicted) = rows.parts[part].evicted.iter().find(is_wanted).cloned() else {
                return Ok(Poll::Ready(None));
            };
            rows.spiller.check()?;
            if rows.spiller.unwritten_bytes() > 0 {
                return Ok(Poll::Pending);
            }
            let groups = groups_to_load(part, &evicted, wanted, rows);
            let count = groups.len();
            if !rows.memory.try_reserve(loading_bytes(&evicted, count, rows)) {
                match make_room(part, count, rows, queues.as_deref_mut())? {
                    Progress::Done => {}
                    Progress::Yield => continue,
                    Progress::Pending => return Ok(Poll::Pending),
                }
            }
            let more = loading_bytes(&evicted, count, rows) + READ_AHEAD * evicted.file.largest_page_bytes();
            let ahead = if rows.memory.try_reserve_idle(more) { READ_AHEAD } else { 1 };
            let reader = rows.spiller.read_again(&evicted.file, rows.table.layout(), ahead, &rows.memory);
            rows.used.loaded = Some(part);
            let windows = PageWindows::default();
            return Ok(Poll::Ready(Some(Loading { part, groups, evicted, reader, page: None, windows })));
        }
    }

    /// Loads the groups. Returns `Yield` if its rows were evicted, so that fewer groups must be
    /// loaded. After `Done` and `Yield` the load has ended.
    pub(super) fn load(&mut self, rows: &mut Residency, mut queues: Option<&mut RequestQueues>) -> Result<Progress> {
        while rows.used.loaded == Some(self.part) {
            let page = match self.page.take() {
                Some(page) => page,
                None => match self.reader.poll() {
                    Ok(Poll::Ready(Some(page))) => page,
                    Ok(Poll::Pending) => return Ok(Progress::Pending),
                    Ok(Poll::Ready(None)) => {
                        self.end(rows);
                        return Ok(Progress::Done);
                    }
                    Err(error @ Error::OutOfMemory { .. }) => match self.make_room(rows, queues.as_deref_mut())? {
                        Some(Progress::Done) => return Err(error),
                        Some(progress) => return Ok(progress),
                        None => continue,
                    },
                    Err(error) => return Err(error),
                },
            };
            if self.insert_page(&page, rows)? {
                continue;
            }
            self.page = Some(page);
            match self.make_room(rows, queues.as_deref_mut())? {
                // One row is left, which must fit.
                Some(Progress::Done) => rows.table.set_must_grow(true),
                Some(progress) => return Ok(progress),
                None => {}
            }
        }
        rows.table.set_must_grow(false);
        Ok(Progress::Done)
    }

    /// Inserts the rows of a page. Returns `false` if memory is refused.
    fn insert_page(&mut self, page: &Page, rows: &mut Residency) -> Result<bool> {
        let batch = page.batch();
        while let Some(opened) = self.windows.open(batch.rows()) {
            let window = &mut self.windows.window;
            if opened == Opened::New {
                keep_live_rows_of(&Input::new(&batch, &window.clone()), &self.groups, window, rows);
            }
            insert(&Input::new(&batch, &window.clone()), window, rows)?;
            if !window.is_empty() {
                return Ok(false);
            }
            self.windows.close();
        }
        Ok(true)
    }

    /// Evicts other parts, or loads fewer key groups of this one. `None` if memory may be free now,
    /// and `Done` if neither is possible.
    fn make_room(&self, rows: &mut Residency, queues: Option<&mut RequestQueues>) -> Result<Option<Progress>> {
        match rows.make_room(queues, &[self.part])? {
            Room::Made => Ok(None),
            Room::Awaited => Ok(Some(Progress::Pending)),
            Room::None if rows.load_fewer_groups(self.part, self.groups.len()) => Ok(Some(Progress::Yield)),
            Room::None => Ok(Some(Progress::Done)),
        }
    }

    /// Notes that the groups are in memory.
    fn end(&mut self, rows: &mut Residency) {
        let Loading { part, groups, .. } = *self;
        let file = std::mem::take(&mut self.evicted.file);
        let evicted = Evicted { file, groups, groups_written: self.evicted.groups_written };
        rows.used.loaded = None;
        let was_empty = rows.resident_groups(part).is_empty();
        let residency = &mut rows.parts[part];
        if let Some(at) = residency.evicted.iter().position(|other| !other.groups.and(&groups).is_empty()) {
            residency.evicted[at].groups = residency.evicted[at].groups.without(&groups);
            if residency.evicted[at].groups.is_empty() {
                residency.evicted.swap_remove(at);
            }
        }
        match &mut residency.clean {
            Some(clean) if Arc::ptr_eq(&clean.file, &evicted.file) => clean.groups = clean.groups.or(&groups),
            None if was_empty => residency.clean = Some(evicted),
            _ => {
                rows.mark_dirty(part);
                rows.release(evicted.file);
            }
        }
        rows.collect_evicted();
    }
}

/// Makes room for `count` key groups of a part, or lowers their number. Returns `Yield` if the
/// number has to be chosen again. Returns `Done` if nothing can be evicted: the estimate may be too
/// high. If it is not, a row is refused, and that error has the bytes.
fn make_room(part: usize, count: usize, rows: &mut Residency, queues: Option<&mut RequestQueues>) -> Result<Progress> {
    Ok(match rows.make_room(queues, &[part])? {
        Room::Made => Progress::Yield,
        Room::Awaited => Progress::Pending,
        Room::None if rows.table.freed_by(part) > 0 => {
            rows.evict_part(part);
            Progress::Yield
        }
        Room::None if count > 1 => {
            rows.parts[part].max_groups = Some(count / 2);
            Progress::Yield
        }
        Room::None => Progress::Done,
    })
}

/// The key groups of a file that are loaded together. The wanted ones are first, and others follow
/// as far as memory allows. During a scan no others are loaded, because it has visited their rows.
fn groups_to_load(part: usize, evicted: &Evicted, wanted: &KeyGroupSet, rows: &mut Residency) -> KeyGroupSet {
    let first = evicted.groups.and(wanted);
    let is_scanned = rows.used.scanned == Some(part);
    let others = if is_scanned { KeyGroupSet::default() } else { evicted.groups.without(wanted) };
    let all = first.len() + others.len();
    if rows.parts[part].max_groups.is_some() && rows.memory.try_reserve_idle(2 * loading_bytes(evicted, all, rows)) {
        rows.parts[part].max_groups = None; // More memory is free than at the last try.
    }
    first.iter().chain(others.iter()).take(rows.parts[part].max_groups.unwrap_or(all)).collect()
}

/// The estimated bytes of memory that `groups` key groups of a file take.
fn loading_bytes(evicted: &Evicted, groups: usize, rows: &Residency) -> usize {
    let of = evicted.groups_written.max(1);
    let (count, bytes) = (evicted.file.rows() as usize / of * groups, evicted.file.bytes() as usize / of * groups);
    let indexes = if rows.spec.sub_key > 0 { 2 } else { 1 };
    // The page that is read, the page that is written, and indexes that exist twice while they
    // grow.
    let index_bytes = indexes * HashIndex::bytes_for(count) * 3 / 2;
    bytes + 2 * evicted.file.largest_page_bytes() + index_bytes + rows.table.room_beside()
}

/// Keeps the live rows of a window that are in some key groups.
fn keep_live_rows_of(input: &Input<'_>, groups: &KeyGroupSet, window: &mut Selection, rows: &Residency) {
    let (mut live, mut hashes) = (Vec::new(), Vec::new());
    live_rows(input, rows.table.layout(), rows.spec.tombstone(), &mut live);
    window.set(live);
    hash_rows(&Input::new(input.batch(), window), rows.spec.without_sub_key(&rows.spec.key), &mut hashes);
    window.keep_positions(|position| groups.contains(key_group_of(hashes[position])));
}

/// Inserts rows of the table's layout whose keys are new. Rows that found no room are left in the
/// window.
fn insert(input: &Input<'_>, window: &mut Selection, rows: &mut Residency) -> Result<()> {
    let copied: Vec<(usize, usize)> = (0..rows.table.layout().types().len()).map(|leaf| (leaf, leaf)).collect();
    let mut groups = Groups::default();
    let probed = rows.table.probe(input, &rows.spec.key, &copied, &mut groups);
    rows.table.set_must_grow(false);
    probed?;
    let asked = input.selection().rows();
    window.set(groups.missed().iter().map(|&position| asked[position as usize]));
    Ok(())
}
