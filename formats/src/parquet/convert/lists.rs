//! Reads lists of plain values and of texts: one level deep, and without nulls. All others are
//! lists of records.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;

use super::{Converted, LeafColumn, leaf};
use runtime::page::ListColumn;
use runtime::row::LeafType;
use runtime::value::Texts;

/// Returns the type of a list's elements, or `None` for other types.
pub(in crate::parquet) fn element_of(ty: LeafType) -> Option<LeafType> {
    match ty {
        LeafType::List(element) => Some(element.leaf()),
        LeafType::Texts => Some(LeafType::Text),
        _ => None,
    }
}

/// Converts an array of lists.
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
    if let LeafColumn::Text(texts) = &held {
        for row in 0..list.len() {
            let texts: Vec<&str> = range(row).map(|value| texts.value(value)).collect();
            Texts::from(&texts).with_stored(|bytes| column.push(bytes));
        }
        return Ok(LeafColumn::List(column));
    }
    let (bytes, width) = (held.bytes(), element.width());
    for row in 0..list.len() {
        let range = range(row);
        column.push(bytes.get(range.start * width..range.end * width).unwrap_or_default());
    }
    Ok(LeafColumn::List(column))
}
