//! The digest of an answer of millions of rows in any order. It detects missing and changed rows,
//! and numbers in the wrong row.
//!
//! Whole numbers, texts (`id` and a number) and nulls of a row form a hash. Other numbers differ
//! between systems in their last digits, so they are summed with weights derived from the hash.
//! `peers/python/digest.py` does the same.

use crate::answer::Answer;
use crate::data::random;

/// Maximum number of columns of fractions in a row.
const FRACTIONS: usize = 6;

/// The number that stands for a null.
const NULL: i64 = -7;

/// The digest of one row, cell by cell.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RowDigest {
    columns: u64,
    cells: u64,
    fractions: [f64; FRACTIONS],
    fraction_count: usize,
}

/// The halves of a row's hash, and its weighted fractions: numbers to be summed.
pub(crate) type Sums = (u64, u64, f64, f64, f64, f64, f64, f64);

impl RowDigest {
    /// Adds the next cell.
    #[inline]
    pub(crate) fn add(&mut self, cell: impl Cell) {
        cell.add_to(self);
    }

    /// The row's contribution to the sums of its answer.
    #[inline]
    pub(crate) fn sums(self) -> Sums {
        let hash = random(0, self.cells);
        let weight = (hash >> 11) as f64 / (1_u64 << 53) as f64;
        let [a, b, c, d, e, f] = self.fractions.map(|fraction| fraction * weight);
        (hash & u64::from(u32::MAX), hash >> 32, a, b, c, d, e, f)
    }

    fn whole(&mut self, number: i64) {
        let odd = random(1, self.columns) | 1;
        self.columns += 1;
        self.cells = self.cells.wrapping_add(number.cast_unsigned().wrapping_mul(odd));
    }
}

/// A nullable value of a row.
pub(crate) trait Cell {
    /// Adds the value to the digest of its row.
    fn add_to(self, row: &mut RowDigest);
}

macro_rules! whole {
    ($($number:ty)*) => {
        $(
            impl Cell for $number {
                #[inline]
                fn add_to(self, row: &mut RowDigest) {
                    row.whole(self as i64);
                }
            }

            impl Cell for Option<$number> {
                #[inline]
                fn add_to(self, row: &mut RowDigest) {
                    row.whole(self.map_or(NULL, |number| number as i64));
                }
            }
        )*
    };
}

whole!(i32 i64 u64);

impl Cell for &str {
    #[inline]
    fn add_to(self, row: &mut RowDigest) {
        row.whole(number_of(self));
    }
}

impl Cell for Option<&str> {
    #[inline]
    fn add_to(self, row: &mut RowDigest) {
        row.whole(self.map_or(NULL, number_of));
    }
}

/// The number after `id`. If the text has none, a number that no other text has.
fn number_of(text: &str) -> i64 {
    text.strip_prefix("id").and_then(|digits| digits.parse().ok()).unwrap_or(NULL - 1)
}

impl Cell for f64 {
    #[inline]
    fn add_to(self, row: &mut RowDigest) {
        Some(self).add_to(row);
    }
}

impl Cell for Option<f64> {
    #[inline]
    fn add_to(self, row: &mut RowDigest) {
        row.whole(self.is_none().into());
        row.fractions[row.fraction_count] = self.unwrap_or_default();
        row.fraction_count += 1;
    }
}

/// The digest of a loop's result: records of a number and a value that belongs to it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct LoopDigest {
    rows: u64,
    low: u64,
    high: u64,
    value_sum: f64,
}

impl LoopDigest {
    /// Adds a record.
    #[inline]
    pub(crate) fn add(&mut self, id: u64, value: impl Cell) {
        let mut row = RowDigest::default();
        row.add(id);
        row.add(value);
        let (low, high, weighted, ..) = row.sums();
        *self = Self {
            rows: self.rows + 1,
            low: self.low + low,
            high: self.high + high,
            value_sum: self.value_sum + weighted,
        };
    }

    /// The answer of the records that `add_all` adds. Adding them is not part of the loop and not
    /// timed.
    pub(crate) fn answer(add_all: impl FnOnce(&mut Self) + 'static) -> Answer {
        Answer::new(1, move |out| {
            let mut digest = Self::default();
            add_all(&mut digest);
            let Self { rows, low, high, value_sum } = digest;
            writeln!(out, "{rows}\t{low}\t{high}\t{value_sum:?}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(cells: impl Fn(&mut RowDigest)) -> Sums {
        let mut row = RowDigest::default();
        cells(&mut row);
        row.sums()
    }

    #[test]
    fn every_cell_counts_at_its_position() {
        let row = sums(|row| {
            row.add("id007");
            row.add(3);
            row.add(0.5);
        });
        let others = [
            sums(|row| {
                row.add(3);
                row.add("id007");
                row.add(0.5);
            }),
            sums(|row| {
                row.add("id007");
                row.add(None::<i32>);
                row.add(0.5);
            }),
            sums(|row| {
                row.add("id007");
                row.add(3);
                row.add(None::<f64>);
            }),
            sums(|row| {
                row.add("id007");
                row.add(3);
                row.add(0.25);
            }),
        ];
        assert!(others.iter().all(|other| *other != row));
    }
}
