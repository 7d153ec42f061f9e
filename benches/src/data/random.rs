//! Random numbers computed from a row's number.

/// Mixes a seed and a number with SplitMix64: uniform, and the same on every machine.
#[inline]
pub(crate) fn random(seed: u64, number: u64) -> u64 {
    let state = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// A uniform fraction in [0, 1), computed from a seed and a number.
#[inline]
pub(crate) fn fraction(seed: u64, number: u64) -> f64 {
    (random(seed, number) >> 11) as f64 / (1_u64 << 53) as f64
}
