//! Keys of rows: hashing and comparing, specialised for common shapes.

use smallvec::SmallVec;

use crate::page::{Batch, INLINE_BYTES, LeafPtr, Slot, slot};
use crate::row::{Physical, RowLayout};

/// One leaf of a key: in the batch that is looked up, and in stored rows.
#[derive(Clone, Copy)]
pub(crate) struct KeyLeaf {
    pub(crate) probe: LeafPtr,
    pub(crate) stored_offset: usize,
    /// `true` if it belongs to the [sub-key](crate::hash::sub_key::WithSubKey). Such leaves are
    /// last.
    pub(crate) is_sub_key: bool,
}

/// The key leaves of a batch, each with its offset in the rows of a table whose key is
/// `stored_key`.
pub(crate) fn compared(
    batch: &Batch<'_>,
    key: &[usize],
    layout: &RowLayout,
    stored_key: &[usize],
) -> SmallVec<[KeyLeaf; 4]> {
    let leaf = |(&probe, &stored): (&usize, &usize)| KeyLeaf {
        probe: batch.leaf(probe),
        stored_offset: layout.offset(stored).unwrap_or_default(),
        is_sub_key: false,
    };
    key.iter().zip(stored_key).map(leaf).collect()
}

/// The shape of a key: hashes a row of the batch, and compares it with a stored row.
///
/// Loops over a window are compiled once per shape, and not per user type.
pub(crate) trait KeyShape: Copy {
    /// # Safety
    /// `row` is a row of the batch that the key's leaves point to.
    unsafe fn hash(self, row: usize) -> u64;

    /// A number for the key that costs next to nothing. Two exact codes are equal only if the keys
    /// are.
    ///
    /// # Safety
    /// As `hash`.
    unsafe fn code(self, row: usize) -> KeyCode;

    /// # Safety
    /// As `hash`, and `stored` points to a row of the table whose offsets the key has.
    unsafe fn same(self, row: usize, stored: *const u8) -> bool;
}

/// See [`KeyShape::code`].
#[derive(Clone, Copy)]
pub(crate) struct KeyCode {
    pub(crate) number: u64,
    /// `true` if no other key has the same exact number. Equal keys have the same value here.
    pub(crate) exact: bool,
}

/// The longest text with an exact code. With its length it takes 32 bits, so a pair of two fits,
/// too.
const CODE_BYTES: usize = 3;

const SEED: u64 = 0x9E37_79B9_7F4A_7C15;
const FACTOR: u64 = 0xD6E8_FEB8_6659_FD93;

/// Multiplies to 128 bits and folds: each input bit affects each output bit.
#[inline(always)]
fn fold(left: u64, right: u64) -> u64 {
    let wide = u128::from(left) * u128::from(right);
    (wide as u64) ^ ((wide >> 64) as u64)
}

#[inline(always)]
fn hash_word(word: u64) -> u64 {
    fold(word ^ SEED, FACTOR)
}

#[inline(always)]
fn hash_wide(wide: u128) -> u64 {
    fold(wide as u64 ^ SEED, (wide >> 64) as u64 ^ FACTOR)
}

/// Combines the hashes of parts, in order.
#[inline(always)]
fn combine(left: u64, right: u64) -> u64 {
    fold(left ^ SEED, right ^ FACTOR)
}

macro_rules! fixed {
    ($name:ident, $ty:ty, $hash:expr) => {
        #[derive(Clone, Copy)]
        pub(crate) struct $name(pub(crate) KeyLeaf);

        impl KeyShape for $name {
            #[inline(always)]
            unsafe fn hash(self, row: usize) -> u64 {
                // SAFETY: the caller's promise; the leaf has this width.
                let value: $ty = unsafe { self.0.probe.read(row) };
                ($hash)(value)
            }

            #[inline(always)]
            unsafe fn code(self, row: usize) -> KeyCode {
                // SAFETY: the caller's promise; the leaf has this width.
                let value: $ty = unsafe { self.0.probe.read(row) };
                KeyCode { number: value as u64, exact: size_of::<$ty>() <= 8 }
            }

            #[inline(always)]
            unsafe fn same(self, row: usize, stored: *const u8) -> bool {
                // SAFETY: the caller's promise; the leaf has this width here and there.
                unsafe {
                    self.0.probe.read::<$ty>(row) == stored.add(self.0.stored_offset).cast::<$ty>().read_unaligned()
                }
            }
        }
    };
}
fixed!(Key1, u8, |value: u8| hash_word(value.into()));
fixed!(Key2, u16, |value: u16| hash_word(value.into()));
fixed!(Key4, u32, |value: u32| hash_word(value.into()));
fixed!(Key8, u64, hash_word);
fixed!(Key16, u128, hash_wide);

