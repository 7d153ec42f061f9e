//! Measures of `Option`s: `None` is ignored, as nulls are in SQL.
//!
//! A plain value and an `Option` of it use the same slots. A sum of `Option`s also counts the
//! values, and its result is an `Option`: `None` if there was no value.

use runtime::group::{StateReader, StateRow, StateSlot};

use crate::record::Record;

use super::Extreme;
use super::numbers::{Averaged, Measure};

/// The number of values in a sum. `()` for plain values, whose number is the number of records.
pub trait Tally: Copy + Default + Send + for<'a> Record<At<'a> = Self> {
    /// The location of the number in a row.
    type Place<'t>: Copy;
    /// Takes the number's leaf from a table.
    fn place<'t>(reader: &mut StateReader<'t>) -> Option<Self::Place<'t>>;
    /// Adds one to the number in a row.
    fn add<'t>(place: Self::Place<'t>, group: StateRow<'t>);
    /// Returns the number plus one.
    #[must_use]
    fn next(self) -> Self;
    /// Returns the number. Returns `records` if the number is not kept.
    fn or(self, records: u64) -> u64;
}

impl Tally for () {
    type Place<'t> = ();
    fn place<'t>(_: &mut StateReader<'t>) -> Option<()> {
        Some(())
    }
    #[inline(always)]
    fn add<'t>((): (), _: StateRow<'t>) {}
    #[inline(always)]
    fn next(self) {}
    fn or(self, records: u64) -> u64 {
        records
    }
}

impl Tally for u64 {
    type Place<'t> = StateSlot<'t, u64>;
    fn place<'t>(reader: &mut StateReader<'t>) -> Option<Self::Place<'t>> {
        reader.plain()
    }
    #[inline(always)]
    fn add<'t>(place: Self::Place<'t>, group: StateRow<'t>) {
        place.set(group, place.get(group) + 1);
    }
    #[inline(always)]
    fn next(self) -> Self {
        self + 1
    }
    fn or(self, _: u64) -> u64 {
        self
    }
}

/// Numbers and `Option`s of numbers, which can be summed and averaged.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be summed",
    label = "not a number",
    note = "sums are over integers, floats, decimals and lengths of time, and over `Option`s of these, of which `None` is passed over"
)]
pub trait Measured: Copy + 'static {
    /// Always `S`. A type without this trait thus has no slot, and causes only one error.
    type Kept<S>;
    /// Returns the slot as that type.
    fn kept<S>(slot: S) -> Self::Kept<S>;
    /// The type of the numbers.
    type Number: Measure;
    /// The type of the count of numbers: `()` if they are not counted.
    type Tally: Tally;
    /// The type of a result: `X`, or an `Option` of it.
    type Of<X: Copy>: Copy;
    /// Returns the number. `None` if it is missing.
    fn number(self) -> Option<Self::Number>;
    /// Converts the result over `numbers` numbers.
    fn of<X: Copy>(result: X, numbers: u64) -> Self::Of<X>;
}

#[diagnostic::do_not_recommend]
impl<V: Measure> Measured for V {
    type Kept<S> = V::Kept<S>;
    fn kept<S>(slot: S) -> V::Kept<S> {
        V::kept(slot)
    }
    type Number = V;
    type Tally = ();
    type Of<X: Copy> = X;
    #[inline(always)]
    fn number(self) -> Option<V> {
        Some(self)
    }
    fn of<X: Copy>(result: X, _: u64) -> X {
        result
    }
}

#[diagnostic::do_not_recommend]
impl<V: Measure> Measured for Option<V> {
    type Kept<S> = V::Kept<S>;
    fn kept<S>(slot: S) -> V::Kept<S> {
        V::kept(slot)
    }
    type Number = V;
    type Tally = u64;
    type Of<X: Copy> = Option<X>;
    #[inline(always)]
    fn number(self) -> Option<V> {
        self
    }
    fn of<X: Copy>(result: X, numbers: u64) -> Option<X> {
        (numbers > 0).then_some(result)
    }
}

/// A sum and the number of its values, from which its mean is computed.
pub struct SumWithTally<V: Measured> {
    pub(crate) total: <V::Number as Measure>::Total,
    pub(crate) tally: V::Tally,
}

copies! { [V: Measured] SumWithTally<V> }

impl<V: Measured> SumWithTally<V> {
    /// Returns the sum.
    #[must_use]
    pub fn sum(self) -> V::Of<<V::Number as Measure>::Total> {
        V::of(self.total, self.tally.or(1))
    }

    /// Returns the mean. `records` is the number of records in the group.
    #[must_use]
    pub fn mean(self, records: u64) -> V::Of<f64> {
        let numbers = self.tally.or(records);
        V::of(self.total.mean(numbers), numbers)
    }
}

/// Plain values and `Option`s of them, which have a minimum and a maximum.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no least and greatest that an aggregate could keep",
    label = "not a plain value",
    note = "`min` and `max` are over numbers, dates, timestamps, bools and chars, and over `Option`s of these, of which `None` is passed over; \
            of texts they are over a field, `g.min(|r| r.name)`, so compute one in a `map` before"
)]
pub trait Ordered: Copy + 'static {
    /// Always `S`. A type without this trait thus has no slot, and causes only one error.
    type Kept<S>;
    /// Returns the slot as that type.
    fn kept<S>(slot: S) -> Self::Kept<S>;
    /// The type of the plain value.
    type Plain: Extreme;
    /// Returns the value. `None` if it is missing.
    fn plain(self) -> Option<Self::Plain>;
    /// Converts the minimum or maximum of a group with at least one record.
    fn found(plain: Option<Self::Plain>) -> Option<Self>;
}

#[diagnostic::do_not_recommend]
impl<V: Extreme> Ordered for V {
    type Kept<S> = V::Kept<S>;
    fn kept<S>(slot: S) -> V::Kept<S> {
        V::kept(slot)
    }
    type Plain = V;
    #[inline(always)]
    fn plain(self) -> Option<V> {
        Some(self)
    }
    fn found(plain: Option<V>) -> Option<V> {
        plain
    }
}

#[diagnostic::do_not_recommend]
impl<V: Extreme> Ordered for Option<V> {
    type Kept<S> = V::Kept<S>;
    fn kept<S>(slot: S) -> V::Kept<S> {
        V::kept(slot)
    }
    type Plain = V;
    #[inline(always)]
    fn plain(self) -> Option<V> {
        self
    }
    fn found(plain: Option<V>) -> Option<Self> {
        Some(plain)
    }
}

/// The type in which a measure is summed.
pub(crate) type SumOf<V> = <<V as Measured>::Number as Measure>::Sum;
/// The result type of a sum.
pub(crate) type TotalOf<V> = <<V as Measured>::Number as Measure>::Total;
