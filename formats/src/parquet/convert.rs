//! Converts Arrow arrays to leaves. If array and leaf have the same bytes, they are not copied.
//! Everything else is converted batch by batch.
//!
//! Null rows get the value zero, so that equal records have equal bytes.

mod decimals;
mod lists;
mod times;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, BinaryViewArray, StringViewArray};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};

use runtime::error::Result;
use runtime::page::{Columns, ListColumn, empty_where_null};
use runtime::row::{LeafType, Physical, Tag};

use decimals::decimals;
use lists::lists;
use times::{durations, times_of_day, timestamps};

pub(super) use lists::element_of;

/// One leaf of a batch. Keeps its values alive.
pub(super) enum LeafColumn {
    /// The leaf is not live.
    Dead,
    /// A validity leaf without a null.
    AllValid,
    W1(ScalarBuffer<u8>),
    W2(ScalarBuffer<u16>),
    W4(ScalarBuffer<u32>),
    W8(ScalarBuffer<u64>),
    Text(StringViewArray),
    Bytes(BinaryViewArray),
    List(ListColumn),
}

impl LeafColumn {
    /// Adds the leaf to a batch.
    pub(super) fn push<'a>(&'a self, ty: LeafType, columns: &mut Columns<'a>) -> Result<()> {
        match self {
            LeafColumn::Dead => columns.dead(ty),
            LeafColumn::AllValid => columns.all_valid(),
            LeafColumn::W1(values) => columns.plain(ty, values)?,
            LeafColumn::W2(values) => columns.plain(ty, values)?,
            LeafColumn::W4(values) => columns.plain(ty, values)?,
            LeafColumn::W8(values) => columns.plain(ty, values)?,
            LeafColumn::Text(array) => columns.arrow_text(array)?,
            LeafColumn::Bytes(array) => columns.arrow_bytes(array)?,
            LeafColumn::List(column) => columns.list(column)?,
        }
        Ok(())
    }

    /// Returns the bytes of plain values.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            LeafColumn::W1(values) => values.inner(),
            LeafColumn::W2(values) => values.inner(),
            LeafColumn::W4(values) => values.inner(),
            LeafColumn::W8(values) => values.inner(),
            _ => &[],
        }
    }
}

/// Checks that a column of an Arrow type can be read into a leaf.
///
/// # Errors
/// Fails with the reason. It is empty if "expected this, found that" is enough.
pub(super) fn is_readable(found: &DataType, ty: LeafType) -> Result<(), String> {
    use LeafType as L;
    let fits = match found {
        DataType::Int64 | DataType::Duration(_) if ty == L::TimeDelta => true,
        found if found.is_integer() => {
            matches!(ty, L::I8 | L::I16 | L::I32 | L::I64 | L::U8 | L::U16 | L::U32 | L::U64)
        }
        // Only nulls, which any `Option` can hold.
        DataType::Null => !matches!(ty, L::I128 | L::U128),
        DataType::Float16 | DataType::Float32 => matches!(ty, L::F32 | L::F64),
        DataType::Float64 => ty == L::F64,
        DataType::Boolean => ty == L::Bool,
        DataType::Date32 => ty == L::Date,
        DataType::Timestamp(..) => ty == L::Timestamp,
        DataType::Time32(TimeUnit::Millisecond) | DataType::Time64(_) => matches!(ty, L::I64 | L::U64),
        DataType::FixedSizeBinary(_) => ty == L::Bytes,
        DataType::Utf8 | DataType::Binary => matches!(ty, L::Text | L::Char | L::Bytes | L::Tag(_)),
        &DataType::Decimal128(precision, scale) | &DataType::Decimal256(precision, scale) => match ty {
            L::Decimal(_) if scale > 18 => {
                return Err(format!(
                    "expected {ty}, found a decimal of {precision} digits, {scale} of them after the point; a Decimal has at most 18"
                ));
            }
            L::Decimal(wanted) if scale > wanted as i8 => {
                return Err(format!(
                    "expected {ty}, found a decimal of {precision} digits, {scale} of them after the point, which would be cut; use \
                     Decimal<{scale}>"
                ));
            }
            _ => matches!(ty, L::Decimal(_)) && scale >= 0,
        },
        _ => false,
    };
    if fits { Ok(()) } else { Err(String::new()) }
}

/// The converted leaf, or the row of a bad value and the reason.
pub(super) type Converted = Result<LeafColumn, (usize, String)>;

