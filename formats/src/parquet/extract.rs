//! Extracts leaves from decoded Arrow columns: walks down the groups, combines the nulls, and
//! converts the values.

mod items;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StructArray};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;

use super::convert::{self, LeafColumn};
use super::mapping::{LeafPlan, path};
use runtime::row::LeafType;

/// The fault of a column whose number of rows differs from that of its row group.
pub(super) const ROW_COUNT_MISMATCH: &str = "the data is damaged: it holds another number of rows than the footer says";

/// A fault of a column, and the row of the batch if one row is at fault.
pub(super) struct ColumnFault {
    pub(super) row: Option<usize>,
    pub(super) message: String,
}

/// Extracts the leaf that a plan describes from the columns of a batch.
pub(super) fn extract_leaf(root: &StructArray, plan: &LeafPlan, ty: LeafType) -> Result<LeafColumn, ColumnFault> {
    let (array, nulls) = find(root, plan)?;
    if ty == LeafType::Valid {
        return Ok(convert::validity(nulls.as_ref()));
    }
    if let Some(list) = &plan.items {
        return items::extract(array, list, nulls.as_ref());
    }
    convert::leaf(array, ty, nulls.as_ref()).map_err(|(row, reason)| ColumnFault {
        row: Some(row),
        message: format!("column `{}`: {reason}", path(&plan.levels)),
    })
}

/// Returns the bytes that the leaf takes in addition to the decoded column. Only lists take some.
pub(super) fn converted_bytes(root: &StructArray, plan: &LeafPlan, ty: LeafType) -> usize {
    let is_list = plan.items.is_some() || matches!(ty, LeafType::List(_) | LeafType::Texts);
    match (is_list.then(|| find(root, plan)), &plan.items) {
        (Some(Ok((array, _))), Some(list)) => items::converted_bytes(array, list),
        // The elements as a leaf, and as lists that are aligned to words.
        (Some(Ok((array, _))), None) => 2 * used_bytes(array) + 2 * size_of::<u128>() * array.len(),
        _ => 0,
    }
}

/// Returns the bytes of the rows of an array. Its texts may be in pages that other arrays share,
/// which are counted with the row group.
pub(super) fn used_bytes(array: &ArrayRef) -> usize {
    let texts = match array.data_type() {
        DataType::Utf8View => array.as_string_view().total_buffer_bytes_used(),
        DataType::BinaryView => array.as_binary_view().total_buffer_bytes_used(),
        DataType::Struct(_) => return array.as_struct().columns().iter().map(used_bytes).sum(),
        DataType::List(_) => used_bytes(array.as_list::<i32>().values()),
        DataType::Map(..) => array.as_map().entries().columns().iter().map(used_bytes).sum(),
        _ => return array.to_data().get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size()),
    };
    texts + size_of::<u128>() * array.len()
}

/// Returns the column of a plan, and the nulls of the column and the groups around it.
fn find<'r>(root: &'r StructArray, plan: &LeafPlan) -> Result<(&'r ArrayRef, Option<NullBuffer>), ColumnFault> {
    let missing = || ColumnFault { row: None, message: format!("column `{}` was not decoded", path(&plan.levels)) };
    let (mut fields, mut columns) = (root.fields(), root.columns());
    let (mut nulls, mut array) = (None::<NullBuffer>, None::<&ArrayRef>);
    for level in &plan.levels {
        let index = fields.iter().position(|field| field.name() == &level.name).ok_or_else(missing)?;
        let found = &columns[index];
        // A column of only nulls has no values and no null buffer.
        let own_nulls =
            if found.data_type() == &DataType::Null { found.logical_nulls() } else { found.nulls().cloned() };
        if let Some(own_nulls) = own_nulls.filter(|nulls| nulls.null_count() > 0) {
            let all = NullBuffer::union(nulls.as_ref(), Some(&own_nulls)).unwrap_or(own_nulls);
            let above = nulls.as_ref().map_or(0, NullBuffer::null_count);
            if level.validity.is_none() && all.null_count() > above {
                return Err(unexpected_nulls(&level.path, all.null_count() - above, all.len()));
            }
            nulls = Some(all);
        }
        if let Some(inner) = found.as_struct_opt() {
            (fields, columns) = (inner.fields(), inner.columns());
        }
        array = Some(found);
    }
    Ok((array.ok_or_else(missing)?, nulls))
}

pub(super) fn unexpected_nulls(column: &str, count: usize, values: usize) -> ColumnFault {
    let nulls = if count == 1 { "a null".to_owned() } else { format!("{count} nulls") };
    let (among, what) =
        if column.contains("[]") { ("values", "the list's element") } else { ("rows", "the record's field") };
    let message = format!("column `{column}`: found {nulls} among {values} {among}; make {what} an Option");
    ColumnFault { row: None, message }
}
