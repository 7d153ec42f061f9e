//! How many different values a relation has, by those in a sample of it.
//!
//! The estimator is Haas and Stokes' *Duj2a* ("Estimating the number of classes in a finite population", JASA 1998): a generalized jackknife that
//! corrects what is seen by how many values were seen once, and by how unequal the values' shares are. Values that are frequent in the sample are counted
//! as they are, since they would make all others seem rarer than they are.
//!
//! It expects rows that were drawn one by one. A sample has places, whose rows are often alike: the lines of one order. So of each place a value counts
//! once, and the relation is taken to be as much smaller as the sample becomes by that (*Collapse*: Chaudhuri, Das and Srivastava, "Effective use of
//! block-level sampling in statistics estimation", SIGMOD 2004).

use crate::source::ValueCounts;

/// A value that is seen more often in a sample is there for certain, and frequent; as is one that is seen in more than half of the places.
const FREQUENT: u32 = 50;

/// How often values were seen in a sample: counts them by their hashes.
pub(super) struct Seen {
    slots: Vec<Slot>,
    /// Rows.
    rows: usize,
    /// The place that the last row is from, as it was said.
    last: usize,
    places: u32,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    hash: u64,
    /// In how many places; none where the slot is free.
    places: u32,
    /// The last of them.
    place: u32,
    rows: u32,
}

impl Seen {
    /// For at most so many rows.
    pub(super) fn of(rows: usize) -> Self {
        Seen { slots: vec![Slot::default(); (2 * rows).next_power_of_two()], rows: 0, last: 0, places: 0 }
    }

    /// A row's value, and its place; the rows of a place follow each other.
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

    /// What is known of so many rows of which these are a sample.
    pub(super) fn values(&self, population: f64) -> ValueCounts {
        ValueCounts { distinct: self.estimate(population), hottest: self.hottest() }
    }

    fn hottest(&self) -> f64 {
        let frequent = self.slots.iter().filter(|slot| slot.places > self.places / 2);
        f64::from(frequent.map(|slot| slot.rows).max().unwrap_or(0)) / self.rows.max(1) as f64
    }

    /// How many values so many rows have of which these are a sample; at least those that were seen.
    pub(super) fn estimate(&self, population: f64) -> f64 {
        let counts: Vec<u32> = self.slots.iter().map(|slot| slot.places).filter(|&places| places > 0).collect();
        let (values, rows) = (counts.len() as f64, self.rows as f64);
        // Of a part of what was seen whole, the number is exact but for how floats are rounded.
        if rows + 0.5 >= population || self.rows == 0 {
            return values.min(population);
        }
        let collapsed: f64 = counts.iter().map(|&count| f64::from(count)).sum();
        let frequent = FREQUENT.min(self.places / 2).max(1);
        jackknife(&counts, frequent, population * collapsed / rows).min(population).max(values)
    }
}

/// Duj2a: of so many rows in all, of which some were drawn, these counts of each value; those with more than `most` are frequent.
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
    // The squared coefficient of variation of the values' shares: zero where all are equally frequent.
    let variation = (equal * pairs / (drawn * drawn) + equal / population - 1.0).max(0.0);
    let rest =
        if fraction < 1.0 { once * (1.0 - fraction) * -(1.0 - fraction).ln() * variation / fraction } else { 0.0 };
    frequent.len() as f64 + ((values + rest) / unseen).min(population)
}

/// How many of so many values are among rows that are drawn of them, where each is equally likely (Cardenas, 1975).
pub(super) fn drawn(values: f64, rows: f64) -> f64 {
    if values <= 1.0 || rows >= 20.0 * values {
        return values;
    }
    // `ln_1p` for numbers of values beside which one is too small for a float.
    (values * -(rows * (-1.0 / values).ln_1p()).exp_m1()).min(rows)
}

#[cfg(test)]
mod tests;
