//! Reads times and durations of any unit, and converts them to microseconds.

use arrow_array::ArrayRef;
use arrow_array::types::{
    DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType,
    Time32MillisecondType, Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};

use super::{Converted, LeafColumn, each, reinterpret, scaled, valid_values};
use runtime::row::LeafType;

pub(super) fn timestamps(array: &ArrayRef, unit: TimeUnit, nulls: Option<&NullBuffer>) -> Converted {
    let ty = LeafType::Timestamp;
    match unit {
        TimeUnit::Second => scaled(reinterpret::<TimestampSecondType, i64>(array, nulls), 1_000_000, ty),
        TimeUnit::Millisecond => scaled(reinterpret::<TimestampMillisecondType, i64>(array, nulls), 1000, ty),
        TimeUnit::Microsecond => Ok(LeafColumn::W8(reinterpret::<TimestampMicrosecondType, u64>(array, nulls))),
        // Rounds down, also before 1970, so that the order is kept.
        TimeUnit::Nanosecond => {
            let values = valid_values::<TimestampNanosecondType>(array, nulls);
            Ok(LeafColumn::W8(values.iter().map(|value| value.div_euclid(1000) as u64).collect()))
        }
    }
}

/// Converts to microseconds since midnight.
pub(super) fn times_of_day(array: &ArrayRef, nulls: Option<&NullBuffer>) -> Converted {
    match array.data_type() {
        DataType::Time32(_) => {
            let values = valid_values::<Time32MillisecondType>(array, nulls);
            Ok(LeafColumn::W8(values.iter().map(|&value| (i64::from(value) * 1000) as u64).collect()))
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            Ok(LeafColumn::W8(reinterpret::<Time64MicrosecondType, u64>(array, nulls)))
        }
        _ => {
            let values = valid_values::<Time64NanosecondType>(array, nulls);
            Ok(LeafColumn::W8(values.iter().map(|value| value.div_euclid(1000) as u64).collect()))
        }
    }
}

/// Converts Arrow's durations, which Parquet stores as integers.
pub(super) fn durations(array: &ArrayRef, unit: TimeUnit, nulls: Option<&NullBuffer>) -> Converted {
    let ty = LeafType::TimeDelta;
    match unit {
        TimeUnit::Second => scaled(reinterpret::<DurationSecondType, i64>(array, nulls), 1_000_000, ty),
        TimeUnit::Millisecond => scaled(reinterpret::<DurationMillisecondType, i64>(array, nulls), 1000, ty),
        TimeUnit::Microsecond => Ok(LeafColumn::W8(reinterpret::<DurationMicrosecondType, u64>(array, nulls))),
        TimeUnit::Nanosecond => {
            let exact = |value: i64| (value % 1000 == 0).then_some(value / 1000);
            let wrong = |value| format!("expected {ty} of whole microseconds, found {value} nanoseconds");
            each(&valid_values::<DurationNanosecondType>(array, nulls), exact, wrong)
        }
    }
}
