//! Folds: how records update the leaves of a group's state, and how two states are merged.
//!
//! Signed sums run in 128 bits and are narrowed in place at the end. So a result is exact, or an
//! error.

use std::slice;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::group::{GroupTable, Groups, StateReader, StateRows, nulls_last};
use crate::page::{Input, LeafReader, Plain};
use crate::row::{Datum, LeafType, Schema, compare_leaf};

use super::common::names;

/// How one leaf of a state is computed from the records of its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fold {
    /// A leaf of the key.
    Key(usize),
    /// The sum of a leaf.
    Sum(usize),
    /// The least value of a leaf.
    Min(usize),
    /// The greatest value of a leaf.
    Max(usize),
    /// The least value of a leaf that may be null. The leaf before it is its validity, in records
    /// and in the state, where it is a [`Fold::Valid`].
    MinSome(usize),
    /// The greatest value of a leaf that may be null, likewise.
    MaxSome(usize),
    /// The validity of the next leaf, a [`Fold::MinSome`] or [`Fold::MaxSome`]. Stored and set with
    /// it.
    Valid(usize),
    /// The number of records.
    Count,
    /// The least or greatest value of a leaf. The next leaves are [`Fold::Carried`], copied from
    /// the same record.
    By {
        /// The leaf.
        leaf: usize,
        /// Whether it is the greatest value.
        greatest: bool,
        /// The number of carried leaves.
        carried: usize,
    },
    /// A leaf of the record that the [`Fold::By`] before it selects. If records tie, the one with
    /// the least values is selected, with nulls last.
    Carried(usize),
    /// A leaf of the first record of the group that arrives.
    First(usize),
    /// The number of distinct values of these leaves together. A value with a null part does not
    /// count.
    Distinct(Arc<[usize]>),
    /// Written by an accumulator. The engine only merges it.
    Kernel(Merge),
    /// None: the leaf is neither a part of the key nor aggregated. Such a plan is rejected.
    Nothing,
}

impl Fold {
    /// The name of its leaf in snapshots, for records of this schema: measure and field.
    pub(crate) fn state_name(&self, schema: &Schema) -> String {
        let (word, leaves) = match self {
            Fold::Sum(leaf) => ("sum", slice::from_ref(leaf)),
            Fold::Min(leaf) | Fold::MinSome(leaf) => ("min", slice::from_ref(leaf)),
            Fold::Max(leaf) | Fold::MaxSome(leaf) => ("max", slice::from_ref(leaf)),
            Fold::Distinct(leaves) => ("count_distinct", &leaves[..]),
            Fold::Count => ("count", &[][..]),
            Fold::By { leaf, greatest: false, .. } => ("min_by", slice::from_ref(leaf)),
            Fold::By { leaf, greatest: true, .. } => ("max_by", slice::from_ref(leaf)),
            Fold::First(leaf) => ("first", slice::from_ref(leaf)),
            Fold::Key(leaf) | Fold::Carried(leaf) => return names(schema, slice::from_ref(leaf)),
            // A leaf of a kernel has no field, and the text of its measure is unknown here.
            Fold::Kernel(merge) => return format!("kernel {merge:?}"),
            Fold::Valid(_) | Fold::Nothing => return String::new(),
        };
        format!("{word}({})", names(schema, leaves))
    }
}

/// How a leaf of two states is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// The sum.
    Sum,
    /// The lesser value. The leaf before it is its validity.
    Min,
    /// The greater value, likewise.
    Max,
    /// The validity of the next leaf, and set with it.
    Valid,
    /// By the accumulator, see [`Accumulate::merge`](crate::group::Accumulate::merge).
    Kernel,
}

/// One leaf of a group's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateLeaf {
    /// Its type in the output.
    pub ty: LeafType,
    /// How it is computed.
    pub fold: Fold,
}

impl StateLeaf {
    /// Its type while records are added. Signed sums and decimals run in 128 bits, so no order of
    /// the records overflows if the result does not. An unsigned sum that overflows on the way
    /// overflows at the end too.
    #[must_use]
    pub fn running_type(&self) -> LeafType {
        use LeafType as L;
        match (&self.fold, self.ty) {
            (Fold::Sum(_), L::I8 | L::I16 | L::I32 | L::I64 | L::TimeDelta | L::Decimal(_)) => L::I128,
            (Fold::Sum(_), L::U8 | L::U16 | L::U32) => L::U64,
            (Fold::Sum(_), L::F32) => L::F64,
            (_, ty) => ty,
        }
    }
}

