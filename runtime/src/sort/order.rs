//! Compares rows by an order, leaf by leaf.

#![allow(unsafe_code, reason = "rows are read and written where they lie; each block says why it is sound")]

use std::cmp::Ordering;

use crate::error::{Error, Result};
use crate::page::LeafPtr;
pub use crate::row::OrderKey;
use crate::row::{LeafType, RowLayout};
use crate::sort::key::with_numbers;
use crate::value::Texts;

/// One leaf of an order, in rows of a layout.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct OrderLeaf {
    /// Offset in a row. `None` if rows do not store the leaf; then all rows are equal in it.
    pub(crate) offset: Option<usize>,
    pub(crate) ty: LeafType,
    pub(crate) descending: bool,
}

impl OrderLeaf {
    /// The leaf in consecutive rows of `width` bytes each.
    pub(crate) fn of_rows(self, first: *const u8, width: usize) -> LeafPtr {
        match self.offset {
            Some(offset) => LeafPtr::rows(first.wrapping_add(offset), width, self.ty),
            None => LeafPtr::dead(self.ty),
        }
    }
}

/// The leaves of an order in rows of a layout.
///
/// # Errors
/// Fails if the rows do not have one of the leaves.
pub(crate) fn order_leaves(layout: &RowLayout, order: &[OrderKey]) -> Result<Box<[OrderLeaf]>> {
    let leaf = |key: &OrderKey| {
        let ty = layout.types().get(key.leaf).copied();
        let ty =
            ty.ok_or_else(|| Error::Internal(format!("an order by leaf {}, which the rows do not have", key.leaf)))?;
        Ok(OrderLeaf { offset: layout.offset(key.leaf), ty, descending: key.descending })
    };
    order.iter().map(leaf).collect()
}

/// Compares two rows by some leaves.
///
/// # Safety
/// Both are rows of the layout that the leaves lie in.
pub(crate) unsafe fn compare_rows(order: &[OrderLeaf], left: *const u8, right: *const u8) -> Ordering {
    for leaf in order.iter().filter(|leaf| leaf.offset.is_some()) {
        // SAFETY: the caller's promise.
        let order = unsafe { compare_leaves(leaf.of_rows(left, 0), 0, leaf.of_rows(right, 0), 0) };
        if order.is_ne() {
            return if leaf.descending { order.reverse() } else { order };
        }
    }
    Ordering::Equal
}

/// Compares two values of one type.
///
/// # Safety
/// Each row may be read through the leaf before it; the leaves are of one type.
pub(crate) unsafe fn compare_leaves(left_leaf: LeafPtr, left: usize, right_leaf: LeafPtr, right: usize) -> Ordering {
    // SAFETY: the caller's promise.
    unsafe {
        match left_leaf.ty {
            LeafType::Text | LeafType::Bytes => left_leaf.bytes(left, 1).cmp(right_leaf.bytes(right, 1)),
            LeafType::Texts => {
                let left = Texts::stored(left_leaf.bytes(left, 1)).iter();
                left.cmp(Texts::stored(right_leaf.bytes(right, 1)).iter())
            }
            LeafType::Items(items) => {
                let width = left_leaf.ty.element_width();
                items.compare(left_leaf.bytes(left, width), right_leaf.bytes(right, width))
            }
            LeafType::List(element) => {
                let width = element.width();
                let (left, right) = (left_leaf.bytes(left, width), right_leaf.bytes(right, width));
                let elements = |bytes: &[u8]| LeafPtr::rows(bytes.as_ptr(), width, element.leaf());
                // These are elements of the slices, since the indexes are less than both lengths.
                (0..(left.len() / width).min(right.len() / width))
                    .map(|index| compare_leaves(elements(left), index, elements(right), index))
                    .find(|order| order.is_ne())
                    .unwrap_or_else(|| left.len().cmp(&right.len()))
            }
            plain => with_numbers!(plain, (Raw, number) => {
                number(left_leaf.read::<Raw>(left)).cmp(&number(right_leaf.read::<Raw>(right)))
            }, else Ordering::Equal),
        }
    }
}
