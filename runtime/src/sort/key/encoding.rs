//! Keys of fixed length that compare like rows.

use smallvec::SmallVec;

use crate::page::{INLINE_BYTES, LeafPtr, Slot, slot};
use crate::row::LeafType;
use crate::sort::key::bounds::Bounds;
use crate::sort::key::number::{Number, with_numbers};
use crate::sort::order::OrderLeaf;

/// A number that stands for a row: 64 or 128 bits.
pub(crate) trait Key: Copy + Ord + Default + Send + Sync + 'static {
    const BITS: u32;
    /// No key is greater.
    const MOST: Self;

    /// The key with so many bits more at its low end.
    fn append(self, bits: u32, value: impl Number) -> Self;

    /// 64 of its bits, without those below.
    fn above(self, low_bits: u32) -> u64;

    /// Whether two keys agree in all bits but the low ones.
    fn agrees(self, other: Self, low_bits: u32) -> bool;
}

impl Key for u64 {
    const BITS: u32 = 64;
    const MOST: Self = u64::MAX;

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

/// A key of 128 bits, aligned as a place is, so that an entry takes 24 bytes. High bits first.
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
    const MOST: Self = WideKey([u64::MAX; 2]);

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

/// How the leading leaves of an order become a key.
///
/// A leaf takes as many bits as its values' [`Bounds`] need, and comes inverted where it is descending. The key ends with the first leaf
/// that does not fit whole: from there on, rows of equal keys are compared.
#[derive(Clone)]
pub(crate) struct Encoding {
    parts: SmallVec<[Part; 4]>,
    bits: u32,
    /// For each leaf that the key holds whole, the bits of the key up to its end.
    whole: SmallVec<[u32; 8]>,
    leaves: usize,
}

#[derive(Clone)]
struct Part {
    leaf: OrderLeaf,
    bits: u32,
    value: Value,
}

#[derive(Clone)]
enum Value {
    /// The distance from a bound, without its low bits.
    Number { bound: u128, dropped: u32 },
    /// What stands behind the common start, and the length behind it where that decides.
    Text { common: usize, bytes_bits: u32, length_bits: u32 },
}

impl Encoding {
    /// A key of at most `most` bits.
    pub(crate) fn new(order: &[OrderLeaf], bounds: &[Bounds], most: u32) -> Self {
        let mut encoding = Encoding { parts: SmallVec::new(), bits: 0, whole: SmallVec::new(), leaves: order.len() };
        for (&leaf, bounds) in order.iter().zip(bounds) {
            if leaf.offset.is_some() && !encoding.add(leaf, bounds, most - encoding.bits) {
                break;
            }
            encoding.whole.push(encoding.bits);
        }
        encoding
    }

    /// Adds as much of a leaf as fits `room`; whether all of it did.
    fn add(&mut self, leaf: OrderLeaf, bounds: &Bounds, room: u32) -> bool {
        let (needed, value) = match *bounds {
            Bounds::Unknown => return false,
            Bounds::Numbers(least, most) => {
                let needed = u128::BITS - most.saturating_sub(least).leading_zeros();
                let bound = if leaf.descending { most } else { least };
                (needed, Value::Number { bound, dropped: needed.saturating_sub(room) })
            }
            Bounds::Texts(ref common, longest) => {
                let common = common.as_ref().map_or(0, |common| common.len());
                let rest = longest.saturating_sub(common);
                let bytes_bits = u32::try_from(rest).unwrap_or(u32::MAX).saturating_mul(8);
                let length_bits = usize::BITS - rest.leading_zeros();
                match bytes_bits.saturating_add(length_bits) {
                    needed if needed <= room => (needed, Value::Text { common, bytes_bits, length_bits }),
                    needed => (needed, Value::Text { common, bytes_bits: room.min(bytes_bits), length_bits: 0 }),
                }
            }
        };
        let bits = match value {
            Value::Text { bytes_bits, length_bits, .. } => bytes_bits + length_bits,
            Value::Number { .. } => needed.min(room),
        };
        if bits > 0 {
            self.parts.push(Part { leaf, bits, value });
            self.bits += bits;
        }
        needed <= room
    }

