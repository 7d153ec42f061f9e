//! Words of up to 15 bytes as 16-byte keys, and hashes.

/// The longest word that fits a key.
pub(super) const INLINE_BYTES: usize = 15;

/// The bytes of a word, zeros up to byte 14, and its length in byte 15, as a little-endian number.
/// The length distinguishes words that end in zero bytes, and keeps 0 free for empty slots.
pub(super) type Key = u128;

/// By length: a mask of the word's bits in 16 loaded bytes, and the length in its place.
static BY_LEN: [(u128, u128); INLINE_BYTES + 1] = by_len();

const fn by_len() -> [(u128, u128); INLINE_BYTES + 1] {
    let mut table = [(0, 0); INLINE_BYTES + 1];
    let mut len = 0;
    while len <= INLINE_BYTES {
        table[len] = ((1 << (8 * len)) - 1, (len as u128) << 120);
        len += 1;
    }
    table
}

/// The key of the `len` bytes from `start` on. `len` is at most [`INLINE_BYTES`], and 16 bytes
/// follow `start`.
#[inline(always)]
pub(super) fn pack(text: &[u8], start: usize, len: usize) -> Key {
    debug_assert!(start + 16 <= text.len() && len <= INLINE_BYTES);
    // SAFETY: the block reader keeps more than 16 readable bytes after the last word.
    let loaded = u128::from_le(unsafe { text.as_ptr().add(start).cast::<u128>().read_unaligned() });
    // SAFETY: the caller passes a length within the table.
    let (mask, length) = unsafe { *BY_LEN.get_unchecked(len) };
    loaded & mask | length
}

/// The word of a key.
pub(super) fn unpack(key: Key) -> Vec<u8> {
    let len = (key >> 120) as usize;
    key.to_le_bytes()[..len].to_vec()
}

/// Multiplies both halves, and folds the two halves of the product.
#[inline(always)]
pub(super) fn hash(key: Key) -> u64 {
    let (low, high) = (key as u64 ^ 0x9E37_79B9_7F4A_7C15, (key >> 64) as u64 ^ 0xD1B5_4A32_D192_ED03);
    let product = u128::from(low) * u128::from(high);
    product as u64 ^ (product >> 64) as u64
}

/// The hash of a word too long for a key.
pub(super) fn hash_long(word: &[u8]) -> u64 {
    word.chunks(INLINE_BYTES).fold(word.len() as u64, |state, chunk| {
        let mut bytes = [0; 16];
        bytes[..chunk.len()].copy_from_slice(chunk);
        hash(u128::from_le_bytes(bytes) ^ u128::from(state) << 64 ^ u128::from(state))
    })
}
