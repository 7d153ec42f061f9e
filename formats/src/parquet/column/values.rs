//! Values in the width of their leaf: of a dictionary, or of a batch.

use std::sync::Arc;

use arrow_array::types::{
    Date32Type, Decimal64Type, Float32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt32Type, UInt64Type,
};
use arrow_array::{ArrayRef, ArrowPrimitiveType, PrimitiveArray, StringViewArray};
use arrow_schema::{DataType, TimeUnit};
use parquet::basic::Type as PhysicalType;

use super::super::convert::LeafColumn;
use runtime::error::Result;
use runtime::page::{Columns, TextColumn, Utf8, look_up};
use runtime::row::{LeafType, Physical};

/// The values of one leaf.
pub(super) enum Values {
    W1(Vec<u8>),
    W2(Vec<u16>),
    W4(Vec<u32>),
    W8(Vec<u64>),
    Text(TextColumn),
}

impl Values {
    /// Creates an empty vector. Returns `None` for a leaf that is not decoded here.
    pub(super) fn of(ty: LeafType) -> Option<Self> {
        Some(match ty.physical() {
            Physical::W1 => Values::W1(Vec::new()),
            Physical::W2 => Values::W2(Vec::new()),
            Physical::W4 => Values::W4(Vec::new()),
            Physical::W8 => Values::W8(Vec::new()),
            Physical::Slot if ty == LeafType::Text => Values::Text(TextColumn::default()),
            Physical::W16 | Physical::Slot => return None,
        })
    }

    /// Returns the allocated bytes.
    pub(super) fn capacity_bytes(&self) -> usize {
        match self {
            Values::W1(values) => values.capacity(),
            Values::W2(values) => 2 * values.capacity(),
            Values::W4(values) => 4 * values.capacity(),
            Values::W8(values) => 8 * values.capacity(),
            Values::Text(texts) => texts.capacity_bytes(),
        }
    }

    /// Reserves space for `count` more values.
    pub(super) fn reserve(&mut self, count: usize) {
        match self {
            Values::W1(values) => values.reserve(count),
            Values::W2(values) => values.reserve(count),
            Values::W4(values) => values.reserve(count),
            Values::W8(values) => values.reserve(count),
            Values::Text(texts) => texts.reserve(count),
        }
    }

    /// Removes all but the first `count` values. The buffers of texts stay.
    pub(super) fn truncate(&mut self, count: usize) {
        match self {
            Values::W1(values) => values.truncate(count),
            Values::W2(values) => values.truncate(count),
            Values::W4(values) => values.truncate(count),
            Values::W8(values) => values.truncate(count),
            Values::Text(texts) => texts.truncate(count),
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Values::W1(values) => values.clear(),
            Values::W2(values) => values.clear(),
            Values::W4(values) => values.clear(),
            Values::W8(values) => values.clear(),
            Values::Text(texts) => texts.clear(),
        }
    }

    /// Appends the dictionary's values for `codes`. Returns `None` if a code is out of range.
    pub(super) fn look_up(&mut self, dictionary: &Values, codes: &[u32]) -> Option<()> {
        match (self, dictionary) {
            (Values::W1(out), Values::W1(values)) => look_up(values, codes, out),
            (Values::W2(out), Values::W2(values)) => look_up(values, codes, out),
            (Values::W4(out), Values::W4(values)) => look_up(values, codes, out),
            (Values::W8(out), Values::W8(values)) => look_up(values, codes, out),
            (Values::Text(out), Values::Text(texts)) => out.look_up(texts, codes),
            _ => None,
        }
    }

    /// Appends converted values: one for each nonzero entry of `present`, and the placeholder of a
    /// null for each zero. Returns `None` if the widths differ.
    pub(super) fn append(&mut self, held: &LeafColumn, present: Option<&[u32]>) -> Option<()> {
        match (self, held) {
            (Values::W1(out), LeafColumn::W1(values)) => spread(values, present, out),
            (Values::W2(out), LeafColumn::W2(values)) => spread(values, present, out),
            (Values::W4(out), LeafColumn::W4(values)) => spread(values, present, out),
            (Values::W8(out), LeafColumn::W8(values)) => spread(values, present, out),
            _ => return None,
        }
        Some(())
    }

