//! The bytes of columns, as the `parquet` crate reads them.

use bytes::{Buf, Bytes};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

/// The bytes of a row group's columns. The `parquet` crate reads them instead of the file.
#[derive(Clone)]
pub(crate) struct ColumnBytes {
    /// Length of the file in bytes.
    pub(super) length: u64,
    /// Offset of each part in the file, and its bytes.
    pub(super) parts: Vec<(u64, Bytes)>,
}

impl ColumnBytes {
    fn from(&self, start: u64) -> parquet::errors::Result<Bytes> {
        let part = self.parts.iter().find(|(begin, bytes)| (*begin..*begin + bytes.len() as u64).contains(&start));
        let outside = || ParquetError::EOF(format!("byte {start} lies outside the column"));
        part.map(|(begin, bytes)| bytes.slice((start - begin) as usize..)).ok_or_else(outside)
    }
}

impl Length for ColumnBytes {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for ColumnBytes {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        self.from(start).map(Buf::reader)
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let bytes = self.from(start)?;
        if length > bytes.len() {
            return Err(ParquetError::EOF(format!("{length} bytes at byte {start} reach beyond the column")));
        }
        Ok(bytes.slice(..length))
    }
}
