//! The part of a table for a row, by the hash of its key.

use std::ops::Range;

use crate::hash::{TAG_BITS, place_of, tag_of};
use crate::memory::limits::SPILL_PARTS;

/// Some of a table's parts.
pub type PartSet = [bool; SPILL_PARTS];

/// Number of bits of a part's number.
const PART_BITS: u32 = SPILL_PARTS.trailing_zeros();

/// The last level that has bits of the hash of its own. Deeper levels use the same bits.
pub const LAST_LEVEL: u32 = TAG_BITS / PART_BITS;

/// Number of bits of a hash that an index does not keep.
const UNTAGGED_BITS: u32 = u64::BITS - TAG_BITS;

/// The part, of [`SPILL_PARTS`], of a row by the hash of its key, or by the bits of it that an
/// index keeps. Each level up to the [last](LAST_LEVEL) uses other bits. The first level uses the
/// lowest, as an index places rows by the uppermost.
#[must_use]
#[inline(always)]
pub fn part_of_hash(hash: u64, level: u32) -> usize {
    (tag_of(hash) >> (level.min(LAST_LEVEL) * PART_BITS)) as usize % SPILL_PARTS
}

/// Divides hashes among parts: some bits of a hash are a number, and each part has a range of
/// numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parting {
    shift: u32,
    mask: u64,
    first: u64,
    /// Parts per number, times 2^32.
    factor: u64,
}

impl Parting {
    /// As [`part_of_hash`] does.
    pub(crate) fn of_level(level: u32) -> Self {
        let shift = UNTAGGED_BITS + level.min(LAST_LEVEL) * PART_BITS;
        Parting { shift, mask: SPILL_PARTS as u64 - 1, first: 0, factor: 1 << 32 }
    }

    /// Divides a range of the numbers that `bits` bits of a hash from bit `shift` on give. Each
    /// part has adjacent numbers, about as many as the others.
    pub(crate) fn of_range(shift: u32, bits: u32, range: Range<usize>) -> Self {
        // Rounded up, so that the first number of a part does not go to the part before.
        let factor = ((SPILL_PARTS as u64) << 32).div_ceil(range.len().max(1) as u64);
        Parting { shift, mask: (1 << bits) - 1, first: range.start as u64, factor }
    }

    #[inline(always)]
    pub(crate) fn part(self, hash: u64) -> usize {
        let number = (hash >> self.shift & self.mask).wrapping_sub(self.first);
        (number.wrapping_mul(self.factor) >> 32) as usize % SPILL_PARTS
    }

    /// The part of a row by its entry in an index. `hash_of` returns the hash of a row by its
    /// place, and is called if the entry does not have the bits.
    #[inline(always)]
    pub(crate) fn part_of_entry(self, entry: u64, hash_of: impl Fn(usize) -> u64) -> usize {
        self.part(if self.shift >= UNTAGGED_BITS { entry } else { hash_of(place_of(entry)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_what_they_were() {
        let mut hash = 1u64;
        for _ in 0..1_000 {
            hash = hash.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(7);
            for level in 0..=LAST_LEVEL + 1 {
                let parting = Parting::of_level(level);
                assert_eq!(parting.part(hash), part_of_hash(hash, level));
                assert_eq!(parting.part_of_entry(hash, |_| 0), part_of_hash(hash, level));
            }
        }
    }

    #[test]
    fn a_range_is_divided_side_by_side() {
        for range in [0..1024, 0..1, 5..6, 341..682, 682..1024, 1000..1017, 17..33] {
            let parting = Parting::of_range(22, 10, range.clone());
            let parts: Vec<usize> = range.clone().map(|number| parting.part((number as u64) << 22 | 12_345)).collect();
            assert!(parts.is_sorted() && parts[0] == 0, "{range:?}");
            let expected = |number: usize| (number - range.start) * SPILL_PARTS / range.len();
            assert_eq!(parts, range.clone().map(expected).collect::<Vec<_>>());
        }
    }
}
