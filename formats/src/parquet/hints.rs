//! Chooses the Arrow types to decode to, so that no conversion is needed afterwards.

use std::sync::Arc;

use arrow_schema::{DataType, Field as ArrowField, Fields, TimeUnit};
use parquet::basic::Type as PhysicalType;
use parquet::schema::types::SchemaDescriptor;

use runtime::row::LeafType;

/// Returns the number of leaf columns of an Arrow field.
pub(super) fn leaf_columns(field: &ArrowField) -> usize {
    match field.data_type() {
        DataType::Struct(fields) => fields.iter().map(|field| leaf_columns(field)).sum(),
        DataType::List(inner) | DataType::LargeList(inner) | DataType::Map(inner, _) => leaf_columns(inner),
        DataType::FixedSizeList(inner, _) => leaf_columns(inner),
        _ => 1,
    }
}

/// Returns the elements of a list, or the entries of a map.
pub(super) fn elements_of(data_type: &DataType) -> Option<&Arc<ArrowField>> {
    match data_type {
        DataType::List(element) => Some(element),
        DataType::Map(entries, _) => Some(entries),
        _ => None,
    }
}

/// Returns the schema to decode to. `types` has the leaf type of each column that is read.
pub(super) fn hinted_fields(
    fields: &Fields,
    descriptor: &SchemaDescriptor,
    types: &[Option<LeafType>],
    next: &mut usize,
) -> Fields {
    fields.iter().map(|field| hinted_field(field, descriptor, types, next)).collect()
}

fn hinted_field(
    field: &Arc<ArrowField>,
    descriptor: &SchemaDescriptor,
    types: &[Option<LeafType>],
    next: &mut usize,
) -> Arc<ArrowField> {
    let data_type = match field.data_type() {
        DataType::Struct(inner) => DataType::Struct(hinted_fields(inner, descriptor, types, next)),
        DataType::List(element) => DataType::List(hinted_field(element, descriptor, types, next)),
        DataType::Map(entries, sorted) => DataType::Map(hinted_field(entries, descriptor, types, next), *sorted),
        data_type => {
            let column = *next;
            *next += leaf_columns(field);
            match types.get(column).copied().flatten() {
                Some(_) => hinted_type(data_type, descriptor.column(column).physical_type()),
                None => return field.clone(),
            }
        }
    };
    Arc::new(field.as_ref().clone().with_data_type(data_type))
}

fn hinted_type(found: &DataType, physical: PhysicalType) -> DataType {
    match found {
        DataType::Utf8 => DataType::Utf8View,
        DataType::Binary => DataType::BinaryView,
        &DataType::Decimal128(precision, scale) if matches!(physical, PhysicalType::INT32 | PhysicalType::INT64) => {
            DataType::Decimal64(precision.min(18), scale)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, None) if physical == PhysicalType::INT96 => {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        }
        found => found.clone(),
    }
}
