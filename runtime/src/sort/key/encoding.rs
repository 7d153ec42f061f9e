//! Keys of fixed length that compare like rows.

use smallvec::SmallVec;

use crate::page::{INLINE_BYTES, LeafPtr, Slot, slot};
use crate::row::LeafType;
use crate::sort::key::bounds::Bounds;
use crate::sort::key::number::{Number, with_numbers};
use crate::sort::order::OrderLeaf;

/// A number of 64 or 128 bits that represents a row.
pub(crate) trait Key: Copy + Ord + Default + Send + Sync + 'static {
    const BITS: u32;
    /// The greatest key.
    const MAX: Self;

    /// The key, shifted left by `bits`, with `value` in these bits.
    fn append(self, bits: u32, value: impl Number) -> Self;

    /// The 64 lowest bits of the key without its `low_bits` lowest.
    fn above(self, low_bits: u32) -> u64;

    /// Returns `true` if two keys agree in all bits but the `low_bits` lowest.
    fn agrees(self, other: Self, low_bits: u32) -> bool;
}

impl Key for u64 {
    const BITS: u32 = 64;
    const MAX: Self = u64::MAX;

    #[inline(always)]
    fn append(self, bits: u32, value: impl Number) -> Self {
        self.checked_shl(bits).unwrap_or(0) | value.low()
    }

    #[inline(always)]
    fn above(self, low_bits: u32) -> u64 {
        self.checked_shr(low_bits).unwrap_or(0)
    }

    #[inline(always)]
    fn agrees(self, other: Self, low_bits: u32) -> bool {
        (self ^ other).above(low_bits) == 0
    }
}

/// A key of 128 bits, high bits first. It is aligned as a place is, so that an entry takes 24
/// bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct WideKey([u64; 2]);

impl WideKey {
    #[inline(always)]
    fn get(self) -> u128 {
        u128::from(self.0[0]) << 64 | u128::from(self.0[1])
    }
}

impl Key for WideKey {
    const BITS: u32 = 128;
    const MAX: Self = WideKey([u64::MAX; 2]);

    #[inline(always)]
    fn append(self, bits: u32, value: impl Number) -> Self {
        let wide = self.get().checked_shl(bits).unwrap_or(0) | value.wide();
        WideKey([(wide >> 64) as u64, wide as u64])
    }

    #[inline(always)]
    fn above(self, low_bits: u32) -> u64 {
        self.get().checked_shr(low_bits).unwrap_or(0) as u64
    }

    #[inline(always)]
    fn agrees(self, other: Self, low_bits: u32) -> bool {
        (self.get() ^ other.get()).checked_shr(low_bits).unwrap_or(0) == 0
    }
}

/// Converts the first leaves of an order to a key.
///
/// A leaf takes as many bits as its values' [`Bounds`] need, and is inverted if it is descending.
/// The key ends with the first leaf that does not fit whole. Rows with equal keys are compared from
/// that leaf on.
#[derive(Clone)]
pub(crate) struct Encoding {
    parts: SmallVec<[KeyPart; 4]>,
    bits: u32,
    /// For each leaf that the key holds whole: the number of key bits up to its end.
    whole_ends: SmallVec<[u32; 8]>,
    leaves: usize,
}

#[derive(Clone)]
struct KeyPart {
    leaf: OrderLeaf,
    bits: u32,
    value: PartEncoding,
}

#[derive(Clone)]
enum PartEncoding {
    /// The distance from a bound, without its `dropped` lowest bits.
    Number { bound: u128, dropped: u32 },
    /// The bytes after the common first bytes. Then their number, if it is needed to separate
    /// values.
    Text { common: usize, bytes_bits: u32, length_bits: u32 },
}

impl Encoding {
    /// An encoding with keys of at most `max_bits` bits.
    pub(crate) fn new(order: &[OrderLeaf], bounds: &[Bounds], max_bits: u32) -> Self {
        let mut encoding =
            Encoding { parts: SmallVec::new(), bits: 0, whole_ends: SmallVec::new(), leaves: order.len() };
        for (&leaf, bounds) in order.iter().zip(bounds) {
            if leaf.offset.is_some() && !encoding.add(leaf, bounds, max_bits - encoding.bits) {
                break;
            }
            encoding.whole_ends.push(encoding.bits);
        }
        encoding
    }

    /// Adds as much of a leaf as fits `room` bits. Returns `true` if it fits whole.
    fn add(&mut self, leaf: OrderLeaf, bounds: &Bounds, room: u32) -> bool {
        let (needed, value) = match *bounds {
            Bounds::Unknown => return false,
            Bounds::Numbers(least, most) => {
                let needed = u128::BITS - most.saturating_sub(least).leading_zeros();
                let bound = if leaf.descending { most } else { least };
                (needed, PartEncoding::Number { bound, dropped: needed.saturating_sub(room) })
            }
            Bounds::Texts(ref common, longest) => {
                let common = common.as_ref().map_or(0, |common| common.len());
                let rest = longest.saturating_sub(common);
                let bytes_bits = u32::try_from(rest).unwrap_or(u32::MAX).saturating_mul(8);
                let length_bits = usize::BITS - rest.leading_zeros();
                match bytes_bits.saturating_add(length_bits) {
                    needed if needed <= room => (needed, PartEncoding::Text { common, bytes_bits, length_bits }),
                    needed => (needed, PartEncoding::Text { common, bytes_bits: room.min(bytes_bits), length_bits: 0 }),
                }
            }
        };
        let bits = match value {
            PartEncoding::Text { bytes_bits, length_bits, .. } => bytes_bits + length_bits,
            PartEncoding::Number { .. } => needed.min(room),
        };
        if bits > 0 {
            self.parts.push(KeyPart { leaf, bits, value });
            self.bits += bits;
        }
        needed <= room
    }

