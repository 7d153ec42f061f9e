//! Rows of one side in partitions by the hash of their key, some of them on disk.

use std::sync::Arc;

use crate::error::Result;
use crate::hash::hash_rows;
use crate::join::side::Side;
use crate::join::spilled_keys::SpilledKeysFilter;
use crate::join::table::{JoinTable, KeySpan};
use crate::memory::Memory;
use crate::memory::limits::{PAGE_BYTES, SPILL_PARTS};
use crate::page::{Batch, Input, Page, RowWriter, Selection};
use crate::row::RowLayout;
use crate::spill::{Spilled, Spiller};
use crate::strategy::{Progress, ready};

/// The maximum bytes of the rows that are written in one step. They are reserved in addition to the
/// open pages.
pub(super) const STEP_BYTES: usize = 4 * PAGE_BYTES;

/// Bytes that stay free in the probe phase, in addition to the partitions: for large rows, and for
/// pages that are read.
pub(super) const PROBE_BYTES: usize = 2 * STEP_BYTES;

/// If more bytes are not on disk yet, writing waits.
const MAX_UNWRITTEN_BYTES: usize = 64 * PAGE_BYTES;

/// The spiller and the memory of a task.
pub(super) struct SpillContext {
    pub(super) spiller: Spiller,
    pub(super) memory: Memory,
    /// Whether reservations leave a share for other tasks, which build their sides at the same
    /// time.
    pub(super) is_fair: bool,
}

impl SpillContext {
    /// As [`Memory::try_reserve`], or [`Memory::try_reserve_fair`] while a side is built.
    pub(super) fn try_reserve(&self, bytes: usize) -> bool {
        if self.is_fair { self.memory.try_reserve_fair(bytes) } else { self.memory.try_reserve(bytes) }
    }

    /// Reserves memory for probe rows of partitions that are all on disk, and for reading
    /// `stream_bytes`. If it is refused even after all pages are written, the probe phase starts
    /// without it.
    pub(super) fn reserve_followers(&self, stream_bytes: usize) -> Result<Progress> {
        match self.try_reserve(SPILL_PARTS * PAGE_BYTES + PROBE_BYTES + stream_bytes) {
            true => Ok(Progress::Done),
            false => self.poll_written(),
        }
    }

    /// Returns `Pending` while written pages are still in memory. The task is woken after the
    /// write.
    pub(super) fn poll_written(&self) -> Result<Progress> {
        self.spiller.check()?;
        Ok(if self.spiller.unwritten_bytes() > 0 { Progress::Pending } else { Progress::Done })
    }
}

/// The partitions of one side.
pub(super) struct Partitions {
    key: Vec<usize>,
    /// For each leaf of the layout, the leaf of the input that it copies.
    sources: Vec<usize>,
    level: u32,
    parts: Vec<Partition>,
    routed: Routed,
    /// The span of the keys of rows that may enter a table.
    pub(super) keys: KeySpan,
    keys_on_disk: SpilledKeysFilter,
}

struct Partition {
    writer: RowWriter,
    /// Closed pages in memory.
    pages: Vec<Page>,
    pages_bytes: usize,
    is_on_disk: bool,
    spilled: Spilled,
}

/// The rows of one batch that are not in their partitions yet.
#[derive(Default)]
struct Routed {
    hashes: Vec<u64>,
    /// By partition.
    rows: Vec<Vec<u32>>,
    /// The current partition, and the number of its rows that are written.
    at: (usize, usize),
}

/// The partition of a hash. Exchanges use the lowest 32 bits of a hash, and indexes the highest.
/// The first partitioning uses bits in between. Each further one mixes all bits in its own way.
fn part_of(hash: u64, level: u32) -> usize {
    const SEED: u64 = 0x9E37_79B9_7F4A_7C15;
    const FACTOR: u64 = 0xD6E8_FEB8_6659_FD93;
    let bits = match level {
        0 => hash >> 32,
        _ => {
            let wide = u128::from(hash ^ SEED.wrapping_mul(level.into())) * u128::from(FACTOR);
            (wide >> 64) as u64 ^ wide as u64 >> 32
        }
    };
    bits as usize % SPILL_PARTS
}

impl Partitions {
    /// Empty partitions of rows of `layout`. Its link leaf has no source.
    pub(super) fn new(side: &Side, layout: &Arc<RowLayout>, level: u32, memory: &Memory) -> Self {
        let part = || Partition {
            writer: RowWriter::new(layout.clone(), memory.clone()),
            pages: Vec::new(),
            pages_bytes: 0,
            is_on_disk: false,
            spilled: Spilled::default(),
        };
        Partitions {
            keys: KeySpan::new(&side.key),
            key: side.key.clone(),
            sources: (0..layout.types().len())
                .map(|leaf| if leaf < side.types.len() { leaf } else { usize::MAX })
                .collect(),
            level,
            parts: std::iter::repeat_with(part).take(SPILL_PARTS).collect(),
            routed: Routed { rows: vec![Vec::new(); SPILL_PARTS], at: (SPILL_PARTS, 0), ..Routed::default() },
            keys_on_disk: SpilledKeysFilter::default(),
        }
    }

