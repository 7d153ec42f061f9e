//! Spilled pages compressed as LZ4 blocks.
//!
//! A compressed page keeps the offset and the allocated bytes that it has uncompressed. So offsets
//! do not depend on the content. The rest of its space is never written. It takes no disk space if
//! the file system supports holes.

use crate::page::PageImage;

/// Marks a compressed page. An uncompressed page never begins so.
const MAGIC: [u8; 4] = *b"dflz";

/// Bytes of the header: the magic, then the number of compressed bytes as little-endian `u32`.
pub(super) const HEADER_BYTES: usize = 8;

/// Larger pages are not compressed, because the buffer for it is not reserved in the budget.
const MAX_COMPRESSIBLE_BYTES: usize = 1 << 20;

/// The bytes to write for a page of `page_bytes`. `None` if that saves a quarter or less.
pub(super) fn compress(image: &PageImage<'_>, page_bytes: usize) -> Option<Vec<u8>> {
    if page_bytes > MAX_COMPRESSIBLE_BYTES {
        return None;
    }
    let mut plain = Vec::with_capacity(page_bytes);
    plain.extend_from_slice(&image.header);
    plain.extend_from_slice(image.rows);
    plain.resize(plain.len() + image.gap, 0);
    plain.extend_from_slice(image.heap);
    let mut written = vec![0; HEADER_BYTES + lz4_flex::block::get_maximum_output_size(plain.len())];
    let bytes = lz4_flex::block::compress_into(&plain, &mut written[HEADER_BYTES..]).ok()?;
    written[..4].copy_from_slice(&MAGIC);
    written[4..HEADER_BYTES].copy_from_slice(&u32::try_from(bytes).ok()?.to_le_bytes());
    written.truncate(HEADER_BYTES + bytes);
    (written.len() < page_bytes / 4 * 3).then_some(written)
}

/// The number of compressed bytes after this header. `None` if the page is not compressed.
pub(super) fn compressed_bytes(header: [u8; HEADER_BYTES]) -> Option<usize> {
    let [a, b, c, d, length @ ..] = header;
    ([a, b, c, d] == MAGIC).then_some(u32::from_le_bytes(length) as usize)
}

/// Decompresses into `page`. Fails if the result is not exactly one page.
pub(super) fn decompress(compressed: &[u8], page: &mut [u8]) -> Result<(), &'static str> {
    match lz4_flex::block::decompress_into(compressed, page) {
        Ok(bytes) if bytes == page.len() => Ok(()),
        _ => Err("does not decompress to a page"),
    }
}
