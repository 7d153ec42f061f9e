//! Writes lists of plain values and of texts as columns of type `LIST`: one level deep, and without
//! nulls.

use std::sync::Arc;

use arrow_array::{ArrayRef, ListArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field};

use super::{ELEMENT, LeafValues, data_type, offsets};
use crate::parquet::convert::element_of;
use runtime::page::Input;
use runtime::row::{Element, LeafType};
use runtime::value::Texts;

/// Returns the column of a list with such elements.
///
/// # Errors
/// Fails if the elements have no column type.
pub(super) fn list_type(element: LeafType) -> Result<DataType, String> {
    Ok(DataType::List(Arc::new(Field::new(ELEMENT, data_type(element)?, false))))
}

/// Lists that are not written yet.
pub(in crate::parquet) struct Lists {
    ty: LeafType,
    /// End of each list, in elements.
    ends: Vec<usize>,
    elements: Box<LeafValues>,
    bytes: usize,
}

impl Lists {
    /// Creates an empty vector. Returns `None` if the type is no list, or has no column type.
    pub(super) fn new(ty: LeafType) -> Option<Self> {
        let elements = Box::new(LeafValues::new(element_of(ty)?)?);
        Some(Lists { ty, ends: Vec::new(), elements, bytes: 0 })
    }

    /// Returns the bytes of the elements.
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

    /// Takes the lists as an array.
    pub(super) fn take(&mut self, nulls: Option<NullBuffer>) -> Result<ArrayRef, String> {
        let ends = std::mem::take(&mut self.ends);
        self.bytes = 0;
        let offsets = offsets(&ends)?;
        let values = self.elements.take(None)?;
        let field = Arc::new(Field::new(ELEMENT, values.data_type().clone(), false));
        let array = ListArray::try_new(field, offsets, values, nulls);
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