    /// How many of a key's bits are used: its low ones.
    pub(crate) fn bits(&self) -> u32 {
        self.bits
    }

    /// Whether rows of equal keys are equal in all leaves of the order.
    pub(crate) fn decides(&self) -> bool {
        self.whole.len() == self.leaves
    }

    /// The first leaf of the order that rows of equal keys are to be compared by.
    pub(crate) fn undecided(&self) -> usize {
        self.whole.len()
    }

    /// The bits of a key below those of the first leaves of the order, where it holds these whole.
    pub(crate) fn below(&self, leaves: usize) -> Option<u32> {
        if leaves == 0 {
            return Some(self.bits);
        }
        self.whole.get(leaves - 1).map(|end| self.bits - end)
    }

    /// Makes the keys of rows that lie `width` bytes apart.
    ///
    /// # Safety
    /// As many rows as there is room for keys begin at `first`, of the order's layout.
    pub(crate) unsafe fn keys<K: Key>(&self, first: *const u8, width: usize, keys: &mut [K]) {
        if self.parts.is_empty() {
            keys.fill(K::default());
        }
        for (number, part) in self.parts.iter().enumerate() {
            let (leaf, is_first) = (part.leaf.of_rows(first, width), number == 0);
            // SAFETY: the caller's promise; `Raw` has the leaf's width.
            unsafe {
                match part.value {
                    Value::Number { bound, dropped } => with_numbers!(part.leaf.ty, (Raw, number) => {
                        if is_first {
                            numbers::<K, Raw, _, true>(leaf, part, (bound, dropped), number, keys);
                        } else {
                            numbers::<K, Raw, _, false>(leaf, part, (bound, dropped), number, keys);
                        }
                    }, else ()),
                    Value::Text { common, bytes_bits, length_bits } => {
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

/// # Safety
/// The leaf may be read at as many rows as there are keys, whose first part it is or not; `P` has its width.
#[inline(always)]
unsafe fn numbers<K: Key, P: Copy, N: Number, const FIRST: bool>(
    leaf: LeafPtr,
    part: &Part,
    (bound, dropped): (u128, u32),
    number: impl Fn(P) -> N,
    keys: &mut [K],
) {
    // The distance from the greatest, where that is the bound: between the values' complements.
    let flip = N::of(if part.leaf.descending { u128::MAX } else { 0 });
    let bound = N::of(bound) ^ flip;
    for (row, key) in keys.iter_mut().enumerate() {
        // SAFETY: the caller's promise.
        let value = number(unsafe { leaf.read(row) });
        let distance = (value ^ flip).less(bound).without(dropped);
        *key = if FIRST { K::default().append(0, distance) } else { key.append(part.bits, distance) };
    }
}

/// # Safety
/// The leaf, of texts or byte strings, may be read at as many rows as there are keys.
unsafe fn texts<K: Key>(
    leaf: LeafPtr,
    part: &Part,
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

/// The sixteen bytes of a text behind its first `common` ones, zeros behind its end, as a number whose high end is the first byte; and how
/// many bytes stand behind the common ones.
///
/// # Safety
/// As [`texts`].
#[inline(always)]
pub(crate) unsafe fn text_start(leaf: LeafPtr, row: usize, common: usize) -> (u128, usize) {
    // SAFETY: the caller's promise.
    let slot: Slot = unsafe { leaf.read(row) };
    let length = slot::length(slot);
    if length <= INLINE_BYTES {
        // A slot has zeros behind a text that lies in it.
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

/// The most bits that the key of an order can need; `None` where it may have no end.
pub(crate) fn most_bits(order: &[OrderLeaf]) -> Option<u32> {
    let bits = |leaf: &OrderLeaf| match leaf.ty {
        _ if leaf.offset.is_none() => Some(0),
        LeafType::Text | LeafType::Bytes | LeafType::Texts | LeafType::List(_) | LeafType::Items(_) => None,
        plain => Some(8 * plain.width() as u32),
    };
    order.iter().map(bits).sum()
}
