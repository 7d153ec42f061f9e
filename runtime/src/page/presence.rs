//! A filter that tells, of most keys that are not in a table, that they are not: a Bloom filter whose bits for one key lie in one word
//! (Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom Filters, 2007).

use super::run::Run;
use crate::error::Result;
use crate::memory::Memory;

/// Bits for each key. With [`BITS_SET`] of them set, about one key in twenty is taken for one that is there.
const BITS_PER_KEY: usize = 8;

/// Bits that one key sets, each named by six bits of its hash.
const BITS_SET: u32 = 3;

/// The words, by the top bits of a hash. The bits within a word are named by the lowest bits, which no index looks at.
pub(super) struct Presence {
    run: Run,
    shift: u32,
}

impl Presence {
    /// A filter for so many keys, without any.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub(super) fn new(keys: usize, memory: &Memory) -> Result<Self> {
        let words = (keys * BITS_PER_KEY / u64::BITS as usize).next_power_of_two().max(2);
        let mut run = Run::new(words * 8, memory)?;
        run.as_mut_slice()[..words * 8].fill(0);
        Ok(Presence { run, shift: u64::BITS - words.trailing_zeros() })
    }

    /// Adds a key by its hash.
    #[inline(always)]
    pub(super) fn insert(&mut self, hash: u64) {
        let at = self.word(hash);
        // SAFETY: `word` gives the address of one of the words that the run holds, and `&mut self` owns it.
        unsafe { *at |= bits(hash) };
    }

    /// Whether a key may be there.
    #[inline(always)]
    pub(super) fn contains(&self, hash: u64) -> bool {
        let bits = bits(hash);
        // SAFETY: as above.
        unsafe { *self.word(hash) & bits == bits }
    }

    /// Runs are aligned to pages and have at least 2^(64 - shift) words, which is more than the shifted hash.
    #[inline(always)]
    fn word(&self, hash: u64) -> *mut u64 {
        self.run.start().cast::<u64>().wrapping_add((hash >> self.shift) as usize)
    }
}

#[inline(always)]
fn bits(hash: u64) -> u64 {
    (0..BITS_SET).fold(0, |bits, number| bits | 1 << (hash >> (6 * number) & 63))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Budget;

    /// Spreads numbers over all bits.
    fn hash(number: u64) -> u64 {
        let wide = u128::from(number ^ 0x9E37_79B9_7F4A_7C15) * 0xD6E8_FEB8_6659_FD93;
        (wide as u64) ^ (wide >> 64) as u64
    }

    #[test]
    fn keys_are_found_and_few_others() {
        let memory = Memory::new(Budget::new(1 << 30), "test");
        for keys in [0, 1, 1_000, 100_000] {
            let mut presence = Presence::new(keys, &memory).unwrap();
            (0..keys as u64).for_each(|key| presence.insert(hash(key)));
            assert!((0..keys as u64).all(|key| presence.contains(hash(key))));
            let wrong = (keys as u64..keys as u64 + 100_000).filter(|&key| presence.contains(hash(key))).count();
            assert!(wrong < 10_000, "{wrong} of 100,000 with {keys} keys");
        }
    }
}