/// Converts an array. `nulls` are those of the array and of everything around it.
pub(super) fn leaf(array: &ArrayRef, ty: LeafType, nulls: Option<&NullBuffer>) -> Converted {
    use LeafType as L;
    match (array.data_type(), ty) {
        (DataType::Float32, L::F32) => Ok(LeafColumn::W4(reinterpret::<Float32Type, u32>(array, nulls))),
        (DataType::Float64, L::F64) => Ok(LeafColumn::W8(reinterpret::<Float64Type, u64>(array, nulls))),
        (DataType::Float32, L::F64) => {
            let values = valid_values::<Float32Type>(array, nulls);
            Ok(LeafColumn::W8(values.iter().map(|&value| f64::from(value).to_bits()).collect()))
        }
        (DataType::Null, ty) => Ok(null_placeholders(array.len(), ty)),
        (DataType::Float16, L::F32 | L::F64) => {
            let values = valid_values::<Float16Type>(array, nulls);
            Ok(match ty {
                L::F32 => LeafColumn::W4(values.iter().map(|value| value.to_f32().to_bits()).collect()),
                _ => LeafColumn::W8(values.iter().map(|value| value.to_f64().to_bits()).collect()),
            })
        }
        (DataType::Boolean, L::Bool) => {
            let values = array.as_boolean().values();
            let values = nulls.map_or_else(|| values.clone(), |nulls| values & nulls.inner());
            Ok(LeafColumn::W1(expand(&values)))
        }
        (DataType::Date32, L::Date) => Ok(LeafColumn::W4(reinterpret::<Date32Type, u32>(array, nulls))),
        (
            DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale),
            L::Decimal(wanted),
        ) => decimals(array, 10_i64.pow(wanted.saturating_sub(*scale as u8).into()), ty, nulls),
        (DataType::Time32(_) | DataType::Time64(_), _) => times_of_day(array, nulls),
        (DataType::FixedSizeBinary(_), L::Bytes) => Ok(fixed_bytes(array, nulls)),
        (DataType::Timestamp(unit, _), L::Timestamp) => timestamps(array, *unit, nulls),
        (DataType::Duration(unit), L::TimeDelta) => durations(array, *unit, nulls),
        (DataType::Utf8View | DataType::BinaryView, L::Text | L::Char | L::Bytes | L::Tag(_)) => {
            texts(array, ty, nulls)
        }
        (found, ty) if found.is_integer() => integers(array, ty, nulls),
        (DataType::List(_), ty) if let Some(element) = element_of(ty) => lists(array, ty, element, nulls),
        (found, ty) => Err((0, format!("expected {ty}, found {found}"))),
    }
}

/// Returns the validity leaf.
pub(super) fn validity(nulls: Option<&NullBuffer>) -> LeafColumn {
    match nulls.filter(|nulls| nulls.null_count() > 0) {
        Some(nulls) => LeafColumn::W1(expand(nulls.inner())),
        None => LeafColumn::AllValid,
    }
}

/// Expands each bit to a byte, eight at a time.
fn expand(bits: &BooleanBuffer) -> ScalarBuffer<u8> {
    let mut bytes = Vec::with_capacity(bits.len().next_multiple_of(64));
    for word in bits.bit_chunks().iter_padded() {
        for eight in word.to_le_bytes() {
            // Byte `i` keeps only bit `i`, and carries it into its highest bit.
            let spread = (u64::from(eight) * 0x0101_0101_0101_0101) & 0x8040_2010_0804_0201;
            let ones = (spread + 0x7f7f_7f7f_7f7f_7f7f) >> 7 & 0x0101_0101_0101_0101;
            bytes.extend_from_slice(&ones.to_le_bytes());
        }
    }
    bytes.truncate(bits.len());
    bytes.into()
}

/// Returns the values of an array, with zero for nulls.
fn valid_values<T: ArrowPrimitiveType>(array: &ArrayRef, nulls: Option<&NullBuffer>) -> ScalarBuffer<T::Native> {
    let values = array.as_primitive::<T>().values();
    match nulls.filter(|nulls| nulls.null_count() > 0) {
        None => values.clone(),
        Some(nulls) => {
            let keep = |(&value, &valid): (&T::Native, &u8)| if valid == 1 { value } else { T::Native::default() };
            // As bytes, so that the choice compiles to vector instructions.
            values.iter().zip(expand(nulls.inner()).iter()).map(keep).collect()
        }
    }
}

