//! Lists of plain values and of texts, as columns of Parquet's `LIST`: one level deep, and without nulls in them. All others are [`items`](super::items).

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{DataType, Field};

use super::build::{LeafValues, data_type};
use super::convert::{Converted, Held, is_readable, leaf};
use crate::page::{Input, ListColumn};
use crate::row::{Element, LeafType};
use crate::value::Texts;

/// What the elements of a list of this type are; `None` for other types.
pub(super) fn element_of(ty: LeafType) -> Option<LeafType> {
    match ty {
        LeafType::List(element) => Some(element.leaf()),
        LeafType::Texts => Some(LeafType::Text),
        _ => None,
    }
}

/// The column of a list with such elements.
///
/// # Errors
/// Where they have no column type.
pub(super) fn list_type(element: LeafType) -> Result<DataType, String> {
    Ok(DataType::List(Arc::new(Field::new("element", data_type(element)?, false))))
}

/// Whether a list of a file can be read into a list with such elements.
///
/// # Errors
/// As [`is_readable`].
pub(super) fn is_readable_list(found: &Field, element: LeafType) -> Result<(), String> {
    is_readable(found.data_type(), element)
}

/// Lists that wait to be written.
pub(super) struct Lists {
    ty: LeafType,
    /// Where each list ends, in elements.
    ends: Vec<usize>,
    elements: Box<LeafValues>,
    bytes: usize,
}

impl Lists {
    /// No lists yet; `None` where the type is none, or has no column.
    pub(super) fn new(ty: LeafType) -> Option<Self> {
        let elements = Box::new(LeafValues::new(element_of(ty)?)?);
        Some(Lists { ty, ends: Vec::new(), elements, bytes: 0 })
    }

    /// Bytes of elements that wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a leaf of some rows.
    pub(super) fn extend(&mut self, leaf: usize, input: &Input<'_>) {
        let mut end = self.ends.last().copied().unwrap_or(0);
        for &row in input.selection().rows() {
            let bytes = input.batch().leaf_bytes(leaf, row as usize);
            self.bytes += bytes.len();
            end += match self.ty {
                LeafType::List(element) => {
                    push_elements(&mut self.elements, element, bytes);
                    bytes.len() / element.width()
                }
                _ => {
                    let texts = Texts::stored(bytes);
                    texts.iter().for_each(|text| self.elements.push_text(text));
                    texts.len()
                }
            };
            self.ends.push(end);
        }
    }

    /// Hands out the lists.
    pub(super) fn take(&mut self, nulls: Option<NullBuffer>) -> Result<ArrayRef, String> {
        let ends = std::mem::take(&mut self.ends);
        self.bytes = 0;
        let offsets = std::iter::once(&0).chain(&ends).map(|&end| i32::try_from(end)).collect::<Result<Vec<i32>, _>>();
        let offsets = offsets.map_err(|_| "the lists of a few records have more than 2^31 values".to_owned())?;
        let values = self.elements.take(None)?;
        let field = Arc::new(Field::new("element", values.data_type().clone(), false));
        let array = ListArray::try_new(field, OffsetBuffer::new(offsets.into()), values, nulls);
        Ok(Arc::new(array.map_err(|error| error.to_string())?))
    }
}

fn push_elements(out: &mut LeafValues, element: Element, bytes: &[u8]) {
    fn add<T, const WIDTH: usize>(out: &mut Vec<T>, bytes: &[u8], of: impl Fn([u8; WIDTH]) -> T) {
        out.extend(bytes.as_chunks().0.iter().map(|&bytes| of(bytes)));
    }
    match out {
        LeafValues::I16(out) => add(out, bytes, i16::from_le_bytes),
        LeafValues::U16(out) => add(out, bytes, u16::from_le_bytes),
        LeafValues::I32(out) | LeafValues::Date(out) => add(out, bytes, i32::from_le_bytes),
        LeafValues::U32(out) => add(out, bytes, u32::from_le_bytes),
        LeafValues::I64(out) | LeafValues::Timestamp(out) | LeafValues::Decimal(out, _) => {
            add(out, bytes, i64::from_le_bytes);
        }
        LeafValues::U64(out) => add(out, bytes, u64::from_le_bytes),
        LeafValues::F32(out) => add(out, bytes, f32::from_le_bytes),
        LeafValues::F64(out) => add(out, bytes, f64::from_le_bytes),
        _ => debug_assert!(false, "{element:?} is no element of a column"),
    }
}

/// The lists that an array holds.
pub(super) fn lists(array: &ArrayRef, ty: LeafType, element: LeafType, nulls: Option<&NullBuffer>) -> Converted {
    let list = array.as_list::<i32>();
    let (ends, values) = (list.value_offsets(), list.values());
    let range = |row: usize| match nulls.is_some_and(|nulls| nulls.is_null(row)) {
        true => 0..0,
        false => ends[row] as usize..ends[row + 1] as usize,
    };
    if let Some(nulls) = values.logical_nulls()
        && let Some(row) = (0..list.len()).find(|&row| range(row).any(|value| nulls.is_null(value)))
    {
        return Err((row, format!("expected {ty}, found a null in a list; make it a Vec of Option")));
    }
    let mut column = ListColumn::new(ty);
    let held = leaf(values, element, None).map_err(|(value, reason)| {
        let row = (0..list.len()).find(|&row| range(row).contains(&value));
        (row.unwrap_or_default(), format!("{reason} in a list"))
    })?;
    if let Held::Text(texts) = &held {
        for row in 0..list.len() {
            let texts: Vec<&str> = range(row).map(|value| texts.value(value)).collect();
            Texts::from(&texts).with_stored(|bytes| column.push(bytes));
        }
        return Ok(Held::List(column));
    }
    let (bytes, width) = (held.bytes(), element.width());
    for row in 0..list.len() {
        let range = range(row);
        column.push(bytes.get(range.start * width..range.end * width).unwrap_or_default());
    }
    Ok(Held::List(column))
}
