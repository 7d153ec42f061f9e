//! Options for Parquet files.

use parquet::basic::{Compression, GzipLevel, ZstdLevel};

use super::codec::refused_codec;
use runtime::error::{Error, Result};

/// Default number of rows in a row group. Readers share work, skip data, and reserve memory by row
/// groups.
const GROUP_ROWS: usize = 1 << 17;

/// How Parquet files are read and written. Files written with these options can be read with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParquetOptions {
    /// Reading only: `true` if the names of columns match regardless of case. A field that then
    /// matches two columns is an error.
    pub ignore_case: bool,
    /// Writing only: compression of a column's pages.
    pub codec: ParquetCodec,
    /// Writing only: largest number of rows in a row group. Groups end earlier if rows are wide (at
    /// 16 MiB of encoded bytes) or memory is scarce. Readers share work, skip data, and reserve
    /// memory by row groups.
    pub row_group_rows: usize,
}

impl Default for ParquetOptions {
    fn default() -> Self {
        ParquetOptions { ignore_case: false, codec: ParquetCodec::default(), row_group_rows: GROUP_ROWS }
    }
}

/// Compression of the pages of a Parquet file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ParquetCodec {
    /// No compression.
    None,
    /// Snappy: fast, and supported by all readers.
    #[default]
    Snappy,
    /// Gzip at level 6: smaller and much slower.
    Gzip,
    /// Zstandard, at a level from 1 to 22: 3 is about as small as gzip, at several times its speed.
    Zstd(i32),
    /// LZ4 blocks without a frame (`LZ4_RAW`): the fastest to read.
    Lz4Raw,
    /// Brotli, with the cargo feature `brotli` of `dataflow`.
    Brotli,
}

impl ParquetCodec {
    /// Returns the codec as a type of the `parquet` crate.
    ///
    /// # Errors
    /// [`Error::Plan`] if Zstandard does not have the level, or if the build does not support the
    /// codec.
    pub(super) fn compression(self) -> Result<Compression> {
        let refused = |reason: String| Error::Plan(format!("cannot write Parquet: {reason}"));
        let compression = match self {
            ParquetCodec::None => Compression::UNCOMPRESSED,
            ParquetCodec::Snappy => Compression::SNAPPY,
            ParquetCodec::Gzip => Compression::GZIP(GzipLevel::default()),
            ParquetCodec::Zstd(level) => Compression::ZSTD(
                ZstdLevel::try_new(level)
                    .map_err(|_| refused(format!("Zstandard has levels from 1 to 22, and none of {level}")))?,
            ),
            ParquetCodec::Lz4Raw => Compression::LZ4_RAW,
            ParquetCodec::Brotli => Compression::BROTLI(Default::default()),
        };
        refused_codec(compression).map_or(Ok(compression), |reason| Err(refused(reason)))
    }
}
