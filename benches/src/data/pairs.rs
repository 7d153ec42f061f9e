//! Pairs of a random 64-bit key and a random number between 0 and 1.

use std::path::Path;

use dataflow::prelude::*;

use super::random::{fraction, random};
use super::{parquet_of_binary, write_binary, write_once};
use crate::checksum::Checksum;
use crate::error::Result;

const KEY_SEED: u64 = 0x5EED_0001;
const VALUE_SEED: u64 = 0x5EED_0002;

/// A pair as the engine reads it.
#[derive(Record, Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pair {
    /// Uniform over all of `i64`.
    pub(crate) key: i64,
    /// Uniform between 0 and 1.
    pub(crate) value: f64,
}

/// The pair at index `number`.
#[inline]
pub(crate) fn pair(number: u64) -> Pair {
    Pair { key: random(KEY_SEED, number).cast_signed(), value: fraction(VALUE_SEED, number) }
}

/// Generates `pairs.bin`, the first `rows` pairs as plain little-endian values, and `pairs.parquet`
/// in a folder.
///
/// # Errors
/// Fails if one cannot be written.
pub(crate) fn ensure(folder: &Path, rows: u64) -> Result<()> {
    let binary = folder.join("pairs.bin");
    write_once(&binary, |partial| {
        let bits = |Pair { key, value }| [key, value.to_bits().cast_signed()];
        write_binary(partial, (0..rows).map(pair).map(bits))
    })?;
    parquet_of_binary::<Pair>(&folder.join("pairs.parquet"), &binary)
}

/// The expected answer for the pairs consumed in order.
pub(crate) fn expected_sort(rows: u64) -> String {
    Checksum::expected((0..rows).map(pair).map(|pair| (pair.key, pair.value)))
}

#[cfg(test)]
mod tests {
    use dataflow::Options;

    use super::*;

    #[test]
    fn both_files_have_the_pairs_of_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let (binary, parquet) = (folder.path().join("pairs.bin"), folder.path().join("pairs.parquet"));
        ensure(folder.path(), 1_000).unwrap();
        let expected: Vec<Pair> = (0..1_000).map(pair).collect();
        let env = Env::new(Options { parallelism: 1, ..Options::default() });
        assert_eq!(env.read_binary::<Pair>(binary.to_string_lossy()).unwrap().collect().unwrap(), expected);
        assert_eq!(env.read_parquet::<Pair>(parquet.to_string_lossy()).unwrap().collect().unwrap(), expected);
        assert!(expected.iter().all(|pair| (0.0..1.0).contains(&pair.value)));
    }
}
