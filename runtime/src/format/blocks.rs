//! Splits and chunks of files that are made of lines.
//!
//! Splits begin where records begin: [`record_starts`] looks for such places when splits are listed. So a reader reads its range
//! and nothing else. [`Blocks`] asks for the range chunk by chunk, one chunk ahead, and hands on whole records: most
//! of each chunk as it is, and the record that lies across two chunks as a block of its own.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use memchr::{memchr, memchr_iter, memchr2_iter, memrchr};

use super::files::InputFile;
use crate::error::{Error, Mib, Result};
use crate::memory::{Memory, Reservation};
use crate::source::{ReadRequest, Split};

/// Bytes asked for at once: enough for a disk, and a decoded chunk still fits a core's second cache.
pub(super) const CHUNK_BYTES: u64 = 1 << 20;

/// Splits are no larger: so that the last ones of a job take little time.
const LARGEST_SPLIT_BYTES: u64 = 8 << 20;

/// How much of a file is looked at, at once, to find or count newlines.
const LOOK_BYTES: usize = 1 << 14;

/// How many splits an input is cut into, as long as they stay between one chunk and [`LARGEST_SPLIT_BYTES`].
const SPLITS: u64 = 64;

/// Places of texts in a block are held in 32 bits, with one to spare.
const LONGEST_RECORD_BYTES: usize = 1 << 31;

/// How large the splits of an input are.
pub(super) fn split_bytes(files: &[InputFile]) -> u64 {
    let total: u64 = files.iter().map(InputFile::bytes).sum();
    (total / SPLITS).clamp(CHUNK_BYTES, LARGEST_SPLIT_BYTES)
}

/// About how many lines an input has, going by the beginning of its first files.
///
/// # Errors
/// Where they cannot be read.
pub(super) fn estimated_rows(files: &[InputFile]) -> Result<Option<f64>> {
    let (mut seen, mut lines) = (0_usize, 0_usize);
    let mut buffer = vec![0; LOOK_BYTES];
    for file in files.iter().filter(|file| file.bytes() > 0).take(4) {
        let count = file.read_at(&*file.open()?, 0, &mut buffer)?;
        let newlines = memchr_iter(b'\n', &buffer[..count]).count();
        seen += count;
        lines += newlines.max(1);
    }
    let total: u64 = files.iter().map(InputFile::bytes).sum();
    Ok(Some(if seen == 0 {
        0.0
    } else {
        total as f64 * lines as f64 / seen as f64
    }))
}

/// Splits of one file from `begin` on, each beginning with a record.
///
/// Without `quote`, a record begins behind each newline. With it, newlines between quotes belong to the record, and which these
/// are depends on every quote before: then the whole file is read once, to count quotes.
///
/// # Errors
/// Where the file cannot be read.
pub(super) fn cut(part: usize, file: &InputFile, begin: u64, target: u64, quote: Option<u8>) -> Result<Vec<Split>> {
    if begin >= file.bytes() {
        return Ok(Vec::new());
    }
    let mut starts = vec![begin];
    if file.bytes() - begin > target {
        match quote {
            None => newlines_after(file, begin, target, &mut starts)?,
            Some(quote) => newlines_outside_quotes(file, begin, target, quote, &mut starts)?,
        }
    }
    let ends = starts.iter().skip(1).copied().chain([file.bytes()]);
    let ranges = starts.iter().zip(ends).map(|(&start, end)| start..end);
    Ok(ranges
        .map(|range| Split {
            part,
            bytes: range.end - range.start,
            range,
        })
        .collect())
}

fn newlines_after(file: &InputFile, begin: u64, target: u64, starts: &mut Vec<u64>) -> Result<()> {
    let handle = file.open()?;
    let mut buffer = vec![0; LOOK_BYTES];
    let mut at = begin + target;
    while at < file.bytes() {
        let count = file.read_at(&handle, at, &mut buffer)?;
        match memchr(b'\n', &buffer[..count]) {
            None if count == 0 => break,
            None => at += count as u64,
            Some(newline) => {
                let start = at + newline as u64 + 1;
                if start < file.bytes() {
                    starts.push(start);
                }
                at = start + target;
            }
        }
    }
    Ok(())
}

