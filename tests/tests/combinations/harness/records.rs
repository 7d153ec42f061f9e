//! The records that programs read and create.

use dataflow::prelude::*;

use super::types::{Kind, Named};
use super::value::{Flat, Value};

macro_rules! records {
    ($($(#[$derived:meta])* $name:ident ($twin:literal) { $($field:ident: $type:ty = $kind:ident,)* })*) => {$(
        $(#[$derived])*
        #[derive(Record, Clone, Debug, PartialEq)]
        pub struct $name {
            $(pub $field: $type,)*
        }

        impl Flat for $name {
            fn put(&self, values: &mut Vec<Value>) {
                $(self.$field.put(values);)*
            }
            fn take(values: &mut dyn Iterator<Item = Value>) -> Self {
                $name { $($field: Flat::take(values),)* }
            }
        }
    )*
        /// All named records.
        pub static NAMED: &[Named] = &[$(Named {
            name: stringify!($name),
            twin: $twin,
            fields: &[$((stringify!($field), Kind::$kind),)*],
        },)*];
    };
}

records! {
    #[derive(Copy)]
    Event ("Event") {
        id: u64 = Number,
        key: u64 = Number,
        value: i64 = Signed,
        at: Timestamp = Time,
    }
    Item ("ItemRef") {
        id: u64 = Number,
        key: Option<u64> = MaybeNumber,
        value: i64 = Signed,
        text: String = Text,
        at: Timestamp = Time,
    }
    Wide ("WideRef") {
        id: u64 = Number,
        key: u64 = Number,
        at: Timestamp = Time,
        text: String = Text,
        note: Option<String> = MaybeText,
        maybe: Option<u64> = MaybeNumber,
        other: Option<u64> = MaybeNumber,
        flag: bool = Flag,
        sign: bool = Flag,
        value: i64 = Signed,
        cost: i64 = Signed,
        share: f64 = Float,
        name: String = Text,
        n1: u64 = Number,
        n2: u64 = Number,
        n3: u64 = Number,
        n4: u64 = Number,
        n5: u64 = Number,
        n6: u64 = Number,
        n7: u64 = Number,
    }
}