    /// Appends the first `count` values of a page if their bytes are the same in the leaf. Returns
    /// `None` if they differ, or if the page has fewer values.
    pub(super) fn append_same(
        &mut self,
        (physical, data_type): (PhysicalType, &DataType),
        ty: LeafType,
        bytes: &[u8],
        count: usize,
    ) -> Option<()> {
        use DataType as D;
        match (self, data_type, ty) {
            (Values::W4(out), D::Int32, LeafType::I32)
            | (Values::W4(out), D::UInt32, LeafType::U32)
            | (Values::W4(out), D::Date32, LeafType::Date)
            | (Values::W4(out), D::Float32, LeafType::F32) => {
                out.extend(bytes.as_chunks().0.get(..count)?.iter().map(|&value| u32::from_le_bytes(value)));
            }
            (Values::W8(out), D::Int64, LeafType::I64)
            | (Values::W8(out), D::UInt64, LeafType::U64)
            | (Values::W8(out), D::Timestamp(TimeUnit::Microsecond, _), LeafType::Timestamp)
            | (Values::W8(out), D::Float64, LeafType::F64) => {
                out.extend(bytes.as_chunks().0.get(..count)?.iter().map(|&value| u64::from_le_bytes(value)));
            }
            (Values::W8(out), &D::Decimal64(_, scale), LeafType::Decimal(wanted))
                if scale as u8 == wanted && physical == PhysicalType::INT64 =>
            {
                out.extend(bytes.as_chunks().0.get(..count)?.iter().map(|&value| u64::from_le_bytes(value)));
            }
            _ => return None,
        }
        Some(())
    }

    /// Appends the placeholder of a null.
    pub(super) fn push_default(&mut self) {
        match self {
            Values::W1(values) => values.push(0),
            Values::W2(values) => values.push(0),
            Values::W4(values) => values.push(0),
            Values::W8(values) => values.push(0),
            Values::Text(texts) => texts.push_str(""),
        }
    }

    /// Adds the leaf to a batch.
    pub(super) fn push<'a>(&'a self, ty: LeafType, columns: &mut Columns<'a>) -> Result<()> {
        match self {
            Values::W1(values) => columns.plain(ty, values),
            Values::W2(values) => columns.plain(ty, values),
            Values::W4(values) => columns.plain(ty, values),
            Values::W8(values) => columns.plain(ty, values),
            Values::Text(texts) => columns.text(texts),
        }
    }
}

fn spread<T: Copy + Default>(values: &[T], present: Option<&[u32]>, out: &mut Vec<T>) {
    let Some(present) = present else { return out.extend_from_slice(values) };
    let mut values = values.iter();
    let value = |&present: &u32| if present == 0 { None } else { values.next() };
    out.extend(present.iter().map(value).map(|value| value.copied().unwrap_or_default()));
}