/// A text, byte string or list.
#[derive(Clone, Copy)]
pub(crate) struct KeySlot(pub(crate) KeyLeaf);

impl KeyShape for KeySlot {
    #[inline(always)]
    unsafe fn hash(self, row: usize) -> u64 {
        let width = self.0.probe.ty.element_width();
        // SAFETY: the caller's promise; the leaf is a slot.
        unsafe {
            let slot: Slot = self.0.probe.read(row);
            if slot::length(slot) <= INLINE_BYTES && width == 1 {
                return hash_wide(slot);
            }
            xxhash_rust::xxh3::xxh3_64(self.0.probe.bytes(row, width))
        }
    }

    #[inline(always)]
    unsafe fn code(self, row: usize) -> KeyCode {
        // SAFETY: the caller's promise; the leaf is a slot. Length and first bytes do not depend on
        // where a text is stored, and after the end of a short text the bytes are zero.
        let start: u64 = unsafe { self.0.probe.read::<Slot>(row) } as u64;
        let length = start as u32 as usize;
        let exact = length <= CODE_BYTES && self.0.probe.ty.element_width() == 1;
        KeyCode { number: start >> 32 | (length as u64) << (8 * CODE_BYTES), exact }
    }

    #[inline(always)]
    unsafe fn same(self, row: usize, stored: *const u8) -> bool {
        // SAFETY: the caller's promise; stored rows of a table point into their own page.
        unsafe {
            let probe: Slot = self.0.probe.read(row);
            let stored_slot = stored.add(self.0.stored_offset).cast::<Slot>().read_unaligned();
            if probe as u64 != stored_slot as u64 {
                return false; // another length, or another prefix
            }
            let width = self.0.probe.ty.element_width();
            if slot::length(probe) <= INLINE_BYTES && width == 1 {
                return (probe >> 64) as u64 == (stored_slot >> 64) as u64;
            }
            let stored_leaf = LeafPtr::rows(stored.add(self.0.stored_offset), 0, self.0.probe.ty);
            self.0.probe.bytes(row, width) == stored_leaf.bytes(0, width)
        }
    }
}

/// Two parts of known shapes.
#[derive(Clone, Copy)]
pub(crate) struct Pair<A, B>(pub(crate) A, pub(crate) B);

impl<A: KeyShape, B: KeyShape> KeyShape for Pair<A, B> {
    #[inline(always)]
    unsafe fn hash(self, row: usize) -> u64 {
        // SAFETY: the caller's promise.
        unsafe { combine(self.0.hash(row), self.1.hash(row)) }
    }

    #[inline(always)]
    unsafe fn code(self, row: usize) -> KeyCode {
        // SAFETY: the caller's promise.
        let (first, second) = unsafe { (self.0.code(row), self.1.code(row)) };
        let narrow = (first.number | second.number) >> 32 == 0;
        KeyCode { number: first.number ^ second.number.rotate_left(32), exact: first.exact & second.exact & narrow }
    }

    #[inline(always)]
    unsafe fn same(self, row: usize, stored: *const u8) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.0.same(row, stored) && self.1.same(row, stored) }
    }
}

/// Any number of parts of any shape.
#[derive(Clone, Copy)]
pub(crate) struct Parts<'k>(pub(crate) &'k [KeyLeaf]);

