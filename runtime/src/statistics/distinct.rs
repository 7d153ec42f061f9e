//! Estimates the number of distinct values of a relation from a sample.
//!
//! The estimator is *Duj2a* (Haas and Stokes, *Estimating the Number of Classes in a Finite
//! Population*, JASA 1998). It is a generalized jackknife. It corrects the observed number by the
//! number of values that occur once, and by the skew of the values. Values that are frequent in the
//! sample are counted as they are: otherwise all other values would seem too rare.
//!
//! The estimator expects rows that were drawn one by one. A sample consists of places, whose rows
//! are often alike, such as the lines of one order. So a value counts once per place, and the
//! population is reduced by the same factor as the sample (*Collapse*: Chaudhuri, Das and
//! Srivastava, *Effective Use of Block-Level Sampling in Statistics Estimation*, SIGMOD 2004).

use crate::source::ValueCounts;

/// A value that occurs in more places than this is frequent. So is a value that occurs in more than
/// half of the places.
const FREQUENT: u32 = 50;

/// Counts the occurrences of values in a sample, by their hashes.
pub(super) struct ValueCounter {
    slots: Vec<Slot>,
    /// The number of rows.
    rows: usize,
    /// The place of the last row, as the caller gave it.
    last: usize,
    places: u32,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    hash: u64,
    /// The number of places with the value. 0 if the slot is free.
    places: u32,
    /// The last of these places.
    place: u32,
    rows: u32,
}

impl ValueCounter {
    /// A counter for at most `rows` rows.
    pub(super) fn of(rows: usize) -> Self {
        ValueCounter { slots: vec![Slot::default(); (2 * rows).next_power_of_two()], rows: 0, last: 0, places: 0 }
    }

    /// Adds the value of a row, and its place. The rows of a place are added one after the other.
    pub(super) fn add(&mut self, hash: u64, place: usize) {
        self.rows += 1;
        if self.places == 0 || place != self.last {
            (self.places, self.last) = (self.places + 1, place);
        }
        let (mask, place) = (self.slots.len() - 1, self.places);
        let mut at = hash as usize & mask;
        loop {
            let slot = &mut self.slots[at];
            if slot.places == 0 {
                *slot = Slot { hash, places: 1, place, rows: 1 };
                return;
            }
            if slot.hash == hash {
                slot.places += u32::from(slot.place != place);
                slot.place = place;
                slot.rows += 1;
                return;
            }
            at = (at + 1) & mask;
        }
    }

    /// Estimates the values of `population` rows, of which the added rows are a sample.
    pub(super) fn values(&self, population: f64) -> ValueCounts {
        ValueCounts { distinct: self.estimate(population), hottest: self.hottest() }
    }

    fn hottest(&self) -> f64 {
        let frequent = self.slots.iter().filter(|slot| slot.places > self.places / 2);
        f64::from(frequent.map(|slot| slot.rows).max().unwrap_or(0)) / self.rows.max(1) as f64
    }

    /// Estimates the number of distinct values of `population` rows. It is at least the number of
    /// values in the sample.
    pub(super) fn estimate(&self, population: f64) -> f64 {
        let counts: Vec<u32> = self.slots.iter().map(|slot| slot.places).filter(|&places| places > 0).collect();
        let (values, rows) = (counts.len() as f64, self.rows as f64);
        // If the sample has all rows, the number is exact, up to rounding.
        if rows + 0.5 >= population || self.rows == 0 {
            return values.min(population);
        }
        let collapsed: f64 = counts.iter().map(|&count| f64::from(count)).sum();
        let frequent = FREQUENT.min(self.places / 2).max(1);
        jackknife(&counts, frequent, population * collapsed / rows).min(population).max(values)
    }
}

/// Duj2a for a population of rows and the counts of the drawn values. Values with a count of more
/// than `most` are frequent.
fn jackknife(counts: &[u32], most: u32, population: f64) -> f64 {
    let (frequent, rare): (Vec<u32>, Vec<u32>) = counts.iter().partition(|&&count| count > most);
    let sum = |counts: &[u32]| counts.iter().map(|&count| f64::from(count)).sum::<f64>();
    let (drawn, values) = (sum(&rare), rare.len() as f64);
    if drawn == 0.0 {
        return frequent.len() as f64;
    }
    let share = drawn / (drawn + sum(&frequent));
    let (population, once) = (population * share, rare.iter().filter(|&&count| count == 1).count() as f64);
    let fraction = (drawn / population).min(1.0);
    let unseen = (1.0 - once * (1.0 - fraction) / drawn).max(f64::MIN_POSITIVE);
    let equal = (values / unseen).min(population);
    let pairs: f64 = rare.iter().map(|&count| f64::from(count) * f64::from(count - 1)).sum();
    // The squared coefficient of variation of the values' shares: zero if all are equally frequent.
    let variation = (equal * pairs / (drawn * drawn) + equal / population - 1.0).max(0.0);
    let rest =
        if fraction < 1.0 { once * (1.0 - fraction) * -(1.0 - fraction).ln() * variation / fraction } else { 0.0 };
    frequent.len() as f64 + ((values + rest) / unseen).min(population)
}

/// The expected number of distinct values among `rows` rows, if each of `values` values is equally
/// likely (Cardenas, 1975).
pub(super) fn expected_distinct(values: f64, rows: f64) -> f64 {
    if values <= 1.0 || rows >= 20.0 * values {
        return values;
    }
    // `ln_1p` is exact if `values` is so large that adding 1 to it has no effect.
    (values * -(rows * (-1.0 / values).ln_1p()).exp_m1()).min(rows)
}

#[cfg(test)]
mod tests;
