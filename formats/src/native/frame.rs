//! The header of a file, the heads of blocks, and the end.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::leaf::StoredLeaf;
use runtime::row::Schema;

/// Version of a file.
const FILE_VERSION: u16 = 1;

/// Version of a split of a log. A [`SplitName`] follows the prefix.
const SPLIT_VERSION: u16 = 3;

/// Length of the prefix: magic number, version, number of leaves, length of the header.
pub(crate) const PREFIX_BYTES: usize = 12;

/// Length of the head of a block, and of the end.
pub(crate) const HEAD_BYTES: usize = 32;

const CHECKSUM_BYTES: usize = 8;

/// Largest header that is accepted.
const LONGEST_HEADER_BYTES: usize = 1 << 24;

/// The name of a split of a log, in the split's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SplitName {
    /// The identity of the log: a random number, the same in all of its splits.
    pub(crate) log: u128,
    /// The number of the split.
    pub(crate) number: u32,
}

impl SplitName {
    /// Length in a header: identity, number, zeros.
    pub(crate) const BYTES: usize = 24;

    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.log.to_le_bytes());
        out.extend_from_slice(&self.number.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
    }

    /// Returns the split that a whole header names, or `None` for a file that is not part of a log.
    pub(crate) fn of(header: &[u8]) -> Option<Self> {
        if version_of(header)? != SPLIT_VERSION {
            return None;
        }
        let (log, rest) = header.get(PREFIX_BYTES..)?.split_first_chunk()?;
        Some(SplitName { log: u128::from_le_bytes(*log), number: u32::from_le_bytes(*rest.first_chunk()?) })
    }
}

fn version_of(header: &[u8]) -> Option<u16> {
    Some(u16::from_le_bytes(*header.get(4..)?.first_chunk()?))
}

