//! Writes lists of records, and maps, as columns of type `LIST` and `MAP`.

use std::sync::Arc;

use arrow_array::{ArrayRef, ListArray, MapArray, StructArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field};

use super::{ELEMENT, LeafValues, array, extend_all, field, offsets, refused};
use runtime::error::Result;
use runtime::page::{Input, Selection};
use runtime::row::Items;

/// The name of a map's entries in the file.
const ENTRIES: &str = "key_value";

/// Returns the column of a list of records, or of a map; `path` is its path in the record.
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
        return Err(refused(&path, reason));
    }
    let entry = vec![key, field(schema, "value", value, &format!("{path}.value"))?];
    Ok(DataType::Map(Arc::new(Field::new(ENTRIES, DataType::Struct(entry.into()), false)), false))
}

/// Lists of records that are not written yet.
pub(in crate::parquet) struct ItemsValues {
    items: &'static Items,
    /// End of each list, in records.
    ends: Vec<usize>,
    /// The leaves of the records.
    values: Vec<LeafValues>,
    bytes: usize,
    selection: Selection,
}

impl ItemsValues {
    /// Creates an empty vector. Returns `None` if a leaf of the records has no column type.
    pub(super) fn new(items: &'static Items) -> Option<Self> {
        let values = items.layout().types().iter().map(|&ty| LeafValues::new(ty)).collect::<Option<_>>()?;
        Some(ItemsValues { items, ends: Vec::new(), values, bytes: 0, selection: Selection::default() })
    }

    /// Returns the bytes of the records.
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

    /// Takes the lists as an array, for a column of [`items_type`].
    pub(super) fn take(&mut self, nulls: Option<NullBuffer>) -> Result<ArrayRef, String> {
        let ends = std::mem::take(&mut self.ends);
        self.bytes = 0;
        let offsets = offsets(&ends)?;
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
