//! Sums and means of lengths of time.

use runtime::value::TimeDelta;

use super::{Averaged, Measure};

/// A sum is checked at its end, as of integers; a mean is a number of seconds.
impl Measure for TimeDelta {
    type Kept<S> = S;
    fn kept<S>(slot: S) -> S {
        slot
    }
    type Sum = i128;
    type Total = Self;
    #[inline(always)]
    fn float(self) -> f64 {
        self.as_seconds()
    }
    #[inline(always)]
    fn add(sum: i128, value: Self) -> i128 {
        sum + i128::from(value.micros())
    }
    fn total(sum: i128) -> Option<Self> {
        sum.try_into().ok().map(TimeDelta::from_micros)
    }
    fn mean(sum: i128, count: u64) -> f64 {
        sum as f64 / 1e6 / count as f64
    }
}

impl Averaged for TimeDelta {
    fn to_float(self) -> f64 {
        self.as_seconds()
    }
}
