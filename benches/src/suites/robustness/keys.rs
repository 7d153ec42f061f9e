//! The frequency of each key.

use crate::data::{fraction, random};

const PICKS: u64 = 0x5EED_0011;

/// Exponent of the rank in the Zipf distribution.
const ZIPF_EXPONENT: f64 = 1.2;

/// The distribution of a table's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Distribution {
    /// All keys are equally frequent.
    Uniform,
    /// The key of rank `r` is `1 / r^1.2` times as frequent as the first.
    Zipf,
    /// The first key has half of all rows. The others are uniform.
    Half,
}

/// The key of each row, as a rank below `keys`.
pub(super) fn ranks(distribution: Distribution, rows: u64, keys: u64) -> Vec<u64> {
    let uniform = |number: u64| random(PICKS, number) % keys;
    match distribution {
        Distribution::Uniform => (0..rows).map(uniform).collect(),
        Distribution::Half => (0..rows).map(|number| if number % 2 == 0 { 0 } else { uniform(number) }).collect(),
        Distribution::Zipf => {
            let mut total = 0.0;
            let up_to: Vec<f64> = (1..=keys)
                .map(|rank| {
                    total += (rank as f64).powf(-ZIPF_EXPONENT);
                    total
                })
                .collect();
            (0..rows)
                .map(|number| up_to.partition_point(|&below| below < fraction(PICKS, number) * total) as u64 % keys)
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_their_expected_frequencies() {
        let count = |distribution, rank| {
            ranks(distribution, 100_000, 1_000).iter().filter(|&&found| found == rank).count() as f64 / 100_000.0
        };
        assert!((count(Distribution::Half, 0) - 0.5).abs() < 0.01);
        assert!((count(Distribution::Uniform, 0) - 0.001).abs() < 0.0005);
        let ratio = count(Distribution::Zipf, 0) / count(Distribution::Zipf, 1);
        assert!((ratio - 2_f64.powf(ZIPF_EXPONENT)).abs() < 0.1, "{ratio}");
    }
}
