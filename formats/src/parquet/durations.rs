//! Reads the units of Arrow's durations. Parquet stores them as plain integers, so the unit is only
//! in the Arrow schema that a writer may leave in the file.

use std::sync::Arc;

use arrow_schema::{DataType, Field as ArrowField, FieldRef, Fields};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::file::metadata::FileMetaData;

use super::footer::catching_panics;
use super::hints::leaf_columns;
use runtime::row::LeafType;

/// Returns the schema to decode to, with units for durations that are read. `types` has the leaf
/// type of each column.
pub(super) fn with_units(hinted: Fields, file: &FileMetaData, types: &[Option<LeafType>]) -> Fields {
    let is_length = |ty: &Option<LeafType>| {
        matches!(ty, Some(LeafType::TimeDelta | LeafType::List(runtime::row::Element::TimeDelta)))
    };
    if !types.iter().any(is_length) {
        return hinted;
    }
    let stated = catching_panics(|| parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata()));
    // The writer's schema may be damaged. Then integers are microseconds, as in files without it.
    let Ok(stated) = stated else { return hinted };
    let mut lengths = types.iter().map(is_length);
    fields(&hinted, stated.fields(), &mut lengths)
}

fn fields(hinted: &Fields, stated: &Fields, lengths: &mut dyn Iterator<Item = bool>) -> Fields {
    hinted.iter().zip(stated).map(|(hinted, stated)| field(hinted, stated, lengths)).collect()
}

fn field(hinted: &FieldRef, stated: &ArrowField, lengths: &mut dyn Iterator<Item = bool>) -> FieldRef {
    let data_type = match (hinted.data_type(), stated.data_type()) {
        (DataType::Struct(inner), DataType::Struct(stated)) => DataType::Struct(fields(inner, stated, lengths)),
        (DataType::List(inner), DataType::List(stated)) => DataType::List(field(inner, stated, lengths)),
        (DataType::Int64, unit @ DataType::Duration(_)) if lengths.next() == Some(true) => unit.clone(),
        (DataType::Int64, DataType::Duration(_)) => return hinted.clone(),
        _ => {
            (0..leaf_columns(hinted)).for_each(|_| _ = lengths.next());
            return hinted.clone();
        }
    };
    Arc::new(hinted.as_ref().clone().with_data_type(data_type))
}