impl KeyShape for Parts<'_> {
    #[inline]
    unsafe fn hash(self, row: usize) -> u64 {
        let mut parts = self.0.iter();
        // SAFETY: the caller's promise, for each part.
        let first = parts.next().map_or(0, |&part| unsafe { part_hash(part, row) });
        // SAFETY: as above.
        parts.fold(first, |hash, &part| combine(hash, unsafe { part_hash(part, row) }))
    }

    #[inline]
    unsafe fn code(self, row: usize) -> KeyCode {
        // SAFETY: the caller's promise.
        KeyCode { number: unsafe { self.hash(row) }, exact: false }
    }

    #[inline]
    unsafe fn same(self, row: usize, stored: *const u8) -> bool {
        // SAFETY: the caller's promise, for each part.
        self.0.iter().all(|&part| unsafe { part_same(part, row, stored) })
    }
}

#[inline]
unsafe fn part_hash(part: KeyLeaf, row: usize) -> u64 {
    // SAFETY: the caller's promise; each arm has the leaf's width.
    unsafe {
        match part.probe.ty.physical() {
            Physical::W1 => Key1(part).hash(row),
            Physical::W2 => Key2(part).hash(row),
            Physical::W4 => Key4(part).hash(row),
            Physical::W8 => Key8(part).hash(row),
            Physical::W16 => Key16(part).hash(row),
            Physical::Slot => KeySlot(part).hash(row),
        }
    }
}

#[inline]
unsafe fn part_same(part: KeyLeaf, row: usize, stored: *const u8) -> bool {
    // SAFETY: the caller's promise; each arm has the leaf's width.
    unsafe {
        match part.probe.ty.physical() {
            Physical::W1 => Key1(part).same(row, stored),
            Physical::W2 => Key2(part).same(row, stored),
            Physical::W4 => Key4(part).same(row, stored),
            Physical::W8 => Key8(part).same(row, stored),
            Physical::W16 => Key16(part).same(row, stored),
            Physical::Slot => KeySlot(part).same(row, stored),
        }
    }
}

/// Evaluates `$body` with `$shape` bound to the most specific shape of the leaves.
macro_rules! with_shape {
    ($leaves:expr, $shape:ident => $body:expr) => {{
        use $crate::hash::key::{Key1, Key4, Key8, KeySlot, Pair, Parts};
        use $crate::hash::sub_key::WithSubKey;
        use $crate::row::Physical::{Slot, W1, W4, W8};
        let leaves: &[$crate::hash::key::KeyLeaf] = $leaves;
        let physical = |index: usize| leaves[index].probe.ty.physical();
        // One-byte lists do not exist, so a slot with elements of one byte is a text or byte
        // string.
        match leaves.len() {
            _ if leaves.last().is_some_and(|leaf| leaf.is_sub_key) => {
                let $shape = WithSubKey::new(leaves);
                $body
            }
            1 if physical(0) == W4 => {
                let $shape = Key4(leaves[0]);
                $body
            }
            1 if physical(0) == W8 => {
                let $shape = Key8(leaves[0]);
                $body
            }
            1 if physical(0) == Slot => {
                let $shape = KeySlot(leaves[0]);
                $body
            }
            2 if physical(0) == Slot && physical(1) == Slot => {
                let $shape = Pair(KeySlot(leaves[0]), KeySlot(leaves[1]));
                $body
            }
            2 if physical(0) == W8 && physical(1) == W8 => {
                let $shape = Pair(Key8(leaves[0]), Key8(leaves[1]));
                $body
            }
            // Optional numbers and texts, and two optional texts.
            2 if physical(0) == W1 && physical(1) == W4 => {
                let $shape = Pair(Key1(leaves[0]), Key4(leaves[1]));
                $body
            }
            2 if physical(0) == W1 && physical(1) == W8 => {
                let $shape = Pair(Key1(leaves[0]), Key8(leaves[1]));
                $body
            }
            2 if physical(0) == W1 && physical(1) == Slot => {
                let $shape = Pair(Key1(leaves[0]), KeySlot(leaves[1]));
                $body
            }
            4 if [W1, Slot, W1, Slot] == [physical(0), physical(1), physical(2), physical(3)] => {
                let first = Pair(Key1(leaves[0]), KeySlot(leaves[1]));
                let $shape = Pair(first, Pair(Key1(leaves[2]), KeySlot(leaves[3])));
                $body
            }
            _ => {
                let $shape = Parts(leaves);
                $body
            }
        }
    }};
}
pub(crate) use with_shape;
