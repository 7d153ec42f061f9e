//! The heads of images, and the end of a state.

use xxhash_rust::xxh3::xxh3_64;

use super::format::CHECKSUM_BYTES;
use crate::page::PageImage;
use crate::state::key_groups::{KEY_GROUPS, KeyGroupSet};

/// The bytes of the head of an image, and of the end.
pub(super) const HEAD_BYTES: usize = 40 + KEY_GROUPS / 8;

/// The bytes before each image, and at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// A page.
    Image {
        number: u32,
        rows: u32,
        /// The start of the variable parts in the page.
        heap_start: u32,
        run_bytes: u64,
        /// The key groups whose rows in the image belong to the snapshot.
        groups: KeyGroupSet,
    },
    /// The numbers of images, and of the rows in them.
    End { number: u32, rows: u64 },
}

impl Head {
    /// The head of a page's image.
    pub(super) fn of(number: u32, image: &PageImage<'_>, groups: KeyGroupSet) -> Self {
        let (rows, heap_start, run_bytes) = image.sizes();
        Head::Image { number, rows, heap_start, run_bytes: run_bytes as u64, groups }
    }

    /// Appends the head to a snapshot.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        let begin = out.len();
        let (magic, number, [rows, heap], last, groups) = match self {
            Head::Image { number, rows, heap_start, run_bytes, groups } => {
                (b"dfsp", number, [rows, heap_start], run_bytes, groups)
            }
            Head::End { number, rows } => (b"dfse", number, [0, 0], rows, KeyGroupSet::default()),
        };
        out.extend_from_slice(magic);
        [number, rows, heap].into_iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
        out.extend_from_slice(&last.to_le_bytes());
        out.extend_from_slice(&[0; 8]);
        out.extend(groups.to_bytes());
        let checksum = xxh3_64(&out[begin..]);
        out.extend_from_slice(&checksum.to_le_bytes());
    }

    /// Reads a head.
    ///
    /// # Errors
    /// Fails if the bytes are damaged, with a description.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let damaged = || "expected the head of an image, found damaged bytes".to_owned();
        let (body, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or_else(damaged)?;
        if bytes.len() != HEAD_BYTES || xxh3_64(body) != u64::from_le_bytes(*checksum) {
            return Err(damaged());
        }
        let number = |at: usize| u32::from_le_bytes([body[at], body[at + 1], body[at + 2], body[at + 3]]);
        let last = u64::from(number(16)) | u64::from(number(20)) << 32;
        match &body[..4] {
            b"dfsp" => Ok(Head::Image {
                number: number(4),
                rows: number(8),
                heap_start: number(12),
                run_bytes: last,
                groups: KeyGroupSet::from_bytes(&body[32..]),
            }),
            b"dfse" => Ok(Head::End { number: number(4), rows: last }),
            found => Err(format!("expected the head of an image, found `{}`", found.escape_ascii())),
        }
    }
}

/// Appends a head, then the image of a page: header, rows, variable parts.
pub(super) fn write_image(head: Head, image: &PageImage<'_>, out: &mut Vec<u8>) {
    head.write(out);
    out.extend_from_slice(&image.header);
    out.extend_from_slice(image.rows);
    out.extend_from_slice(image.heap);
}
