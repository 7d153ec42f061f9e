//! Builds Arrow arrays from leaves.

mod items;
mod lists;

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, StringBuilder};
use arrow_array::types::{Date32Type, Decimal64Type, TimestampMicrosecondType};
use arrow_array::{ArrayRef, BooleanArray, PrimitiveArray, StructArray};
use arrow_array::{
    Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, UInt8Array, UInt16Array, UInt32Array,
    UInt64Array,
};
use arrow_buffer::{BooleanBuffer, NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field, Fields, TimeUnit};

use crate::enums::refused_enum;
use runtime::error::{Error, Result};
use runtime::page::{Input, LeafReader, Plain, RowIds, Strided};
use runtime::row::{LeafType, Schema, Shape, Tag};

use items::{ItemsValues, items_type};
use lists::{Lists, list_type};

/// Digits of a decimal in 64 bits.
const DECIMAL_DIGITS: u8 = 18;

/// The name of a list's elements in the file.
const ELEMENT: &str = "element";

/// The values of one leaf.
pub(super) enum LeafValues {
    Bool(Vec<u8>),
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    Date(Vec<i32>),
    Timestamp(Vec<i64>),
    Decimal(Vec<i64>, u8),
    Char(Vec<u32>),
    Text(Box<StringBuilder>),
    Bytes(Box<BinaryBuilder>),
    Valid(Vec<u8>),
    Tag(Vec<u8>, &'static Tag),
    Lists(Lists),
    Items(Box<ItemsValues>),
}

impl LeafValues {
    /// Creates an empty vector. Returns `None` for a type that has no column type.
    pub(super) fn new(ty: LeafType) -> Option<Self> {
        use LeafType as L;
        Some(match ty {
            L::Bool => LeafValues::Bool(Vec::new()),
            L::I8 => LeafValues::I8(Vec::new()),
            L::I16 => LeafValues::I16(Vec::new()),
            L::I32 => LeafValues::I32(Vec::new()),
            // Parquet has no type for durations. They are stored as microseconds.
            L::I64 | L::TimeDelta => LeafValues::I64(Vec::new()),
            L::U8 => LeafValues::U8(Vec::new()),
            L::U16 => LeafValues::U16(Vec::new()),
            L::U32 => LeafValues::U32(Vec::new()),
            L::U64 => LeafValues::U64(Vec::new()),
            L::F32 => LeafValues::F32(Vec::new()),
            L::F64 => LeafValues::F64(Vec::new()),
            L::Date => LeafValues::Date(Vec::new()),
            L::Timestamp => LeafValues::Timestamp(Vec::new()),
            L::Decimal(scale) => LeafValues::Decimal(Vec::new(), scale),
            L::Char => LeafValues::Char(Vec::new()),
            L::Text => LeafValues::Text(Box::default()),
            L::Bytes => LeafValues::Bytes(Box::default()),
            L::Valid => LeafValues::Valid(Vec::new()),
            L::Tag(tag) => LeafValues::Tag(Vec::new(), tag),
            L::List(_) | L::Texts => LeafValues::Lists(Lists::new(ty)?),
            L::Items(items) => LeafValues::Items(Box::new(ItemsValues::new(items)?)),
            L::I128 | L::U128 => return None,
        })
    }

    /// Adds the next leaf of some rows.
    pub(super) fn extend<'b>(&mut self, leaves: &mut LeafReader<'b>, rows: RowIds<'b>) {
        match self {
            LeafValues::Bool(out) | LeafValues::U8(out) | LeafValues::Valid(out) | LeafValues::Tag(out, _) => {
                read(leaves.plain(), rows, out);
            }
            LeafValues::I8(out) => read(leaves.plain(), rows, out),
            LeafValues::I16(out) => read(leaves.plain(), rows, out),
            LeafValues::I32(out) | LeafValues::Date(out) => read(leaves.plain(), rows, out),
            LeafValues::I64(out) | LeafValues::Timestamp(out) | LeafValues::Decimal(out, _) => {
                read(leaves.plain(), rows, out)
            }
            LeafValues::U16(out) => read(leaves.plain(), rows, out),
            LeafValues::U32(out) | LeafValues::Char(out) => read(leaves.plain(), rows, out),
            LeafValues::U64(out) => read(leaves.plain(), rows, out),
            LeafValues::F32(out) => read(leaves.plain(), rows, out),
            LeafValues::F64(out) => read(leaves.plain(), rows, out),
            LeafValues::Text(out) => {
                let leaf = leaves.text();
                (0..rows.len()).for_each(|position| out.append_value(leaf.read(rows.get(position))));
            }
            LeafValues::Bytes(out) => {
                let leaf = leaves.bytes();
                (0..rows.len()).for_each(|position| out.append_value(leaf.read(rows.get(position))));
            }
            // Lists are read from the batch, because their elements have many types.
            LeafValues::Lists(_) | LeafValues::Items(_) => leaves.skip(1),
        }
    }

