//! Lists of records, and maps: columns of Parquet's `LIST` and `MAP`, whose elements are records of leaves of their own.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, MapArray, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType, Field, Fields};

use super::build::{LeafValues, array, extend_all, field};
use super::convert::Held;
use super::fit::{ItemsPlan, path};
use super::hold::{self, Wrong, hold_leaf, used_bytes};
use crate::error::Result;
use crate::page::{Columns, Input, ListColumn, Selection};
use crate::row::{Datum, Items, LeafType};

/// The name of a map's entries in the file, and of a list's elements.
const ENTRIES: &str = "key_value";
const ELEMENT: &str = "element";

/// The column of a list of records, or of a map; `path` is where it stands in the record.
///
/// # Errors
/// As [`field`].
pub(super) fn items_type(items: &Items, path: &str) -> Result<DataType> {
    let (schema, path) = (items.schema(), format!("{path}[]"));
    let Some((key, value)) = items.entry() else {
        return Ok(DataType::List(Arc::new(field(schema, ELEMENT, schema.shape(), &path)?)));
    };
    let key = field(schema, "key", key, &format!("{path}.key"))?;
    if key.is_nullable() {
        let reason = "the keys of a map in Parquet cannot be null; write a list of pairs";
        return Err(super::build::refused(&path, reason));
    }
    let entry = vec![key, field(schema, "value", value, &format!("{path}.value"))?];
    Ok(DataType::Map(Arc::new(Field::new(ENTRIES, DataType::Struct(entry.into()), false)), false))
}

/// Lists of records that wait to be written.
pub(super) struct ItemsValues {
    items: &'static Items,
    /// Where each list ends, in records.
    ends: Vec<usize>,
    /// The leaves of the records.
    values: Vec<LeafValues>,
    bytes: usize,
    selection: Selection,
}

impl ItemsValues {
    /// No lists yet; `None` where the records hold what has no column.
    pub(super) fn new(items: &'static Items) -> Option<Self> {
        let values = items.layout().types().iter().map(|&ty| LeafValues::new(ty)).collect::<Option<_>>()?;
        Some(ItemsValues { items, ends: Vec::new(), values, bytes: 0, selection: Selection::default() })
    }

    /// Bytes of records that wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a leaf of some rows.
    pub(super) fn extend(&mut self, leaf: usize, input: &Input<'_>) {
        let mut end = self.ends.last().copied().unwrap_or(0);
        for &row in input.selection().rows() {
            self.bytes += input.batch().leaf_bytes(leaf, row as usize).len();
            let records = input.batch().items(leaf, row as usize);
            let mut next = 0;
            while next < records.rows() {
                next = self.selection.fill(next..records.rows());
                extend_all(&mut self.values, &Input::new(&records, &self.selection));
            }
            end += records.rows();
            self.ends.push(end);
        }
    }

    /// Hands out the lists, for a column of [`items_type`].
    pub(super) fn take(&mut self, nulls: Option<NullBuffer>) -> Result<ArrayRef, String> {
        let ends = std::mem::take(&mut self.ends);
        self.bytes = 0;
        let offsets = std::iter::once(&0).chain(&ends).map(|&end| i32::try_from(end)).collect::<Result<Vec<i32>, _>>();
        let offsets = offsets.map_err(|_| "the lists of a few records have more than 2^31 values".to_owned())?;
        let offsets = OffsetBuffer::new(offsets.into());
        let values = &mut self.values;
        let mut part = |shape, field: &Field| array(shape, field, values).map_err(|error| error.to_string());
        match (items_type(self.items, "").map_err(|error| error.to_string())?, self.items.entry()) {
            (DataType::Map(entries, sorted), Some((key, value))) => {
                let DataType::Struct(fields) = entries.data_type() else { return Err("a map without entries".into()) };
                let arrays = vec![part(key, &fields[0])?, part(value, &fields[1])?];
                let pairs = StructArray::try_new(fields.clone(), arrays, None).map_err(|error| error.to_string())?;
                let map = MapArray::try_new(entries, offsets, pairs, nulls, sorted);
                Ok(Arc::new(map.map_err(|error| error.to_string())?))
            }
            (DataType::List(element), _) => {
                let records = part(self.items.schema().shape(), &element)?;
                let list = ListArray::try_new(element, offsets, records, nulls);
                Ok(Arc::new(list.map_err(|error| error.to_string())?))
            }
            _ => Err(format!("{} is no column", self.items)),
        }
    }
}