fn newlines_outside_quotes(file: &InputFile, begin: u64, target: u64, quote: u8, starts: &mut Vec<u64>) -> Result<()> {
    let handle = file.open()?;
    let mut buffer = vec![0; 1 << 18];
    let (mut at, mut inside, mut next) = (begin, false, begin + target);
    while at < file.bytes() {
        let count = file.read_at(&handle, at, &mut buffer)?;
        if count == 0 {
            break;
        }
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            let before = usize::try_from(next.saturating_sub(at))
                .unwrap_or(usize::MAX)
                .min(rest.len());
            inside ^= is_odd(quote, &rest[..before]);
            let behind = &rest[before..];
            at += before as u64;
            let Some(end) = record_end(behind, quote, &mut inside) else {
                at += behind.len() as u64;
                break;
            };
            at += end as u64;
            if at < file.bytes() {
                starts.push(at);
            }
            next = at + target;
            rest = &behind[end..];
        }
    }
    Ok(())
}

fn is_odd(quote: u8, bytes: &[u8]) -> bool {
    memchr_iter(quote, bytes).count() % 2 == 1
}

/// Where the first record ends, behind its newline; `inside` says whether the bytes begin between quotes, and then, whether
/// what was looked at ends there.
fn record_end(bytes: &[u8], quote: u8, inside: &mut bool) -> Option<usize> {
    for at in memchr2_iter(quote, b'\n', bytes) {
        if bytes[at] == quote {
            *inside = !*inside;
        } else if !*inside {
            return Some(at + 1);
        }
    }
    None
}

/// Where the last whole record of bytes that begin with a record ends; zero where there is none.
fn last_record_end(bytes: &[u8], quote: Option<u8>) -> usize {
    let mut end = bytes.len();
    // Whether the byte before `end` lies between quotes.
    let mut inside = quote.is_some_and(|quote| is_odd(quote, bytes));
    while let Some(newline) = memrchr(b'\n', &bytes[..end]) {
        if let Some(quote) = quote {
            inside ^= is_odd(quote, &bytes[newline..end]);
        }
        if !inside {
            return newline + 1;
        }
        end = newline;
    }
    0
}

/// Whole records, in a row.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// The records, each with its newline but for the last of a file.
    pub(super) bytes: Bytes,
    /// Where they begin in the file.
    pub(super) offset: u64,
}

/// What comes next.
pub(super) enum Next {
    /// Records.
    Block(Block),
    /// More bytes are needed.
    Starved,
    /// The split is at its end.
    End,
}

/// Reads one split after another.
pub(super) struct Blocks {
    quote: Option<u8>,
    files: Arc<[InputFile]>,
    part: usize,
    handle: Option<Arc<std::fs::File>>,
    /// What was not asked for yet.
    left: Range<u64>,
    asked: Option<Range<u64>>,
    arrived: VecDeque<Bytes>,
    /// The beginning of a record that goes on in the next chunk.
    carry: Vec<u8>,
    /// Whether the carry ends between quotes.
    inside: bool,
    /// Where the first byte that was not handed on lies.
    offset: u64,
    buffers: Reservation,
    /// What of the reservation does not belong to the carry.
    chunks_bytes: usize,
}

impl Blocks {
    /// Nothing yet; `columns_bytes` are reserved besides the chunks.
    ///
    /// # Errors
    /// Where memory is refused.
    pub(super) fn new(
        files: Arc<[InputFile]>,
        quote: Option<u8>,
        memory: &Memory,
        columns_bytes: usize,
    ) -> Result<Self> {
        let largest = files.iter().map(InputFile::bytes).max().unwrap_or(0);
        // The chunk that is read, the one that is looked at, and the one that was read ahead.
        let chunks_bytes = 3 * largest.min(CHUNK_BYTES) as usize + columns_bytes;
        Ok(Blocks {
            quote,
            files,
            part: 0,
            handle: None,
            left: 0..0,
            asked: None,
            arrived: VecDeque::new(),
            carry: Vec::new(),
            inside: false,
            offset: 0,
            buffers: memory.reserve(chunks_bytes)?,
            chunks_bytes,
        })
    }

    /// Starts a split.
    ///
    /// # Errors
    /// Where its file cannot be opened.
    pub(super) fn open(&mut self, split: &Split) -> Result<()> {
        let file = self
            .files
            .get(split.part)
            .ok_or_else(|| Error::Internal(format!("a split of file {}", split.part)))?;
        self.handle = Some(file.open()?);
        self.part = split.part;
        self.left = split.range.clone();
        self.offset = split.range.start;
        self.asked = None;
        self.arrived.clear();
        // A very long record took much; the next ones are hardly as long.
        self.carry = Vec::new();
        self.buffers.resize(self.chunks_bytes)?;
        self.inside = false;
        Ok(())
    }

