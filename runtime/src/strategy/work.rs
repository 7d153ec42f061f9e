//! What a strategy does with rows. How long that takes, the optimizer's cost model says.

use std::ops::{Add, Mul};

/// What drivers do, those of all tasks together: counts and bytes, no seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Rows that a closure sees, or that are copied.
    pub rows: f64,
    /// Rows that are looked up by the hash of their key, among what is kept, and found.
    pub lookups: f64,
    /// Rows that are looked up and not found.
    pub misses: f64,
    /// Rows that are put into a join's table.
    pub inserts: f64,
    /// Groups that are begun: the state of each is made and indexed at once.
    pub groups: f64,
    /// The bytes of the table that one row is looked up in, or put into: beyond a core's caches that takes longer.
    pub table_bytes: f64,
    /// Comparisons of two rows.
    pub comparisons: f64,
    /// Bytes that are kept until the input ends: tables, rows to be sorted. What memory does not hold goes to disk.
    pub kept_bytes: f64,
    /// Bytes that go to disk in the same share as what is kept, such as those that look for partners there.
    pub following_bytes: f64,
}

/// A sort costs at least what so many rows do.
const LEAST_SORTED: f64 = 1_000.0;

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

    /// Nothing but to look at so many rows.
    #[must_use]
    pub const fn rows(rows: f64) -> Self {
        Work { rows, ..Work::NOTHING }
    }

    /// So many rows are looked up.
    #[must_use]
    pub const fn lookups(lookups: f64) -> Self {
        Work { lookups, ..Work::NOTHING }
    }

    /// So many rows are sorted, or a thousand: that few are expected is no reason to sort, which takes more memory than a table, and longer if more come.
    #[must_use]
    pub fn sort(rows: f64) -> Self {
        let compared = rows.max(LEAST_SORTED);
        Work { comparisons: compared * compared.log2(), rows, ..Work::default() }
    }

    /// The same, with so many bytes kept.
    #[must_use]
    pub fn keeping(self, kept_bytes: f64) -> Self {
        Work { kept_bytes, ..self }
    }

    /// The same in so many tables, one for each task, which are kept.
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