/// Returns the values of an array as numbers of the same width.
fn reinterpret<T: ArrowPrimitiveType, N: ArrowNativeType>(
    array: &ArrayRef,
    nulls: Option<&NullBuffer>,
) -> ScalarBuffer<N> {
    recast(valid_values::<T>(array, nulls))
}

fn recast<F: ArrowNativeType, T: ArrowNativeType>(values: ScalarBuffer<F>) -> ScalarBuffer<T> {
    let length = values.len();
    ScalarBuffer::new(values.into_inner(), 0, length)
}

fn each<F: Copy>(values: &[F], convert: impl Fn(F) -> Option<i64>, wrong: impl Fn(F) -> String) -> Converted {
    let convert =
        |(row, &value): (usize, &F)| convert(value).map(|value| value as u64).ok_or_else(|| (row, wrong(value)));
    let values: Result<Vec<u64>, _> = values.iter().enumerate().map(convert).collect();
    values.map(|values| LeafColumn::W8(values.into()))
}

fn scaled(values: ScalarBuffer<i64>, factor: i64, ty: LeafType) -> Converted {
    if factor == 1 {
        return Ok(LeafColumn::W8(recast(values)));
    }
    let wrong =
        |value| format!("expected {ty}, found the value {value} before scaling by {factor}, which is too large");
    each(&values, |value| value.checked_mul(factor), wrong)
}

/// Converts byte strings of one length, such as UUIDs.
fn fixed_bytes(array: &ArrayRef, nulls: Option<&NullBuffer>) -> LeafColumn {
    let (values, mut column) = (array.as_fixed_size_binary(), ListColumn::new(LeafType::Bytes));
    for row in 0..values.len() {
        let is_null = nulls.is_some_and(|nulls| nulls.is_null(row));
        column.push(if is_null { &[] } else { values.value(row) });
    }
    LeafColumn::List(column)
}

/// Returns a leaf of placeholders of nulls.
fn null_placeholders(rows: usize, ty: LeafType) -> LeafColumn {
    match ty.physical() {
        Physical::W1 => LeafColumn::W1(std::iter::repeat_n(0, rows).collect()),
        Physical::W2 => LeafColumn::W2(std::iter::repeat_n(0, rows).collect()),
        Physical::W4 => LeafColumn::W4(std::iter::repeat_n(0, rows).collect()),
        Physical::W8 | Physical::W16 => LeafColumn::W8(std::iter::repeat_n(0, rows).collect()),
        Physical::Slot if ty == LeafType::Text => LeafColumn::Text(std::iter::repeat_n(Some(""), rows).collect()),
        Physical::Slot => {
            let mut column = ListColumn::new(ty);
            (0..rows).for_each(|_| column.push(&[]));
            LeafColumn::List(column)
        }
    }
}

fn texts(array: &ArrayRef, ty: LeafType, nulls: Option<&NullBuffer>) -> Converted {
    let bytes = match array.data_type() {
        DataType::Utf8View if ty != LeafType::Bytes => None,
        DataType::Utf8View => Some(array.as_string_view().clone().to_binary_view()),
        _ => Some(array.as_binary_view().clone()),
    };
    let bytes = bytes.map(|bytes| empty_where_null(&bytes, nulls));
    let text = match bytes {
        Some(bytes) if ty == LeafType::Bytes => return Ok(LeafColumn::Bytes(bytes)),
        // These bytes may be no text. Null rows may have any bytes, so they were emptied before.
        Some(bytes) => bytes.to_string_view().map_err(|error| (0, format!("expected UTF-8: {error}")))?,
        None => empty_where_null(array.as_string_view(), nulls),
    };
    match ty {
        LeafType::Char => chars(&text, nulls),
        LeafType::Tag(tag) => tags(&text, tag, nulls),
        _ => Ok(LeafColumn::Text(text)),
    }
}

fn chars(texts: &StringViewArray, nulls: Option<&NullBuffer>) -> Converted {
    let char_of = |row: usize| {
        let text = texts.value(row);
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            _ if nulls.is_some_and(|nulls| nulls.is_null(row)) => Ok(0),
            (Some(char), None) => Ok(u32::from(char)),
            _ => Err((row, format!("expected char, found `{text}`"))),
        }
    };
    let chars: Result<Vec<u32>, _> = (0..texts.len()).map(char_of).collect();
    chars.map(|chars| LeafColumn::W4(chars.into()))
}