/// Returns the header of a file with such records, or of a split of a log.
///
/// # Errors
/// Fails if a record has more leaves, or longer names, than a header can hold.
pub(crate) fn header(schema: &Schema, split: Option<SplitName>) -> Result<Vec<u8>, String> {
    let leaves = schema.leaves();
    let count = u16::try_from(leaves.len()).map_err(|_| format!("the record has {} values", leaves.len()))?;
    let mut bytes = Vec::new();
    bytes.extend_from_slice(b"dfnf");
    bytes.extend_from_slice(&split.map_or(FILE_VERSION, |_| SPLIT_VERSION).to_le_bytes());
    bytes.extend_from_slice(&count.to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    if let Some(split) = split {
        split.write(&mut bytes);
    }
    leaves.iter().try_for_each(|leaf| StoredLeaf::of(leaf).write(&mut bytes))?;
    let length = bytes.len() + CHECKSUM_BYTES;
    if length > LONGEST_HEADER_BYTES {
        return Err(format!("the names of the record's fields take {length} bytes"));
    }
    bytes[8..12].copy_from_slice(&(length as u32).to_le_bytes());
    let checksum = xxh3_64(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    Ok(bytes)
}

/// Returns the length of a header, from its prefix.
///
/// # Errors
/// Fails with a message if the prefix does not belong to a native file.
pub(crate) fn header_bytes(prefix: &[u8]) -> Result<usize, String> {
    let Some(prefix) = prefix.first_chunk::<PREFIX_BYTES>() else {
        return Err(format!("not a native file: it has only {} bytes", prefix.len()));
    };
    if &prefix[..4] != b"dfnf" {
        return Err(format!("not a native file: expected `dfnf` at its start, found `{}`", prefix[..4].escape_ascii()));
    }
    let version = u16::from_le_bytes([prefix[4], prefix[5]]);
    if !matches!(version, FILE_VERSION | SPLIT_VERSION) {
        return Err(format!(
            "the file has version {version} of the native format, and this program reads {FILE_VERSION} and {SPLIT_VERSION}"
        ));
    }
    let length = u32::from_le_bytes([prefix[8], prefix[9], prefix[10], prefix[11]]) as usize;
    match (PREFIX_BYTES + CHECKSUM_BYTES..=LONGEST_HEADER_BYTES).contains(&length) {
        true => Ok(length),
        false => Err(format!("the header is damaged: it says that it has {length} bytes")),
    }
}

/// Returns the leaves of a file's records, from its header.
///
/// # Errors
/// Fails with a message if the header is damaged.
pub(crate) fn leaves_of(header: &[u8]) -> Result<Vec<StoredLeaf>, String> {
    let damaged = || "the header is damaged: its checksum does not fit".to_owned();
    let (body, checksum) = header.split_last_chunk::<CHECKSUM_BYTES>().ok_or_else(damaged)?;
    if xxh3_64(body) != u64::from_le_bytes(*checksum) {
        return Err(damaged());
    }
    let count = u16::from_le_bytes([body[6], body[7]]);
    let begin = PREFIX_BYTES + SplitName::of(body).map_or(0, |_| SplitName::BYTES);
    let mut rest = body.get(begin..).unwrap_or_default();
    let leaves = (0..count).map(|_| StoredLeaf::read(&mut rest)).collect::<Option<Vec<_>>>();
    leaves.filter(|_| rest.is_empty()).ok_or_else(|| "the header makes no sense".to_owned())
}

/// A frame: the head of a block, or the end of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// Precedes the body of a block.
    Block {
        rows: u32,
        body_bytes: u32,
        /// Checksum of the body.
        checksum: u64,
    },
    /// The end, with totals of the file.
    End {
        rows: u64,
        blocks: u64,
        /// Marks the end of a split of a complete log.
        completes_log: bool,
    },
}

impl Head {
    /// Appends the head as it is stored.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let begin = out.len();
        match self {
            Head::Block { rows, body_bytes, checksum } => {
                out.extend_from_slice(b"dfnb");
                out.extend_from_slice(&rows.to_le_bytes());
                out.extend_from_slice(&body_bytes.to_le_bytes());
                out.extend_from_slice(&[0; 4]);
                out.extend_from_slice(&checksum.to_le_bytes());
            }
            Head::End { rows, blocks, completes_log } => {
                out.extend_from_slice(b"dfne");
                out.extend_from_slice(&u32::from(completes_log).to_le_bytes());
                out.extend_from_slice(&rows.to_le_bytes());
                out.extend_from_slice(&blocks.to_le_bytes());
            }
        }
        let checksum = xxh3_64(&out[begin..]);
        out.extend_from_slice(&checksum.to_le_bytes());
    }

    /// Stamps a [written](Head::write) head with its offset in a split of a log, as the seed of its
    /// checksum. So a block that a disk has written to a wrong offset is detected as damaged.
    pub(crate) fn stamp(bytes: &mut [u8; HEAD_BYTES], offset: u64) {
        let checksum = xxh3_64_with_seed(&bytes[..24], offset);
        bytes[24..].copy_from_slice(&checksum.to_le_bytes());
    }

    /// Reads a head. `seed` is the offset in a split of a log, and 0 in a file.
    ///
    /// # Errors
    /// Fails with a description of the damage.
    pub(crate) fn read(bytes: &[u8; HEAD_BYTES], seed: u64) -> Result<Self, String> {
        let four = |at: usize| [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        let u32_at = |at: usize| u32::from_le_bytes(four(at));
        let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
        if xxh3_64_with_seed(&bytes[..24], seed) != u64_at(24) {
            return Err("expected the head of a block, found damaged bytes (its checksum does not fit)".to_owned());
        }
        match &four(0) {
            b"dfnb" => Ok(Head::Block { rows: u32_at(4), body_bytes: u32_at(8), checksum: u64_at(16) }),
            b"dfne" => Ok(Head::End { rows: u64_at(8), blocks: u64_at(16), completes_log: u32_at(4) != 0 }),
            found => Err(format!("expected the head of a block, found `{}`", found.escape_ascii())),
        }
    }
}

/// Checks the checksum of a body.
///
/// # Errors
/// Fails if the body has another checksum.
pub(crate) fn check_body(body: &[u8], checksum: u64) -> Result<(), String> {
    match xxh3_64(body) == checksum {
        true => Ok(()),
        false => Err("the block is damaged: its checksum does not fit; get the file again".to_owned()),
    }
}
