//! Measures of values that may be missing: a `None` is passed over, as SQL does with nulls.
//!
//! A plain value and an `Option` of it share their slots. Only for an `Option` are values counted beside a sum, and only its result is an `Option`: it
//! is `None` if there was no value.

use runtime::group::{StateReader, StateRow, StateSlot};

use crate::record::Record;

use super::Extreme;
use super::numbers::{Averaged, Measure};

/// The number of values in a sum. Plain values are not counted, because their number is the number of records.
pub trait Tally: Copy + Default + Send + for<'a> Record<At<'a> = Self> {
    /// The place of the number in a row.
    type Place<'t>: Copy;
    /// Takes its leaf from a table.
    fn place<'t>(reader: &mut StateReader<'t>) -> Option<Self::Place<'t>>;
    /// Counts one more.
    fn add<'t>(place: Self::Place<'t>, group: StateRow<'t>);
    /// One more.
    #[must_use]
    fn next(self) -> Self;
    /// The number, or the number of records where none is kept.
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

/// Numbers, or numbers that may be missing: values that can be summed and averaged.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be summed",
    label = "not a number",
    note = "sums are over integers, floats, decimals and lengths of time, and over `Option`s of these, of which `None` is passed over"
)]
pub trait Measured: Copy + 'static {
    /// The slot that keeps it: `S` itself.
    type Kept<S>;
    /// The slot, as that type.
    fn kept<S>(slot: S) -> Self::Kept<S>;
    /// The number.
    type Number: Measure;
    /// The type that counts the numbers.
    type Tally: Tally;
    /// A result: itself, or an `Option` of it.
    type Of<X: Copy>: Copy;
    /// The number, where there is one.
    fn number(self) -> Option<Self::Number>;
    /// A result of so many numbers.
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

/// A sum, with the number of its values, from which its mean is computed.
pub struct SumWithTally<V: Measured> {
    pub(crate) total: <V::Number as Measure>::Total,
    pub(crate) tally: V::Tally,
}

copies! { [V: Measured] SumWithTally<V> }

impl<V: Measured> SumWithTally<V> {
    /// The sum.
    #[must_use]
    pub fn sum(self) -> V::Of<<V::Number as Measure>::Total> {
        V::of(self.total, self.tally.or(1))
    }

    /// The mean, of a group of so many records.
    #[must_use]
    pub fn mean(self, records: u64) -> V::Of<f64> {
        let numbers = self.tally.or(records);
        V::of(self.total.mean(numbers), numbers)
    }
}

/// Plain values, or plain values that may be missing: values that have a least and a greatest.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no least and greatest that an aggregate could keep",
    label = "not a plain value",
    note = "`min` and `max` are over numbers, dates, timestamps, bools and chars, and over `Option`s of these, of which `None` is passed over; \
            of texts they are over a field, `g.min(|r| r.name)`, so compute one in a `map` before"
)]
pub trait Ordered: Copy + 'static {
    /// The slot that keeps it: `S` itself.
    type Kept<S>;
    /// The slot, as that type.
    fn kept<S>(slot: S) -> Self::Kept<S>;
    /// The plain value.
    type Plain: Extreme;
    /// The value, where there is one.
    fn plain(self) -> Option<Self::Plain>;
    /// The least or greatest, of a group that has a record.
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
/// The type of the result of a sum.
pub(crate) type TotalOf<V> = <<V as Measured>::Number as Measure>::Total;
