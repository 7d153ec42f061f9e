//! Error messages for arithmetic on fields outside of `#[dataflow]`, where closures have no record
//! to compute with.
//!
//! The macro turns computations into closures over records. Without the macro, Rust's operators on
//! a field return an [`Outside`]. No operator accepts it, and the compiler's message shows how to
//! write the computation.

use std::marker::PhantomData;
use std::ops::{Add, Div, Mul, Neg, Not, Rem, Sub};

use runtime::sort::OrderKey;

use crate::record::Record;

use super::order::NamesField;
use super::{Asc, Desc, Field, Key, KeyedBy, OfFields, Order, Projection};

/// The result of arithmetic on a field of `T`. It is not a key, an order or a field.
#[derive(Clone, Copy)]
pub struct Outside<T, V>(PhantomData<fn() -> (T, V)>);

macro_rules! outside {
    ($($tr:ident $method:ident)*) => {$(
        #[doc(hidden)]
        impl<T, V, R> $tr<R> for Field<T, V> {
            type Output = Outside<T, V>;
            fn $method(self, _: R) -> Outside<T, V> {
                Outside(PhantomData)
            }
        }
        #[doc(hidden)]
        impl<T, V, R> $tr<R> for Outside<T, V> {
            type Output = Self;
            fn $method(self, _: R) -> Self {
                self
            }
        }
    )*};
}
outside! { Add add Sub sub Mul mul Div div Rem rem }

macro_rules! outside_of_one {
    ($($tr:ident $method:ident)*) => {$(
        #[doc(hidden)]
        impl<T, V> $tr for Field<T, V> {
            type Output = Outside<T, V>;
            fn $method(self) -> Outside<T, V> {
                Outside(PhantomData)
            }
        }
    )*};
}
outside_of_one! { Neg neg Not not }

impl<T, V> OfFields for Outside<T, V> {}

/// Makes `asc` and `desc` of it valid orders, so that only the bounds of `asc` and `desc` are
/// reported.
macro_rules! directed {
    ($($direction:ident)*) => {$(
        #[doc(hidden)]
        impl<T, V> Order<T> for $direction<Outside<T, V>> {
            fn keys(&self) -> Vec<OrderKey> {
                Vec::new()
            }
        }
    )*};
}
directed! { Asc Desc }

/// Implements a trait of keys or orders under a bound that never holds. The message of the bound
/// shows what to write.
macro_rules! never {
    ($tr:ident<$($of:ident),*>: $($item:item)*) => {
        #[doc(hidden)]
        impl<T, V: Record> $tr<$($of),*> for Outside<T, V>
        where
            Outside<T, V>: NamesField,
        {
            $($item)*
        }
    };
}
never! { Key<T>:
    type Value = V;
    fn leaves(&self) -> Vec<usize> {
        Vec::new()
    }
}
never! { KeyedBy<T, V>:
    fn leaves(&self) -> Vec<usize> {
        Vec::new()
    }
}
never! { Projection<T>:
    type Value = V;
    fn leaves(&self) -> Vec<usize> {
        Vec::new()
    }
}
never! { Order<T>:
    fn keys(&self) -> Vec<OrderKey> {
        Vec::new()
    }
}