    /// Adds a leaf of lists of some rows.
    pub(super) fn extend_lists(&mut self, leaf: usize, input: &Input<'_>) {
        match self {
            LeafValues::Lists(lists) => lists.extend(leaf, input),
            LeafValues::Items(lists) => lists.extend(leaf, input),
            _ => {}
        }
    }

    /// Adds a text.
    fn push_text(&mut self, text: &str) {
        if let LeafValues::Text(out) = self {
            out.append_value(text);
        }
    }

    /// Returns the bytes of texts, byte strings and lists.
    pub(super) fn text_bytes(&self) -> usize {
        match self {
            LeafValues::Text(out) => out.values_slice().len(),
            LeafValues::Bytes(out) => out.values_slice().len(),
            LeafValues::Lists(lists) => lists.bytes(),
            LeafValues::Items(lists) => lists.bytes(),
            _ => 0,
        }
    }

    /// Takes the values as an array. Values of null rows are in it, but are not written.
    pub(super) fn take(&mut self, nulls: Option<NullBuffer>) -> Result<ArrayRef, String> {
        use std::mem::take;
        Ok(match self {
            LeafValues::Bool(values) | LeafValues::Valid(values) => {
                Arc::new(BooleanArray::new(bits(&take(values)), nulls))
            }
            LeafValues::I8(values) => Arc::new(Int8Array::new(take(values).into(), nulls)),
            LeafValues::I16(values) => Arc::new(Int16Array::new(take(values).into(), nulls)),
            LeafValues::I32(values) => Arc::new(Int32Array::new(take(values).into(), nulls)),
            LeafValues::I64(values) => Arc::new(Int64Array::new(take(values).into(), nulls)),
            LeafValues::U8(values) => Arc::new(UInt8Array::new(take(values).into(), nulls)),
            LeafValues::U16(values) => Arc::new(UInt16Array::new(take(values).into(), nulls)),
            LeafValues::U32(values) => Arc::new(UInt32Array::new(take(values).into(), nulls)),
            LeafValues::U64(values) => Arc::new(UInt64Array::new(take(values).into(), nulls)),
            LeafValues::F32(values) => Arc::new(Float32Array::new(take(values).into(), nulls)),
            LeafValues::F64(values) => Arc::new(Float64Array::new(take(values).into(), nulls)),
            LeafValues::Date(values) => Arc::new(PrimitiveArray::<Date32Type>::new(take(values).into(), nulls)),
            LeafValues::Timestamp(values) => Arc::new(
                PrimitiveArray::<TimestampMicrosecondType>::new(take(values).into(), nulls).with_timezone("UTC"),
            ),
            LeafValues::Decimal(values, scale) => decimals(take(values), *scale, nulls)?,
            LeafValues::Char(values) => {
                let text = |value: u32| char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER).to_string();
                let texts = take(values).into_iter().map(text);
                Arc::new(with_nulls(arrow_array::StringArray::from_iter_values(texts), nulls)?)
            }
            LeafValues::Tag(tags, tag) => {
                let names = take(tags).into_iter().map(|value| tag.variant(value));
                Arc::new(with_nulls(arrow_array::StringArray::from_iter_values(names), nulls)?)
            }
            LeafValues::Text(builder) => Arc::new(with_nulls(builder.finish(), nulls)?),
            LeafValues::Bytes(builder) => Arc::new(with_nulls(builder.finish(), nulls)?),
            LeafValues::Lists(lists) => lists.take(nulls)?,
            LeafValues::Items(lists) => lists.take(nulls)?,
        })
    }
}

