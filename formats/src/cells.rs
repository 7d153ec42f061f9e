//! Writes the leaves of rows as text.

use super::values::{write_float, write_float32, write_hex, write_integer, write_unsigned};
use runtime::page::{LeafReader, Row, Strided, StridedBytes, StridedText};
use runtime::row::{LeafType, Tag};
use runtime::value::{Date, TimeDelta, Timestamp, decimal_text};

/// One leaf of a batch. Its type is matched once per batch when it is taken, and once per value
/// when it is written.
pub(super) enum Cell<'b> {
    Bool(Strided<'b, u8>),
    I8(Strided<'b, i8>),
    I16(Strided<'b, i16>),
    I32(Strided<'b, i32>),
    I64(Strided<'b, i64>),
    I128(Strided<'b, i128>),
    U8(Strided<'b, u8>),
    U16(Strided<'b, u16>),
    U32(Strided<'b, u32>),
    U64(Strided<'b, u64>),
    U128(Strided<'b, u128>),
    F32(Strided<'b, f32>),
    F64(Strided<'b, f64>),
    Char(Strided<'b, u32>),
    Date(Strided<'b, i32>),
    Timestamp(Strided<'b, i64>),
    TimeDelta(Strided<'b, i64>),
    Decimal(Strided<'b, i64>, u8),
    Text(StridedText<'b>),
    Bytes(StridedBytes<'b>),
    Valid(Strided<'b, u8>),
    /// A list is read from the batch by row, because its elements have many types.
    List,
    Tag(Strided<'b, u8>, &'static Tag),
}

/// Returns `true` if values of the type are written as one text.
pub(super) fn is_writable(ty: LeafType) -> bool {
    !matches!(ty, LeafType::List(_) | LeafType::Texts | LeafType::Items(_))
}

impl<'b> Cell<'b> {
    /// Takes the next leaf of a batch.
    pub(super) fn take(leaves: &mut LeafReader<'b>, ty: LeafType) -> Self {
        use LeafType as L;
        match ty {
            L::Bool => Cell::Bool(leaves.plain()),
            L::I8 => Cell::I8(leaves.plain()),
            L::I16 => Cell::I16(leaves.plain()),
            L::I32 => Cell::I32(leaves.plain()),
            L::I64 => Cell::I64(leaves.plain()),
            L::I128 => Cell::I128(leaves.plain()),
            L::U8 => Cell::U8(leaves.plain()),
            L::U16 => Cell::U16(leaves.plain()),
            L::U32 => Cell::U32(leaves.plain()),
            L::U64 => Cell::U64(leaves.plain()),
            L::U128 => Cell::U128(leaves.plain()),
            L::F32 => Cell::F32(leaves.plain()),
            L::F64 => Cell::F64(leaves.plain()),
            L::Char => Cell::Char(leaves.plain()),
            L::Date => Cell::Date(leaves.plain()),
            L::Timestamp => Cell::Timestamp(leaves.plain()),
            L::TimeDelta => Cell::TimeDelta(leaves.plain()),
            L::Decimal(scale) => Cell::Decimal(leaves.plain(), scale),
            L::Text => Cell::Text(leaves.text()),
            L::Bytes => Cell::Bytes(leaves.bytes()),
            L::Valid => Cell::Valid(leaves.plain()),
            L::Tag(tag) => Cell::Tag(leaves.plain(), tag),
            L::List(_) | L::Texts | L::Items(_) => {
                leaves.skip(1);
                Cell::List
            }
        }
    }

    /// Returns `false` if this is a validity leaf and the row's value is null.
    #[inline]
    pub(super) fn is_valid(&self, row: Row<'b>) -> bool {
        match self {
            Cell::Valid(valid) => valid.read(row) != 0,
            _ => true,
        }
    }

    /// Returns the text of a row, or the name of its variant. `None` if the leaf is neither a text
    /// nor a tag.
    #[inline]
    pub(super) fn text(&self, row: Row<'b>) -> Option<&'b str> {
        match self {
            Cell::Text(text) => Some(text.read(row)),
            Cell::Tag(leaf, tag) => Some(tag.variant(leaf.read(row))),
            _ => None,
        }
    }

    /// Writes the value of a row. Writes nothing for a list.
    #[inline]
    pub(super) fn write(&self, row: Row<'b>, out: &mut Vec<u8>) {
        match self {
            Cell::Bool(leaf) => out.extend_from_slice(if leaf.read(row) == 0 { b"false" } else { b"true" }),
            Cell::I8(leaf) => write_integer(out, leaf.read(row).into()),
            Cell::I16(leaf) => write_integer(out, leaf.read(row).into()),
            Cell::I32(leaf) => write_integer(out, leaf.read(row).into()),
            Cell::I64(leaf) => write_integer(out, leaf.read(row)),
            Cell::I128(leaf) => write_any(out, leaf.read(row)),
            Cell::U8(leaf) | Cell::Valid(leaf) => write_unsigned(out, leaf.read(row).into()),
            Cell::U16(leaf) => write_unsigned(out, leaf.read(row).into()),
            Cell::U32(leaf) => write_unsigned(out, leaf.read(row).into()),
            Cell::U64(leaf) => write_unsigned(out, leaf.read(row)),
            Cell::U128(leaf) => write_any(out, leaf.read(row)),
            Cell::F32(leaf) => write_float32(out, leaf.read(row)),
            Cell::F64(leaf) => write_float(out, leaf.read(row)),
            Cell::Char(leaf) => {
                let char = char::from_u32(leaf.read(row)).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Cell::Date(leaf) => out.extend_from_slice(Date::from_days(leaf.read(row)).text().as_bytes()),
            Cell::Timestamp(leaf) => out.extend_from_slice(Timestamp::from_micros(leaf.read(row)).text().as_bytes()),
            Cell::TimeDelta(leaf) => out.extend_from_slice(TimeDelta::from_micros(leaf.read(row)).text().as_bytes()),
            Cell::Decimal(leaf, scale) => out.extend_from_slice(decimal_text(leaf.read(row), *scale).as_bytes()),
            Cell::Text(leaf) => out.extend_from_slice(leaf.read(row).as_bytes()),
            Cell::Tag(leaf, tag) => out.extend_from_slice(tag.variant(leaf.read(row)).as_bytes()),
            Cell::Bytes(leaf) => write_hex(out, leaf.read(row)),
            Cell::List => {}
        }
    }
}

fn write_any(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    use std::io::Write as _;
    // Writing into a vector cannot fail.
    let _ = write!(out, "{value}");
}
