//! What Parquet files leave open.

use parquet::basic::{Compression, GzipLevel, ZstdLevel};

use super::codec::refused_codec;
use runtime::error::{Error, Result};

/// Rows of a row group: the unit in which readers share work, skip, and keep columns in memory.
const GROUP_ROWS: usize = 1 << 17;

/// How Parquet files are read and written. What these options write, they read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParquetOptions {
    /// Read: whether a column is found whatever the case of its letters. Two columns whose names differ in nothing else are then refused,
    /// where a field means them.
    pub ignore_case: bool,
    /// Written: how the pages of a column are compressed.
    pub codec: ParquetCodec,
    /// Written: the most rows of a row group. Groups end earlier where rows are wide (at 32 MiB) or memory is scarce. Readers
    /// share work, skip, and reserve memory by row groups.
    pub row_group_rows: usize,
}

impl Default for ParquetOptions {
    fn default() -> Self {
        ParquetOptions { ignore_case: false, codec: ParquetCodec::default(), row_group_rows: GROUP_ROWS }
    }
}

/// How the pages of a Parquet file are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ParquetCodec {
    /// Not at all.
    None,
    /// Snappy: fast, and read by everything.
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
    /// The codec as the `parquet` crate has it.
    ///
    /// # Errors
    /// [`Error::Plan`] for a level that Zstandard does not have, and for a codec that this build does not have.
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
