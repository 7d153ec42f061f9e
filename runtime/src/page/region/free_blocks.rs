//! Free blocks of the region: one buddy system for warm blocks, and one for cold blocks.

use std::collections::BTreeSet;

use smallvec::SmallVec;

use super::{PAGE_BYTES, RESIDENT_POWER};

/// Free blocks, by the power of two of their pages.
pub(super) struct FreeBlocks {
    /// Offset of the first block. Blocks are aligned to their size from there.
    pub(super) first: usize,
    /// Memory from here on was never used.
    pub(super) next: usize,
    pub(super) end: usize,
    warm: Blocks,
    pub(super) cold: Blocks,
    pub(super) warm_bytes: usize,
    /// Warm, or owned.
    pub(super) resident_bytes: usize,
}

pub(super) struct Blocks(pub(super) [BTreeSet<usize>; POWERS]);

/// Most free blocks that are examined for a run.
const MAX_CANDIDATES: usize = 64;

/// More powers of two than any region has.
const POWERS: usize = 40;

impl Blocks {
    fn none() -> Self {
        Blocks([const { BTreeSet::new() }; POWERS])
    }

    /// Removes and returns a block of at least this power.
    fn find(&mut self, power: u32) -> Option<(usize, u32)> {
        let found = (power as usize..POWERS).find(|&power| !self.0[power].is_empty())?;
        Some((self.0[found].pop_first()?, found as u32))
    }

    /// Adds a block, joined with its free neighbours.
    fn add(&mut self, first: usize, mut offset: usize, mut power: u32) {
        while (power as usize) + 1 < POWERS {
            let neighbour = first + ((offset - first) ^ (PAGE_BYTES << power));
            if !self.0[power as usize].remove(&neighbour) {
                break;
            }
            offset = offset.min(neighbour);
            power += 1;
        }
        self.0[power as usize].insert(offset);
    }

    /// Removes free neighbours that have at least `pages` pages together. The first is a block of
    /// the largest power of two that is not more than `pages`. Returns their start and end.
    fn find_pieces(&mut self, pages: usize) -> Option<(usize, usize)> {
        let largest = pages.ilog2();
        let candidates = self.0[largest as usize].iter().take(MAX_CANDIDATES);
        let (start, pieces) =
            candidates.filter_map(|&start| Some((start, self.pieces(start, largest, pages)?))).next()?;
        let end = pieces.last().map_or(start, |(offset, power)| offset + (PAGE_BYTES << power));
        for (offset, power) in pieces {
            self.0[power as usize].remove(&offset);
        }
        Some((start, end))
    }

    /// The block at `start` and the blocks after it, up to `pages` pages. `None` if one is not
    /// free.
    fn pieces(&self, start: usize, power: u32, pages: usize) -> Option<SmallVec<[(usize, u32); 8]>> {
        let mut pieces = SmallVec::from_slice(&[(start, power)]);
        let mut next = start + (PAGE_BYTES << power);
        while next < start + pages * PAGE_BYTES {
            let power = (0..=power).rev().find(|&power| self.0[power as usize].contains(&next))?;
            pieces.push((next, power));
            next += PAGE_BYTES << power;
        }
        Some(pieces)
    }

    /// Adds pages, in blocks as large as possible.
    fn add_pages(&mut self, first: usize, mut offset: usize, end: usize) {
        while offset < end {
            let (place, left) = ((offset - first) / PAGE_BYTES, (end - offset) / PAGE_BYTES);
            let power = place.trailing_zeros().min(left.ilog2());
            self.add(first, offset, power);
            offset += PAGE_BYTES << power;
        }
    }

    /// Takes the front of a block, and adds the rest.
    fn cut(&mut self, (offset, from): (usize, u32), power: u32) -> usize {
        for half in (power..from).rev() {
            self.0[half as usize].insert(offset + (PAGE_BYTES << half));
        }
        offset
    }
}

impl FreeBlocks {
    pub(super) fn new(first: usize, end: usize) -> Self {
        FreeBlocks {
            first,
            next: first,
            end,
            warm: Blocks::none(),
            cold: Blocks::none(),
            warm_bytes: 0,
            resident_bytes: 0,
        }
    }

