//! The digest of window counts that were consumed in any order. It detects missing and changed
//! counts, and counts of other keys or windows.

use crate::answer::Answer;
use crate::data::random;

/// Sums over the counts of keys in windows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct WindowCounts {
    rows: u64,
    events: u64,
    hash_sum: u64,
}

impl WindowCounts {
    /// Adds the count of a key in the window that starts at `begin_micros`.
    #[inline]
    pub(crate) fn add(&mut self, key: u32, begin_micros: i64, count: u64) {
        self.rows += 1;
        self.events += count;
        let hash = random(random(u64::from(key), begin_micros.cast_unsigned()), count);
        self.hash_sum = self.hash_sum.wrapping_add(hash);
    }

    /// Adds counts that were consumed separately.
    pub(crate) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.events += other.events;
        self.hash_sum = self.hash_sum.wrapping_add(other.hash_sum);
    }

    /// The row that every system must return: counts, events, sum of hashes.
    pub(crate) fn row(&self) -> String {
        format!("{}\t{}\t{}", self.rows, self.events, self.hash_sum)
    }

    /// The answer with that row.
    pub(crate) fn into_answer(self) -> Answer {
        Answer::new(1, move |out| writeln!(out, "{}", self.row()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(counts: &[(u32, i64, u64)]) -> WindowCounts {
        let mut sums = WindowCounts::default();
        counts.iter().for_each(|&(key, begin, count)| sums.add(key, begin, count));
        sums
    }

    #[test]
    fn merged_parts_equal_the_whole_and_damage_is_detected() {
        let right = of(&[(1, 60, 2), (2, 60, 3), (1, 120, 3)]);
        let mut parts = of(&[(1, 120, 3)]);
        parts.merge(of(&[(2, 60, 3), (1, 60, 2)]));
        assert_eq!(parts, right);
        let wrong: [&[_]; 3] = [
            &[(1, 60, 3), (2, 60, 2), (1, 120, 3)],
            &[(1, 60, 2), (2, 60, 3), (2, 120, 3)],
            &[(1, 60, 2), (2, 60, 3), (1, 180, 3)],
        ];
        for counts in wrong {
            assert_ne!(of(counts), right, "{counts:?}");
        }
    }
}
