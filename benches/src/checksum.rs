//! The digest of pairs of numbers that were consumed in order. It detects missing, changed and
//! misplaced pairs.

use crate::answer::Answer;

/// The digest of consecutive pairs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Checksum {
    rows: u64,
    key_sum: u64,
    /// Sum of key times the bits of the value. A value with another key changes it.
    product_sum: u64,
    /// The last run, kept apart because most pairs only extend it.
    run: Option<Run>,
    runs: Vec<Run>,
}

/// Pairs with non-decreasing keys, from the first key to the last.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    first: i64,
    last: i64,
}

impl Checksum {
    /// Adds a pair after the last one.
    #[inline]
    pub(crate) fn add(&mut self, key: i64, value: f64) {
        self.rows += 1;
        self.key_sum = self.key_sum.wrapping_add(key.cast_unsigned());
        self.product_sum = self.product_sum.wrapping_add(key.cast_unsigned().wrapping_mul(value.to_bits()));
        match &mut self.run {
            Some(run) if run.last <= key => run.last = key,
            _ => self.begin_run(key),
        }
    }

    #[cold]
    fn begin_run(&mut self, key: i64) {
        self.runs.extend(self.run.replace(Run { first: key, last: key }));
    }

    /// Adds pairs that were consumed separately. All are in order if no range of keys lies inside
    /// another.
    pub(crate) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.key_sum = self.key_sum.wrapping_add(other.key_sum);
        self.product_sum = self.product_sum.wrapping_add(other.product_sum);
        self.runs.extend(other.runs.into_iter().chain(other.run));
    }

    /// The row of pairs in any order that are expected to be consumed in order.
    pub(crate) fn expected(pairs: impl Iterator<Item = (i64, f64)>) -> String {
        let mut sum = Self::default();
        for pair in pairs {
            // The order of these pairs is not checked.
            sum.run = None;
            sum.add(pair.0, pair.1);
        }
        sum.row()
    }

    /// The row that every system must return: rows, whether they were in order, sum of keys, sum of
    /// products.
    pub(crate) fn row(&self) -> String {
        let in_order = u8::from(self.is_in_order());
        format!("{}\t{in_order}\t{}\t{}", self.rows, self.key_sum, self.product_sum)
    }

    /// The answer with that row.
    pub(crate) fn into_answer(self) -> Answer {
        Answer::new(1, move |out| writeln!(out, "{}", self.row()))
    }

    fn is_in_order(&self) -> bool {
        let mut runs: Vec<&Run> = self.runs.iter().chain(&self.run).collect();
        runs.sort_unstable_by_key(|run| (run.first, run.last));
        runs.windows(2).all(|pair| pair[0].last <= pair[1].first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(i64, f64)]) -> Checksum {
        let mut sum = Checksum::default();
        pairs.iter().for_each(|&(key, value)| sum.add(key, value));
        sum
    }

    #[test]
    fn merged_ordered_parts_are_ordered() {
        let mut parts = of(&[(3, 0.5), (4, 0.25)]);
        parts.merge(of(&[(-1, 1.0), (3, 2.0)]));
        let whole = of(&[(-1, 1.0), (3, 2.0), (3, 0.5), (4, 0.25)]);
        assert_eq!(parts.row(), whole.row());
        assert_eq!(whole.row().split('\t').take(3).collect::<Vec<_>>(), ["4", "1", "9"]);
    }

    #[test]
    fn each_kind_of_damage_is_detected() {
        let right = of(&[(1, 1.0), (2, 2.0), (3, 3.0)]).row();
        let wrong: [&[_]; 4] = [
            &[(1, 1.0), (3, 3.0), (2, 2.0)],
            &[(1, 1.0), (2, 2.0)],
            &[(1, 2.0), (2, 1.0), (3, 3.0)],
            &[(1, 1.0), (2, 2.0), (2, 3.0)],
        ];
        for pairs in wrong {
            assert_ne!(of(pairs).row(), right, "{pairs:?}");
        }
    }
}