/// One measure over windows of rows: from a leaf of the input to a leaf of the state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) from: usize,
    pub(crate) from_type: LeafType,
    pub(crate) to: usize,
    pub(crate) to_type: LeafType,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sum,
    Min,
    Max,
    Count,
    /// The least or greatest of values whose validity is the leaf before, in input and state.
    MinValid,
    MaxValid,
}

/// Adds each row to its group's state.
pub(crate) fn run(step: Step, table: &mut GroupTable, input: &Input<'_>, groups: &Groups) -> Result<()> {
    use LeafType as L;
    match (step.kind, step.from_type, step.to_type) {
        (Kind::Count, ..) => count(step, table, input, groups),
        (Kind::Sum, L::I8, _) => sum::<i8, i128>(step, table, input, groups, |a, b| a.checked_add(b.into())),
        (Kind::Sum, L::I16, _) => sum::<i16, i128>(step, table, input, groups, |a, b| a.checked_add(b.into())),
        (Kind::Sum, L::I32, _) => sum::<i32, i128>(step, table, input, groups, |a, b| a.checked_add(b.into())),
        (Kind::Sum, L::I64 | L::TimeDelta | L::Decimal(_), _) => {
            sum::<i64, i128>(step, table, input, groups, |a, b| a.checked_add(b.into()))
        }
        (Kind::Sum, L::I128, _) => sum::<i128, i128>(step, table, input, groups, i128::checked_add),
        // A mean's sum runs in 128 bits for all integers.
        (Kind::Sum, L::U8, L::I128) => sum::<u8, i128>(step, table, input, groups, |a, b| a.checked_add(b.into())),
        (Kind::Sum, L::U16, L::I128) => sum::<u16, i128>(step, table, input, groups, |a, b| a.checked_add(b.into())),
        (Kind::Sum, L::U32, L::I128) => sum::<u32, i128>(step, table, input, groups, |a, b| a.checked_add(b.into())),
        (Kind::Sum, L::U64, L::I128) => sum::<u64, i128>(step, table, input, groups, |a, b| a.checked_add(b.into())),
        // The number of values that are not null.
        (Kind::Sum, L::Valid, _) => sum::<u8, u64>(step, table, input, groups, |a, b| a.checked_add(b.into())),
        (Kind::Sum, L::U8, _) => sum::<u8, u64>(step, table, input, groups, |a, b| a.checked_add(b.into())),
        (Kind::Sum, L::U16, _) => sum::<u16, u64>(step, table, input, groups, |a, b| a.checked_add(b.into())),
        (Kind::Sum, L::U32, _) => sum::<u32, u64>(step, table, input, groups, |a, b| a.checked_add(b.into())),
        (Kind::Sum, L::U64, _) => sum::<u64, u64>(step, table, input, groups, u64::checked_add),
        (Kind::Sum, L::U128, _) => sum::<u128, u128>(step, table, input, groups, u128::checked_add),
        (Kind::Sum, L::F32, _) => sum::<f32, f64>(step, table, input, groups, |a, b| Some(a + f64::from(b))),
        (Kind::Sum, L::F64, _) => sum::<f64, f64>(step, table, input, groups, |a, b| Some(a + b)),
        (_, ty, _) => extreme_of(ty, step, table, input, groups),
    }
}

