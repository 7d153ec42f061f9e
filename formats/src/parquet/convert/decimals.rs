//! Reads decimals, and converts them to the scale of the leaf.

use std::fmt::Display;

use arrow_array::ArrayRef;
use arrow_array::types::{Decimal64Type, Decimal128Type, Decimal256Type};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;

use super::{Converted, each, reinterpret, scaled, valid_values};
use runtime::row::LeafType;

/// Converts a column of decimals. The leaf's unscaled values are `factor` times those of the file.
pub(super) fn decimals(array: &ArrayRef, factor: i64, ty: LeafType, nulls: Option<&NullBuffer>) -> Converted {
    let wide = |value: i128| value.checked_mul(factor.into()).and_then(|value| i64::try_from(value).ok());
    match array.data_type() {
        DataType::Decimal64(..) => scaled(reinterpret::<Decimal64Type, i64>(array, nulls), factor, ty),
        DataType::Decimal128(..) => {
            let values = valid_values::<Decimal128Type>(array, nulls);
            each(&values, wide, |value| too_large(ty, value))
        }
        _ => {
            let values = valid_values::<Decimal256Type>(array, nulls);
            each(&values, |value| value.to_i128().and_then(wide), |value| too_large(ty, value))
        }
    }
}

fn too_large(ty: LeafType, unscaled: impl Display) -> String {
    format!("expected {ty}, found the unscaled value {unscaled}, which is too large")
}
