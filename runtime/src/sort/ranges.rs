//! Ranges of an order, and the key prefixes that separate them.
//!
//! A prefix has a bounded size, however long the texts of a record are. It ends with the first leaf
//! that it does not hold whole. So prefixes compare as their keys do, or are equal. Records with
//! equal prefixes are in one range.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::page::Batch;
use crate::row::{Datum, LeafType, Physical, compare_leaf};
use crate::sort::order::OrderKey;
use crate::value::Texts;

/// The greatest number of bytes of one leaf in a prefix.
pub(crate) const PREFIX_BYTES: usize = 256;

/// A key prefix: values of the first leaves of an order.
pub(crate) type KeyPrefix = Vec<Datum>;

/// The prefix of a row's key.
pub(crate) fn prefix_of(batch: &Batch<'_>, row: usize, types: &[LeafType], order: &[OrderKey]) -> KeyPrefix {
    let mut prefix = Vec::with_capacity(order.len());
    for key in order {
        let Some((value, is_whole)) = prefix_value(batch, row, key.leaf, types[key.leaf]) else { break };
        prefix.push(value.into_datum());
        if !is_whole {
            break;
        }
    }
    prefix
}

/// Appends a prefix to `out`: the number of its values, then each value with its kind.
pub(crate) fn encode_prefix(prefix: &KeyPrefix, out: &mut Vec<u8>) {
    out.extend_from_slice(&(prefix.len() as u32).to_le_bytes());
    for value in prefix {
        match value {
            Datum::Fixed(bits) => {
                out.push(0);
                out.extend_from_slice(&bits.to_le_bytes());
            }
            Datum::Bytes(bytes) => {
                out.push(1);
                out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
                out.extend_from_slice(bytes);
            }
        }
    }
}

/// Removes a prefix that [`encode_prefix`] wrote from the start of `bytes`. `None` if there is
/// none.
pub(crate) fn decode_prefix(bytes: &mut &[u8]) -> Option<KeyPrefix> {
    let length = |bytes: &mut &[u8]| Some(u32::from_le_bytes(*take(bytes, 4)?.first_chunk()?) as usize);
    let values = length(bytes)?;
    let value = |_| match take(bytes, 1)? {
        [0] => Some(Datum::Fixed(u128::from_le_bytes(*take(bytes, 16)?.first_chunk()?))),
        [1] => {
            let count = length(bytes)?;
            Some(Datum::Bytes(take(bytes, count)?.into()))
        }
        _ => None,
    };
    (0..values).map(value).collect()
}

fn take<'b>(bytes: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

/// Bytes of a prefix in memory.
pub(crate) fn prefix_bytes(prefix: &KeyPrefix) -> usize {
    let values = prefix.iter().map(|value| size_of::<Datum>() + value.bytes().len());
    size_of::<KeyPrefix>() + values.sum::<usize>()
}

/// The greatest number of bytes of a prefix of an order in memory.
pub(crate) fn max_prefix_bytes(types: &[LeafType], order: &[OrderKey]) -> usize {
    let of_leaf = |key: &OrderKey| match types[key.leaf].physical() {
        Physical::Slot => size_of::<Datum>() + PREFIX_BYTES,
        _ => size_of::<Datum>(),
    };
    size_of::<KeyPrefix>() + order.iter().map(of_leaf).sum::<usize>()
}

/// The start of a leaf's value, of bounded length.
enum PrefixValue<'a> {
    Fixed(u128),
    Bytes(Cow<'a, [u8]>),
}

impl PrefixValue<'_> {
    fn into_datum(self) -> Datum {
        match self {
            PrefixValue::Fixed(bits) => Datum::Fixed(bits),
            PrefixValue::Bytes(bytes) => Datum::Bytes(bytes.into()),
        }
    }

    fn compare(&self, ty: LeafType, bound: &Datum) -> Ordering {
        match self {
            PrefixValue::Fixed(bits) => compare_leaf(ty, &Datum::Fixed(*bits), bound),
            PrefixValue::Bytes(bytes) if matches!(ty, LeafType::Text | LeafType::Bytes) => (**bytes).cmp(bound.bytes()),
            PrefixValue::Bytes(bytes) => compare_leaf(ty, &Datum::Bytes((**bytes).into()), bound),
        }
    }
}

