//! Arithmetic of integers in closures over records: what leaves its type's range ends the job.
//!
//! Rust's own operators wrap where a program is built without `overflow-checks`, as releases are. So `#[dataflow]` writes a check before each
//! operator that it sees, and leaves the operator to the compiler:
//!
//! ```text
//! o.qty * 2    match (o.qty, 2) { (__left, __right) => { Operands(&__left, &__right).mul("o.qty * 2"); __left * __right } }
//! ```
//!
//! Only the compiler knows which types are integers. It finds [`Operands::mul`] for integers, and [`Unchecked::mul`] behind a dereference for all
//! other types. If the compiler knows neither side's type yet, it takes both sides for integers; a type that turns out to be none has a message.

use std::fmt::Display;
use std::ops::Deref;

use runtime::value::overflow;

/// The operands of `left + right`.
pub struct Operands<'a, L, R>(pub &'a L, pub &'a R);

/// The operand of `-value`.
pub struct Negated<'a, T>(pub &'a T);

/// Operands of types whose operators are their own.
pub struct Unchecked;

/// An integer, or a reference to one.
#[diagnostic::on_unimplemented(
    message = "the type of an operand is known only behind this operator",
    label = "`{Self}` is no integer",
    note = "write the type where the operand is bound: `|known: {Self}| …`, `let mut last: Option<{Self}> = None`"
)]
pub trait Operand {
    /// The integer's type.
    type Integer: Integer;
    /// Its value.
    fn value(&self) -> Self::Integer;
}

/// The checks of operators on integers.
pub trait Integer: Copy + Display {
    /// Its width.
    const BITS: u32;
    /// Whether `self + other` is in range.
    fn adds(self, other: Self) -> bool;
    /// Whether `self - other` is in range.
    fn subtracts(self, other: Self) -> bool;
    /// Whether `self * other` is in range.
    fn multiplies(self, other: Self) -> bool;
    /// Whether `-self` is in range.
    fn negates(self) -> bool;
    /// Whether a number of `bits` can be shifted by so many.
    fn shifts(self, bits: u32) -> bool;
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl Operand for $integer {
            type Integer = $integer;
            #[inline]
            fn value(&self) -> $integer {
                *self
            }
        }
        impl Integer for $integer {
            const BITS: u32 = <$integer>::BITS;
            #[inline]
            fn adds(self, other: $integer) -> bool {
                self.checked_add(other).is_some()
            }
            #[inline]
            fn subtracts(self, other: $integer) -> bool {
                self.checked_sub(other).is_some()
            }
            #[inline]
            fn multiplies(self, other: $integer) -> bool {
                self.checked_mul(other).is_some()
            }
            #[inline]
            fn negates(self) -> bool {
                self.checked_neg().is_some()
            }
            #[inline]
            fn shifts(self, bits: u32) -> bool {
                u32::try_from(self).is_ok_and(|distance| distance < bits)
            }
        }
    )*};
}
integers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

impl<T: Operand> Operand for &T {
    type Integer = T::Integer;
    #[inline]
    fn value(&self) -> T::Integer {
        T::value(self)
    }
}

impl<L: Operand, R: Operand<Integer = L::Integer>> Operands<'_, L, R> {
    /// Checks `left + right`, which the user wrote as `what`.
    #[track_caller]
    #[inline]
    pub fn add(&self, what: &str) {
        let (left, right) = (self.0.value(), self.1.value());
        if !left.adds(right) {
            out_of_range(what, &left, "+", &right, std::any::type_name::<L::Integer>());
        }
    }

    /// Checks `left - right`.
    #[track_caller]
    #[inline]
    pub fn sub(&self, what: &str) {
        let (left, right) = (self.0.value(), self.1.value());
        if !left.subtracts(right) {
            out_of_range(what, &left, "-", &right, std::any::type_name::<L::Integer>());
        }
    }

    /// Checks `left * right`.
    #[track_caller]
    #[inline]
    pub fn mul(&self, what: &str) {
        let (left, right) = (self.0.value(), self.1.value());
        if !left.multiplies(right) {
            out_of_range(what, &left, "*", &right, std::any::type_name::<L::Integer>());
        }
    }
}

impl<L: Operand, R: Operand> Operands<'_, L, R> {
    /// Checks `left << right`.
    #[track_caller]
    #[inline]
    pub fn shl(&self, what: &str) {
        let (left, right) = (self.0.value(), self.1.value());
        if !right.shifts(L::Integer::BITS) {
            out_of_range(what, &left, "<<", &right, std::any::type_name::<L::Integer>());
        }
    }

    /// Checks `left >> right`.
    #[track_caller]
    #[inline]
    pub fn shr(&self, what: &str) {
        let (left, right) = (self.0.value(), self.1.value());
        if !right.shifts(L::Integer::BITS) {
            out_of_range(what, &left, ">>", &right, std::any::type_name::<L::Integer>());
        }
    }
}

impl<T: Operand> Negated<'_, T> {
    /// Checks `-value`.
    #[track_caller]
    #[inline]
    pub fn neg(&self, what: &str) {
        let value = self.0.value();
        if !value.negates() {
            out_of_range(what, &"0", "-", &format_args!("({value})"), std::any::type_name::<T::Integer>());
        }
    }
}

impl<L, R> Deref for Operands<'_, L, R> {
    type Target = Unchecked;
    #[inline]
    fn deref(&self) -> &Unchecked {
        &Unchecked
    }
}

impl<T> Deref for Negated<'_, T> {
    type Target = Unchecked;
    #[inline]
    fn deref(&self) -> &Unchecked {
        &Unchecked
    }
}

macro_rules! unchecked {
    ($($operator:ident)*) => {$(
        /// Nothing to check.
        #[inline]
        pub fn $operator(&self, _what: &str) {}
    )*};
}

impl Unchecked {
    unchecked!(add sub mul shl shr neg);
}

/// Ends the job: `` `o.qty * 2`, 2147483647 * 2 as i32 ``.
#[cold]
#[inline(never)]
#[track_caller]
fn out_of_range(what: &str, left: &dyn Display, operator: &str, right: &dyn Display, ty: &str) -> ! {
    overflow(format_args!("`{what}`, {left} {operator} {right} as {ty}"))
}
