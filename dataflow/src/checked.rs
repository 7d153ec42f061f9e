//! Overflow checks for integer arithmetic in closures over records. An overflow ends the job.
//!
//! Rust's operators wrap in builds without `overflow-checks`, such as release builds. So
//! `#[dataflow]` emits a check before each operator that it finds, and leaves the operator itself
//! to the compiler:
//!
//! ```text
//! o.qty * 2    match (o.qty, 2) {
//!                  (__left, __right) => {
//!                      Operands(&__left, &__right).mul("o.qty * 2");
//!                      __left * __right
//!                  }
//!              }
//! ```
//!
//! The macro does not know types, so method resolution selects the check. For integers the compiler
//! finds [`Operands::mul`]. For all other types it finds [`Unchecked::mul`] after a dereference. If
//! neither side's type is inferred yet, the compiler assumes integers; another type is then a
//! compile error with its own message.

use std::fmt::Display;
use std::ops::Deref;

use runtime::value::overflow;

/// The operands of a binary operator: `left + right`.
pub struct Operands<'a, L, R>(pub &'a L, pub &'a R);

/// The operand of `-value`.
pub struct Negated<'a, T>(pub &'a T);

/// Operands of types without checks.
pub struct Unchecked;

/// An integer, or a reference to one.
#[diagnostic::on_unimplemented(
    message = "the type of an operand is known only behind this operator",
    label = "`{Self}` is no integer",
    note = "write the type where the operand is bound: `|known: {Self}| …`, `let mut last: Option<{Self}> = None`"
)]
pub trait Operand {
    /// The type of the integer.
    type Integer: Integer;
    /// Returns the integer.
    fn value(&self) -> Self::Integer;
}

/// Overflow tests of an integer type. `true` means that the result is in range.
pub trait Integer: Copy + Display {
    /// Width in bits.
    const BITS: u32;
    /// Tests `self + other`.
    fn adds(self, other: Self) -> bool;
    /// Tests `self - other`.
    fn subtracts(self, other: Self) -> bool;
    /// Tests `self * other`.
    fn multiplies(self, other: Self) -> bool;
    /// Tests `-self`.
    fn negates(self) -> bool;
    /// Tests whether a number of `bits` bits can be shifted by `self`.
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
    /// Checks `left + right`. `what` is its text in the program.
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
        /// Checks nothing.
        #[inline]
        pub fn $operator(&self, _what: &str) {}
    )*};
}

impl Unchecked {
    unchecked!(add sub mul shl shr neg);
}

/// Ends the job with a message such as `` `o.qty * 2`, 2147483647 * 2 as i32 ``.
#[cold]
#[inline(never)]
#[track_caller]
fn out_of_range(what: &str, left: &dyn Display, operator: &str, right: &dyn Display, ty: &str) -> ! {
    overflow(format_args!("`{what}`, {left} {operator} {right} as {ty}"))
}
