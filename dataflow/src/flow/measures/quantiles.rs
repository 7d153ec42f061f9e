//! Exact quantiles of the numbers of a group, interpolated linearly like SQL's `percentile_cont`.
//!
//! An exact quantile needs all values of a group. So a combiner does not help, and a list in the
//! row of the group would outgrow memory. An `aggregate` with a quantile is therefore a
//! `reduce_group`: its sort by key spills, and its kernel runs all slots over one group. The other
//! slots have a second implementation for this, without a table.
//!
//! If memory is granted for the numbers of a group, they are stored, and quantiles are selected
//! without a sort. If memory is refused, the group is read several times. Each pass counts the
//! numbers in the range of each rank by their next 12 bits. The last pass stores the numbers of a
//! range, once these are few enough. So memory use is independent of the size of the group.

use std::marker::PhantomData;

use runtime::value::Overflow;

use crate::flow::aggregate::Aggregates;
use crate::flow::{AnyMode, KeepsValues};
use crate::kernel::{Measure, MeasureClosure, Measured, Room, Summary};
use crate::record::Record;

/// The number of bits by which one pass divides a range.
const DIGIT_BITS: u32 = 12;

/// Most bytes per rank if the numbers of a group are not stored: the counts of one pass, and stored
/// numbers.
const RANK_BYTES: usize = (8 << DIGIT_BITS) + 8 * RANK_NUMBERS;

/// Most numbers that are stored per rank.
const RANK_NUMBERS: usize = 4 << 10;

impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
    /// Computes quantiles of a measure at some fractions, as `f64`. `median` and `percentile` of
    /// `#[dataflow]` compile to this. [`finish_groups`](Aggregates::finish_groups) must follow.
    ///
    /// Values between two numbers are interpolated linearly, as by SQL's `percentile_cont` and by
    /// default in NumPy: the median of `[1, 2]` is 1.5. Integers and decimals are first rounded to
    /// the nearest `f64`. NaN is the greatest number. In a measure that is an `Option`, `None` is
    /// skipped. The result is then an `Option`, which is `None` if the group has no number.
    ///
    /// For `n` numbers the error is at most `(n + 4) / 2^53` of the larger magnitude of the two
    /// numbers around the result. If the fraction falls on one number, it is at most half a unit in
    /// the last place.
    ///
    /// # Cost
    /// All records are shipped to the task of their group, which sorts them by key, on disk if they
    /// do not fit into memory. The quantiles are selected from the numbers of a group without a
    /// sort. If there is no memory for the numbers, the records of the group are read two to six
    /// times.
    ///
    /// # Examples
    /// ```
    /// # use dataflow::prelude::*;
    /// #[dataflow]
    /// fn medians(readings: DataSet<(u32, i64)>) -> DataSet<(u32, f64, f64)> {
    ///     readings
    ///         .group_by(|r| r.0)
    ///         .aggregate(|g| (g.key, g.median(|r| r.1), g.percentile(0.9, |r| r.1)))
    /// }
    ///
    /// # fn main() -> dataflow::Result<()> {
    /// let readings =
    ///     Env::embedded().collection([(7u32, 1i64), (7, 2), (8, 5), (8, 15), (8, 6)])?;
    /// assert_eq!(medians(readings).collect()?, [(7, 1.5, 1.9), (8, 6.0, 13.2)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn quantiles<V: Measured, F, const N: usize>(
        self,
        fractions: [f64; N],
        measure: F,
    ) -> Aggregates<T, K, M, (S, V::Kept<Quantiles<V, F, N>>)>
    where
        F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
        M: KeepsValues<T>,
    {
        self.with(V::kept(Quantiles { fractions, closure: measure, of: PhantomData }))
    }
}

/// Quantiles of one measure at some fractions.
pub struct Quantiles<V, F, const N: usize> {
    fractions: [f64; N],
    closure: F,
    of: PhantomData<fn() -> V>,
}

impl<V, F: Clone, const N: usize> Clone for Quantiles<V, F, N> {
    fn clone(&self) -> Self {
        Quantiles { fractions: self.fractions, closure: self.closure.clone(), of: self.of }
    }
}

