//! Records of every leaf type, and values for them.

use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;
use runtime::row::{Datum, LeafType, Schema, SchemaBuilder, Shape};

use super::Rows;

/// The leaf types that files can hold, with the names of their fields.
pub(crate) const TYPES: [(&str, LeafType); 20] = [
    ("bool", LeafType::Bool),
    ("i8", LeafType::I8),
    ("i16", LeafType::I16),
    ("i32", LeafType::I32),
    ("i64", LeafType::I64),
    ("u8", LeafType::U8),
    ("u16", LeafType::U16),
    ("u32", LeafType::U32),
    ("u64", LeafType::U64),
    ("f32", LeafType::F32),
    ("f64", LeafType::F64),
    ("char", LeafType::Char),
    ("date", LeafType::Date),
    ("timestamp", LeafType::Timestamp),
    ("length", LeafType::TimeDelta),
    ("decimal_0", LeafType::Decimal(0)),
    ("decimal_2", LeafType::Decimal(2)),
    ("decimal_18", LeafType::Decimal(18)),
    ("text", LeafType::Text),
    ("bytes", LeafType::Bytes),
];

/// A record with each type, plain and as an `Option`, and with nested records.
pub(crate) fn everything() -> Schema {
    SchemaBuilder::build(|builder| {
        let mut fields: Vec<_> =
            TYPES.iter().map(|&(name, ty)| builder.field(name, |builder| builder.leaf(ty))).collect();
        let optional = TYPES.iter().map(|&(name, ty)| (&*Box::leak(format!("{name}_or_null").into_boxed_str()), ty));
        for (name, ty) in optional {
            fields.push(builder.field(name, |builder| builder.optional(|builder| builder.leaf(ty))));
        }
        fields.push(builder.field("home", |builder| {
            builder.optional(|builder| Shape::Record {
                name: "Home",
                fields: vec![
                    builder.field("zip", |builder| builder.optional(|builder| builder.leaf(LeafType::U32))),
                    builder.field("city", |builder| builder.leaf(LeafType::Text)),
                ],
            })
        }));
        fields.push(builder.field("pair", |builder| Shape::Record {
            name: "",
            fields: vec![
                builder.field("0", |builder| builder.leaf(LeafType::U8)),
                builder.field("1", |builder| builder.leaf(LeafType::Date)),
            ],
        }));
        Shape::Record { name: "Everything", fields }
    })
}

/// Any value of a leaf. Decimals have up to 18 digits.
fn datum(ty: LeafType) -> BoxedStrategy<Datum> {
    let masked = |bits: u32| any::<u128>().prop_map(move |value| Datum::Fixed(value >> (128 - bits)));
    match ty {
        LeafType::Bool | LeafType::Valid => (0..2_u128).prop_map(Datum::Fixed).boxed(),
        LeafType::Char => any::<char>().prop_map(|value| Datum::Fixed(u32::from(value).into())).boxed(),
        LeafType::F32 => {
            let values = prop_oneof![any::<f32>(), Just(f32::NAN), Just(f32::INFINITY), Just(-0.0)];
            values.prop_map(|value| Datum::Fixed(value.to_bits().into())).boxed()
        }
        LeafType::F64 => {
            let values = prop_oneof![any::<f64>(), Just(f64::NAN), Just(f64::NEG_INFINITY), Just(-0.0)];
            values.prop_map(|value| Datum::Fixed(value.to_bits().into())).boxed()
        }
        LeafType::Decimal(_) => {
            let limit = 999_999_999_999_999_999_i64;
            prop_oneof![-limit..=limit, -1000..1000_i64].prop_map(|value| Datum::Fixed((value as u64).into())).boxed()
        }
        LeafType::Text => {
            let texts = prop_oneof!["[a-c\"\n\r, ä]{0,30}", ".{0,20}", Just(String::new())];
            texts.prop_map(|text| Datum::Bytes(text.as_bytes().into())).boxed()
        }
        LeafType::Bytes => {
            proptest::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| Datum::Bytes(bytes.into())).boxed()
        }
        ty => masked(8 * ty.width() as u32).boxed(),
    }
}

/// Rows of a record. A null leaf has the value zero.
pub(crate) fn rows(schema: &Schema, count: std::ops::Range<usize>) -> impl Strategy<Value = Rows> + use<> {
    let leaves: Vec<_> = schema.leaves().to_vec();
    let row: Vec<_> = leaves.iter().map(|leaf| datum(leaf.ty)).collect();
    let row = row.prop_map(move |mut row| {
        for (index, leaf) in leaves.iter().enumerate() {
            if leaf.validity.is_some_and(|validity| row[validity].bits() == 0) {
                row[index] = Datum::zero(leaf.ty);
            }
        }
        row
    });
    proptest::collection::vec(row, count)
}