fn tags(texts: &StringViewArray, tag: &Tag, nulls: Option<&NullBuffer>) -> Converted {
    let tag_of = |row: usize| {
        let name = texts.value(row);
        match tag.find(name.as_bytes()) {
            _ if nulls.is_some_and(|nulls| nulls.is_null(row)) => Ok(0),
            Some(found) => Ok(found),
            None => Err((row, format!("expected {}, found `{name:.40}`", tag.expected()))),
        }
    };
    let tags: Result<Vec<u8>, _> = (0..texts.len()).map(tag_of).collect();
    tags.map(|tags| LeafColumn::W1(tags.into()))
}

/// Converts integers of any width and sign. Each value is checked if the column's range exceeds the
/// leaf's.
fn integers(array: &ArrayRef, ty: LeafType, nulls: Option<&NullBuffer>) -> Converted {
    match array.data_type() {
        DataType::Int8 => integers_of::<Int8Type>(array, ty, nulls),
        DataType::Int16 => integers_of::<Int16Type>(array, ty, nulls),
        DataType::Int32 => integers_of::<Int32Type>(array, ty, nulls),
        DataType::Int64 => integers_of::<Int64Type>(array, ty, nulls),
        DataType::UInt8 => integers_of::<UInt8Type>(array, ty, nulls),
        DataType::UInt16 => integers_of::<UInt16Type>(array, ty, nulls),
        DataType::UInt32 => integers_of::<UInt32Type>(array, ty, nulls),
        _ => integers_of::<UInt64Type>(array, ty, nulls),
    }
}

fn integers_of<T: ArrowPrimitiveType>(array: &ArrayRef, ty: LeafType, nulls: Option<&NullBuffer>) -> Converted
where
    T::Native: Into<i128>,
{
    let values = valid_values::<T>(array, nulls);
    let (low, high) = range(ty);
    // This pass compiles to vector code. The bad value is only read if there is one.
    let fits = |value: T::Native| (low..=high).contains(&value.into());
    let (file_low, file_high) = range_of(array.data_type());
    if (file_low < low || file_high > high)
        && let Some(row) = values.iter().position(|&value| !fits(value))
    {
        let value: i128 = values[row].into();
        return Err((row, format!("expected {ty}, found {value}")));
    }
    let width = ty.physical();
    if width.width() == size_of::<T::Native>() {
        return Ok(match width {
            Physical::W1 => LeafColumn::W1(recast(values)),
            Physical::W2 => LeafColumn::W2(recast(values)),
            Physical::W4 => LeafColumn::W4(recast(values)),
            _ => LeafColumn::W8(recast(values)),
        });
    }
    let wide = values.iter().map(|&value| -> i128 { value.into() });
    Ok(match width {
        Physical::W1 => LeafColumn::W1(wide.map(|value| value as u8).collect()),
        Physical::W2 => LeafColumn::W2(wide.map(|value| value as u16).collect()),
        Physical::W4 => LeafColumn::W4(wide.map(|value| value as u32).collect()),
        _ => LeafColumn::W8(wide.map(|value| value as u64).collect()),
    })
}

fn range(ty: LeafType) -> (i128, i128) {
    let bits = 8 * ty.width() as u32;
    match ty {
        LeafType::U8 | LeafType::U16 | LeafType::U32 | LeafType::U64 => (0, (1 << bits) - 1),
        _ => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
    }
}

fn range_of(found: &DataType) -> (i128, i128) {
    range(match found {
        DataType::Int8 => LeafType::I8,
        DataType::Int16 => LeafType::I16,
        DataType::Int32 => LeafType::I32,
        DataType::UInt8 => LeafType::U8,
        DataType::UInt16 => LeafType::U16,
        DataType::UInt32 => LeafType::U32,
        DataType::UInt64 => LeafType::U64,
        _ => LeafType::I64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_at_any_offset_become_bytes() {
        let bits: BooleanBuffer = (0..300).map(|bit| bit % 3 == 0 || bit % 7 == 2).collect();
        for (offset, length) in [(0, 300), (3, 130), (64, 64), (9, 0), (1, 299)] {
            let slice = bits.slice(offset, length);
            let expected: Vec<u8> = slice.iter().map(u8::from).collect();
            assert_eq!(expand(&slice).to_vec(), expected, "{length} bits from {offset}");
        }
    }
}
