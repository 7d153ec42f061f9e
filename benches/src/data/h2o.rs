//! The tables of H2O.ai's db-benchmark: one for groupings, and one that is joined with three
//! others. They have that benchmark's columns, widths and numbers of keys. The values are computed
//! from each row's number.

use std::path::Path;

use dataflow::prelude::*;
use dataflow::{Options, ProgressWhen};

use super::random::random;
use super::write_once;
use crate::error::{Error, Result};

const SEED: u64 = 0x5EED_0006;

/// Percentage of null cells, in tables with nulls.
const NULLS_OF_HUNDRED: u64 = 5;

/// Number of keys of `id1`, `id2`, `id4` and `id5` in the table for groupings. `id3` and `id6` have
/// a hundredth of the rows.
const FEW_KEYS: u64 = 100;

/// The distribution of keys and nulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    /// All keys are equally frequent.
    Plain,
    /// A twentieth of all cells is null.
    Nulls,
    /// The key of rank `r` is `1 / r` times as frequent as the first.
    Zipf,
}

impl Variant {
    /// All variants.
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::Nulls, Self::Zipf];

    /// The name of its folder.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Nulls => "nulls",
            Self::Zipf => "zipf",
        }
    }
}

macro_rules! tables {
    ($module:ident: $wrap:ident by $cell:ident) => {
        /// The records of the tables.
        pub(crate) mod $module {
            use super::*;

            /// A row of the table for groupings.
            #[derive(Record, Clone, Debug, PartialEq)]
            pub(crate) struct Grouped {
                pub(crate) id1: $wrap<String>,
                pub(crate) id2: $wrap<String>,
                pub(crate) id3: $wrap<String>,
                pub(crate) id4: $wrap<i32>,
                pub(crate) id5: $wrap<i32>,
                pub(crate) id6: $wrap<i32>,
                pub(crate) v1: $wrap<i32>,
                pub(crate) v2: $wrap<i32>,
                pub(crate) v3: $wrap<f64>,
            }

            /// A row of the left table of joins.
            #[derive(Record, Clone, Debug, PartialEq)]
            pub(crate) struct Left {
                pub(crate) id1: $wrap<i32>,
                pub(crate) id2: $wrap<i32>,
                pub(crate) id3: $wrap<i32>,
                pub(crate) id4: $wrap<String>,
                pub(crate) id5: $wrap<String>,
                pub(crate) id6: $wrap<String>,
                pub(crate) v1: $wrap<f64>,
            }

            /// A row of the table with a millionth of the rows.
            #[derive(Record, Clone, Debug, PartialEq)]
            pub(crate) struct Small {
                pub(crate) id1: $wrap<i32>,
                pub(crate) id4: $wrap<String>,
                pub(crate) v2: $wrap<f64>,
            }

            /// A row of the table with a thousandth of the rows.
            #[derive(Record, Clone, Debug, PartialEq)]
            pub(crate) struct Medium {
                pub(crate) id1: $wrap<i32>,
                pub(crate) id2: $wrap<i32>,
                pub(crate) id4: $wrap<String>,
                pub(crate) id5: $wrap<String>,
                pub(crate) v2: $wrap<f64>,
            }

            /// A row of the table with equally many rows.
            #[derive(Record, Clone, Debug, PartialEq)]
            pub(crate) struct Big {
                pub(crate) id1: $wrap<i32>,
                pub(crate) id2: $wrap<i32>,
                pub(crate) id3: $wrap<i32>,
                pub(crate) id4: $wrap<String>,
                pub(crate) id5: $wrap<String>,
                pub(crate) id6: $wrap<String>,
                pub(crate) v2: $wrap<f64>,
            }

            /// Writes all tables for `rows` rows to a folder.
            pub(super) fn ensure(folder: &Path, rows: u64, keys: Keys) -> Result<()> {
                let sizes = Sizes::of(rows);
                parquet(&folder.join("grouped.parquet"), rows, move |number| {
                    let mut cells = Cells::new(0, number, keys);
                    let many = (rows / FEW_KEYS).max(1);
                    Grouped {
                        id1: $cell(&mut cells, |cells| format!("id{:03}", cells.key(FEW_KEYS))),
                        id2: $cell(&mut cells, |cells| format!("id{:03}", cells.key(FEW_KEYS))),
                        id3: $cell(&mut cells, |cells| format!("id{:010}", cells.key(many))),
                        id4: $cell(&mut cells, |cells| cells.key(FEW_KEYS) as i32),
                        id5: $cell(&mut cells, |cells| cells.key(FEW_KEYS) as i32),
                        id6: $cell(&mut cells, |cells| cells.key(many) as i32),
                        v1: $cell(&mut cells, |cells| cells.below(5) as i32 + 1),
                        v2: $cell(&mut cells, |cells| cells.below(15) as i32 + 1),
                        v3: $cell(&mut cells, Cells::measure),
                    }
                })?;
                parquet(&folder.join("left.parquet"), rows, move |number| {
                    let mut cells = Cells::new(1, number, keys);
                    let (small, medium, big) = (cells.key(sizes.small), cells.key(sizes.medium), cells.key(sizes.big));
                    Left {
                        id1: $cell(&mut cells, |_| small as i32),
                        id2: $cell(&mut cells, |_| medium as i32),
                        id3: $cell(&mut cells, |_| big as i32),
                        id4: $cell(&mut cells, |_| format!("id{small}")),
                        id5: $cell(&mut cells, |_| format!("id{medium}")),
                        id6: $cell(&mut cells, |_| format!("id{big}")),
                        v1: $cell(&mut cells, Cells::measure),
                    }
                })?;
                parquet(&folder.join("small.parquet"), sizes.small, move |number| {
                    let mut cells = Cells::new(2, number, keys);
                    let small = of_right(number, sizes.small);
                    Small {
                        id1: $cell(&mut cells, |_| small as i32),
                        id4: $cell(&mut cells, |_| format!("id{small}")),
                        v2: $cell(&mut cells, Cells::measure),
                    }
                })?;
                parquet(&folder.join("medium.parquet"), sizes.medium, move |number| {
                    let mut cells = Cells::new(3, number, keys);
                    let (small, medium) = (cells.key(sizes.small), of_right(number, sizes.medium));
                    Medium {
                        id1: $cell(&mut cells, |_| small as i32),
                        id2: $cell(&mut cells, |_| medium as i32),
                        id4: $cell(&mut cells, |_| format!("id{small}")),
                        id5: $cell(&mut cells, |_| format!("id{medium}")),
                        v2: $cell(&mut cells, Cells::measure),
                    }
                })?;
                parquet(&folder.join("big.parquet"), sizes.big, move |number| {
                    let mut cells = Cells::new(4, number, keys);
                    let (small, medium, big) =
                        (cells.key(sizes.small), cells.key(sizes.medium), of_right(number, sizes.big));
                    Big {
                        id1: $cell(&mut cells, |_| small as i32),
                        id2: $cell(&mut cells, |_| medium as i32),
                        id3: $cell(&mut cells, |_| big as i32),
                        id4: $cell(&mut cells, |_| format!("id{small}")),
                        id5: $cell(&mut cells, |_| format!("id{medium}")),
                        id6: $cell(&mut cells, |_| format!("id{big}")),
                        v2: $cell(&mut cells, Cells::measure),
                    }
                })
            }
        }
    };
}

