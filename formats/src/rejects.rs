//! Bad records of line-based files: counted, and written to a log of their own.
//!
//! A reader that may skip bad records passes them to the executor. A thread that may block writes
//! them, as for sinks, and finds their line numbers. So strict reading, in which a bad record is an
//! error, has no extra cost.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memchr_iter;

use super::blocks::{Block, Blocks};
use super::files::Contents;
use super::files::InputFile;
use runtime::error::{Error, Result};
use runtime::memory::{Memory, Reservation};
use runtime::output::{Appender, Appending, Claim, Target};
use runtime::source::{Lenient, RejectSink, Rejected, Split};
use runtime::value::json::ParseFault;

/// The bad records of a source, and the log that they are written to.
pub(super) struct Rejects {
    lenient: Lenient,
    target: Target,
    files: Arc<[InputFile]>,
    /// By file: `true` if the file is one JSON array. Its records are elements, not lines.
    arrays: Arc<[bool]>,
    count: AtomicU64,
    state: Mutex<LogState>,
}

#[derive(Default)]
struct LogState {
    /// `None` before and after the job.
    out: Option<Appender>,
    /// Number of lines before splits, by file and offset, for splits that had bad records.
    lines: BTreeMap<(usize, u64), u64>,
}

impl Rejects {
    pub(super) fn new(lenient: Lenient, files: Arc<[InputFile]>, arrays: Arc<[bool]>) -> Arc<Self> {
        let target = Target::file(lenient.path());
        Arc::new(Rejects { lenient, target, files, arrays, count: AtomicU64::new(0), state: Mutex::default() })
    }

    /// Returns the number of lines before a split that begins at `place`. Counts from the last
    /// known split before it.
    fn lines_before(&self, lines: &mut BTreeMap<(usize, u64), u64>, part: usize, place: u64) -> Result<u64> {
        let known = lines.range((part, 0)..=(part, place)).next_back().map(|(&(_, from), &count)| (from, count));
        let (from, count) = known.unwrap_or((0, 0));
        if from == place {
            return Ok(count);
        }
        let Some(file) = self.files.get(part) else { return Ok(count) };
        let count = count + Contents::lines(file, from..place)?;
        lines.insert((part, place), count);
        Ok(count)
    }
}

impl RejectSink for Rejects {
    fn check(&self) -> Result<()> {
        let path = self.lenient.path();
        if path.ends_with('/') || self.target.path().is_dir() {
            return Err(Error::Plan(format!("cannot write bad records to {path}: it is a folder; name a file")));
        }
        self.target.check(Appending::Never, &[])
    }

    fn claim(&self) -> Option<Claim> {
        self.target.claim()
    }

    fn prepare(&self) -> Result<()> {
        self.check()?;
        self.target.prepare(Appending::Never, &[])?;
        self.count.store(0, Ordering::Relaxed);
        // After an error, `finish` is not called.
        let out = self.target.appender("").inspect_err(|_| _ = self.target.finish(false))?;
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) =
            LogState { out: Some(out), lines: BTreeMap::new() };
        Ok(())
    }

    fn write(&self, rejected: &[Rejected]) -> Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let LogState { out, lines } = &mut *state;
        // The job has failed and the log is closed.
        let Some(out) = out else { return Ok(()) };
        let mut text = Vec::new();
        for Rejected { part, split_start, lines_before, message, line } in rejected {
            let path = self.files.get(*part).map(|file| file.path().display().to_string()).unwrap_or_default();
            let place = if self.arrays.get(*part).is_some_and(|&is_array| is_array) {
                format!("{path}, record {}", 1 + lines_before)
            } else {
                format!("{path}:{}", 1 + lines_before + self.lines_before(lines, *part, *split_start)?)
            };
            text.extend_from_slice(format!("{place}\t{message}\t").as_bytes());
            text.extend_from_slice(line);
            text.push(b'\n');
        }
        out.append(&text).map_err(Error::io("write", self.target.path()))
    }

    fn finish(&self, success: bool) -> Result<()> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).out = None;
        self.target.finish(success)
    }

    fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

/// The bad records of one reader, and the lines that it has passed.
pub(super) struct RejectLog {
    rejects: Arc<Rejects>,
    part: usize,
    split_start: u64,
    /// Lines of the split before the byte `counted` of the current block.
    lines: u64,
    counted: usize,
    rejected: Vec<Rejected>,
    /// Covers the bad records that were not taken yet.
    reserved: Reservation,
    held_bytes: usize,
}

