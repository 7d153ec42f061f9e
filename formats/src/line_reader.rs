//! The pull loop of line-based formats: blocks come in, a decoder parses their records, and batches
//! go out.

use bytes::Bytes;

use super::BATCH_ROWS;
use super::blocks::{Block, Blocks, CHUNK_BYTES, NextBlock};
use super::rejects::RejectLog;
use runtime::error::Result;
use runtime::page::Batch;
use runtime::source::{Position, RangeReader, ReadRequest, Ready, Rejected, Split};
use runtime::value::json::ParseFault;

/// Parses the records of blocks into a batch.
pub(super) trait LineDecoder: Send {
    /// A block's bytes after the check, with what the check proved.
    type Text: Send;

    /// Checks that a block is UTF-8, if the decoder reads texts. Fails with the offset of the first
    /// byte that is not.
    fn check(&self, bytes: &Bytes) -> Result<Self::Text, usize>;

    /// Prepares for the file of a split.
    ///
    /// # Errors
    /// Fails if the file does not fit the record.
    fn open(&mut self, split: &Split) -> Result<()> {
        let _ = split;
        Ok(())
    }

    /// Begins a batch.
    fn clear(&mut self);

    /// Returns the number of records in the batch.
    fn rows(&self) -> usize;

    /// Adds records of a block to the batch, until the batch is full, the block has ended, or a
    /// record was rejected.
    ///
    /// # Errors
    /// Fails if a record cannot be read and bad records are not skipped.
    fn decode(&mut self, lines: &mut Lines<'_, Self::Text>) -> Result<()>;

    /// Returns the batch.
    ///
    /// # Errors
    /// Fails only because of a defect in the decoder.
    fn batch(&self) -> Result<Batch<'_>>;
}

/// The block that is being decoded.
struct Current<T> {
    block: Block,
    text: T,
    /// Offset of the next record in the block.
    at: usize,
}

/// The decoder's view of the current block.
pub(super) struct Lines<'r, T> {
    pub(super) bytes: &'r Bytes,
    pub(super) text: &'r T,
    /// Offset of the next record in the block. The decoder advances it.
    pub(super) at: usize,
    /// Offset of the block in the content of the file.
    offset: u64,
    blocks: &'r Blocks,
    log: &'r mut Option<RejectLog>,
}

impl<T> Lines<'_, T> {
    /// Returns `true` if the first bad record ends the job.
    pub(super) fn is_strict(&self) -> bool {
        self.log.is_none()
    }

    /// Skips the record that begins at `line`, or fails with its error.
    ///
    /// # Errors
    /// Fails if bad records are not skipped, or if their limit is exceeded.
    pub(super) fn reject(&mut self, line: usize, fault: ParseFault) -> Result<()> {
        match self.log {
            None => Err(self.blocks.file().data_error(self.offset + fault.at as u64, fault.message)),
            Some(log) => log.reject(self.bytes, self.offset, line, fault),
        }
    }
}

/// Reads splits of line-based files.
pub(super) struct LineReader<D: LineDecoder> {
    decoder: D,
    blocks: Blocks,
    current: Option<Current<D::Text>>,
    log: Option<RejectLog>,
}

impl<D: LineDecoder> LineReader<D> {
    pub(super) fn new(decoder: D, blocks: Blocks, log: Option<RejectLog>) -> Self {
        LineReader { decoder, blocks, current: None, log }
    }

    fn begin(&mut self, block: Block) -> Result<()> {
        match self.decoder.check(&block.bytes) {
            Ok(text) => self.current = Some(Current { block, text, at: 0 }),
            Err(at) => match &mut self.log {
                None => return Err(self.blocks.file().not_utf8(&block.bytes, at, block.offset)),
                Some(log) => log.reject_bytes(block, &mut self.blocks)?,
            },
        }
        Ok(())
    }

    /// Adds records of the current block, until it has ended or the batch is full. Returns the
    /// block's number of bytes before the call.
    fn decode(&mut self) -> Result<usize> {
        let Some(Current { block, text, at }) = &mut self.current else { return Ok(0) };
        let bytes = &block.bytes;
        let left_bytes = bytes.len() - *at;
        // `decode` returns after each bad record.
        while *at < bytes.len() && self.decoder.rows() < BATCH_ROWS {
            let (blocks, log) = (&self.blocks, &mut self.log);
            let mut lines = Lines { bytes, text, at: *at, offset: block.offset, blocks, log };
            self.decoder.decode(&mut lines)?;
            *at = lines.at;
        }
        if *at == bytes.len() {
            if let Some(log) = &mut self.log {
                log.end_block(bytes);
            }
            self.current = None;
        }
        Ok(left_bytes)
    }

    fn ready(&self, otherwise: Ready) -> Ready {
        if self.decoder.rows() == 0 { otherwise } else { Ready::Batch }
    }
}

impl<D: LineDecoder> RangeReader for LineReader<D> {
    fn open(&mut self, split: &Split, _: Option<&Position>) -> Result<()> {
        self.decoder.clear();
        self.current = None;
        if let Some(log) = &mut self.log {
            log.open(split);
        }
        self.blocks.open(split)?;
        self.decoder.open(split)
    }

    fn wants(&mut self) -> Option<ReadRequest> {
        self.blocks.wants()
    }

    fn supply(&mut self, bytes: Vec<Bytes>) -> Result<()> {
        self.blocks.supply(bytes)
    }

    fn advance(&mut self) -> Result<Ready> {
        self.decoder.clear();
        let mut held_bytes = 0;
        loop {
            held_bytes += self.decode()?;
            if self.decoder.rows() >= BATCH_ROWS {
                return Ok(Ready::Batch);
            }
            // A record that spans two chunks is a block of its own, but not a batch of its own.
            // Batches with very long records end earlier, to limit the bytes that they hold. So do
            // batches with rejected records; such a batch may be empty.
            let has_some = self.decoder.rows() > 0 || self.log.as_ref().is_some_and(RejectLog::is_waiting);
            if has_some && held_bytes as u64 >= CHUNK_BYTES / 2 {
                return Ok(Ready::Batch);
            }
            match self.blocks.next()? {
                NextBlock::Block(block) => self.begin(block)?,
                NextBlock::Starved => return Ok(self.ready(Ready::Starved)),
                NextBlock::End => return Ok(self.ready(Ready::End)),
            }
        }
    }

    fn take_rejected(&mut self) -> Vec<Rejected> {
        self.log.as_mut().map_or_else(Vec::new, RejectLog::take)
    }

    fn batch(&self) -> Result<Batch<'_>> {
        self.decoder.batch()
    }
}
