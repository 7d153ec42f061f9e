//! Helpers of operators that order records.

use std::cmp::Ordering;

use crate::row::{Datum, LeafSet, Schema, compare_leaf};
use crate::sort::OrderKey;

use super::common::names;

/// For EXPLAIN: `revenue descending, orderdate`.
pub(crate) fn describe(schema: &Schema, order: &[OrderKey]) -> String {
    let part = |key: &OrderKey| {
        let name = names(schema, &[key.leaf]);
        if key.descending { format!("{name} descending") } else { name }
    };
    order.iter().map(part).collect::<Vec<_>>().join(", ")
}

/// The leaves that an order compares.
pub(crate) fn leaves(order: &[OrderKey]) -> LeafSet {
    order.iter().map(|key| key.leaf).collect()
}

/// Compares two plain rows.
pub(crate) fn compare(schema: &Schema, order: &[OrderKey], left: &[Datum], right: &[Datum]) -> Ordering {
    let part = |key: &OrderKey| {
        let ty = schema.leaves()[key.leaf].ty;
        let order = compare_leaf(ty, &left[key.leaf], &right[key.leaf]);
        if key.descending { order.reverse() } else { order }
    };
    order.iter().map(part).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}