impl RejectLog {
    /// # Errors
    /// Fails if memory is refused.
    pub(super) fn new(rejects: Arc<Rejects>, memory: &Memory) -> Result<Self> {
        let (reserved, rejected) = (memory.reserve(0)?, Vec::new());
        Ok(RejectLog { rejects, part: 0, split_start: 0, lines: 0, counted: 0, rejected, reserved, held_bytes: 0 })
    }

    /// Begins a split.
    pub(super) fn open(&mut self, split: &Split) {
        (self.part, self.split_start) = (split.part, split.range.start);
        (self.lines, self.counted) = (0, 0);
        self.rejected.clear();
    }

    fn count_to(&mut self, block: &[u8], at: usize) {
        self.lines += memchr_iter(b'\n', block.get(self.counted..at).unwrap_or_default()).count() as u64;
        self.counted = at;
    }

    /// Counts the remaining lines of a block that was read to its end.
    pub(super) fn end_block(&mut self, block: &[u8]) {
        self.count_to(block, block.len());
        self.counted = 0;
    }

    /// Leaves out the line that begins at `line` of a block; `offset` is the block's offset in the
    /// content.
    ///
    /// # Errors
    /// Fails if the limit of bad records is exceeded, or if memory is refused.
    pub(super) fn reject(&mut self, block: &[u8], offset: u64, line: usize, fault: ParseFault) -> Result<()> {
        self.count_to(block, line);
        let count = self.rejects.count.fetch_add(1, Ordering::Relaxed) + 1;
        let mut message = fault.message;
        if let Some(limit) = self.rejects.lenient.limit().filter(|&limit| count > limit) {
            let noun = if limit == 1 { "record" } else { "records" };
            message.push_str(&format!(
                "; it is one bad record more than may be left out, which is {limit} {noun} at most"
            ));
            return match self.rejects.files.get(self.part) {
                Some(file) => Err(file.data_error(offset + line as u64, message)),
                None => Err(Error::Internal(message)),
            };
        }
        let end = line_end(block, line);
        let text = block[line..end].strip_suffix(b"\r").unwrap_or(&block[line..end]);
        self.held_bytes += size_of::<Rejected>() + message.len() + text.len();
        self.reserved.resize(2 * self.held_bytes)?;
        self.rejected.push(Rejected {
            part: self.part,
            split_start: self.split_start,
            lines_before: self.lines,
            message,
            line: text.to_vec(),
        });
        Ok(())
    }

    /// Leaves out the lines of a block that are not UTF-8. The other lines are put back as blocks
    /// of their own.
    ///
    /// # Errors
    /// As [`RejectLog::reject`].
    pub(super) fn reject_bytes(&mut self, block: Block, blocks: &mut Blocks) -> Result<()> {
        let Block { bytes, offset } = block;
        let is_one_line = line_end(&bytes, 0) + 1 >= bytes.len();
        if is_one_line {
            let error = std::str::from_utf8(&bytes).err();
            let at = error.map_or(0, |error| error.valid_up_to());
            let byte = bytes.get(at).copied().unwrap_or_default();
            let fault = ParseFault::new(
                0,
                format!("expected UTF-8, found the byte 0x{byte:02x} at byte {} of the line", at + 1),
            );
            self.reject(&bytes, offset, 0, fault)?;
            self.end_block(&bytes);
            return Ok(());
        }
        let (mut good, mut at) = (0, 0);
        let mut parts = Vec::new();
        while at < bytes.len() {
            let end = bytes.len().min(line_end(&bytes, at) + 1);
            if std::str::from_utf8(&bytes[at..end]).is_err() {
                parts.extend([good..at, at..end]);
                good = end;
            }
            at = end;
        }
        parts.push(good..bytes.len());
        let part =
            |range: std::ops::Range<usize>| Block { offset: offset + range.start as u64, bytes: bytes.slice(range) };
        blocks.put_back(parts.into_iter().filter(|range| !range.is_empty()).map(part));
        Ok(())
    }

    /// Returns `true` if bad records wait to be written.
    pub(super) fn is_waiting(&self) -> bool {
        !self.rejected.is_empty()
    }

    /// Returns the records that were left out since the last call.
    pub(super) fn take(&mut self) -> Vec<Rejected> {
        self.held_bytes = 0;
        std::mem::take(&mut self.rejected)
    }
}

/// Returns the end of a line, before its newline.
pub(super) fn line_end(block: &[u8], line: usize) -> usize {
    memchr::memchr(b'\n', &block[line..]).map_or(block.len(), |newline| line + newline)
}