/// The start of a leaf's value in a row, and whether it is the whole value. `None` for lists of
/// records, which have no start of bounded length.
fn prefix_value<'a>(batch: &Batch<'a>, row: usize, leaf: usize, ty: LeafType) -> Option<(PrefixValue<'a>, bool)> {
    if ty.physical() != Physical::Slot {
        return Some((PrefixValue::Fixed(batch.datum(leaf, ty, row).bits()), true));
    }
    let bytes = batch.leaf_bytes(leaf, row);
    let max_bytes = match ty {
        LeafType::Text | LeafType::Bytes => PREFIX_BYTES,
        LeafType::List(element) => PREFIX_BYTES / element.width() * element.width(),
        LeafType::Texts => return Some((PrefixValue::Bytes(prefix_of_texts(bytes).into()), false)),
        _ => return None,
    };
    let start = bytes.get(..max_bytes).unwrap_or(bytes);
    Some((PrefixValue::Bytes(start.into()), start.len() < max_bytes))
}

/// A stored list that contains only the first text, cut to `PREFIX_BYTES`.
fn prefix_of_texts(bytes: &[u8]) -> Vec<u8> {
    let first = Texts::stored(bytes).get(0).map(|text| &text[..text.floor_char_boundary(PREFIX_BYTES)]);
    Texts::from(first.as_slice()).with_stored(<[u8]>::to_vec)
}

/// Compares two prefixes in the order.
pub(crate) fn compare_prefixes(
    types: &[LeafType],
    order: &[OrderKey],
    left: &KeyPrefix,
    right: &KeyPrefix,
) -> Ordering {
    let of_leaf =
        |(key, (left, right)): (&OrderKey, (&Datum, &Datum))| directed(key, compare_leaf(types[key.leaf], left, right));
    let values = order.iter().zip(left.iter().zip(right));
    values.map(of_leaf).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn directed(key: &OrderKey, order: Ordering) -> Ordering {
    if key.descending { order.reverse() } else { order }
}

/// The prefixes at which all ranges but the first begin, such that each range has about as many
/// records. `keys` is a sample of prefixes, each with the number of records that it stands for.
pub(crate) fn range_bounds(
    mut keys: Vec<(&KeyPrefix, u64)>,
    types: &[LeafType],
    order: &[OrderKey],
    ranges: usize,
) -> Vec<KeyPrefix> {
    let total: u64 = keys.iter().map(|&(_, weight)| weight).sum();
    keys.sort_by(|(left, _), (right, _)| compare_prefixes(types, order, left, right));
    let (mut bounds, mut before) = (Vec::new(), 0);
    for (key, weight) in keys {
        while bounds.len() + 1 < ranges && before * ranges as u64 >= (bounds.len() as u64 + 1) * total {
            bounds.push(key.clone());
        }
        before += weight;
    }
    bounds
}

/// The number of the range that a row is in.
pub(crate) fn range_of(
    batch: &Batch<'_>,
    row: usize,
    types: &[LeafType],
    order: &[OrderKey],
    bounds: &[KeyPrefix],
) -> usize {
    bounds.partition_point(|bound| !is_before(batch, row, types, order, bound))
}

/// Returns `true` if the prefix of a row is before `bound`.
pub(crate) fn is_before(
    batch: &Batch<'_>,
    row: usize,
    types: &[LeafType],
    order: &[OrderKey],
    bound: &KeyPrefix,
) -> bool {
    for (key, value) in order.iter().zip(bound) {
        let ty = types[key.leaf];
        let Some((start, is_whole)) = prefix_value(batch, row, key.leaf, ty) else { break };
        let ordering = directed(key, start.compare(ty, value));
        if ordering.is_ne() || !is_whole {
            return ordering.is_lt();
        }
    }
    false
}