/// Adds all leaves of some rows.
pub(super) fn extend_all(values: &mut [LeafValues], input: &Input<'_>) {
    input.visit(|mut leaves, rows| values.iter_mut().for_each(|values| values.extend(&mut leaves, rows)));
    values.iter_mut().enumerate().for_each(|(leaf, values)| values.extend_lists(leaf, input));
}

fn read<'b, P: Plain>(leaf: Strided<'b, P>, rows: RowIds<'b>, out: &mut Vec<P>) {
    out.extend((0..rows.len()).map(|position| leaf.read(rows.get(position))));
}

fn bits(bytes: &[u8]) -> BooleanBuffer {
    BooleanBuffer::collect_bool(bytes.len(), |row| bytes[row] != 0)
}

/// Returns the offsets of lists from their ends.
fn offsets(ends: &[usize]) -> Result<OffsetBuffer<i32>, String> {
    let offsets = std::iter::once(&0).chain(ends).map(|&end| i32::try_from(end)).collect::<Result<Vec<i32>, _>>();
    let offsets = offsets.map_err(|_| "the lists of a few records have more than 2^31 values".to_owned())?;
    Ok(OffsetBuffer::new(offsets.into()))
}

fn decimals(values: Vec<i64>, scale: u8, nulls: Option<NullBuffer>) -> Result<ArrayRef, String> {
    let limit = 10_u64.pow(DECIMAL_DIGITS.into());
    let is_valid = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
    let beyond = values.iter().enumerate().find(|&(row, value)| value.unsigned_abs() >= limit && is_valid(row));
    if let Some((_, value)) = beyond {
        return Err(format!("the value {value} / 10^{scale} has more than {DECIMAL_DIGITS} digits"));
    }
    let array = PrimitiveArray::<Decimal64Type>::new(values.into(), nulls);
    let array = array.with_precision_and_scale(DECIMAL_DIGITS, scale as i8).map_err(|error| error.to_string())?;
    Ok(Arc::new(array))
}

fn with_nulls<T: arrow_array::types::ByteArrayType>(
    array: arrow_array::GenericByteArray<T>,
    nulls: Option<NullBuffer>,
) -> Result<arrow_array::GenericByteArray<T>, String> {
    let (offsets, values, _) = array.into_parts();
    arrow_array::GenericByteArray::try_new(offsets, values, nulls).map_err(|error| error.to_string())
}

/// Returns the columns of a record.
///
/// # Errors
/// [`Error::Plan`] with the field and the reason if a field has no column type.
pub(super) fn fields(schema: &Schema) -> Result<Fields> {
    match schema.shape() {
        Shape::Record { .. } => group(schema, schema.shape(), ""),
        shape => Ok(vec![field(schema, "value", shape, "value")?].into()),
    }
}

fn group(schema: &Schema, shape: &Shape, path: &str) -> Result<Fields> {
    let Shape::Record { fields, .. } = shape else {
        return Ok(Fields::empty());
    };
    if fields.is_empty() {
        return Err(refused(path, "it is a record without fields; leave it out"));
    }
    let inner = |part: &runtime::row::Field| {
        let path = if path.is_empty() { part.name.to_owned() } else { format!("{path}.{}", part.name) };
        field(schema, part.name, &part.shape, &path)
    };
    fields.iter().map(inner).collect()
}

