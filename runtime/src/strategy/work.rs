//! The work of a strategy, in rows and bytes. The optimizer's cost model computes its time.

use std::ops::{Add, Mul};

/// The work of the drivers of all tasks, in counts and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Rows that closures read, or that are copied.
    pub rows: f64,
    /// Rows that are looked up in a hash table and found.
    pub lookups: f64,
    /// Rows that are looked up and not found.
    pub misses: f64,
    /// Rows that are inserted into a join's table.
    pub inserts: f64,
    /// Groups that are created, with their state and their index entry.
    pub groups: f64,
    /// Bytes of the table of one task. A lookup in a table beyond the caches of a core takes
    /// longer.
    pub table_bytes: f64,
    /// Comparisons of two rows.
    pub comparisons: f64,
    /// Bytes that are held until the input ends, as tables or rows to sort. Those beyond memory are
    /// spilled.
    pub kept_bytes: f64,
    /// Bytes that are spilled in the same share as the held bytes, such as probe rows of spilled
    /// partitions.
    pub following_bytes: f64,
}

/// The least number of rows in the cost of a sort.
const MIN_SORTED_ROWS: f64 = 1_000.0;

impl Work {
    /// None.
    const NOTHING: Work = Work {
        rows: 0.0,
        lookups: 0.0,
        misses: 0.0,
        inserts: 0.0,
        groups: 0.0,
        table_bytes: 0.0,
        comparisons: 0.0,
        kept_bytes: 0.0,
        following_bytes: 0.0,
    };

    /// Reading this number of rows.
    #[must_use]
    pub const fn rows(rows: f64) -> Self {
        Work { rows, ..Work::NOTHING }
    }

    /// Looking up this number of rows.
    #[must_use]
    pub const fn lookups(lookups: f64) -> Self {
        Work { lookups, ..Work::NOTHING }
    }

    /// Sorting this number of rows, or a thousand. A low estimate is no reason to sort: a sort
    /// takes more memory than a table, and more time if the estimate is too low.
    #[must_use]
    pub fn sort(rows: f64) -> Self {
        let compared = rows.max(MIN_SORTED_ROWS);
        Work { comparisons: compared * compared.log2(), rows, ..Work::default() }
    }

    /// The same work with this number of bytes held.
    #[must_use]
    pub fn keeping(self, kept_bytes: f64) -> Self {
        Work { kept_bytes, ..self }
    }

    /// The same work in `tables` tables, one for each task, which hold these bytes together.
    #[must_use]
    pub fn in_tables(self, kept_bytes: f64, tables: usize) -> Self {
        Work { kept_bytes, table_bytes: kept_bytes / tables as f64, ..self }
    }
}

impl Add for Work {
    type Output = Work;

    fn add(self, other: Work) -> Work {
        Work {
            rows: self.rows + other.rows,
            lookups: self.lookups + other.lookups,
            misses: self.misses + other.misses,
            inserts: self.inserts + other.inserts,
            groups: self.groups + other.groups,
            table_bytes: self.table_bytes.max(other.table_bytes),
            comparisons: self.comparisons + other.comparisons,
            kept_bytes: self.kept_bytes + other.kept_bytes,
            following_bytes: self.following_bytes + other.following_bytes,
        }
    }
}

impl Mul<f64> for Work {
    type Output = Work;

    fn mul(self, times: f64) -> Work {
        Work {
            rows: self.rows * times,
            lookups: self.lookups * times,
            misses: self.misses * times,
            inserts: self.inserts * times,
            groups: self.groups * times,
            table_bytes: self.table_bytes,
            comparisons: self.comparisons * times,
            kept_bytes: self.kept_bytes * times,
            following_bytes: self.following_bytes * times,
        }
    }
}
