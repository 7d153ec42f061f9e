//! One side's rows in parts by their keys' hashes, of which some are on disk.

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
use crate::strategy::Progress;

/// Rows are written as many at a time as take so much: what must be free beside the parts' open pages.
pub(crate) const STEP_BYTES: usize = 4 * PAGE_BYTES;

/// Who writes waits while so much is not on disk yet.
const BEHIND_BYTES: usize = 64 * PAGE_BYTES;

/// What a task writes to disk with, and its memory.
pub(crate) struct SpillContext {
    pub(crate) spiller: Spiller,
    pub(crate) memory: Memory,
    /// Other tasks collect their rows, too.
    pub(crate) evenly: bool,
}

impl SpillContext {
    /// As [`Memory::try_reserve`], with regard to others while they collect as this one does.
    pub(crate) fn try_reserve(&self, bytes: usize) -> bool {
        if self.evenly { self.memory.try_reserve_fair(bytes) } else { self.memory.try_reserve(bytes) }
    }

    /// Whether pages are still in memory that are being written; the task is woken when they are.
    pub(crate) fn is_writing(&self) -> Result<bool> {
        self.spiller.check()?;
        Ok(self.spiller.unwritten_bytes() > 0)
    }
}

/// The parts of one side's rows.
pub(crate) struct Partitions {
    key: Vec<usize>,
    /// Where each leaf of the layout comes from.
    sources: Vec<usize>,
    level: u32,
    parts: Vec<Partition>,
    routed: Routed,
    /// Of rows that a table may be made of.
    pub(crate) keys: KeySpan,
    keys_on_disk: SpilledKeysFilter,
}

struct Partition {
    writer: RowWriter,
    /// Closed pages, where it is in memory.
    pages: Vec<Page>,
    pages_bytes: usize,
    is_on_disk: bool,
    spilled: Spilled,
}

/// Rows of one batch that are being written to their parts.
#[derive(Default)]
struct Routed {
    hashes: Vec<u64>,
    /// By part.
    rows: Vec<Vec<u32>>,
    /// The part at work, and how many of its rows are written.
    at: (usize, usize),
}

