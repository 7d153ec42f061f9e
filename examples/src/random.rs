//! A small random generator whose sequence never changes.

/// SplitMix64: a few multiplications per number, good enough to draw words, and the same on every
/// machine.
#[derive(Debug)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Self { state: seed.wrapping_mul(0xD134_2543_DE82_EF95) ^ 0x9E37_79B9_7F4A_7C15 };
        random.next();
        random
    }

    #[inline]
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `bound`, by multiplication. The bias of a 32-bit draw does not matter
    /// here.
    #[inline]
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        scale(self.next() as u32, bound)
    }
}

/// Maps a uniform 32-bit number onto `0..bound`.
#[inline]
pub(crate) fn scale(uniform: u32, bound: u32) -> u32 {
    ((u64::from(uniform) * u64::from(bound)) >> 32) as u32
}
