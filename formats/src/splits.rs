//! Splits of line-based files.
//!
//! Splits begin where records begin. These offsets are found when splits are listed, so a reader
//! reads nothing outside of its range.

use memchr::{memchr, memchr_iter, memrchr};

use super::blocks::CHUNK_BYTES;
use super::files::Contents;
use super::files::InputFile;
use super::files::check_encoding;
use super::record_ends::{has_odd_count, record_end};
use runtime::error::{Error, Result};
use runtime::source::{SAMPLE_PLACES, Sample, Scan, Source, Split, TableSource, sample_splits};

/// Largest split. It is small so that the last splits of a job take little time.
const LARGEST_SPLIT_BYTES: u64 = 8 << 20;

/// Bytes that are read at a time to find or count newlines.
const PROBE_BYTES: usize = 1 << 14;

/// Number of splits that an input is cut into, if they stay between one chunk and
/// [`LARGEST_SPLIT_BYTES`].
const SPLITS: u64 = 64;

/// Returns the target size of a split of an input.
pub(super) fn split_bytes(files: &[InputFile]) -> u64 {
    let total: u64 = files.iter().map(InputFile::bytes).sum();
    (total / SPLITS).clamp(CHUNK_BYTES, LARGEST_SPLIT_BYTES)
}

/// Estimates the number of lines of an input from the beginning of its first files.
///
/// # Errors
/// Fails if a file cannot be read.
pub(super) fn estimated_rows(files: &[InputFile]) -> Result<Option<f64>> {
    estimated_records(files, |_, piece| memchr_iter(b'\n', piece).count())
}

/// As [`estimated_rows`], for records that do not end at newlines. `ends` counts the record ends in
/// the beginning of the file with the given index.
///
/// # Errors
/// Fails if a file cannot be read.
pub(super) fn estimated_records(files: &[InputFile], ends: impl Fn(usize, &[u8]) -> usize) -> Result<Option<f64>> {
    let (mut seen, mut lines) = (0, 0);
    for (part, file) in files.iter().enumerate().filter(|(_, file)| file.bytes() > 0).take(4) {
        let mut contents = Contents::new(file, PROBE_BYTES)?;
        match contents.next() {
            Ok(piece) => {
                check_encoding(file, &piece)?;
                lines += ends(part, &piece).max(1);
            }
            // The reader reports the fault later, with the operator.
            Err(Error::Data { .. }) => continue,
            Err(error) => return Err(error),
        }
        seen += contents.used();
    }
    let total: u64 = files.iter().map(InputFile::bytes).sum();
    Ok(Some(if seen == 0 { 0.0 } else { total as f64 * lines as f64 / seen as f64 }))
}

/// Bytes that are read at each place of a sample.
const PLACE_BYTES: u64 = 1 << 14;

/// An input of at most this many bytes is sampled as a whole.
pub(super) const SMALL_INPUT_BYTES: u64 = 1 << 16;

/// Returns small splits for a sample, spread over all files. `begins` holds the offset of the first
/// record of each file, or `None` to leave the file out. A split begins after a newline. If that
/// newline is inside a record, the sample reads a bad or an odd record there, which is left out or
/// has little weight.
///
/// # Errors
/// Fails if a file cannot be read.
pub(super) fn sample_places(files: &[InputFile], begins: &[Option<u64>]) -> Result<Vec<Split>> {
    let plain = files.iter().zip(begins).enumerate().filter(|(_, (file, _))| !file.is_encoded());
    let parts: Vec<(usize, &InputFile, u64)> =
        plain.filter_map(|(part, (file, begin))| Some((part, file, (*begin)?))).collect();
    let length = |&(_, file, begin): &(usize, &InputFile, u64)| file.bytes().saturating_sub(begin);
    let total: u64 = parts.iter().map(length).sum();
    if total == 0 {
        // Of an encoded file only the beginning can be read.
        let first =
            files.iter().zip(begins).enumerate().find_map(|(part, (file, begin))| Some((part, file, (*begin)?)));
        return Ok(first
            .map(|(part, file, begin)| Split::of_file(part, begin..u64::MAX, file.bytes()))
            .into_iter()
            .collect());
    }
    if total <= SMALL_INPUT_BYTES && parts.len() <= SAMPLE_PLACES {
        let whole = |&(part, file, begin): &(usize, &InputFile, u64)| {
            Split::of_file(part, begin..file.bytes(), file.bytes() - begin)
        };
        return Ok(parts.iter().filter(|part| length(part) > 0).map(whole).collect());
    }
    let step = total / SAMPLE_PLACES as u64;
    let bytes = PLACE_BYTES.min(step.max(1));
    let mut sample_places = Vec::new();
    let (mut index, mut before) = (0, 0);
    for position in (0..SAMPLE_PLACES as u64).map(|place| place * step) {
        while index < parts.len() && position >= before + length(&parts[index]) {
            before += length(&parts[index]);
            index += 1;
        }
        let Some(&(part, file, begin)) = parts.get(index) else { break };
        sample_places.extend(lines_from(part, file, begin, begin + position - before, bytes)?);
    }
    Ok(sample_places)
}