/// What an array of lists, or of maps, holds: where each begins and ends, and all elements.
fn parts(array: &ArrayRef) -> Option<(&[i32], ArrayRef)> {
    if let Some(list) = array.as_list_opt::<i32>() {
        return Some((list.value_offsets(), list.values().clone()));
    }
    let map = array.as_map_opt()?;
    Some((map.value_offsets(), Arc::new(map.entries().clone())))
}

/// The lists of records that an array holds. `nulls` are those of the array and everything above it.
pub(super) fn hold(array: &ArrayRef, plan: &ItemsPlan, nulls: Option<&NullBuffer>) -> Result<Held, Wrong> {
    let Some((ends, elements)) = parts(array) else {
        return Err(Wrong { row: None, message: format!("expected {}, found {}", plan.items, array.data_type()) });
    };
    let range = |row: usize| -> Range<usize> {
        match nulls.is_some_and(|nulls| nulls.is_null(row)) {
            true => 0..0,
            false => ends[row] as usize..ends[row + 1] as usize,
        }
    };
    let row_of = |value: usize| (0..array.len()).find(|&row| range(row).contains(&value));
    let failed = |message: String| Wrong { row: None, message };
    let count = elements.len();
    let root = root(plan, elements).map_err(|error| failed(error.to_string()))?;
    let types = plan.items.layout().types();
    let held = plan.leaves.iter().zip(types).map(|(leaf, &ty)| hold_leaf(&root, leaf, ty));
    let held = held.collect::<Result<Vec<Held>, Wrong>>();
    let held = held.map_err(|wrong| Wrong { row: wrong.row.and_then(row_of), ..wrong })?;
    let mut columns = Columns::new(count);
    let pushed = held.iter().zip(types).try_for_each(|(held, &ty)| held.push(ty, &mut columns));
    pushed.map_err(|error| failed(error.to_string()))?;
    let (batch, mut lists) = (columns.finish(), ListColumn::new(LeafType::Items(plan.items)));
    for row in 0..array.len() {
        lists.push_records_of(&batch, range(row)).map_err(|twice| {
            // The way to the key is `counts[].key`.
            let key = plan.leaves.first().map_or("", |leaf| path(&leaf.levels));
            let column = key.rsplit_once("[]").map_or(key, |(column, _)| column);
            let message =
                format!("column `{column}`: the key `{twice}` stands twice in its map; read it into a Vec of pairs");
            Wrong { row: Some(row), message }
        })?;
    }
    Ok(Held::List(lists))
}

/// The elements of an array as a group of one column, where the way of each of their leaves begins.
fn root(plan: &ItemsPlan, elements: ArrayRef) -> Result<StructArray, ArrowError> {
    let name = plan.leaves.first().and_then(|leaf| leaf.levels.first()).map_or(ELEMENT, |level| &level.name);
    let element = Field::new(name, elements.data_type().clone(), true);
    StructArray::try_new(Fields::from(vec![element]), vec![elements], None)
}

/// Bytes that [`hold`] takes: the leaves of all elements, lists in them, the rows that all become, and twice the longest list: its values one by one, and
/// together.
pub(super) fn converted_bytes(array: &ArrayRef, plan: &ItemsPlan) -> usize {
    let Some((ends, elements)) = parts(array) else { return 0 };
    let (count, used) = (elements.len(), used_bytes(&elements));
    let longest = ends.windows(2).map(|pair| (pair[1] - pair[0]).max(0) as usize).max().unwrap_or(0);
    let (width, leaves) = (plan.items.layout().width(), plan.leaves.len());
    let rows = count.saturating_mul(width).saturating_add(2 * used);
    let of_longest = longest.saturating_mul(leaves * size_of::<Datum>() + width + 2 * used.div_ceil(count.max(1)));
    let types = plan.items.layout().types();
    let inner: usize = root(plan, elements).map_or(0, |root| {
        plan.leaves.iter().zip(types).map(|(leaf, &ty)| hold::converted_bytes(&root, leaf, ty)).sum()
    });
    rows.saturating_add(of_longest).saturating_add(inner)
}
