//! What is left of an answer of millions of rows in any order: enough to see that no row is missing, changed, or beside another's numbers.
//!
//! Whole numbers, texts (`id` and a number) and nulls of a row make a hash. Other numbers are summed by weights that follow from it, since they differ in
//! their last digits from system to system. `peers/python/digest.py` does the same.

use crate::answer::Answer;
use crate::data::random;

/// Columns of fractions that a row may have.
const FRACTIONS: usize = 6;

/// What a null counts as.
const NULL: i64 = -7;

/// The cells of a row, one after the other.
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

    /// What the row adds to the sums of its answer.
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

/// A value of a row, or none.
pub(crate) trait Cell {
    /// Adds it to the digest of its row.
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

/// The number behind `id`, and one that no other text has where there is none.
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

/// What is left of the records that a loop came to, each a number and another that belongs to it.
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

    /// The answer of records that `add_all` adds, which is not part of the loop and not timed.
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
    fn every_cell_counts_where_it_stands() {
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
