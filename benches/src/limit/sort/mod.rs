//! Hand-written sort of pairs for two cores.
//!
//! Threads claim blocks of the file. They read each into a small buffer that stays in their cache,
//! and scatter its pairs into buckets by the 12 uppermost bits of the key (see [`scatter`]). Then
//! threads claim buckets. A bucket of 16,384 pairs fits into a core's second-level cache. It is
//! sorted there by two passes over the next 22 bits, and by one pass that swaps the few remaining
//! neighbours (see [`bucket`]). It is consumed while it is in the cache. So each pair goes to
//! memory once and comes back once.

mod bucket;
mod scatter;

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::answer::{Answer, Case, Resources};
use crate::checksum::Checksum;
use crate::error::{Error, Result};
use crate::workspace::Paths;

use super::threads::in_parallel;
use bucket::Sorter;
use scatter::{BUCKETS, Scattered, Scatterer};

/// A pair whose key has its sign bit flipped, so that keys compare as unsigned numbers. It takes 16
/// bytes, as in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C, align(16))]
struct Row {
    key: u64,
    value: u64,
}

const SIGN: u64 = 1 << 63;

impl Row {
    fn of_file(self) -> Self {
        Self { key: u64::from_le(self.key) ^ SIGN, value: u64::from_le(self.value) }
    }

    fn consume(self, sum: &mut Checksum) {
        sum.add((self.key ^ SIGN).cast_signed(), f64::from_bits(self.value));
    }
}

/// Sorts the pairs and consumes them in order.
pub(super) fn run(_: &Case, paths: &Paths, resources: &Resources) -> Result<Answer> {
    let path = paths.pairs();
    let sums = sort(&path, resources.parallelism).map_err(Error::io("read", &path))?;
    let mut whole = Checksum::default();
    sums.into_iter().for_each(|sum| whole.merge(sum));
    Ok(whole.into_answer())
}

/// The digest of each bucket's pairs, in key order.
fn sort(path: &Path, threads: usize) -> io::Result<Vec<Checksum>> {
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    if bytes % size_of::<Row>() as u64 != 0 {
        return Err(io::Error::other("the file does not end with a whole pair"));
    }
    let next_block = AtomicU64::new(0);
    let scattered = in_parallel(threads, |_| Scatterer::new(bytes)?.scatter(&file, bytes, &next_block))?;
    let next_bucket = AtomicUsize::new(0);
    let parts = in_parallel(threads, |_| Ok(consume_buckets(&scattered, &next_bucket)))?;
    let mut sums: Vec<(usize, Checksum)> = parts.into_iter().flatten().collect();
    sums.sort_unstable_by_key(|(bucket, _)| *bucket);
    Ok(sums.into_iter().map(|(_, sum)| sum).collect())
}

/// Buckets are claimed one by one, so that a delayed thread takes fewer.
fn consume_buckets(scattered: &[Scattered], next: &AtomicUsize) -> Vec<(usize, Checksum)> {
    let mut sorter = Sorter::default();
    let mut sums = Vec::new();
    loop {
        let bucket = next.fetch_add(1, Ordering::Relaxed);
        if bucket >= BUCKETS {
            return sums;
        }
        let mut sum = Checksum::default();
        sorter.sort(scattered, bucket).iter().for_each(|row| row.consume(&mut sum));
        sums.push((bucket, sum));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn check(mut pairs: Vec<(i64, f64)>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.bin");
        let bytes: Vec<u8> =
            pairs.iter().flat_map(|(key, value)| [key.to_le_bytes(), value.to_le_bytes()]).flatten().collect();
        fs::write(&path, bytes).unwrap();
        pairs.sort_by_key(|(key, _)| *key);
        let mut expected = Checksum::default();
        pairs.iter().for_each(|&(key, value)| expected.add(key, value));
        for threads in [1, 2, 3] {
            let mut sum = Checksum::default();
            sort(&path, threads).unwrap().into_iter().for_each(|part| sum.merge(part));
            assert_eq!(sum.row(), expected.row());
        }
    }

    #[test]
    fn random_pairs_are_sorted() {
        for rows in [0, 1, 3, 4_097, 300_000] {
            check((0..rows).map(crate::data::pairs::pair).map(|pair| (pair.key, pair.value)).collect());
        }
    }

    #[test]
    fn keys_with_equal_upper_bits_are_sorted() {
        let keys: [fn(i64) -> i64; 4] = [
            |number| -number,
            |number| number * 7_919 % 1_000,
            |number| i64::MIN + number % 2,
            // All in one bucket and with equal digits: only the lowest bits differ.
            |number| (number * 7_919) & 0xff_ffff,
        ];
        for key in keys {
            check((0..100_000).map(|number| (key(number), number as f64)).collect());
        }
    }

    #[test]
    fn half_a_pair_is_rejected() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.bin");
        fs::write(&path, [0; 24]).unwrap();
        assert!(sort(&path, 1).is_err());
    }
}