/// Returns the column of a field; `path` is its path in the record.
///
/// # Errors
/// As [`fields`].
fn field(schema: &Schema, name: &str, shape: &Shape, path: &str) -> Result<Field> {
    let (nullable, shape) = match shape {
        Shape::Optional(_, inner) => (true, &**inner),
        shape => (false, shape),
    };
    let data_type = match shape {
        Shape::Leaf(leaf) if let LeafType::Items(items) = schema.leaves()[*leaf].ty => items_type(items, path)?,
        Shape::Leaf(leaf) => data_type(schema.leaves()[*leaf].ty).map_err(|reason| refused(path, &reason))?,
        Shape::Optional(..) => {
            return Err(refused(path, "an Option in an Option cannot be told from one; use one Option"));
        }
        Shape::Record { .. } => DataType::Struct(group(schema, shape, path)?),
        Shape::Enum { tag, .. } => {
            return Err(Error::Plan(format!("cannot write Parquet: {}", refused_enum(schema, *tag, "Parquet"))));
        }
    };
    Ok(Field::new(name, data_type, nullable))
}

/// Returns the error for a field that has no column type.
fn refused(path: &str, reason: &str) -> Error {
    Error::Plan(format!("cannot write Parquet: the field `{path}`: {reason}"))
}

fn data_type(ty: LeafType) -> Result<DataType, String> {
    use LeafType as L;
    Ok(match ty {
        L::Bool | L::Valid => DataType::Boolean,
        L::I8 => DataType::Int8,
        L::I16 => DataType::Int16,
        L::I32 => DataType::Int32,
        L::I64 | L::TimeDelta => DataType::Int64,
        L::U8 => DataType::UInt8,
        L::U16 => DataType::UInt16,
        L::U32 => DataType::UInt32,
        L::U64 => DataType::UInt64,
        L::F32 => DataType::Float32,
        L::F64 => DataType::Float64,
        L::Char | L::Text | L::Tag(_) => DataType::Utf8,
        L::Bytes => DataType::Binary,
        L::Date => DataType::Date32,
        L::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        L::Decimal(scale) if scale > DECIMAL_DIGITS => {
            return Err(format!("{ty} has more than {DECIMAL_DIGITS} digits after the point"));
        }
        L::Decimal(scale) => DataType::Decimal64(DECIMAL_DIGITS, scale as i8),
        L::I128 | L::U128 => return Err(format!("Parquet has no type for {ty}; use 64 bits, or Decimal")),
        L::List(element) => list_type(element.leaf())?,
        L::Texts => list_type(L::Text)?,
        L::Items(items) => items_type(items, "").map_err(|error| error.to_string())?,
    })
}

/// Returns the columns' arrays, in the order of [`fields`].
///
/// # Errors
/// Fails with the path of the column and the reason if a value cannot be written.
pub(super) fn arrays(schema: &Schema, fields: &Fields, values: &mut [LeafValues]) -> Result<Vec<ArrayRef>> {
    let shapes: Vec<Shape> = match schema.shape() {
        Shape::Record { fields, .. } => fields.iter().map(|field| field.shape.clone()).collect(),
        shape => vec![shape.clone()],
    };
    shapes.iter().zip(fields).map(|(shape, field)| array(shape, field, values)).collect()
}

/// Returns the array of one column.
///
/// # Errors
/// As [`arrays`].
fn array(shape: &Shape, field: &Field, values: &mut [LeafValues]) -> Result<ArrayRef> {
    let failed = |reason: String| Error::Plan(format!("cannot write Parquet: column `{}`: {reason}", field.name()));
    let (nulls, shape) = match shape {
        Shape::Optional(validity, inner) => {
            let nulls = match &mut values[*validity] {
                LeafValues::Valid(valid) => Some(NullBuffer::new(bits(&std::mem::take(valid)))),
                _ => None,
            };
            (nulls, &**inner)
        }
        shape => (None, shape),
    };
    match (shape, field.data_type()) {
        (Shape::Leaf(leaf), _) => values[*leaf].take(nulls).map_err(failed),
        (Shape::Record { fields: parts, .. }, DataType::Struct(fields)) => {
            let arrays = parts
                .iter()
                .zip(fields)
                .map(|(part, field)| array(&part.shape, field, values))
                .collect::<Result<_>>()?;
            let group =
                StructArray::try_new(fields.clone(), arrays, nulls).map_err(|error| failed(error.to_string()))?;
            Ok(Arc::new(group))
        }
        _ => Err(Error::Internal(format!("the column `{}` has another shape than its field", field.name()))),
    }
}