    /// The number of key bits that are used: the lowest ones.
    pub(crate) fn bits(&self) -> u32 {
        self.bits
    }

    /// Returns `true` if rows with equal keys are equal in all leaves of the order.
    pub(crate) fn decides(&self) -> bool {
        self.whole_ends.len() == self.leaves
    }

    /// The first leaf of the order by which rows with equal keys must be compared.
    pub(crate) fn first_unencoded(&self) -> usize {
        self.whole_ends.len()
    }

    /// The number of key bits after those of the first `leaves` leaves. `None` if the key does not
    /// hold these whole.
    pub(crate) fn bits_after(&self, leaves: usize) -> Option<u32> {
        if leaves == 0 {
            return Some(self.bits);
        }
        self.whole_ends.get(leaves - 1).map(|end| self.bits - end)
    }

    /// Computes the keys of consecutive rows of `width` bytes each.
    ///
    /// # Safety
    /// As many rows of the order's layout as `keys` has items begin at `first`.
    pub(crate) unsafe fn keys<K: Key>(&self, first: *const u8, width: usize, keys: &mut [K]) {
        if self.parts.is_empty() {
            keys.fill(K::default());
        }
        for (number, part) in self.parts.iter().enumerate() {
            let (leaf, is_first) = (part.leaf.of_rows(first, width), number == 0);
            // SAFETY: the caller's promise; `Raw` has the leaf's width.
            unsafe {
                match part.value {
                    PartEncoding::Number { bound, dropped } => with_numbers!(part.leaf.ty, (Raw, number) => {
                        if is_first {
                            numbers::<K, Raw, _, true>(leaf, part, (bound, dropped), number, keys);
                        } else {
                            numbers::<K, Raw, _, false>(leaf, part, (bound, dropped), number, keys);
                        }
                    }, else ()),
                    PartEncoding::Text { common, bytes_bits, length_bits } => {
                        if is_first {
                            keys.fill(K::default());
                        }
                        texts(leaf, part, (common, bytes_bits, length_bits), keys);
                    }
                }
            }
        }
    }
}

/// Appends a part of plain values to the keys. `FIRST` is set for the first part of a key.
///
/// # Safety
/// The leaf may be read at as many rows as there are keys; `P` has its width.
#[inline(always)]
unsafe fn numbers<K: Key, P: Copy, N: Number, const FIRST: bool>(
    leaf: LeafPtr,
    part: &KeyPart,
    (bound, dropped): (u128, u32),
    number: impl Fn(P) -> N,
    keys: &mut [K],
) {
    // If the greatest value is the bound, the distance from it is that between the complements.
    let flip = N::of(if part.leaf.descending { u128::MAX } else { 0 });
    let bound = N::of(bound) ^ flip;
    for (row, key) in keys.iter_mut().enumerate() {
        // SAFETY: the caller's promise.
        let value = number(unsafe { leaf.read(row) });
        let distance = (value ^ flip).minus(bound).without(dropped);
        *key = if FIRST { K::default().append(0, distance) } else { key.append(part.bits, distance) };
    }
}

/// Appends a part of texts or byte strings to the keys.
///
/// # Safety
/// The leaf, of texts or byte strings, may be read at as many rows as there are keys.
unsafe fn texts<K: Key>(
    leaf: LeafPtr,
    part: &KeyPart,
    (common, bytes_bits, length_bits): (usize, u32, u32),
    keys: &mut [K],
) {
    let all = u128::MAX.checked_shr(u128::BITS - part.bits).unwrap_or(0);
    for (row, key) in keys.iter_mut().enumerate() {
        // SAFETY: the caller's promise.
        let (start, length) = unsafe { text_start(leaf, row, common) };
        let bytes = start.checked_shr(u128::BITS - bytes_bits).unwrap_or(0);
        let value = if length_bits > 0 { bytes << length_bits | length as u128 } else { bytes };
        *key = key.append(part.bits, if part.leaf.descending { all - value } else { value });
    }
}

/// The sixteen bytes after the first `common` bytes of a text, padded with zeros, as a number with
/// the first byte highest. Also returns the number of bytes after the common ones.
///
/// # Safety
/// The leaf, of texts or byte strings, may be read at the row.
#[inline(always)]
pub(crate) unsafe fn text_start(leaf: LeafPtr, row: usize, common: usize) -> (u128, usize) {
    // SAFETY: the caller's promise.
    let slot: Slot = unsafe { leaf.read(row) };
    let length = slot::length(slot);
    if length <= INLINE_BYTES {
        // A slot has zeros after an inline text.
        let bytes = (slot >> 32).swap_bytes();
        return (bytes.checked_shl(8 * common as u32).unwrap_or(0), length.saturating_sub(common));
    }
    // SAFETY: as above.
    let rest = unsafe { leaf.bytes(row, 1) }.get(common..).unwrap_or_default();
    let mut start = [0; 16];
    match rest.first_chunk() {
        Some(bytes) => start = *bytes,
        None => start[..rest.len()].copy_from_slice(rest),
    }
    (u128::from_be_bytes(start), rest.len())
}

/// The greatest number of bits that a key of the order can need. `None` if it is unbounded.
pub(crate) fn max_key_bits(order: &[OrderLeaf]) -> Option<u32> {
    let bits = |leaf: &OrderLeaf| match leaf.ty {
        _ if leaf.offset.is_none() => Some(0),
        LeafType::Text | LeafType::Bytes | LeafType::Texts | LeafType::List(_) | LeafType::Items(_) => None,
        plain => Some(8 * plain.width() as u32),
    };
    order.iter().map(bits).sum()
}
