//! Bounds of the values of a leaf. Bits that all values share take no space in a key.

use crate::page::LeafPtr;
use crate::row::LeafType;
use crate::sort::key::number::{Number, with_numbers};
use crate::sort::order::OrderLeaf;

/// The greatest number of common first bytes of texts that are recorded.
const COMMON_BYTES: usize = 128;

/// Bounds of the values of one leaf.
#[derive(Clone)]
pub(crate) enum Bounds {
    /// Plain values, as numbers: the least and the greatest. If there are no values, the first is
    /// greater than the second.
    Numbers(u128, u128),
    /// Texts and byte strings: their common first bytes, and the length of the longest in bytes.
    /// The common bytes are `None` if there are no values.
    Texts(Option<Box<[u8]>>, usize),
    /// Lists, which have no bounds.
    Unknown,
}

impl Bounds {
    /// The bounds of no values.
    pub(crate) fn none(ty: LeafType) -> Self {
        match ty {
            LeafType::Text | LeafType::Bytes => Bounds::Texts(None, 0),
            LeafType::Texts | LeafType::List(_) | LeafType::Items(_) => Bounds::Unknown,
            _ => Bounds::Numbers(u128::MAX, 0),
        }
    }

    /// The bounds of all values of the type.
    pub(crate) fn all(ty: LeafType) -> Self {
        match ty {
            LeafType::Text | LeafType::Bytes => Bounds::Texts(Some(Box::default()), usize::MAX),
            LeafType::Texts | LeafType::List(_) | LeafType::Items(_) => Bounds::Unknown,
            _ => Bounds::Numbers(0, u128::MAX >> (128 - 8 * ty.width())),
        }
    }

    /// Widens the bounds to include all values within `other`.
    pub(crate) fn join(&mut self, other: &Bounds) {
        match (self, other) {
            (Bounds::Numbers(min, max), Bounds::Numbers(low, high)) => {
                (*min, *max) = ((*min).min(*low), (*max).max(*high));
            }
            (Bounds::Texts(common, longest), Bounds::Texts(theirs, length)) => {
                *longest = (*longest).max(*length);
                *common = match (common.take(), theirs) {
                    (Some(own), Some(theirs)) => {
                        let shared = own.iter().zip(theirs).take_while(|(left, right)| left == right).count();
                        Some(own[..shared].into())
                    }
                    (own, theirs) => own.or_else(|| theirs.clone()),
                };
            }
            (bounds, _) => *bounds = Bounds::Unknown,
        }
    }

    /// Widens the bounds by the values of `rows` rows that are `width` bytes apart.
    ///
    /// # Safety
    /// `rows` rows that hold the leaf begin at `first`.
    pub(crate) unsafe fn widen(&mut self, leaf: OrderLeaf, first: *const u8, width: usize, rows: usize) {
        let values = leaf.of_rows(first, width);
        match self {
            Bounds::Numbers(min, max) => {
                // SAFETY: the caller's promise; `Raw` has the leaf's width.
                let (low, high) = unsafe {
                    with_numbers!(leaf.ty, (Raw, number) => extremes::<Raw, _>(values, rows, number), else (*min, *max))
                };
                (*min, *max) = ((*min).min(low), (*max).max(high));
            }
            // SAFETY: the caller's promise.
            Bounds::Texts(common, longest) => unsafe { widen_texts(common, longest, values, rows) },
            Bounds::Unknown => {}
        }
    }
}

/// # Safety
/// The leaf may be read at rows `0..rows`; `P` has its width.
#[inline(always)]
unsafe fn extremes<P: Copy, N: Number>(leaf: LeafPtr, rows: usize, number: impl Fn(P) -> N) -> (u128, u128) {
    // Four lanes, so that a processor compares several values at a time.
    const LANES: usize = 4;
    let (mut mins, mut maxes) = ([N::of(u128::MAX); LANES], [N::of(0); LANES]);
    let mut widen = |row: usize, lane: usize| {
        // SAFETY: the caller's promise.
        let value = number(unsafe { leaf.read(row) });
        (mins[lane], maxes[lane]) = (mins[lane].min(value), maxes[lane].max(value));
    };
    let whole = rows - rows % LANES;
    (0..whole).step_by(LANES).for_each(|row| (0..LANES).for_each(|lane| widen(row + lane, lane)));
    (whole..rows).for_each(|row| widen(row, 0));
    let min = mins.into_iter().fold(N::of(u128::MAX), N::min);
    let max = maxes.into_iter().fold(N::of(0), N::max);
    if rows == 0 { (u128::MAX, 0) } else { (min.wide(), max.wide()) }
}

/// # Safety
/// The leaf, of texts or byte strings, may be read at rows `0..rows`.
unsafe fn widen_texts(common: &mut Option<Box<[u8]>>, longest: &mut usize, leaf: LeafPtr, rows: usize) {
    if rows == 0 {
        return;
    }
    // SAFETY: the caller's promise, here and below.
    let first = unsafe { leaf.bytes(0, 1) };
    let known = common.take().unwrap_or_else(|| first[..first.len().min(COMMON_BYTES)].into());
    let mut shared = known.len();
    for row in 0..rows {
        // SAFETY: as above.
        let text = unsafe { leaf.bytes(row, 1) };
        *longest = text.len().max(*longest);
        if !text.starts_with(&known[..shared]) {
            shared = known.iter().zip(text).take_while(|(known, byte)| known == byte).count();
        }
    }
    *common = Some(if shared == known.len() { known } else { known[..shared].into() });
}
