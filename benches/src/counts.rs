//! What is left of the counts of windows that were consumed in any order: enough to see that none is missing, changed, or of another key or window.

use crate::answer::Answer;
use crate::data::random;

/// Counts of keys in windows, summed up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct WindowCounts {
    rows: u64,
    events: u64,
    hash_sum: u64,
}

impl WindowCounts {
    /// Adds the count of a key in the window that begins then.
    #[inline]
    pub(crate) fn add(&mut self, key: u32, begin_micros: i64, count: u64) {
        self.rows += 1;
        self.events += count;
        let hash = random(random(u64::from(key), begin_micros.cast_unsigned()), count);
        self.hash_sum = self.hash_sum.wrapping_add(hash);
    }

    /// Adds those that were consumed beside these.
    pub(crate) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.events += other.events;
        self.hash_sum = self.hash_sum.wrapping_add(other.hash_sum);
    }

    /// The row that every system must give: counts, events, sum of hashes.
    pub(crate) fn row(&self) -> String {
        format!("{}\t{}\t{}", self.rows, self.events, self.hash_sum)
    }

    /// The answer of that row.
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
    fn parts_make_a_whole_and_each_kind_of_damage_shows() {
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
