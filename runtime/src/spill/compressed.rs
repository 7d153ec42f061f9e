//! Pages in fewer bytes: LZ4 blocks.
//!
//! A page keeps its place and its room in the file, whatever its bytes compress to, so pages are still found by number. What it leaves of its room is
//! never written, and takes no disk where files may have holes.

use crate::page::PageImage;

/// Before the bytes of a compressed page; no page begins so.
const MAGIC: [u8; 4] = *b"dflz";

/// The magic, and how many compressed bytes follow.
pub(super) const HEADER_BYTES: usize = 8;

/// A page of a larger record is written as it is: what it takes to compress it is paid by nobody.
const MOST_BYTES: usize = 1 << 20;

/// What to write for a page of so many bytes; `None` where that would save less than a quarter.
pub(super) fn compress(image: &PageImage<'_>, page_bytes: usize) -> Option<Vec<u8>> {
    if page_bytes > MOST_BYTES {
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

/// How many compressed bytes stand behind such a header; `None` before a page that was written as it is.
pub(super) fn compressed_bytes(header: [u8; HEADER_BYTES]) -> Option<usize> {
    let [a, b, c, d, length @ ..] = header;
    ([a, b, c, d] == MAGIC).then_some(u32::from_le_bytes(length) as usize)
}

/// Fills a page.
pub(super) fn decompress(compressed: &[u8], page: &mut [u8]) -> Result<(), &'static str> {
    match lz4_flex::block::decompress_into(compressed, page) {
        Ok(bytes) if bytes == page.len() => Ok(()),
        _ => Err("does not decompress to a page"),
    }
}
