//! Compressed files, recognized by the ends of their names: `.gz` (gzip, RFC 1952) and `.zst`
//! (Zstandard, RFC 8878).
//!
//! * [`decompress`]: bytes of a file, decompressed piece by piece.
//! * [`format`]: a format whose encoded bytes are compressed.
//! * [`members`]: one file that several tasks compress.
//! * [`absent`]: the build without the libraries.
//!
//! # Limits
//! A compressed file is one split. Many files are read in parallel. Zstandard's window may be up to
//! 8 MiB, which covers all levels up to 19.

#[cfg(not(feature = "compression"))]
mod absent;
#[cfg(feature = "compression")]
mod compressor;
#[cfg(feature = "compression")]
mod decompress;
mod encoder;
mod format;
mod members;

#[cfg(not(feature = "compression"))]
pub(crate) use absent::Decompressor;
#[cfg(feature = "compression")]
pub(crate) use decompress::Decompressor;
pub use format::compressed_by_name;

#[cfg(not(feature = "compression"))]
use absent::Compressor;
#[cfg(feature = "compression")]
use compressor::Compressor;
use std::fmt;
use std::path::Path;

use runtime::error::Error;

/// Zstandard files with a larger window are refused, as their decoder takes more than is reserved.
const LARGEST_WINDOW_LOG: u32 = 23;

/// A fault in a compressed or encoded file, and the offset in the file where it was found.
#[derive(Debug)]
pub(crate) struct Damaged {
    pub(crate) at: u64,
    pub(crate) message: String,
}

/// Compression of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// Returns the compression that the end of a name states.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let end = path.extension()?.to_str()?;
        match end {
            _ if end.eq_ignore_ascii_case("gz") => Some(Compression::Gzip),
            _ if end.eq_ignore_ascii_case("zst") => Some(Compression::Zstd),
            _ => None,
        }
    }

    /// Returns the end of a name, without the dot.
    fn extension(self) -> &'static str {
        match self {
            Compression::Gzip => "gz",
            Compression::Zstd => "zst",
        }
    }

    /// Returns `true` if concatenated compressed pieces decompress to the concatenated pieces. This
    /// holds for members of gzip (RFC 1952, 2.2) and frames of Zstandard (RFC 8878, 3.1).
    fn concatenates(self) -> bool {
        match self {
            Compression::Gzip | Compression::Zstd => true,
        }
    }

    /// Returns the bytes that a decompressor takes, without its input and output.
    pub(super) fn decoder_bytes(self) -> usize {
        match self {
            // A window of 32 KiB, a buffer of the same size, and tables.
            Compression::Gzip => 1 << 17,
            // The window, and a block of input and of output.
            Compression::Zstd => (1 << LARGEST_WINDOW_LOG) + (1 << 19),
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Compression::Gzip => "gzip",
            Compression::Zstd => "Zstandard",
        })
    }
}

fn failed(error: std::io::Error) -> Error {
    Error::Internal(format!("cannot compress: {error}"))
}