/// The part that a hash belongs to. Exchanges take a hash's lowest 32 bits and indexes its highest; those in between are left for the
/// first cut, and each cut of a part mixes all of them anew.
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
    /// Empty parts of rows of a layout; the leaf that links a row to the next has no source.
    pub(crate) fn new(side: &Side, layout: &Arc<RowLayout>, level: u32, memory: &Memory) -> Self {
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

    /// Empty parts of the other side, of which those are on disk that are here.
    pub(crate) fn partners(&self, side: &Side, layout: &Arc<RowLayout>, memory: &Memory) -> Self {
        let mut partners = Partitions::new(side, layout, self.level, memory);
        partners.parts.iter_mut().zip(&self.parts).for_each(|(to, from)| to.is_on_disk = from.is_on_disk);
        partners
    }

    /// Remembers the keys of rows that go to disk from now on, in a filter of at most so many bytes.
    pub(crate) fn remember_keys(&mut self, bytes: usize, memory: &Memory) {
        if !self.key.is_empty() {
            self.keys_on_disk = SpilledKeysFilter::of_bytes(bytes, memory);
        }
    }

    /// Whether all rows that were routed are written.
    pub(crate) fn is_idle(&self) -> bool {
        self.routed.at.0 == SPILL_PARTS
    }

    /// Finds the parts of an input's rows, by its leaves `key`: those are to be written for which `wanted` holds, given the row, its hash and
    /// its part.
    pub(crate) fn route(&mut self, input: &Input<'_>, key: &[usize], mut wanted: impl FnMut(u32, u64, usize) -> bool) {
        let Routed { hashes, rows, at } = &mut self.routed;
        hash_rows(input, key, hashes);
        for rows in rows.iter_mut() {
            rows.clear();
            // Mostly enough, so that hardly any push has to look for room.
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

    /// Writes the rows that were routed. To be called again with the same batch after `Pending`.
    pub(crate) fn write(&mut self, batch: &Batch<'_>, disk: &mut SpillContext) -> Result<Progress> {
        let mut rows = Selection::default();
        while self.routed.at.0 < SPILL_PARTS {
            let (part, from) = self.routed.at;
            let left = &self.routed.rows[part][from..];
            if left.is_empty() {
                self.routed.at = (part + 1, 0);
                continue;
            }
            if disk.spiller.unwritten_bytes() > BEHIND_BYTES && disk.is_writing()? {
                return Ok(Progress::Pending);
            }
            rows.set(left.iter().copied());
            let input = Input::new(batch, &rows);
            let (count, bytes) = self.parts[part].writer.fitting(&input, Some(&self.sources), STEP_BYTES);
            if self.room(bytes, disk)? == Progress::Pending {
                return Ok(Progress::Pending);
            }
            rows.truncate(count);
            self.parts[part].writer.append(&Input::new(batch, &rows), Some(&self.sources))?;
            self.routed.at.1 += count;
            self.collect(part, disk);
        }
        Ok(Progress::Done)
    }

    /// Makes room for so many bytes, as far as that can be done.
    pub(crate) fn room(&mut self, bytes: usize, disk: &mut SpillContext) -> Result<Progress> {
        while !disk.try_reserve(bytes) {
            if disk.is_writing()? {
                return Ok(Progress::Pending);
            }
            if self.spill_largest(disk) == 0 {
                break;
            }
        }
        Ok(Progress::Done)
    }

    /// Takes a part's closed pages out of its writer.
    fn collect(&mut self, part: usize, disk: &mut SpillContext) {
        let part = &mut self.parts[part];
        // What a large record has for itself is worth as much as many open pages.
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

    /// Sends the largest part that is in memory to disk, but for its open page: what that gives back once it is written.
    pub(crate) fn spill_largest(&mut self, disk: &mut SpillContext) -> usize {
        let in_memory = self.parts.iter_mut().filter(|part| !part.is_on_disk && part.pages_bytes > 0);
        let Some(part) = in_memory.max_by_key(|part| part.pages_bytes) else { return 0 };
        part.is_on_disk = true;
        disk.spiller.count_part();
        part.spill(&self.key, &mut self.keys_on_disk, disk)
    }

    /// The end of the rows: closes what is open, and sends parts to disk until there is room for the table of the others and, for each part
    /// on disk, a page of its partners, and `beside`.
    pub(crate) fn settle(&mut self, table: &JoinTable, beside: usize, disk: &mut SpillContext) -> Result<Progress> {
        self.seal(disk);
        loop {
            let (in_memory, on_disk): (Vec<&Partition>, Vec<&Partition>) =
                self.parts.iter().partition(|part| !part.is_on_disk);
            let pages = || in_memory.iter().flat_map(|part| &part.pages);
            let lookup = self.keys.lookup_bytes(pages().map(Page::rows).sum(), pages().all(|page| table.is_near(page)));
            let need = lookup + on_disk.len() * PAGE_BYTES + beside;
            if disk.try_reserve(need) {
                return Ok(Progress::Done);
            }
            if disk.is_writing()? {
                return Ok(Progress::Pending);
            }
            if self.spill_largest(disk) == 0 {
                return Ok(Progress::Done);
            }
        }
    }

    /// The pages that are in memory.
    pub(crate) fn take_pages(&mut self) -> impl Iterator<Item = Page> + '_ {
        self.parts.iter_mut().flat_map(|part| std::mem::take(&mut part.pages))
    }

    /// The keys that are on disk.
    pub(crate) fn keys_on_disk(&mut self) -> &mut SpilledKeysFilter {
        &mut self.keys_on_disk
    }

    /// Which parts are on disk.
    pub(crate) fn are_on_disk(&self) -> [bool; SPILL_PARTS] {
        std::array::from_fn(|part| self.parts[part].is_on_disk)
    }

    /// Whether any part is.
    pub(crate) fn are_some_on_disk(&self) -> bool {
        self.parts.iter().any(|part| part.is_on_disk)
    }

    /// Sends all parts to disk.
    pub(crate) fn spill_all(&mut self, disk: &mut SpillContext) {
        for part in 0..SPILL_PARTS {
            if !std::mem::replace(&mut self.parts[part].is_on_disk, true) {
                disk.spiller.count_part();
            }
        }
        self.seal(disk);
    }

    /// Parts that are all on disk become those of all tasks, which have the same key's parts on disk each: what these wrote, and what their filters know.
    pub(crate) fn replace(&mut self, spilled: Option<Vec<Spilled>>, keys: SpilledKeysFilter) {
        for (part, spilled) in self.parts.iter_mut().zip(spilled.into_iter().flatten()) {
            part.spilled = spilled;
        }
        self.keys_on_disk = keys;
    }

    /// Parts that are all on disk, and stay there.
    pub(crate) fn lent(&self) -> impl Iterator<Item = Spilled> + '_ {
        self.parts.iter().map(|part| part.spilled.lent())
    }

    /// What is on disk, by part.
    pub(crate) fn into_spilled(mut self, disk: &mut SpillContext) -> Vec<Option<Spilled>> {
        self.seal(disk);
        self.parts.into_iter().map(|part| part.is_on_disk.then_some(part.spilled)).collect()
    }
}

impl Partition {
    /// Has the closed pages written; how many bytes they have.
    fn spill(&mut self, key: &[usize], keys_on_disk: &mut SpilledKeysFilter, disk: &mut SpillContext) -> usize {
        keys_on_disk.add(&self.pages, key);
        disk.spiller.write(&mut self.spilled, self.pages.drain(..));
        std::mem::take(&mut self.pages_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys of one task and one part are spread again by the next cut.
    #[test]
    fn each_cut_is_independent_of_the_one_before_and_of_exchanges() {
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