/// A cell that is never null.
type Always<T> = T;

tables!(plain: Always by always);
tables!(nullable: Option by or_null);

fn always<T>(cells: &mut Cells, value: impl FnOnce(&mut Cells) -> T) -> T {
    value(cells)
}

fn or_null<T>(cells: &mut Cells, value: impl FnOnce(&mut Cells) -> T) -> Option<T> {
    let is_null = cells.below(100) < NULLS_OF_HUNDRED;
    (!is_null).then(|| value(cells))
}

/// Generates the tables of a variant in a folder.
///
/// # Errors
/// Fails if one cannot be written.
pub(crate) fn ensure(folder: &Path, rows: u64, variant: Variant) -> Result<()> {
    match variant {
        Variant::Plain => plain::ensure(folder, rows, Keys::Uniform),
        Variant::Nulls => nullable::ensure(folder, rows, Keys::Uniform),
        Variant::Zipf => plain::ensure(folder, rows, Keys::Zipf),
    }
}

/// Number of keys of the right tables of joins.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    small: u64,
    medium: u64,
    big: u64,
}

impl Sizes {
    fn of(rows: u64) -> Self {
        Self { small: (rows / 1_000_000).max(10), medium: (rows / 1_000).max(10), big: rows.max(10) }
    }
}

/// The key of a row in a right table, where each key occurs once. A tenth of the left table's keys
/// has no partner here, and a tenth of these keys has none there.
fn of_right(number: u64, size: u64) -> u64 {
    let key = number * STRIDE % size;
    let common = size - size / 10;
    if key < common { key + 1 } else { key + size / 10 + 1 }
}

