//! Facts about closures that are proven by types.
//!
//! `#[dataflow]` sees only syntax: it sees that a filter compares `r.id` with `least`, but not
//! whether the program implements this comparison. The compiler knows the types. If both values are
//! of types of the language or of the engine, the comparison cannot fail and has no effects.
//!
//! So the macro wraps each value of a filter in an [`Of`] and calls a method. If the type is known
//! to be of the kind, the compiler finds the method of `Of`. Otherwise it finds that of
//! [`Unknown`], by a dereference. The method returns [`Yes`] or [`No`]. Optimized programs contain
//! none of this code.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::{Deref, Range, RangeFrom, RangeInclusive, RangeTo, RangeToInclusive};
use std::sync::Arc;

use runtime::value::{Date, Decimal, Texts, TimeDelta, Timestamp};

use super::{Aggregates, AnyMode, Flow, Handle};
use crate::Like;
use crate::record::{Record, Value};

/// A fact as a type: proven, or not.
pub trait Proof: Copy {
    /// `true` if the fact is proven.
    const HOLDS: bool;
}

/// The fact is proven.
#[derive(Clone, Copy, Debug)]
pub struct Yes;

/// The fact is not proven.
#[derive(Clone, Copy, Debug)]
pub struct No;

impl Proof for Yes {
    const HOLDS: bool = true;
}

impl Proof for No {
    const HOLDS: bool = false;
}

/// The empty conjunction.
impl Proof for () {
    const HOLDS: bool = true;
}

/// The conjunction of two facts.
impl<A: Proof, B: Proof> Proof for (A, B) {
    const HOLDS: bool = A::HOLDS && B::HOLDS;
}

/// Returns `true` if the fact is proven, as a constant that the compiler folds.
#[inline(always)]
#[must_use]
pub fn holds<P: Proof>(_: P) -> bool {
    P::HOLDS
}

/// The proof that a measure in a branch of an `aggregate` has a value for every record.
#[diagnostic::on_unimplemented(
    message = "measures are computed for all groups, also for those that this condition leaves out, and the closure of this one may fail",
    label = "computed for all groups, before this is decided",
    note = "write `let value = g.sum(..);` before the condition, and guard what may fail in the closure, `|record| if … {{ … }} else {{ 0 }}`"
)]
pub trait CannotFail: Proof {}
impl CannotFail for Yes {}
#[diagnostic::do_not_recommend]
impl<A: CannotFail, B: CannotFail> CannotFail for (A, B) {}

/// A value whose type is examined.
pub struct Of<'a, T: ?Sized>(pub &'a T);

/// Types whose comparisons cannot fail and have no effects. Both sides of a comparison must be such
/// types: then the program implements neither type, and so not the comparison.
pub trait Plain {}

/// Types of several values, whose `contains`, `starts_with`, `ends_with`, `like`, `len` and
/// `is_empty` cannot fail and have no effects.
pub trait Several {}

macro_rules! type_facts {
    ($($method:ident $bound:ident: $doc:literal;)*) => {
        $(impl<T: $bound + ?Sized> Of<'_, T> {
            #[doc = $doc]
            #[inline(always)]
            #[must_use]
            pub fn $method(&self) -> Yes {
                Yes
            }
        })*
        impl Unknown {
            $(
                /// The fact is not proven.
                #[inline(always)]
                #[must_use]
                pub fn $method(&self) -> No {
                    No
                }
            )*
        }
    };
}
type_facts! {
    __plain Plain: "Whether a value is of a [`Plain`] type.";
    __several Several: "Whether a value is of a type of [`Several`].";
    __option Optional: "Whether a value is an `Option` of a [`Plain`] type.";
    __float Float: "Whether a value is of a [`Float`] type.";
}

/// A value of unknown type.
#[derive(Debug)]
pub struct Unknown;

impl<T: ?Sized> Deref for Of<'_, T> {
    type Target = Unknown;
    #[inline(always)]
    fn deref(&self) -> &Unknown {
        &Unknown
    }
}