impl<T: Record, V: Measured, F: MeasureClosure<T, V>, const N: usize> Summary<T> for Quantiles<V, F, N> {
    type State = Numbers;
    type Value<'a> = [V::Of<f64>; N];

    fn aside(&self) -> usize {
        2 * N * RANK_BYTES
    }
    fn number_bytes(&self) -> usize {
        size_of::<f64>()
    }
    fn refused(&self) -> Option<String> {
        let wrong = self.fractions.iter().find(|fraction| !(0.0..=1.0).contains(*fraction))?;
        Some(format!("a percentile is a share from 0 to 1, as in `percentile(0.95, …)`, not {wrong}"))
    }
    fn begin(&self, room: Room) -> Numbers {
        Numbers::new(room)
    }
    #[inline(always)]
    fn add(&self, numbers: &mut Numbers, record: T::At<'_>) {
        if let Some(number) = self.closure.read(record).number() {
            numbers.add(number.float());
        }
    }
    fn again(&self, numbers: &mut Numbers) -> bool {
        numbers.end_pass(&self.fractions)
    }
    fn add_again(&self, numbers: &mut Numbers, record: T::At<'_>) {
        if let Some(number) = self.closure.read(record).number() {
            numbers.add_again(number.float());
        }
    }
    fn value<'a>(&self, numbers: &'a mut Numbers) -> Result<Self::Value<'a>, Overflow> {
        let count = numbers.count;
        Ok(self.fractions.map(|fraction| V::of(numbers.quantile(fraction), count)))
    }
}

/// The numbers of a group, or the ranges that contain its ranks.
pub struct Numbers {
    count: u64,
    kept: Vec<f64>,
    /// One entry per rank. `None` if all numbers are stored.
    ranks: Option<Vec<Rank>>,
}

/// A search for one number, identified by the count of lesser numbers.
struct Rank {
    /// The index among all numbers in order.
    overall: u64,
    /// The index among the numbers in the range.
    within_range: u64,
    /// The range: numbers whose first `prefix_bits` bits are `prefix`.
    prefix: u64,
    prefix_bits: u32,
    /// The count of numbers in the range.
    count: u64,
    /// The count of numbers by next digit. Empty if `numbers` stores them.
    digit_counts: Vec<u64>,
    numbers: Vec<f64>,
    found: Option<f64>,
}