/// Returns a split of the whole lines in about `bytes` bytes from offset `at`, or `None` if no line
/// fits.
fn lines_from(part: usize, file: &InputFile, begin: u64, at: u64, bytes: u64) -> Result<Option<Split>> {
    let handle = file.open()?;
    // Starts one byte earlier, to see whether a line begins exactly at `at`.
    let from = if at > begin { at - 1 } else { at };
    let mut buffer = vec![0; (bytes + 1) as usize];
    let count = file.read_at(&*handle, from, &mut buffer)?;
    let seen = &buffer[..count];
    let first = if at > begin { memchr(b'\n', seen).map(|newline| newline + 1) } else { Some(0) };
    let last = memrchr(b'\n', seen).map(|newline| newline + 1);
    let (Some(first), Some(last)) = (first, last) else { return Ok(None) };
    let range = from + first as u64..from + last as u64;
    Ok((first < last).then(|| Split::of_file(part, range.clone(), range.end - range.start)))
}

/// Samples the line-based files of `source`; `begins` as for [`sample_places`]. Returns `None` if
/// no sample can be taken. Faults in the files are reported by the reader when the job runs.
pub(super) fn sample_lines(
    source: &(impl Source + TableSource),
    scan: &Scan,
    files: &[InputFile],
    begins: &[Option<u64>],
) -> Option<Sample> {
    // A source that logs bad records would also log the bad records of the sample.
    if source.rejects().is_some() {
        return None;
    }
    let splits = sample_places(files, begins).ok()?;
    let sampler = sample_splits(source, scan, &splits).ok()?;
    let statistics = source.statistics(scan);
    let sampled: u64 = splits.iter().map(|split| split.bytes).sum();
    let by_bytes = (statistics.bytes as f64 / sampled.max(1) as f64) * sampler.seen() as f64;
    let is_plain = files.iter().all(|file| !file.is_encoded());
    let rows = if is_plain { Some(by_bytes) } else { statistics.rows };
    Some(sampler.finish(rows?))
}

/// Cuts one file into splits from `begin` on, each beginning with a record. An encoded file is one
/// split from `begin` of its content, with an unknown end.
///
/// Without `quote`, a record begins after each newline. With `quote`, newlines between quotes
/// belong to the record, and this depends on every quote before. Then the whole file is read once
/// to count quotes.
///
/// # Errors
/// Fails if the file cannot be read.
pub(super) fn cut_at_records(
    part: usize,
    file: &InputFile,
    begin: u64,
    target: u64,
    quote: Option<u8>,
) -> Result<Vec<Split>> {
    if file.is_encoded() {
        return Ok(vec![Split::of_file(part, begin..u64::MAX, file.bytes())]);
    }
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
    Ok(ranges.map(|range| Split::of_file(part, range.clone(), range.end - range.start)).collect())
}

fn newlines_after(file: &InputFile, begin: u64, target: u64, starts: &mut Vec<u64>) -> Result<()> {
    let handle = file.open()?;
    let mut buffer = vec![0; PROBE_BYTES];
    let mut at = begin + target;
    while at < file.bytes() {
        let count = file.read_at(&*handle, at, &mut buffer)?;
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
    let (mut at, mut in_quotes, mut next) = (begin, false, begin + target);
    while at < file.bytes() {
        let count = file.read_at(&*handle, at, &mut buffer)?;
        if count == 0 {
            break;
        }
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            let before = usize::try_from(next.saturating_sub(at)).unwrap_or(usize::MAX).min(rest.len());
            in_quotes ^= has_odd_count(quote, &rest[..before]);
            let tail = &rest[before..];
            at += before as u64;
            let Some(end) = record_end(tail, quote, &mut in_quotes) else {
                at += tail.len() as u64;
                break;
            };
            at += end as u64;
            if at < file.bytes() {
                starts.push(at);
            }
            next = at + target;
            rest = &tail[end..];
        }
    }
    Ok(())
}
