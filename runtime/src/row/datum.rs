//! Boxed values of leaves.

mod shown;

use std::cmp::Ordering;
use std::fmt::Write as _;

use super::LeafType;
use shown::show_items;

use crate::value::{Date, Texts, TimeDelta, Timestamp, write_decimal};
pub use shown::{ShownLeaves, show_shape};

/// The value of one leaf, of whatever type: the bits of a plain value, or the bytes of a text or
/// list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Datum {
    /// A plain value's little-endian bits, zero-extended.
    Fixed(u128),
    /// A text's, byte string's or list's bytes.
    Bytes(Box<[u8]>),
}

impl Datum {
    /// The value of a dead or null leaf.
    #[must_use]
    pub fn zero(ty: LeafType) -> Self {
        match ty.physical() {
            super::Physical::Slot => Datum::Bytes(Box::default()),
            _ => Datum::Fixed(0),
        }
    }

    /// The bits of a plain value. Zero for bytes.
    #[must_use]
    pub fn bits(&self) -> u128 {
        match self {
            Datum::Fixed(bits) => *bits,
            Datum::Bytes(_) => 0,
        }
    }

    /// The bytes of a text or list. Empty for a plain value.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Datum::Fixed(_) => &[],
            Datum::Bytes(bytes) => bytes,
        }
    }

    /// Returns `true` if it is a value of this type in canonical form. Equal values have equal
    /// canonical forms.
    pub(crate) fn is_canonical(&self, ty: LeafType) -> bool {
        use LeafType as L;
        match (ty, self) {
            (L::Text, Datum::Bytes(bytes)) => simdutf8::basic::from_utf8(bytes).is_ok(),
            (L::Texts, Datum::Bytes(bytes)) => Texts::are_stored(bytes),
            (L::Items(items), Datum::Bytes(bytes)) => items.are_stored(bytes),
            (L::Char, Datum::Fixed(bits)) => u32::try_from(*bits).ok().and_then(char::from_u32).is_some(),
            (L::List(element), Datum::Bytes(bytes)) => bytes.len().is_multiple_of(element.width()),
            (ty, Datum::Bytes(_)) => ty.physical() == super::Physical::Slot,
            (ty, Datum::Fixed(_)) => ty.physical() != super::Physical::Slot,
        }
    }
}

/// Compares two values of one leaf. Numbers are compared by value, and floats in total order (NaN
/// last, -0 = 0). Texts are compared by bytes, and lists element by element.
#[must_use]
pub fn compare_leaf(ty: LeafType, left: &Datum, right: &Datum) -> Ordering {
    match ty.physical() {
        super::Physical::Slot => compare_bytes(ty, left.bytes(), right.bytes()),
        _ => compare_bits(ty, left.bits(), right.bits()),
    }
}

/// As [`compare_leaf`], for the values of two slots.
pub(super) fn compare_bytes(ty: LeafType, left: &[u8], right: &[u8]) -> Ordering {
    match ty {
        LeafType::Texts => Texts::stored(left).iter().cmp(Texts::stored(right).iter()),
        LeafType::Items(items) => items.compare(left, right),
        LeafType::List(element) => {
            let (parts, others) = (left.chunks_exact(element.width()), right.chunks_exact(element.width()));
            parts
                .zip(others)
                .map(|(l, r)| compare_bits(element.leaf(), zero_extended(l), zero_extended(r)))
                .find(|order| order.is_ne())
                .unwrap_or_else(|| left.len().cmp(&right.len()))
        }
        _ => left.cmp(right),
    }
}

fn zero_extended(bytes: &[u8]) -> u128 {
    let mut wide = [0; 16];
    wide[..bytes.len()].copy_from_slice(bytes);
    u128::from_le_bytes(wide)
}

/// As [`compare_leaf`], for the bits of two plain values.
pub(super) fn compare_bits(ty: LeafType, left: u128, right: u128) -> Ordering {
    use LeafType as L;
    let float = |value: f64| {
        if value == 0.0 {
            0.0
        } else if value.is_nan() {
            f64::NAN.copysign(1.0)
        } else {
            value
        }
    };
    match ty {
        L::I8 => (left as i8).cmp(&(right as i8)),
        L::I16 => (left as i16).cmp(&(right as i16)),
        L::I32 | L::Date => (left as i32).cmp(&(right as i32)),
        L::I64 | L::Timestamp | L::TimeDelta | L::Decimal(_) => (left as i64).cmp(&(right as i64)),
        L::I128 => (left as i128).cmp(&(right as i128)),
        L::F32 => {
            let value = |bits: u128| float(f64::from(f32::from_bits(bits as u32)));
            value(left).total_cmp(&value(right))
        }
        L::F64 => float(f64::from_bits(left as u64)).total_cmp(&float(f64::from_bits(right as u64))),
        _ => left.cmp(&right),
    }
}

/// Appends a value in readable form, as in CSV. Texts have no quotes.
pub fn show_leaf(ty: LeafType, value: &Datum, out: &mut String) {
    use LeafType as L;
    let bits = value.bits();
    // Writing into a `String` cannot fail.
    let _ = match ty {
        L::Bool => write!(out, "{}", bits != 0),
        L::I8 => write!(out, "{}", bits as i8),
        L::I16 => write!(out, "{}", bits as i16),
        L::I32 => write!(out, "{}", bits as i32),
        L::I64 => write!(out, "{}", bits as i64),
        L::I128 => write!(out, "{}", bits as i128),
        L::U8 | L::U16 | L::U32 | L::U64 | L::U128 | L::Valid => write!(out, "{bits}"),
        L::Tag(tag) => write!(out, "{}", tag.variant(bits as u8)),
        L::F32 => write!(out, "{}", f32::from_bits(bits as u32)),
        L::F64 => write!(out, "{}", f64::from_bits(bits as u64)),
        L::Char => write!(out, "{}", char::from_u32(bits as u32).unwrap_or(char::REPLACEMENT_CHARACTER)),
        L::Date => write!(out, "{}", Date::from_days(bits as i32)),
        L::Timestamp => write!(out, "{}", Timestamp::from_micros(bits as i64)),
        L::TimeDelta => write!(out, "{}", TimeDelta::from_micros(bits as i64)),
        L::Decimal(scale) => write_decimal(out, bits as i64, scale),
        L::Text => write!(out, "{}", String::from_utf8_lossy(value.bytes())),
        L::Bytes => value.bytes().iter().try_for_each(|byte| write!(out, "{byte:02x}")),
        L::Texts => write!(out, "{:?}", Texts::stored(value.bytes())),
        L::Items(items) => {
            show_items(items, value.bytes(), out);
            Ok(())
        }
        L::List(element) => {
            out.push('[');
            for (index, part) in value.bytes().chunks_exact(element.width()).enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                show_leaf(element.leaf(), &Datum::Fixed(zero_extended(part)), out);
            }
            out.push(']');
            Ok(())
        }
    };
}
