//! The Arrow types to decode to: those that need no conversion afterwards.

use std::sync::Arc;

use arrow_schema::{DataType, Field as ArrowField, Fields, TimeUnit};
use parquet::basic::Type as PhysicalType;
use parquet::schema::types::SchemaDescriptor;

use crate::row::LeafType;

/// How many columns of values a column of Arrow's schema stands for.
pub(super) fn leaf_columns(field: &ArrowField) -> usize {
    match field.data_type() {
        DataType::Struct(fields) => fields.iter().map(|field| leaf_columns(field)).sum(),
        DataType::List(inner) | DataType::LargeList(inner) | DataType::Map(inner, _) => leaf_columns(inner),
        DataType::FixedSizeList(inner, _) => leaf_columns(inner),
        _ => 1,
    }
}

/// The schema to decode to: what needs no conversion afterwards, for the columns that are read.
pub(super) fn hinted_fields(
    fields: &Fields,
    descriptor: &SchemaDescriptor,
    types: &[Option<LeafType>],
    next: &mut usize,
) -> Fields {
    let hinted = |field: &Arc<ArrowField>| match field.data_type() {
        DataType::Struct(inner) => {
            let inner = hinted_fields(inner, descriptor, types, next);
            Arc::new(field.as_ref().clone().with_data_type(DataType::Struct(inner)))
        }
        data_type => {
            let (column, count) = (*next, leaf_columns(field));
            *next += count;
            let wanted = types.get(column).copied().flatten();
            match (wanted, data_type) {
                (Some(ty), data_type) if count == 1 => {
                    let data_type = hinted_type(data_type, ty, descriptor.column(column).physical_type());
                    Arc::new(field.as_ref().clone().with_data_type(data_type))
                }
                _ => field.clone(),
            }
        }
    };
    fields.iter().map(hinted).collect()
}

fn hinted_type(found: &DataType, ty: LeafType, physical: PhysicalType) -> DataType {
    match (found, ty) {
        (DataType::Utf8, _) => DataType::Utf8View,
        (DataType::Binary, _) => DataType::BinaryView,
        (&DataType::Decimal128(precision, scale), _)
            if matches!(physical, PhysicalType::INT32 | PhysicalType::INT64) =>
        {
            DataType::Decimal64(precision.min(18), scale)
        }
        (DataType::Timestamp(TimeUnit::Nanosecond, None), _) if physical == PhysicalType::INT96 => {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        }
        _ => found.clone(),
    }
}
