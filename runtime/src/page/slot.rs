//! The 16-byte slot of texts, byte strings and lists.
//!
//! ```text
//! byte  0..4   length: bytes of a text, elements of a list
//! byte  4..16  a text of up to 12 bytes, padded with zeros; or
//! byte  4..8   the first four bytes of a longer text (zero for lists)
//! byte  8..12  index of the buffer that holds the value: 0 in rows
//! byte 12..16  offset of the value from the start of the row's page, or of the buffer
//! ```
//! In columns this is Arrow's string view.

/// The longest text that is stored in the slot itself.
pub(crate) const INLINE_BYTES: usize = 12;

/// A slot as a number, little-endian: byte `i` of the slot is bits `8 i ..` of it.
pub(crate) type Slot = u128;

#[inline(always)]
pub(crate) fn length(slot: Slot) -> usize {
    slot as u32 as usize
}

#[inline(always)]
pub(crate) fn buffer(slot: Slot) -> usize {
    (slot >> 64) as u32 as usize
}

#[inline(always)]
pub(crate) fn place(slot: Slot) -> usize {
    (slot >> 96) as usize
}

/// The slot of a text of at most [`INLINE_BYTES`].
///
/// Uses overlapping loads instead of a byte loop, shifted so that a byte in two loads is used once.
/// Lengths from 4 on share one path. A branch between them would often be mispredicted, because
/// word lengths vary in natural text.
#[inline(always)]
pub(crate) fn inline(text: &[u8]) -> Slot {
    debug_assert!(text.len() <= INLINE_BYTES);
    let length = text.len();
    let (first, rest) = match length {
        4.. => {
            let last = u64::from(load4(text, length - 4)) << 32;
            // Two shifts, because a length of 4 shifts by all 64 bits.
            let half = 4 * (INLINE_BYTES - length) as u32;
            let middle = u64::from(load4(text, 4.min(length - 4)));
            (load4(text, 0), (last >> half >> half) | if length >= 8 { middle } else { 0 })
        }
        1..4 => {
            let byte = |at: usize| u32::from(text[at]) << (8 * at);
            (byte(0) | byte(length / 2) | byte(length - 1), 0)
        }
        0 => (0, 0),
    };
    length as u128 | (u128::from(first) << 32) | (u128::from(rest) << 64)
}

/// The slot of a text that is stored outside of it.
#[inline(always)]
pub(crate) fn outside(text: &[u8], buffer: u32, place: u32) -> Slot {
    let prefix = load4(text, 0);
    text.len() as u128 | (u128::from(prefix) << 32) | (u128::from(buffer) << 64) | (u128::from(place) << 96)
}

/// The slot of a list.
#[inline(always)]
pub(crate) fn list(elements: usize, place: u32) -> Slot {
    elements as u128 | (u128::from(place) << 96)
}

/// The same slot with offset `place` in buffer 0.
#[inline(always)]
pub(crate) fn moved(slot: Slot, place: u32) -> Slot {
    (slot & (u64::MAX as u128)) | (u128::from(place) << 96)
}

#[inline(always)]
fn load4(text: &[u8], at: usize) -> u32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&text[at..at + 4]);
    u32::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_are_inline_and_zero_padded() {
        for length in 0..=INLINE_BYTES {
            let text: Vec<u8> = (1..=length as u8).collect();
            let mut expected = [0; 16];
            expected[0] = length as u8;
            expected[4..4 + length].copy_from_slice(&text);
            assert_eq!(inline(&text).to_le_bytes(), expected);
        }
    }

    #[test]
    fn long_texts_keep_length_prefix_and_place() {
        let slot = outside(b"a rather long text", 3, 70);
        assert_eq!((length(slot), buffer(slot), place(slot)), (18, 3, 70));
        assert_eq!(&slot.to_le_bytes()[4..8], b"a ra");
        let slot = moved(slot, 9);
        assert_eq!((length(slot), buffer(slot), place(slot)), (18, 0, 9));
    }
}
