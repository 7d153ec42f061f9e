//! Finds row groups that the bounds of a scan exclude.
//!
//! A row group is skipped if no value within the limits in its statistics satisfies a bound. It is
//! read if the statistics are missing, have another type, or have an order that writers did not
//! agree on.

use std::cmp::Ordering;

use arrow_schema::DataType;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;

use super::mapping::{FileMapping, LeafPlan};
use runtime::row::{Datum, LeafType, Schema, compare_leaf};
use runtime::source::{Bound, Comparison};

/// Returns `true` if no record of a row group can satisfy all bounds.
pub(super) fn is_excluded(mapping: &FileMapping, schema: &Schema, group: &RowGroupMetaData, bounds: &[Bound]) -> bool {
    bounds.iter().any(|bound| excludes(mapping, schema, group, bound).unwrap_or(false))
}

fn excludes(mapping: &FileMapping, schema: &Schema, group: &RowGroupMetaData, bound: &Bound) -> Option<bool> {
    let ty = schema.leaves().get(bound.leaf)?.ty;
    let plan = mapping.plan(bound.leaf)?;
    let column = group.column(plan.column);
    let statistics = column.statistics()?;
    let (low, high) = limits(statistics, column_type(mapping, plan)?, ty)?;
    let holds_nulls = column.column_descr().max_def_level() > 0 && statistics.null_count_opt() != Some(0);
    // A null leaf has the value zero, and a predicate may evaluate it.
    let null_fulfils = holds_nulls && fulfils(ty, &Datum::zero(ty), bound);
    Some(!null_fulfils && !any_fulfils(ty, &low, &high, bound))
}

fn fulfils(ty: LeafType, value: &Datum, bound: &Bound) -> bool {
    any_fulfils(ty, value, value, bound)
}

/// Returns `true` if a value from `low` to `high` may satisfy a bound.
fn any_fulfils(ty: LeafType, low: &Datum, high: &Datum, bound: &Bound) -> bool {
    // Statistics leave out NaN, which is greater than every number.
    let may_be_nan = matches!(ty, LeafType::F32 | LeafType::F64);
    let low = compare_leaf(ty, low, &bound.value);
    let high = if may_be_nan { Ordering::Greater } else { compare_leaf(ty, high, &bound.value) };
    match bound.comparison {
        Comparison::Less => low.is_lt(),
        Comparison::LessOrEqual => low.is_le(),
        Comparison::Equal => low.is_le() && high.is_ge(),
        Comparison::GreaterOrEqual => high.is_ge(),
        Comparison::Greater => high.is_gt(),
    }
}

fn column_type(mapping: &FileMapping, plan: &LeafPlan) -> Option<DataType> {
    let mut fields = mapping.metadata.schema().fields().clone();
    let mut found = None;
    for level in &plan.levels {
        let data_type = fields.iter().find(|field| field.name() == &level.name)?.data_type().clone();
        if let DataType::Struct(inner) = &data_type {
            fields = inner.clone();
        }
        found = Some(data_type);
    }
    found
}

/// Returns the least and the greatest value of a column, as values of the leaf.
fn limits(statistics: &Statistics, found: DataType, ty: LeafType) -> Option<(Datum, Datum)> {
    let integers = match statistics {
        Statistics::Int32(values) => Some((i64::from(*values.min_opt()?), i64::from(*values.max_opt()?))),
        Statistics::Int64(values) => Some((*values.min_opt()?, *values.max_opt()?)),
        _ => None,
    };
    if let Some((low, high)) = integers {
        return integer_limits(low, high, &found, ty, statistics.is_min_max_deprecated());
    }
    match (statistics, ty) {
        (Statistics::Float(values), LeafType::F32) => {
            let datum = |value: f32| (!value.is_nan()).then_some(Datum::Fixed(value.to_bits().into()));
            Some((datum(*values.min_opt()?)?, datum(*values.max_opt()?)?))
        }
        (Statistics::Double(values), LeafType::F64) => {
            let datum = |value: f64| (!value.is_nan()).then_some(Datum::Fixed(value.to_bits().into()));
            Some((datum(*values.min_opt()?)?, datum(*values.max_opt()?)?))
        }
        // Old writers compared bytes as signed numbers. Limits may be truncated, and are still
        // limits.
        (Statistics::ByteArray(values), LeafType::Text | LeafType::Bytes) if !statistics.is_min_max_deprecated() => {
            Some((Datum::Bytes(values.min_opt()?.data().into()), Datum::Bytes(values.max_opt()?.data().into())))
        }
        _ => None,
    }
}

fn integer_limits(low: i64, high: i64, found: &DataType, ty: LeafType, deprecated: bool) -> Option<(Datum, Datum)> {
    let unsigned = found.is_unsigned_integer();
    if unsigned && deprecated {
        return None;
    }
    let scale = |factor: i64| Some((low.checked_mul(factor)?, high.checked_mul(factor)?));
    let (low, high) = match (found, ty) {
        (DataType::Decimal64(_, scale_found), LeafType::Decimal(wanted)) => {
            scale(10_i64.checked_pow(wanted.checked_sub(u8::try_from(*scale_found).ok()?)?.into())?)?
        }
        (DataType::Timestamp(unit, _), LeafType::Timestamp) => match unit {
            arrow_schema::TimeUnit::Second => scale(1_000_000)?,
            arrow_schema::TimeUnit::Millisecond => scale(1000)?,
            arrow_schema::TimeUnit::Microsecond => (low, high),
            // Rounded down, as values are when they are read.
            arrow_schema::TimeUnit::Nanosecond => (low.div_euclid(1000), high.div_euclid(1000)),
        },
        (DataType::Date32, LeafType::Date) => (low, high),
        (found, ty)
            if found.is_integer()
                && ty.is_number()
                && !matches!(ty, LeafType::F32 | LeafType::F64 | LeafType::TimeDelta) =>
        {
            (low, high)
        }
        _ => return None,
    };
    let value = |value: i64| match (unsigned, found) {
        (true, DataType::UInt64) => i128::from(value as u64),
        (true, _) => i128::from(value as u32),
        (false, _) => i128::from(value),
    };
    Some((Datum::Fixed(within(value(low), ty)), Datum::Fixed(within(value(high), ty))))
}

/// Returns the nearest value that the leaf can hold. Values outside of its range are not read.
fn within(value: i128, ty: LeafType) -> u128 {
    let bits = 8 * ty.width() as u32;
    let mask = if bits == 128 { u128::MAX } else { (1 << bits) - 1 };
    let unsigned = matches!(ty, LeafType::U8 | LeafType::U16 | LeafType::U32 | LeafType::U64 | LeafType::U128);
    let (least, greatest) = match (unsigned, bits) {
        (true, 128) => (0, i128::MAX),
        (false, 128) => (i128::MIN, i128::MAX),
        (true, _) => (0, (1 << bits) - 1),
        (false, _) => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
    };
    value.clamp(least, greatest) as u128 & mask
}