/// Maps a float to bits in the order of floats, with NaN last.
fn ordered_bits(number: f64) -> u64 {
    let bits = if number.is_nan() { f64::NAN.to_bits() } else { number.to_bits() };
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

fn from_ordered_bits(bits: u64) -> f64 {
    f64::from_bits(if bits >> 63 == 1 { bits & !(1 << 63) } else { !bits })
}

/// Compares floats. NaN of either sign is greatest.
fn compare(left: &f64, right: &f64) -> std::cmp::Ordering {
    ordered_bits(*left).cmp(&ordered_bits(*right))
}

/// Returns the two ranks around a fraction of `count` numbers, and the position between them, from
/// 0 to 1.
fn neighbor_ranks(fraction: f64, count: u64) -> ([u64; 2], f64) {
    let position = fraction * count.saturating_sub(1) as f64;
    let (low, high) = (position.floor(), position.ceil());
    ([low as u64, high as u64], position - low)
}

fn interpolate(low: f64, high: f64, share: f64) -> f64 {
    // The difference of equal infinities is NaN.
    if share == 0.0 || low == high {
        return low;
    }
    let width = high - low;
    // The difference of finite numbers can be infinite.
    let value = if width.is_finite() { low + width * share } else { low * (1.0 - share) + high * share };
    value.min(high)
}

impl Numbers {
    fn new(room: Room) -> Self {
        match room {
            Room::For(records) => Numbers { count: 0, kept: Vec::with_capacity(records), ranks: None },
            Room::None => Numbers { count: 0, kept: Vec::new(), ranks: Some(vec![Rank::of_all_numbers()]) },
        }
    }

    #[inline(always)]
    fn add(&mut self, number: f64) {
        self.count += 1;
        match &mut self.ranks {
            None => self.kept.push(number),
            Some(ranks) => ranks.iter_mut().for_each(|rank| rank.add(number)),
        }
    }

    fn add_again(&mut self, number: f64) {
        self.ranks.iter_mut().flatten().for_each(|rank| rank.add(number));
    }

    /// Ends a pass. Returns `true` if another pass over all numbers is needed.
    fn end_pass(&mut self, fractions: &[f64]) -> bool {
        let (count, Some(ranks)) = (self.count, &mut self.ranks) else { return false };
        if count == 0 {
            return false;
        }
        if let [first] = &ranks[..]
            && first.prefix_bits == 0
        {
            let mut overall: Vec<u64> =
                fractions.iter().flat_map(|&fraction| neighbor_ranks(fraction, count).0).collect();
            overall.sort_unstable();
            overall.dedup();
            let digit_counts = first.digit_counts.clone();
            *ranks = overall
                .into_iter()
                .map(|overall| Rank { overall, within_range: overall, count, ..Rank::of(digit_counts.clone()) })
                .collect();
        }
        ranks.iter_mut().for_each(Rank::narrow);
        ranks.iter().any(|rank| rank.found.is_none())
    }

    /// Returns the value at a fraction, or NaN if there are no numbers.
    fn quantile(&mut self, fraction: f64) -> f64 {
        let ([low, high], share) = neighbor_ranks(fraction, self.count);
        if let Some(ranks) = &self.ranks {
            let found = |wanted: u64| ranks.iter().find(|rank| rank.overall == wanted).and_then(|rank| rank.found);
            return interpolate(found(low).unwrap_or(f64::NAN), found(high).unwrap_or(f64::NAN), share);
        }
        if self.kept.is_empty() {
            return f64::NAN;
        }
        let (_, &mut value, above) = self.kept.select_nth_unstable_by(low as usize, compare);
        match above.iter().copied().min_by(compare).filter(|_| high > low) {
            Some(next) => interpolate(value, next, share),
            None => value,
        }
    }
}

impl Rank {
    fn of(digit_counts: Vec<u64>) -> Self {
        Rank {
            overall: 0,
            within_range: 0,
            prefix: 0,
            prefix_bits: 0,
            count: 0,
            digit_counts,
            numbers: Vec::new(),
            found: None,
        }
    }

    /// A rank whose range is all numbers.
    fn of_all_numbers() -> Self {
        Self::of(vec![0; 1 << DIGIT_BITS])
    }

    /// The number of bits after the prefix.
    fn remaining_bits(&self) -> u32 {
        u64::BITS - self.prefix_bits
    }

    fn add(&mut self, number: f64) {
        let bits = ordered_bits(number);
        if self.found.is_some() || (self.prefix_bits > 0 && bits >> self.remaining_bits() != self.prefix) {
            return;
        }
        if self.digit_counts.is_empty() {
            // There are more numbers than were counted if the measure returns other numbers in each
            // pass.
            if self.numbers.len() < RANK_NUMBERS {
                self.numbers.push(number);
            }
        } else {
            let digit = bits >> (self.remaining_bits().saturating_sub(DIGIT_BITS))
                & ((1 << DIGIT_BITS.min(self.remaining_bits())) - 1);
            self.digit_counts[digit as usize] += 1;
        }
    }

    /// Ends a pass: continues with the digit that contains the rank.
    fn narrow(&mut self) {
        if self.found.is_some() {
            return;
        }
        if self.digit_counts.is_empty() {
            // The number at the index exists, unless the measure returns other numbers in each
            // pass. Any number of the range will do then.
            let index = (self.within_range as usize).min(self.numbers.len().saturating_sub(1));
            self.found = Some(match self.numbers.is_empty() {
                true => from_ordered_bits(self.prefix << self.remaining_bits()),
                false => *self.numbers.select_nth_unstable_by(index, compare).1,
            });
            self.numbers = Vec::new();
            return;
        }
        let width = DIGIT_BITS.min(self.remaining_bits());
        let mut digit = 0;
        while digit + 1 < self.digit_counts.len() && self.within_range >= self.digit_counts[digit] {
            self.within_range -= self.digit_counts[digit];
            digit += 1;
        }
        (self.prefix, self.prefix_bits, self.count) =
            (self.prefix << width | digit as u64, self.prefix_bits + width, self.digit_counts[digit]);
        if self.prefix_bits == u64::BITS {
            self.found = Some(from_ordered_bits(self.prefix));
        } else if self.count as usize <= RANK_NUMBERS {
            (self.digit_counts, self.numbers) = (Vec::new(), Vec::with_capacity(self.count as usize));
        } else {
            self.digit_counts.fill(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantiles(numbers: &[f64], fractions: &[f64], room: Room) -> Vec<u64> {
        let mut state = Numbers::new(room);
        numbers.iter().for_each(|&number| state.add(number));
        while state.end_pass(fractions) {
            numbers.iter().for_each(|&number| state.add_again(number));
        }
        fractions.iter().map(|&fraction| state.quantile(fraction).to_bits()).collect()
    }

    #[test]
    fn passes_and_selection_return_the_same_quantiles() {
        let spread = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        let odd = [f64::NAN, 0.0, f64::INFINITY, f64::NEG_INFINITY, -1.5, f64::MIN_POSITIVE, f64::MAX, f64::MIN];
        type Make<'m> = &'m dyn Fn(u64) -> f64;
        let makes: [(&str, Make<'_>); 5] = [
            ("bits", &|n| Some(f64::from_bits(spread(n))).filter(|number| !number.is_nan()).unwrap_or(1.0)),
            ("whole", &|n| (spread(n) % 2_001) as f64 - 1_000.0),
            ("one", &|_| 7.25),
            ("odd", &|n| odd[spread(n) as usize % odd.len()]),
            ("close", &|n| 1.0 + (spread(n) >> 20) as f64 * f64::EPSILON),
        ];
        let fractions = [0.0, 0.25, 0.5, 0.501, 0.95, 1.0];
        for (name, make) in makes {
            for rows in [1, 2, 3, 10, 1_000, 40_001] {
                let numbers: Vec<f64> = (0..rows).map(make).collect();
                let mut sorted = numbers.clone();
                sorted.sort_by(compare);
                let expected = fractions.map(|fraction| {
                    let ([low, high], share) = neighbor_ranks(fraction, rows);
                    interpolate(sorted[low as usize], sorted[high as usize], share).to_bits()
                });
                assert_eq!(quantiles(&numbers, &fractions, Room::For(9)), expected, "{rows} of {name}, kept");
                assert_eq!(quantiles(&numbers, &fractions, Room::None), expected, "{rows} of {name}, in passes");
            }
        }
    }

    /// A measure can return other numbers in each pass, for example random ones.
    #[test]
    fn passes_end_if_the_measure_changes_between_passes() {
        for rows in [1, 10, 40_001] {
            let mut state = Numbers::new(Room::None);
            (0..rows).for_each(|n| state.add(f64::from(n)));
            let mut passes = 0;
            while state.end_pass(&[0.0, 0.5, 1.0]) {
                passes += 1;
                assert!(passes < 20, "{rows} numbers that change");
                (0..rows).for_each(|n| state.add_again(f64::from(n) * if passes % 2 == 0 { -3.5 } else { 0.25 }));
            }
        }
    }

    #[test]
    fn a_rank_stores_at_most_the_reserved_numbers() {
        let mut state = Numbers::new(Room::None);
        (0..3).for_each(|_| state.add(1.0));
        assert!(state.end_pass(&[0.5]));
        (0..3 * RANK_NUMBERS).for_each(|_| state.add_again(1.0));
        assert!(state.ranks.iter().flatten().all(|rank| rank.numbers.len() <= RANK_NUMBERS));
        assert!(!state.end_pass(&[0.5]));
        assert_eq!(state.quantile(0.5), 1.0);
    }
}