/// `Option`s of plain types, and references to these.
pub trait Optional {}
impl<T: Plain> Optional for Option<T> {}
impl<T: Optional + ?Sized> Optional for &T {}

/// Floats, and references to these. Their arithmetic cannot fail.
pub trait Float {}
impl Float for f32 {}
impl Float for f64 {}
impl<T: Float + ?Sized> Float for &T {}

macro_rules! plain {
    ($($ty:ty)*) => {$(impl Plain for $ty {})*};
}
plain!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64 bool char str String Date Timestamp TimeDelta Like Texts<'_> ());
impl<const SCALE: u8> Plain for Decimal<SCALE> {}

macro_rules! plain_of {
    ($($of:ty)*) => {$(
        impl<T: Plain> Plain for $of {}
        impl<T: Plain> Several for $of {}
    )*};
}
plain_of!(Vec<T> [T] HashSet<T> BTreeSet<T> Range<T> RangeInclusive<T> RangeFrom<T> RangeTo<T> RangeToInclusive<T>);

impl<T: Plain + ?Sized> Plain for &T {}
impl<T: Plain> Plain for Option<T> {}
impl<K: Plain, V: Plain> Plain for HashMap<K, V> {}
impl<K: Plain, V: Plain> Plain for BTreeMap<K, V> {}
impl<T: Plain + ?Sized> Plain for Box<T> {}
impl<T: Plain + ?Sized> Plain for Arc<T> {}
impl<T: Plain, const N: usize> Plain for [T; N] {}

impl Several for str {}
impl Several for String {}
impl<T: Several + ?Sized> Several for &T {}
impl<T: Plain, const N: usize> Several for [T; N] {}

macro_rules! plain_tuples {
    ($($part:ident $_other:ident $_index:tt),*) => {
        impl<$($part: Plain),*> Plain for ($($part,)*) {}
    };
}
for_tuples!(plain_tuples);

/// Values that have the fields of their record, by name: derived records and twins.
///
/// If a closure copies a field, as `Row { id: s.id, .. }` does, filters on `id` can move before it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no derived record, so that nobody can tell what its fields become",
    label = "a value of the program's own",
    note = "filters move by the fields that a closure takes over: write `#[derive(Record)]`, or `#[dataflow(as_written)]` to leave all filters where they are"
)]
// For a type that is no `Value`, the compiler reports only this message, and not that of the
// supertrait as well.
pub trait Fieldwise: Value {}
impl<V: Fieldwise + ?Sized> Fieldwise for &V {}

/// Returns `value`, which copies fields by name.
#[inline(always)]
#[must_use]
pub fn fieldwise<V: Fieldwise>(value: V) -> V {
    value
}

impl<T: Record, K: Record, M: AnyMode, S> Aggregates<T, K, M, S> {
    /// Requires that the next measure has a value for every record, because it is in a branch. The
    /// closure is only used for its type. Only `#[dataflow]` calls this.
    #[doc(hidden)]
    pub fn cannot_fail<P: CannotFail, F>(self, _: F) -> Self
    where
        F: for<'a> Fn(T::At<'a>) -> P,
    {
        self
    }
}

impl<T: Record, M: AnyMode> Flow<T, M> {
    /// Sets whether types prove that the next filter cannot fail and has no effects. The closure is
    /// only used for its type. Only `#[dataflow]` calls this.
    #[doc(hidden)]
    pub fn proven<P: Proof, F>(&self, _: F) -> Self
    where
        F: for<'a> Fn(T::At<'a>) -> P,
    {
        self.with_proof(P::HOLDS)
    }

    /// Sets whether types prove that captured values do not let the closures of the next operator
    /// have effects. Only `#[dataflow]` calls this.
    #[doc(hidden)]
    pub fn captured<P: Proof>(&self, _: P) -> Self {
        self.with_proof(P::HOLDS)
    }

    fn with_proof(&self, holds: bool) -> Self {
        self.handle.with_proof(holds).typed()
    }
}

impl Handle {
    #[inline(never)]
    fn with_proof(&self, holds: bool) -> Handle {
        let mut handle = self.clone();
        handle.next.is_proven = Some(holds);
        handle
    }
}
