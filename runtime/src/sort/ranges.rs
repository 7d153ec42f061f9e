//! Where an order is cut into ranges.

use std::cmp::Ordering;

use crate::page::Batch;
use crate::row::{Datum, LeafType, compare_leaf};
use crate::sort::order::OrderKey;

/// The leaves of an order in one record.
pub(crate) type OrderValues = Vec<Datum>;

/// Those of a row.
pub(crate) fn values_of(batch: &Batch<'_>, row: usize, types: &[LeafType], order: &[OrderKey]) -> OrderValues {
    order.iter().map(|key| batch.datum(key.leaf, types[key.leaf], row)).collect()
}

/// The keys at which ranges begin, but for the first, where about as many records lie in each: from a sample of keys and how many records each stands for.
pub(crate) fn cut(
    mut keys: Vec<(&OrderValues, u64)>,
    types: &[LeafType],
    order: &[OrderKey],
    ranges: usize,
) -> Vec<OrderValues> {
    let total: u64 = keys.iter().map(|&(_, weight)| weight).sum();
    keys.sort_by(|(left, _), (right, _)| {
        in_order(order, |position, leaf| compare_leaf(types[leaf], &left[position], &right[position]))
    });
    let (mut bounds, mut before) = (Vec::new(), 0);
    for (key, weight) in keys {
        while bounds.len() + 1 < ranges && before * ranges as u64 >= (bounds.len() as u64 + 1) * total {
            bounds.push(key.clone());
        }
        before += weight;
    }
    bounds
}

/// The range that a row is in: how many ranges begin at its key or before.
pub(crate) fn range_of(
    batch: &Batch<'_>,
    row: usize,
    types: &[LeafType],
    order: &[OrderKey],
    bounds: &[OrderValues],
) -> usize {
    bounds.partition_point(|bound| !is_before(batch, row, types, order, bound))
}

/// Whether a row comes before a bound.
pub(crate) fn is_before(
    batch: &Batch<'_>,
    row: usize,
    types: &[LeafType],
    order: &[OrderKey],
    bound: &OrderValues,
) -> bool {
    let stands = in_order(order, |position, leaf| match types[leaf] {
        // No copy is made of a text to compare it.
        LeafType::Text | LeafType::Bytes => batch.leaf_bytes(leaf, row).cmp(bound[position].bytes()),
        ty => compare_leaf(ty, &batch.datum(leaf, ty, row), &bound[position]),
    });
    stands.is_lt()
}

/// How two records stand, where `compare` says how the values at a position of the order do, which are those of a leaf.
pub(crate) fn in_order(order: &[OrderKey], compare: impl Fn(usize, usize) -> Ordering) -> Ordering {
    let part = |(position, key): (usize, &OrderKey)| {
        let order = compare(position, key.leaf);
        if key.descending { order.reverse() } else { order }
    };
    order.iter().enumerate().map(part).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}
