//! Slots of variances and standard deviations: one pass by the algorithm of Welford, whose states merge as Chan and others show.
//!
//! Sums of squares would lose all digits where a mean is large beside its deviation; distances from the mean so far lose none.

use std::marker::PhantomData;

use runtime::group::{StateReader, StateRow, StateSlot};
use runtime::operators::{Merge, StateLeaf};
use runtime::page::Claims;
use runtime::row::LeafType;
use runtime::value::Overflow;

use crate::record::Record;

use super::slots::kernel_leaf;
use super::{Measure, Measured, Slots};

/// Numbers seen: how many, their mean, and the sum of their squared distances from it.
#[derive(Clone, Copy, Default)]
pub struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    #[inline(always)]
    pub(super) fn add(&mut self, number: f64) {
        self.count += 1;
        let distance = number - self.mean;
        self.mean += distance / self.count as f64;
        self.squares += distance * (number - self.mean);
    }

    fn merge(&mut self, other: Moments) {
        if self.count == 0 || other.count == 0 {
            if self.count == 0 {
                *self = other;
            }
            return;
        }
        let (count, distance) = (self.count + other.count, other.mean - self.mean);
        let share = other.count as f64 / count as f64;
        self.squares += other.squares + distance * distance * share * self.count as f64;
        self.mean += distance * share;
        self.count = count;
    }

    /// None of fewer than two numbers.
    fn sample_variance(self) -> Option<f64> {
        (self.count > 1).then(|| self.squares / (self.count - 1) as f64)
    }

    fn variance(self) -> f64 {
        self.squares / self.count as f64
    }
}

/// What is made of `Moments`.
pub trait Spreads: Clone + Send + 'static {
    /// For values that may be missing, or may not.
    type Value<V: Measured>;
    /// The value.
    fn of<V: Measured>(moments: Moments) -> Self::Value<V>;
}

macro_rules! spreads {
    ($($(#[$doc:meta])* $name:ident: $value:ty, $of:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name;
        impl Spreads for $name {
            type Value<V: Measured> = $value;
            fn of<V: Measured>(moments: Moments) -> $value {
                let of: fn(Moments) -> $value = $of;
                of(moments)
            }
        }
    )*};
}
spreads! {
    /// The variance of a sample.
    Variance: Option<f64>, Moments::sample_variance;
    /// The standard deviation of a sample.
    Stddev: Option<f64>, |moments| moments.sample_variance().map(f64::sqrt);
    /// The variance of a population.
    VariancePop: V::Of<f64>, |moments| V::of(moments.variance(), moments.count);
    /// The standard deviation of a population.
    StddevPop: V::Of<f64>, |moments| V::of(moments.variance().sqrt(), moments.count);
}

/// A slot of a variance or a standard deviation, as `K` says.
pub struct Spread<K, V, F>(pub(crate) F, pub(crate) PhantomData<fn() -> (K, V)>);

impl<K, V, F: Clone> Clone for Spread<K, V, F> {
    fn clone(&self) -> Self {
        Spread(self.0.clone(), self.1)
    }
}

/// Where moments lie.
type Places<'t> = (StateSlot<'t, u64>, StateSlot<'t, f64>, StateSlot<'t, f64>);

#[inline(always)]
fn change<'t>((count, mean, squares): Places<'t>, group: StateRow<'t>, change: impl FnOnce(&mut Moments)) {
    let mut moments = Moments { count: count.get(group), mean: mean.get(group), squares: squares.get(group) };
    change(&mut moments);
    count.set(group, moments.count);
    mean.set(group, moments.mean);
    squares.set(group, moments.squares);
}

impl<T: Record, S: Slots<T>, K: Spreads, V: Measured, F> Slots<T> for (S, Spread<K, V, F>)
where
    F: for<'a> Fn(T::At<'a>) -> V + Clone + Send + 'static,
{
    type Record = (S::Record, (u64, f64, f64));
    type Values<'a> = (S::Values<'a>, K::Value<V>);
    type Places<'t> = (S::Places<'t>, Places<'t>);
    const MERGES: bool = true;

    fn leaves(&self, leaves: &mut Vec<StateLeaf>) {
        self.0.leaves(leaves);
        leaves.extend([LeafType::U64, LeafType::F64, LeafType::F64].map(|ty| kernel_leaf(ty, Merge::Kernel)));
    }
    fn places<'t>(reader: &mut StateReader<'t>) -> Option<Self::Places<'t>> {
        Some((S::places(reader)?, (reader.plain()?, reader.plain()?, reader.plain()?)))
    }
    #[inline(always)]
    fn add<'t>(&self, (before, at): Self::Places<'t>, group: StateRow<'t>, record: T::At<'_>, claims: &mut Claims<'t>) {
        self.0.add(before, group, record, claims);
        if let Some(number) = (self.1.0)(record).number() {
            change(at, group, |moments| moments.add(number.float()));
        }
    }
    #[inline(always)]
    fn merge<'t>(
        &self,
        (before, at): Self::Places<'t>,
        group: StateRow<'t>,
        (state, (count, mean, squares)): <Self::Record as Record>::At<'_>,
        claims: &mut Claims<'t>,
    ) {
        self.0.merge(before, group, state, claims);
        change(at, group, |moments| moments.merge(Moments { count, mean, squares }));
    }
    fn values<'a>(
        &self,
        (before, (count, mean, squares)): <Self::Record as Record>::At<'a>,
    ) -> Result<Self::Values<'a>, Overflow> {
        Ok((self.0.values(before)?, K::of(Moments { count, mean, squares })))
    }
}