    /// Takes a run of warm memory.
    pub(super) fn take_warm(&mut self, pages: usize) -> Option<usize> {
        if let Some(start) = self.take_pieces(pages) {
            return Some(start);
        }
        let power = pages.next_power_of_two().trailing_zeros();
        let block = self.warm.find(power)?;
        self.warm_bytes -= PAGE_BYTES << power;
        let start = self.warm.cut(block, power);
        self.release(start + pages * PAGE_BYTES, (1 << power) - pages);
        Some(start)
    }

    /// Takes warm neighbours, so that a run can use the memory of an earlier run of its size. The
    /// rest of the block that the earlier run was cut from may be in use by then.
    fn take_pieces(&mut self, pages: usize) -> Option<usize> {
        if pages.is_power_of_two() {
            return None;
        }
        let (start, end) = self.warm.find_pieces(pages)?;
        self.warm_bytes -= end - start;
        self.release(start + pages * PAGE_BYTES, (end - start) / PAGE_BYTES - pages);
        Some(start)
    }

    /// Takes a run of cold memory. Returns its start, and the end of the memory that becomes
    /// resident with it: the rest of its last huge page. The caller frees this rest after it has
    /// written to the run.
    pub(super) fn take_cold(&mut self, pages: usize) -> Option<(usize, usize)> {
        let least = pages.next_power_of_two().trailing_zeros();
        let power = least.max(RESIDENT_POWER);
        let (start, power) = match self.take_new(power) {
            Some(start) => (start, power),
            // If addresses are limited, there may be smaller blocks only.
            None => (self.take_new(least)?, least),
        };
        let (huge, block_end) = (PAGE_BYTES << RESIDENT_POWER, start + (PAGE_BYTES << power));
        let huge_end = (start + pages * PAGE_BYTES - self.first).next_multiple_of(huge) + self.first;
        let end = huge_end.min(block_end);
        self.resident_bytes -= block_end - end;
        self.cold.add_pages(self.first, end, block_end);
        Some((start, end))
    }

    fn take_new(&mut self, power: u32) -> Option<usize> {
        let bytes = PAGE_BYTES << power;
        if let Some(block) = self.cold.find(power) {
            self.resident_bytes += bytes;
            return Some(self.cold.cut(block, power));
        }
        let aligned = self.first + (self.next - self.first).next_multiple_of(bytes);
        if aligned + bytes > self.end {
            return None;
        }
        // The gap before an aligned block becomes smaller free blocks.
        while self.next < aligned {
            let power = ((self.next - self.first) / PAGE_BYTES).trailing_zeros();
            self.cold.add(self.first, self.next, power);
            self.next += PAGE_BYTES << power;
        }
        self.next = aligned + bytes;
        self.resident_bytes += bytes;
        Some(aligned)
    }

    /// Frees pages: a run, or the rest of the block that a run was cut from.
    pub(super) fn release(&mut self, offset: usize, pages: usize) {
        self.warm_bytes += pages * PAGE_BYTES;
        self.warm.add_pages(self.first, offset, offset + pages * PAGE_BYTES);
    }

    /// Makes warm memory cold: the largest block, or a part of it with about `bytes` bytes. Returns
    /// its start and its bytes. A part is at least as large as a huge page.
    pub(super) fn cool(&mut self, bytes: usize) -> Option<(usize, usize)> {
        let largest = (0..POWERS).rev().find(|&power| !self.warm.0[power].is_empty())?;
        let block = (self.warm.0[largest].pop_last()?, largest as u32);
        let wanted = bytes.div_ceil(PAGE_BYTES).next_power_of_two().trailing_zeros();
        let power = wanted.max(RESIDENT_POWER).min(block.1);
        let (offset, bytes) = (self.warm.cut(block, power), PAGE_BYTES << power);
        self.warm_bytes -= bytes;
        self.resident_bytes -= bytes;
        self.cold.add(self.first, offset, power);
        Some((offset, bytes))
    }
}