    /// Empty partitions for the other side, in which the same partitions are on disk.
    pub(super) fn partners(&self, side: &Side, layout: &Arc<RowLayout>, memory: &Memory) -> Self {
        let mut partners = Partitions::new(side, layout, self.level, memory);
        partners.parts.iter_mut().zip(&self.parts).for_each(|(to, from)| to.is_on_disk = from.is_on_disk);
        partners
    }

    /// The number of partitionings that the rows went through before.
    pub(super) fn level(&self) -> u32 {
        self.level
    }

    /// Adds the keys of rows that go to disk from now on to a filter of at most `bytes`.
    pub(super) fn remember_keys(&mut self, bytes: usize, memory: &Memory) {
        if !self.key.is_empty() {
            self.keys_on_disk = SpilledKeysFilter::of_bytes(bytes, memory);
        }
    }

    /// Whether all routed rows are written.
    pub(super) fn is_idle(&self) -> bool {
        self.routed.at.0 == SPILL_PARTS
    }

    /// Finds the partitions of an input's rows by its leaves `key`. Rows are written if `wanted`
    /// returns `true` for the row, its hash and its partition.
    pub(super) fn route(&mut self, input: &Input<'_>, key: &[usize], mut wanted: impl FnMut(u32, u64, usize) -> bool) {
        let Routed { hashes, rows, at } = &mut self.routed;
        hash_rows(input, key, hashes);
        for rows in rows.iter_mut() {
            rows.clear();
            // Enough in most cases, so that few pushes allocate.
            rows.reserve(input.len() / SPILL_PARTS * 2);
        }
        for (&row, &hash) in input.selection().rows().iter().zip(&*hashes) {
            let part = part_of(hash, self.level);
            if wanted(row, hash, part) {
                rows[part].push(row);
            }
        }
        *at = (0, 0);
    }

    /// Writes the routed rows. After `Pending` the call must be repeated with the same batch.
    pub(super) fn write(&mut self, batch: &Batch<'_>, disk: &mut SpillContext) -> Result<Progress> {
        let mut rows = Selection::default();
        while self.routed.at.0 < SPILL_PARTS {
            let (part, from) = self.routed.at;
            let left = &self.routed.rows[part][from..];
            if left.is_empty() {
                self.routed.at = (part + 1, 0);
                continue;
            }
            if disk.spiller.unwritten_bytes() > MAX_UNWRITTEN_BYTES {
                ready!(disk.poll_written()?);
            }
            rows.set(left.iter().copied());
            let input = Input::new(batch, &rows);
            let (count, bytes) = self.parts[part].writer.fitting(&input, Some(&self.sources), STEP_BYTES);
            ready!(self.make_room(bytes, disk)?);
            rows.truncate(count);
            self.parts[part].writer.append(&Input::new(batch, &rows), Some(&self.sources))?;
            self.routed.at.1 += count;
            self.collect(part, disk);
        }
        Ok(Progress::Done)
    }

    /// Reserves memory, and spills partitions until it is granted. `Done` also if no partition is
    /// left to spill.
    pub(super) fn make_room(&mut self, bytes: usize, disk: &mut SpillContext) -> Result<Progress> {
        while !disk.try_reserve(bytes) {
            ready!(disk.poll_written()?);
            if self.spill_largest(disk) == 0 {
                break;
            }
        }
        Ok(Progress::Done)
    }

    /// Moves a partition's closed pages out of its writer.
    fn collect(&mut self, part: usize, disk: &mut SpillContext) {
        let part = &mut self.parts[part];
        // The page of a large record takes as much memory as many open pages, so it is closed.
        part.writer.seal_large();
        let before = part.pages.len();
        part.pages.extend(part.writer.take_sealed());
        part.pages_bytes += part.pages[before..].iter().map(Page::bytes).sum::<usize>();
        if part.is_on_disk && !part.pages.is_empty() {
            part.spill(&self.key, &mut self.keys_on_disk, disk);
        }
    }

    /// Closes all open pages.
    fn seal(&mut self, disk: &mut SpillContext) {
        for part in 0..SPILL_PARTS {
            self.parts[part].writer.seal();
            self.collect(part, disk);
        }
    }

