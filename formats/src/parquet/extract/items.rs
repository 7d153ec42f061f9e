//! Extracts lists of records, and maps, from Arrow arrays.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StructArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{ArrowError, Field, Fields};

use super::{ColumnFault, converted_bytes as converted_bytes_of, extract_leaf, used_bytes};
use crate::parquet::convert::LeafColumn;
use crate::parquet::mapping::{ItemsPlan, path};
use runtime::page::{Columns, ListColumn};
use runtime::row::{Datum, LeafType};

/// Returns the offsets and the elements of an array of lists or of maps.
fn parts(array: &ArrayRef) -> Option<(&[i32], ArrayRef)> {
    if let Some(list) = array.as_list_opt::<i32>() {
        return Some((list.value_offsets(), list.values().clone()));
    }
    let map = array.as_map_opt()?;
    Some((map.value_offsets(), Arc::new(map.entries().clone())))
}

/// Extracts the lists of records of an array. `nulls` are those of the array and of everything
/// around it.
pub(super) fn extract(
    array: &ArrayRef,
    plan: &ItemsPlan,
    nulls: Option<&NullBuffer>,
) -> Result<LeafColumn, ColumnFault> {
    let failed = |message: String| ColumnFault { row: None, message };
    let (ends, elements) =
        parts(array).ok_or_else(|| failed(format!("expected {}, found {}", plan.items, array.data_type())))?;
    let range = |row: usize| -> Range<usize> {
        match nulls.is_some_and(|nulls| nulls.is_null(row)) {
            true => 0..0,
            false => ends[row] as usize..ends[row + 1] as usize,
        }
    };
    let row_of = |value: usize| (0..array.len()).find(|&row| range(row).contains(&value));
    let count = elements.len();
    let root = root(plan, elements).map_err(|error| failed(error.to_string()))?;
    let types = plan.items.layout().types();
    let held = plan.leaves.iter().zip(types).map(|(leaf, &ty)| extract_leaf(&root, leaf, ty));
    let held = held.collect::<Result<Vec<LeafColumn>, ColumnFault>>();
    let held = held.map_err(|fault| ColumnFault { row: fault.row.and_then(row_of), ..fault })?;
    let mut columns = Columns::new(count);
    let pushed = held.iter().zip(types).try_for_each(|(held, &ty)| held.push(ty, &mut columns));
    pushed.map_err(|error| failed(error.to_string()))?;
    let (batch, mut lists) = (columns.finish(), ListColumn::new(LeafType::Items(plan.items)));
    for row in 0..array.len() {
        lists.push_records_of(&batch, range(row)).map_err(|twice| {
            // The path of the key is `counts[].key`.
            let key = plan.leaves.first().map_or("", |leaf| path(&leaf.levels));
            let column = key.rsplit_once("[]").map_or(key, |(column, _)| column);
            let message =
                format!("column `{column}`: the key `{twice}` stands twice in its map; read it into a Vec of pairs");
            ColumnFault { row: Some(row), message }
        })?;
    }
    Ok(LeafColumn::List(lists))
}

/// Returns the elements of an array as a group of one column, at which the steps to their leaves
/// begin.
fn root(plan: &ItemsPlan, elements: ArrayRef) -> Result<StructArray, ArrowError> {
    let name = plan.leaves.first().and_then(|leaf| leaf.levels.first()).map_or("element", |level| &level.name);
    let element = Field::new(name, elements.data_type().clone(), true);
    StructArray::try_new(Fields::from(vec![element]), vec![elements], None)
}

/// Returns the bytes that [`extract`] takes: the leaves of all elements, nested lists, and the rows
/// of all elements. Also twice the longest list, as single values and as a whole.
pub(super) fn converted_bytes(array: &ArrayRef, plan: &ItemsPlan) -> usize {
    let Some((ends, elements)) = parts(array) else { return 0 };
    let (count, used) = (elements.len(), used_bytes(&elements));
    let longest = ends.windows(2).map(|pair| (pair[1] - pair[0]).max(0) as usize).max().unwrap_or(0);
    let (width, leaves) = (plan.items.layout().width(), plan.leaves.len());
    let rows = count.saturating_mul(width).saturating_add(2 * used);
    let of_longest = longest.saturating_mul(leaves * size_of::<Datum>() + width + 2 * used.div_ceil(count.max(1)));
    let types = plan.items.layout().types();
    let inner: usize = root(plan, elements)
        .map_or(0, |root| plan.leaves.iter().zip(types).map(|(leaf, &ty)| converted_bytes_of(&root, leaf, ty)).sum());
    rows.saturating_add(of_longest).saturating_add(inner)
}