fn extreme_of(ty: LeafType, step: Step, table: &mut GroupTable, input: &Input<'_>, groups: &Groups) -> Result<()> {
    use LeafType as L;
    match ty {
        L::Bool | L::U8 | L::Valid | L::Tag(_) => extreme::<u8>(step, table, input, groups, |a, b| a < b),
        L::I8 => extreme::<i8>(step, table, input, groups, |a, b| a < b),
        L::U16 => extreme::<u16>(step, table, input, groups, |a, b| a < b),
        L::I16 => extreme::<i16>(step, table, input, groups, |a, b| a < b),
        L::U32 | L::Char => extreme::<u32>(step, table, input, groups, |a, b| a < b),
        L::I32 | L::Date => extreme::<i32>(step, table, input, groups, |a, b| a < b),
        L::U64 => extreme::<u64>(step, table, input, groups, |a, b| a < b),
        L::I64 | L::Timestamp | L::TimeDelta | L::Decimal(_) => {
            extreme::<i64>(step, table, input, groups, |a, b| a < b)
        }
        L::U128 => extreme::<u128>(step, table, input, groups, |a, b| a < b),
        L::I128 => extreme::<i128>(step, table, input, groups, |a, b| a < b),
        // Total order, NaN last: `<` alone is false for NaN on either side.
        L::F32 => extreme::<f32>(step, table, input, groups, |a, b| a < b || (b.is_nan() && !a.is_nan())),
        L::F64 => extreme::<f64>(step, table, input, groups, |a, b| a < b || (b.is_nan() && !a.is_nan())),
        L::Text | L::Bytes | L::Texts | L::List(_) | L::Items(_) => Err(unsupported(step)),
    }
}

fn unsupported(step: Step) -> Error {
    Error::Internal(format!("{:?} of {} into {}", step.kind, step.from_type, step.to_type))
}

fn visit(
    step: Step,
    table: &mut GroupTable,
    input: &Input<'_>,
    groups: &Groups,
    f: impl for<'b, 't> FnOnce(LeafReader<'b>, StateReader<'t>, StateRows<'b, 't>) -> Option<Result<()>>,
) -> Result<()> {
    table
        .visit(input, groups, |mut leaves, mut states, rows| {
            // The validity is the leaf right before its value. Both are read from there.
            let before = usize::from(matches!(step.kind, Kind::MinValid | Kind::MaxValid));
            leaves.skip(step.from - before);
            states.skip(step.to - before);
            f(leaves, states, rows)
        })
        .unwrap_or_else(|| Err(unsupported(step)))
}

fn count(step: Step, table: &mut GroupTable, input: &Input<'_>, groups: &Groups) -> Result<()> {
    visit(step, table, input, groups, |_, mut states, rows| {
        let state = states.plain::<u64>()?;
        for (_, group) in rows.iter() {
            state.set(group, state.get(group) + 1);
        }
        Some(Ok(()))
    })
}

fn sum<V: Plain, S: Plain>(
    step: Step,
    table: &mut GroupTable,
    input: &Input<'_>,
    groups: &Groups,
    add: impl Fn(S, V) -> Option<S>,
) -> Result<()> {
    visit(step, table, input, groups, |mut leaves, mut states, rows| {
        let (values, state) = (leaves.plain::<V>(), states.plain::<S>()?);
        for (row, group) in rows.iter() {
            match add(state.get(group), values.read(row)) {
                Some(total) => state.set(group, total),
                None => return Some(Err(overflow(step.from_type))),
            }
        }
        Some(Ok(()))
    })
}

pub(crate) fn overflow(ty: LeafType) -> Error {
    let advice = match ty {
        LeafType::Decimal(0) => "make it a float in a `map` first, with `to_f64()`",
        LeafType::Decimal(_) => {
            "no decimal is wider; in a `map` first, cut its digits with `rescale::<0>()`, or make it a float with `to_f64()`"
        }
        LeafType::TimeDelta => "make it a float in a `map` first, with `as_seconds()`",
        LeafType::I128 | LeafType::U128 => "make it a float in a `map` first, with `as f64`",
        _ => "widen the field in a `map` first",
    };
    Error::Overflow { what: format!("a sum of {ty} leaves the type's range; {advice}") }
}

