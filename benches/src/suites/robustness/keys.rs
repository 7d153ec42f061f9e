//! How often each key comes.

use crate::data::{fraction, random};

const PICKS: u64 = 0x5EED_0011;

/// By which power of its rank a key comes less often than the first.
const ZIPF_EXPONENT: f64 = 1.2;

/// How the keys of a table are distributed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Distribution {
    /// All come equally often.
    Uniform,
    /// The key of rank `r` comes as often as the first by `r` to the power of 1.2.
    Zipf,
    /// The first key has half of all rows; the others are uniform.
    Half,
}

/// Which of `keys` keys each of so many rows has, by rank.
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
    fn keys_come_as_often_as_they_should() {
        let count = |distribution, rank| {
            ranks(distribution, 100_000, 1_000).iter().filter(|&&found| found == rank).count() as f64 / 100_000.0
        };
        assert!((count(Distribution::Half, 0) - 0.5).abs() < 0.01);
        assert!((count(Distribution::Uniform, 0) - 0.001).abs() < 0.0005);
        let ratio = count(Distribution::Zipf, 0) / count(Distribution::Zipf, 1);
        assert!((ratio - 2_f64.powf(ZIPF_EXPONENT)).abs() < 0.1, "{ratio}");
    }
}
