//! Generated records: cheap and deterministic, with values that tend to break engines.
//!
//! A test's input is a few numbers, so that property tests can shrink it and print it in one line.
//! The records are computed from these numbers.

use dataflow::prelude::*;
use proptest::prelude::*;

/// A record with every kind of field that keys and measures use.
#[derive(Record, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub struct Sale {
    pub id: u64,
    pub key: u32,
    pub name: String,
    pub amount: i64,
    pub coupon: Option<i32>,
    pub note: Option<String>,
    pub price: Decimal<2>,
    pub day: Date,
}

/// A record of fixed size.
#[derive(Record, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub struct Reading {
    pub key: u32,
    pub value: i64,
    pub count: u64,
}

/// The distribution of keys over records.
#[derive(Clone, Copy, Debug)]
pub enum Keys {
    /// All records have the same key.
    Same,
    /// This number of equally frequent keys.
    Uniform(u32),
    /// A few keys are frequent, many are rare.
    Zipf,
}

/// The parameters of an input.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// The number of records.
    pub rows: usize,
    /// The distribution of their keys.
    pub keys: Keys,
    /// The seed of the random values.
    pub seed: u64,
}

/// Inputs without records, with one record, with one page, and with several pages and batches per
/// task.
pub fn inputs() -> impl Strategy<Value = Input> {
    of_rows(prop_oneof![1 => Just(0), 1 => Just(1), 3 => 2..2_000usize, 2 => 12_000..30_000usize])
}

/// Inputs for operators that take quadratic time on the embedded engine.
pub fn small_inputs() -> impl Strategy<Value = Input> {
    of_rows(prop_oneof![1 => Just(0), 1 => Just(1), 4 => 2..300usize])
}

fn of_rows(rows: impl Strategy<Value = usize>) -> impl Strategy<Value = Input> {
    let keys = prop_oneof![1 => Just(Keys::Same), 2 => (1..200u32).prop_map(Keys::Uniform), 2 => Just(Keys::Zipf)];
    (rows, keys, any::<u64>()).prop_map(|(rows, keys, seed)| Input { rows, keys, seed })
}

impl Input {
    /// Sales. Some names and notes are empty, some inline, some on the heap, and a few need pages
    /// of their own. A third of the options are null.
    #[must_use]
    pub fn sales(&self) -> Vec<Sale> {
        let mut random = Random(self.seed);
        (0..self.rows as u64).map(|id| self.sale(id, &mut random)).collect()
    }

    fn sale(&self, id: u64, random: &mut Random) -> Sale {
        let key = self.keys.draw(random);
        let coupon = random.below(3).checked_sub(1).map(|_| random.below(20) as i32 - 10);
        let note = random.below(3).checked_sub(1).map(|_| text(random.below(50), random.below(4_000) == 0));
        Sale {
            id,
            key,
            name: text(key.into(), key == 77 && random.below(16) == 0),
            amount: random.below(2_001) as i64 - 1_000,
            coupon,
            note,
            price: Decimal::from_scaled(random.below(100_000) as i64),
            day: Date::from_days(random.below(400) as i32 + 9_000),
        }
    }

    /// Readings with small values, so that sums do not overflow.
    #[must_use]
    pub fn readings(&self) -> Vec<Reading> {
        let mut random = Random(self.seed);
        let mut reading = |_| Reading { key: self.keys.draw(&mut random), value: random.next() as i64 >> 20, count: 1 };
        (0..self.rows).map(&mut reading).collect()
    }

    /// An input with another seed, the same key distribution, and `rows` records.
    #[must_use]
    pub fn other(&self, rows: usize) -> Input {
        Input { rows, seed: !self.seed, ..*self }
    }
}

impl Keys {
    fn draw(self, random: &mut Random) -> u32 {
        match self {
            Keys::Same => 7,
            Keys::Uniform(keys) => random.below(keys.into()) as u32,
            // Exponential of a uniform number: a key's frequency is proportional to its inverse.
            Keys::Zipf => (500f64.powf(random.below(1 << 30) as f64 / (1u64 << 30) as f64)) as u32,
        }
    }
}

/// A distinct text for each number: 0 to 40 bytes long, or longer than a page.
fn text(number: u64, giant: bool) -> String {
    if number == 0 {
        return String::new();
    }
    let repeats = if giant { 20_000 } else { number as usize % 9 };
    format!("{number:03}{}", "ä-ß".repeat(repeats))
}

/// A pseudo-random sequence: SplitMix64, which needs no crate and is equal on all platforms.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// Returns the next number.
    #[allow(clippy::should_implement_trait, reason = "a sequence without an end")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Returns an index below `end`.
    pub fn index(&mut self, end: usize) -> usize {
        self.below(end as u64) as usize
    }
}