fn extreme<V: Plain>(
    step: Step,
    table: &mut GroupTable,
    input: &Input<'_>,
    groups: &Groups,
    less: impl Fn(V, V) -> bool,
) -> Result<()> {
    let greatest = matches!(step.kind, Kind::Max | Kind::MaxValid);
    let better = |new: V, old: V| if greatest { less(old, new) } else { less(new, old) };
    visit(step, table, input, groups, |mut leaves, mut states, rows| {
        if matches!(step.kind, Kind::Min | Kind::Max) {
            // A new group starts as a copy of its first row, so the state always has a value.
            let (values, state) = (leaves.plain::<V>(), states.plain::<V>()?);
            for (row, group) in rows.iter() {
                let value = values.read(row);
                if better(value, state.get(group)) {
                    state.set(group, value);
                }
            }
            return Some(Ok(()));
        }
        let (valid, values) = (leaves.plain::<u8>(), leaves.plain::<V>());
        let (known, state) = (states.plain::<u8>()?, states.plain::<V>()?);
        for (row, group) in rows.iter() {
            let value = values.read(row);
            if valid.read(row) != 0 && (known.get(group) == 0 || better(value, state.get(group))) {
                known.set(group, 1);
                state.set(group, value);
            }
        }
        Some(Ok(()))
    })
}

/// The sum of values of type `from` as a `to`, in the reference implementation. It is computed in a
/// wide type and then checked against `to`.
pub(crate) fn sum_datums<'d>(from: LeafType, to: LeafType, values: impl Iterator<Item = &'d Datum>) -> Result<Datum> {
    use LeafType as L;
    let fixed = |bits: u128| Ok(Datum::Fixed(bits));
    if from == L::U128 {
        let sum = values.map(Datum::bits).try_fold(0u128, u128::checked_add);
        return sum.map(Datum::Fixed).ok_or_else(|| overflow(to));
    }
    let mut whole = 0i128;
    let mut float = 0f64;
    for value in values {
        let bits = value.bits();
        match from {
            L::F32 => float += f64::from(f32::from_bits(bits as u32)),
            L::F64 => float += f64::from_bits(bits as u64),
            _ => whole = whole.checked_add(signed(from, bits)).ok_or_else(|| overflow(to))?,
        }
    }
    match to {
        L::F32 => fixed((float as f32).to_bits().into()),
        L::F64 => fixed(float.to_bits().into()),
        // The sum fits if its low bits, read back, give the sum.
        _ => {
            let bits = whole as u128 & (u128::MAX >> (128 - 8 * to.width()));
            if signed(to, bits) == whole { fixed(bits) } else { Err(overflow(to)) }
        }
    }
}

/// The value of an integer's bits.
pub(crate) fn signed(ty: LeafType, bits: u128) -> i128 {
    use LeafType as L;
    match ty {
        L::I8 => (bits as i8).into(),
        L::I16 => (bits as i16).into(),
        L::I32 => (bits as i32).into(),
        L::I64 | L::TimeDelta | L::Decimal(_) => (bits as i64).into(),
        _ => bits as i128,
    }
}

/// The least or greatest of the values for whose rows `is_valid` returns `true`, in the reference
/// implementation.
pub(crate) fn extreme_of_datums(
    ty: LeafType,
    leaf: usize,
    rows: &[&Vec<Datum>],
    is_valid: impl Fn(&[Datum]) -> bool,
    greatest: bool,
) -> Datum {
    let values = rows.iter().filter(|row| is_valid(row)).map(|row| row[leaf].clone());
    values.reduce(|best, value| pick_datum(ty, &best, &value, greatest)).unwrap_or_else(|| Datum::zero(ty))
}

/// The row with the least or greatest value of the first of these leaves, in the reference
/// implementation. If rows tie, the one with the least values of the other leaves.
pub(crate) fn row_by<'r>(
    types: &[LeafType],
    leaves: &[usize],
    greatest: bool,
    rows: &[&'r Vec<Datum>],
) -> Option<&'r Vec<Datum>> {
    let (&by, others) = leaves.split_first()?;
    let compare = |leaf: usize, left: &[Datum], right: &[Datum]| {
        nulls_last(types[leaf], compare_leaf(types[leaf], &left[leaf], &right[leaf]))
    };
    rows.iter().copied().min_by(|left, right| {
        let order = compare(by, left, right);
        let order = if greatest { order.reverse() } else { order };
        others.iter().fold(order, |order, &leaf| order.then_with(|| compare(leaf, left, right)))
    })
}

/// The lesser or greater of two values, in the reference implementation.
pub(crate) fn pick_datum(ty: LeafType, left: &Datum, right: &Datum, greatest: bool) -> Datum {
    let order = compare_leaf(ty, left, right);
    if if greatest { order.is_lt() } else { order.is_gt() } { right.clone() } else { left.clone() }
}