/// Returns the first `count` values of a page as an Arrow array. Returns `None` if the page has
/// fewer, or if the column is not decoded here.
pub(super) fn plain_array(
    physical: PhysicalType,
    data_type: &DataType,
    bytes: &[u8],
    count: usize,
) -> Option<ArrayRef> {
    use DataType as D;
    Some(match (physical, data_type) {
        (PhysicalType::INT32, D::Int32) => array::<Int32Type>(numbers(bytes, count, i32::from_le_bytes)?),
        (PhysicalType::INT32, D::UInt32) => array::<UInt32Type>(numbers(bytes, count, u32::from_le_bytes)?),
        (PhysicalType::INT32, D::Date32) => array::<Date32Type>(numbers(bytes, count, i32::from_le_bytes)?),
        (PhysicalType::INT32, &D::Decimal64(digits, scale)) => {
            decimals(numbers(bytes, count, |bytes| i32::from_le_bytes(bytes).into())?, digits, scale)?
        }
        (PhysicalType::INT64, D::Int64) => array::<Int64Type>(numbers(bytes, count, i64::from_le_bytes)?),
        (PhysicalType::INT64, D::UInt64) => array::<UInt64Type>(numbers(bytes, count, u64::from_le_bytes)?),
        (PhysicalType::INT64, D::Timestamp(unit, _)) => {
            let values = numbers(bytes, count, i64::from_le_bytes)?;
            match unit {
                TimeUnit::Second => array::<TimestampSecondType>(values),
                TimeUnit::Millisecond => array::<TimestampMillisecondType>(values),
                TimeUnit::Microsecond => array::<TimestampMicrosecondType>(values),
                TimeUnit::Nanosecond => array::<TimestampNanosecondType>(values),
            }
        }
        (PhysicalType::INT64, &D::Decimal64(digits, scale)) => {
            decimals(numbers(bytes, count, i64::from_le_bytes)?, digits, scale)?
        }
        (PhysicalType::FLOAT, D::Float32) => array::<Float32Type>(numbers(bytes, count, f32::from_le_bytes)?),
        (PhysicalType::DOUBLE, D::Float64) => array::<Float64Type>(numbers(bytes, count, f64::from_le_bytes)?),
        (PhysicalType::BYTE_ARRAY, D::Utf8View) => {
            let mut texts = PageTexts(bytes);
            Arc::new(
                (0..count)
                    .map(|_| texts.next())
                    .collect::<Option<Vec<_>>>()?
                    .into_iter()
                    .map(Some)
                    .collect::<StringViewArray>(),
            )
        }
        _ => return None,
    })
}

fn numbers<const WIDTH: usize, N>(bytes: &[u8], count: usize, of: impl Fn([u8; WIDTH]) -> N) -> Option<Vec<N>> {
    let (values, _) = bytes.as_chunks::<WIDTH>();
    Some(values.get(..count)?.iter().map(|&bytes| of(bytes)).collect())
}

fn array<T: ArrowPrimitiveType>(values: Vec<T::Native>) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::new(values.into(), None))
}

fn decimals(values: Vec<i64>, digits: u8, scale: i8) -> Option<ArrayRef> {
    let array = PrimitiveArray::<Decimal64Type>::new(values.into(), None);
    Some(Arc::new(array.with_precision_and_scale(digits, scale).ok()?))
}

/// The texts of a page, each after its length.
pub(super) struct PageTexts<'p>(pub(super) &'p [u8]);

impl<'p> Iterator for PageTexts<'p> {
    type Item = &'p str;

    /// Returns the next text, or `None` at the end and for bytes that are not UTF-8.
    fn next(&mut self) -> Option<&'p str> {
        let (length, rest) = self.0.split_first_chunk()?;
        let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        self.0 = rest;
        simdutf8::basic::from_utf8(text).ok()
    }
}

/// Appends the texts of a page in one buffer, and an empty text for each null of `levels`. Returns
/// the number of bytes read, or `None` if the page has fewer texts.
pub(super) fn plain_texts(body: &[u8], count: usize, levels: Option<&[u32]>, column: &mut TextColumn) -> Option<usize> {
    // A page with levels is read in small parts.
    let mut all = Vec::with_capacity(if levels.is_none() { body.len() } else { 0 });
    let mut ends = Vec::with_capacity(count.min(body.len()));
    let mut texts = PageTexts(body);
    for row in 0..count {
        if levels.is_none_or(|levels| levels[row] != 0) {
            all.extend_from_slice(texts.next()?.as_bytes());
        }
        ends.push(all.len());
    }
    column.add_buffer(Utf8::check(all.into()).ok()?);
    let mut start = 0;
    for end in ends {
        column.push_range(start..end);
        start = end;
    }
    Some(body.len() - texts.0.len())
}
