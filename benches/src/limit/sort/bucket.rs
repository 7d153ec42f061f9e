//! Sorts one bucket within the cache.

use super::Row;
use super::scatter::{BUCKET_BITS, Scattered};

const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 1 << DIGIT_BITS;

/// Start of the two digits below the bucket's bits.
const UPPER_SHIFT: u32 = 64 - BUCKET_BITS - DIGIT_BITS;
const LOWER_SHIFT: u32 = UPPER_SHIFT - DIGIT_BITS;

/// Larger buckets do not fit into the cache. They result from keys with equal upper bits, for which
/// digits are useless.
const MAX_ROWS: usize = 1 << 17;

/// Mean moves per row in the last pass, above which a comparison sort is faster.
const MAX_MEAN_MOVES: usize = 8;

/// Two buffers in which buckets are sorted in sequence.
#[derive(Default)]
pub(super) struct Sorter {
    rows: Vec<Row>,
    other: Vec<Row>,
}

impl Sorter {
    /// The pairs of a bucket in order.
    pub(super) fn sort(&mut self, scattered: &[Scattered], bucket: usize) -> &[Row] {
        let rows = scattered.iter().map(|thread| thread.rows(bucket)).sum();
        if self.rows.len() < rows {
            self.rows.resize(rows, Row::default());
            self.other.resize(rows, Row::default());
        }
        let sorted = &mut self.rows[..rows];
        if rows > MAX_ROWS {
            gather(scattered, bucket, sorted);
            sorted.sort_unstable_by_key(|row| row.key);
            return sorted;
        }
        let other = &mut self.other[..rows];
        let (mut lower, mut upper) = ([0_u32; DIGITS], [0_u32; DIGITS]);
        each_piece(scattered, bucket, |row| {
            lower[digit(row, LOWER_SHIFT)] += 1;
            upper[digit(row, UPPER_SHIFT)] += 1;
        });
        counts_to_starts(&mut lower);
        counts_to_starts(&mut upper);
        each_piece(scattered, bucket, |row| place(row, LOWER_SHIFT, &mut lower, other));
        other.iter().for_each(|row| place(row, UPPER_SHIFT, &mut upper, sorted));
        if !insertion_sort(sorted, rows * MAX_MEAN_MOVES) {
            sorted.sort_unstable_by_key(|row| row.key);
        }
        sorted
    }
}

fn each_piece(scattered: &[Scattered], bucket: usize, mut see: impl FnMut(&Row)) {
    scattered.iter().for_each(|thread| thread.pieces(bucket, |rows| rows.iter().for_each(&mut see)));
}

fn gather(scattered: &[Scattered], bucket: usize, into: &mut [Row]) {
    let mut places = into.iter_mut();
    each_piece(scattered, bucket, |row| {
        if let Some(place) = places.next() {
            *place = *row;
        }
    });
}

#[inline(always)]
fn digit(row: &Row, shift: u32) -> usize {
    (row.key >> shift) as usize % DIGITS
}

#[inline(always)]
fn place(row: &Row, shift: u32, starts: &mut [u32; DIGITS], into: &mut [Row]) {
    let start = &mut starts[digit(row, shift)];
    into[*start as usize] = *row;
    *start += 1;
}

fn counts_to_starts(counts: &mut [u32; DIGITS]) {
    let mut start = 0;
    for count in counts {
        start += std::mem::replace(count, start);
    }
}

/// Sorts rows that are close to their final places. Returns `false`, with the rows in some order,
/// after more than `moves` moves.
fn insertion_sort(rows: &mut [Row], mut moves: usize) -> bool {
    for end in 1..rows.len() {
        let row = rows[end];
        let mut hole = end;
        while hole > 0 && rows[hole - 1].key > row.key {
            rows[hole] = rows[hole - 1];
            hole -= 1;
        }
        if hole < end {
            rows[hole] = row;
            match moves.checked_sub(end - hole) {
                Some(left) => moves = left,
                None => return false,
            }
        }
    }
    true
}