/// A prime greater than any number of rows, so that its multiples visit each row once.
const STRIDE: u64 = 2_654_435_761;

/// The frequency of keys.
#[derive(Debug, Clone, Copy)]
enum Keys {
    Uniform,
    Zipf,
}

/// The sequence of random numbers of a row.
struct Cells {
    seed: u64,
    number: u64,
    keys: Keys,
}

impl Cells {
    fn new(table: u64, number: u64, keys: Keys) -> Self {
        Self { seed: random(SEED, table), number: number << 5, keys }
    }

    fn next(&mut self) -> u64 {
        self.number += 1;
        random(self.seed, self.number)
    }

    /// Uniform from 0 to `count - 1`.
    fn below(&mut self, count: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(count)) >> 64) as u64
    }

    /// Uniform in [0, 1).
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A key from 1 to `count`.
    fn key(&mut self, count: u64) -> u64 {
        match self.keys {
            Keys::Uniform => self.below(count) + 1,
            // The logarithm of a rank is about uniform.
            Keys::Zipf => ((count as f64 + 1.0).powf(self.fraction()) as u64).clamp(1, count),
        }
    }

    /// A measure from 0 to 100, with six decimals.
    fn measure(&mut self) -> f64 {
        self.below(100_000_001) as f64 / 1e6
    }
}

/// Writes a Parquet file of `rows` records.
fn parquet<T: Record>(path: &Path, rows: u64, make: impl Fn(u64) -> T + Send + Sync + Clone + 'static) -> Result<()> {
    write_once(path, |partial| {
        let env = Env::new(Options { progress: ProgressWhen::Never, ..Options::default() });
        let numbers = env.collection(0..rows).map_err(Error::of_case)?;
        let records = numbers.process::<T, _>(move |number, out| out.emit(make(number)));
        records.write_parquet(partial.to_string_lossy());
        env.run().map(|_| ()).map_err(Error::of_case)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn right_keys_are_unique_and_nine_tenths_match() {
        let keys: HashSet<u64> = (0..1_000).map(|number| of_right(number, 1_000)).collect();
        assert_eq!(keys.len(), 1_000);
        assert_eq!(keys.iter().filter(|&&key| (1..=1_000).contains(&key)).count(), 900);
    }

    #[test]
    fn skewed_tables_favour_the_first_keys() {
        let counts = |keys| {
            let mut counts = [0; 1_001];
            (0..100_000).for_each(|number| counts[Cells::new(0, number, keys).key(1_000) as usize] += 1);
            counts
        };
        let (uniform, zipf) = (counts(Keys::Uniform), counts(Keys::Zipf));
        assert!(uniform[1] < 200, "{}", uniform[1]);
        assert!(zipf[1] > 8_000 && zipf[1] > 5 * zipf[10], "{} {}", zipf[1], zipf[10]);
        assert_eq!(uniform[0] + zipf[0], 0);
    }
}
