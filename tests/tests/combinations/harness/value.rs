//! Rows as the oracle sees them, and their conversion from and to records.

use std::sync::Arc;

use dataflow::prelude::*;

/// A field's value. Its order is that of the engine: nulls are last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Flag(bool),
    Number(u64),
    Signed(i64),
    /// Microseconds.
    Time(i64),
    /// The bits of a non-negative float, whose order is that of the floats.
    Float(u64),
    Text(Arc<str>),
    Null,
    /// A field of an outer join's missing side.
    Missing,
}

impl Value {
    /// A number for an expression that reads only numbers.
    pub fn number(&self) -> u64 {
        match self {
            Value::Number(number) => *number,
            _ => 0,
        }
    }

    pub fn signed(&self) -> i64 {
        match self {
            Value::Signed(number) => *number,
            _ => 0,
        }
    }

    pub fn is_true(&self) -> bool {
        *self == Value::Flag(true)
    }

    pub fn micros(&self) -> i64 {
        match self {
            Value::Time(micros) => *micros,
            _ => 0,
        }
    }

    /// Length of a text in bytes.
    pub fn text_bytes(&self) -> usize {
        match self {
            Value::Text(text) => text.len(),
            _ => 0,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null | Value::Missing)
    }
}

/// The fields of a record, and its event time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    pub values: Vec<Value>,
    /// Microseconds; 0 outside of timed streams.
    pub time: i64,
}

impl Row {
    pub fn of(values: Vec<Value>) -> Self {
        Row { values, time: 0 }
    }
}

/// Records that are built from values, field by field.
pub trait Flat: Sized {
    fn put(&self, values: &mut Vec<Value>);
    fn take(values: &mut dyn Iterator<Item = Value>) -> Self;
}

macro_rules! plain {
    ($($type:ty, $variant:ident, $to:expr, $from:expr;)*) => {$(
        impl Flat for $type {
            fn put(&self, values: &mut Vec<Value>) {
                values.push(Value::$variant($to(self)));
            }
            fn take(values: &mut dyn Iterator<Item = Value>) -> Self {
                match values.next() {
                    Some(Value::$variant(value)) => $from(value),
                    other => panic!("{other:?} is no {}", stringify!($type)),
                }
            }
        }
    )*};
}

plain! {
    u64, Number, |n: &u64| *n, |n| n;
    i64, Signed, |n: &i64| *n, |n| n;
    bool, Flag, |b: &bool| *b, |b| b;
    f64, Float, |f: &f64| f.to_bits(), f64::from_bits;
    Timestamp, Time, |t: &Timestamp| t.micros(), Timestamp::from_micros;
    String, Text, |t: &String| t.as_str().into(), |t: Arc<str>| t.to_string();
}

impl<T: Flat> Flat for Option<T> {
    fn put(&self, values: &mut Vec<Value>) {
        match self {
            Some(value) => value.put(values),
            None => values.push(Value::Null),
        }
    }

    fn take(values: &mut dyn Iterator<Item = Value>) -> Self {
        match values.next() {
            Some(Value::Null) | None => None,
            Some(value) => Some(T::take(&mut std::iter::once(value))),
        }
    }
}

macro_rules! tuples {
    ($(($($name:ident $place:tt),*))*) => {$(
        impl<$($name: Flat),*> Flat for ($($name,)*) {
            fn put(&self, values: &mut Vec<Value>) {
                $(self.$place.put(values);)*
            }
            fn take(values: &mut dyn Iterator<Item = Value>) -> Self {
                ($($name::take(values),)*)
            }
        }
    )*};
}

tuples! {
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}