    /// The file that is read.
    pub(super) fn file(&self) -> &InputFile {
        &self.files[self.part]
    }

    /// The next chunk, as long as fewer than two wait.
    pub(super) fn wants(&mut self) -> Option<ReadRequest> {
        let handle = self.handle.as_ref()?;
        if self.asked.is_some() || self.arrived.len() >= 2 || self.left.is_empty() {
            return None;
        }
        let range = self.left.start..self.left.end.min(self.left.start + CHUNK_BYTES);
        self.left.start = range.end;
        self.asked = Some(range.clone());
        Some(ReadRequest {
            file: handle.clone(),
            path: self.file().path().clone(),
            ranges: vec![range],
        })
    }

    /// The bytes of the last request.
    ///
    /// # Errors
    /// Where they are fewer than asked for: the file was cut meanwhile.
    pub(super) fn supply(&mut self, bytes: Vec<Bytes>) -> Result<()> {
        let Some(asked) = self.asked.take() else { return Ok(()) };
        let given: usize = bytes.iter().map(Bytes::len).sum();
        if given as u64 != asked.end - asked.start {
            return Err(Error::Data {
                path: self.file().path().to_path_buf(),
                place: format!(", byte {}", asked.start + given as u64),
                message:
                    "the file ends here, and was longer when the job began; do not change files while they are read"
                        .into(),
            });
        }
        self.arrived.extend(bytes.into_iter().filter(|bytes| !bytes.is_empty()));
        Ok(())
    }

    /// The next records.
    ///
    /// # Errors
    /// Where a record is longer than memory allows.
    pub(super) fn next(&mut self) -> Result<Next> {
        while let Some(chunk) = self.arrived.pop_front() {
            if !self.carry.is_empty() {
                let (end, whole) = self.end_of_carried(&chunk);
                self.carry_on(&chunk[..end])?;
                if end < chunk.len() {
                    self.arrived.push_front(chunk.slice(end..));
                }
                if whole {
                    return Ok(self.hand_on_carry());
                }
                continue;
            }
            let end = last_record_end(&chunk, self.quote);
            self.inside = self.quote.is_some_and(|quote| is_odd(quote, &chunk[end..]));
            self.carry_on(&chunk[end..])?;
            if end > 0 {
                return Ok(self.hand_on(chunk.slice(..end)));
            }
        }
        match (self.asked.is_some() || !self.left.is_empty(), self.carry.is_empty()) {
            (true, _) => Ok(Next::Starved),
            (false, false) => Ok(self.hand_on_carry()),
            (false, true) => Ok(Next::End),
        }
    }

    /// How much of a chunk belongs to the carried record, and whether that ends it.
    fn end_of_carried(&mut self, chunk: &[u8]) -> (usize, bool) {
        let end = match self.quote {
            None => memchr(b'\n', chunk).map(|newline| newline + 1),
            Some(quote) => record_end(chunk, quote, &mut self.inside),
        };
        (end.unwrap_or(chunk.len()), end.is_some())
    }

    fn carry_on(&mut self, bytes: &[u8]) -> Result<()> {
        let length = self.carry.len() + bytes.len();
        if length > LONGEST_RECORD_BYTES {
            let message = format!(
                "a record of more than {} begins here, at byte {}",
                Mib(length),
                self.offset
            );
            return Err(self.file().data_error(self.offset, message));
        }
        if length > self.carry.capacity() && length as u64 > CHUNK_BYTES {
            // A vector grows to twice its size, and both are there while it is copied.
            self.buffers.resize(self.chunks_bytes + 3 * length).map_err(|error| {
                let begin = self.offset;
                let size = Mib(length);
                self.file().data_error(
                    begin,
                    format!("a record of more than {size} begins here, at byte {begin}: {error}"),
                )
            })?;
        }
        self.carry.extend_from_slice(bytes);
        Ok(())
    }

    fn hand_on_carry(&mut self) -> Next {
        let record = std::mem::take(&mut self.carry);
        self.inside = false;
        self.hand_on(record.into())
    }

    fn hand_on(&mut self, bytes: Bytes) -> Next {
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        Next::Block(Block { bytes, offset })
    }
}
