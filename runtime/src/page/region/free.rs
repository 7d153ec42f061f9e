//! Which blocks of the region nobody owns: a buddy system over those that are warm, and those that are cold.

use std::collections::BTreeSet;

use smallvec::SmallVec;

use super::{PAGE_BYTES, RESIDENT_POWER};

/// Blocks that nobody owns, by the power of two of their pages.
pub(super) struct Free {
    /// Where the first block begins: blocks are aligned to their size from there.
    pub(super) first: usize,
    /// Never used from here on.
    pub(super) next: usize,
    pub(super) end: usize,
    warm: Blocks,
    pub(super) cold: Blocks,
    pub(super) warm_bytes: usize,
    /// Warm, or owned by somebody.
    pub(super) resident_bytes: usize,
}

pub(super) struct Blocks(pub(super) [BTreeSet<usize>; POWERS]);

/// Free blocks that are looked at for a run, at most.
const MOST_CANDIDATES: usize = 64;

/// More than any region has.
const POWERS: usize = 40;

impl Blocks {
    fn none() -> Self {
        Blocks([const { BTreeSet::new() }; POWERS])
    }

    /// A block of at least this power.
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

    /// Neighbours that have so many pages together, the first of them about half: where they begin and end.
    fn find_pieces(&mut self, pages: usize) -> Option<(usize, usize)> {
        let largest = pages.ilog2();
        let candidates = self.0[largest as usize].iter().take(MOST_CANDIDATES);
        let (start, pieces) =
            candidates.filter_map(|&start| Some((start, self.pieces(start, largest, pages)?))).next()?;
        let end = pieces.last().map_or(start, |(offset, power)| offset + (PAGE_BYTES << power));
        for (offset, power) in pieces {
            self.0[power as usize].remove(&offset);
        }
        Some((start, end))
    }

    /// A block and those that follow it, up to so many pages.
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

    /// Takes the front of a block, and adds the rest.
    fn cut(&mut self, (offset, from): (usize, u32), power: u32) -> usize {
        for half in (power..from).rev() {
            self.0[half as usize].insert(offset + (PAGE_BYTES << half));
        }
        offset
    }
}

impl Free {
    pub(super) fn new(first: usize, end: usize) -> Self {
        Free { first, next: first, end, warm: Blocks::none(), cold: Blocks::none(), warm_bytes: 0, resident_bytes: 0 }
    }

    /// Takes warm neighbours, so that a run finds its place again where another one of its size was: what was left of the block that this one was cut
    /// from may be in use by then.
    pub(super) fn take_pieces(&mut self, pages: usize) -> Option<usize> {
        if pages.is_power_of_two() {
            return None;
        }
        let (start, end) = self.warm.find_pieces(pages)?;
        self.warm_bytes -= end - start;
        self.give(start + pages * PAGE_BYTES, (end - start) / PAGE_BYTES - pages);
        Some(start)
    }

    pub(super) fn take_warm(&mut self, power: u32) -> Option<usize> {
        let block = self.warm.find(power)?;
        self.warm_bytes -= PAGE_BYTES << power;
        Some(self.warm.cut(block, power))
    }

    pub(super) fn take_cold(&mut self, power: u32) -> Option<usize> {
        if power >= RESIDENT_POWER {
            return self.take_new(power);
        }
        // Where addresses are few, there may be smaller blocks only.
        let Some(huge) = self.take_new(RESIDENT_POWER) else { return self.take_new(power) };
        // One touch makes a huge page resident, so all of it is warm.
        self.warm_bytes += (PAGE_BYTES << RESIDENT_POWER) - (PAGE_BYTES << power);
        Some(self.warm.cut((huge, RESIDENT_POWER), power))
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
        // What lies before an aligned block is free in smaller ones.
        while self.next < aligned {
            let power = ((self.next - self.first) / PAGE_BYTES).trailing_zeros();
            self.cold.add(self.first, self.next, power);
            self.next += PAGE_BYTES << power;
        }
        self.next = aligned + bytes;
        self.resident_bytes += bytes;
        Some(aligned)
    }

    /// Takes back so many pages: a run, or what was left of the block that a run was cut from.
    pub(super) fn give(&mut self, mut offset: usize, pages: usize) {
        self.warm_bytes += pages * PAGE_BYTES;
        let end = offset + pages * PAGE_BYTES;
        while offset < end {
            // The largest block that begins here.
            let (place, left) = ((offset - self.first) / PAGE_BYTES, (end - offset) / PAGE_BYTES);
            let power = place.trailing_zeros().min(left.ilog2());
            self.warm.add(self.first, offset, power);
            offset += PAGE_BYTES << power;
        }
    }

    /// Makes the largest warm block a cold one: where it begins, and its bytes.
    pub(super) fn coolest(&mut self) -> Option<(usize, usize)> {
        let power = (0..POWERS).rev().find(|&power| !self.warm.0[power].is_empty())?;
        let offset = self.warm.0[power].pop_last()?;
        let bytes = PAGE_BYTES << power;
        self.warm_bytes -= bytes;
        self.resident_bytes -= bytes;
        self.cold.add(self.first, offset, power as u32);
        Some((offset, bytes))
    }
}