    /// Spills the largest partition in memory, without its open page. Returns its bytes, which are
    /// free after the write.
    pub(super) fn spill_largest(&mut self, disk: &mut SpillContext) -> usize {
        let in_memory = self.parts.iter_mut().filter(|part| !part.is_on_disk && part.pages_bytes > 0);
        let Some(part) = in_memory.max_by_key(|part| part.pages_bytes) else { return 0 };
        part.is_on_disk = true;
        disk.spiller.count_part();
        part.spill(&self.key, &mut self.keys_on_disk, disk)
    }

    /// Closes open pages after the last row. Spills partitions until three things fit in memory: a
    /// table of the other partitions, a page of probe rows per spilled partition, and `more_bytes`.
    pub(super) fn fit(&mut self, table: &JoinTable, more_bytes: usize, disk: &mut SpillContext) -> Result<Progress> {
        self.seal(disk);
        loop {
            let (in_memory, on_disk): (Vec<&Partition>, Vec<&Partition>) =
                self.parts.iter().partition(|part| !part.is_on_disk);
            let pages = || in_memory.iter().flat_map(|part| &part.pages);
            let lookup = self.keys.lookup_bytes(pages().map(Page::rows).sum(), pages().all(|page| table.is_near(page)));
            if disk.try_reserve(lookup + on_disk.len() * PAGE_BYTES + more_bytes) {
                return Ok(Progress::Done);
            }
            ready!(disk.poll_written()?);
            if self.spill_largest(disk) == 0 {
                return Ok(Progress::Done);
            }
        }
    }

    /// Takes the pages in memory.
    pub(super) fn take_pages(&mut self) -> impl Iterator<Item = Page> + '_ {
        self.parts.iter_mut().flat_map(|part| std::mem::take(&mut part.pages))
    }

    /// A filter over the keys on disk.
    pub(super) fn keys_on_disk(&mut self) -> &mut SpilledKeysFilter {
        &mut self.keys_on_disk
    }

    /// Whether each partition is on disk.
    pub(super) fn are_on_disk(&self) -> [bool; SPILL_PARTS] {
        std::array::from_fn(|part| self.parts[part].is_on_disk)
    }

    /// Whether any partition is on disk.
    pub(super) fn are_some_on_disk(&self) -> bool {
        self.parts.iter().any(|part| part.is_on_disk)
    }

    /// Spills all partitions.
    pub(super) fn spill_all(&mut self, disk: &mut SpillContext) {
        for part in 0..SPILL_PARTS {
            if !std::mem::replace(&mut self.parts[part].is_on_disk, true) {
                disk.spiller.count_part();
            }
        }
        self.seal(disk);
    }

    /// Replaces partitions that are all on disk, and their filter, with those of all tasks.
    pub(super) fn replace(&mut self, spilled: Option<Vec<Spilled>>, keys: SpilledKeysFilter) {
        for (part, spilled) in self.parts.iter_mut().zip(spilled.into_iter().flatten()) {
            part.spilled = spilled;
        }
        self.keys_on_disk = keys;
    }

    /// The partitions, which are all on disk, for readers that do not delete them.
    pub(super) fn lent(&self) -> impl Iterator<Item = Spilled> + '_ {
        self.parts.iter().map(|part| part.spilled.lent())
    }

    /// The partitions on disk, with all their rows written.
    pub(super) fn into_spilled(mut self, disk: &mut SpillContext) -> Vec<Spilled> {
        self.seal(disk);
        self.parts.into_iter().filter(|part| part.is_on_disk).map(|part| part.spilled).collect()
    }
}

impl Partition {
    /// Writes the closed pages. Returns their bytes.
    fn spill(&mut self, key: &[usize], keys_on_disk: &mut SpilledKeysFilter, disk: &mut SpillContext) -> usize {
        keys_on_disk.add(&self.pages, key);
        disk.spiller.write(&mut self.spilled, self.pages.drain(..));
        std::mem::take(&mut self.pages_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys of one task and one partition are spread again by the next partitioning.
    #[test]
    fn partitionings_are_independent_of_each_other_and_of_exchanges() {
        let hash = |number: u64| {
            let wide = u128::from(number ^ 0x9E37_79B9_7F4A_7C15) * 0xD6E8_FEB8_6659_FD93;
            (wide as u64) ^ (wide >> 64) as u64
        };
        let mut left: Vec<u64> = (0..1_000_000).map(hash).filter(|hash| hash & 0xFFFF_FFFF < 1 << 31).collect();
        for level in 0..3 {
            let mut counts = [0; SPILL_PARTS];
            left.iter().for_each(|&hash| counts[part_of(hash, level)] += 1);
            let fair = left.len() / SPILL_PARTS;
            assert!(counts.iter().all(|&count| count > fair / 2 && count < fair * 2), "level {level}: {counts:?}");
            left.retain(|&hash| part_of(hash, level) == 3);
        }
    }
}
