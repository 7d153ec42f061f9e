//! Splits of files that are made of lines.
//!
//! Splits begin where records begin; such places are looked for when splits are listed, so that a reader reads its range and
//! nothing else.

use memchr::{memchr, memchr_iter, memrchr};

use super::blocks::CHUNK_BYTES;
use super::files::Contents;
use super::files::InputFile;
use super::files::check_encoding;
use super::record_ends::{is_odd, record_end};
use runtime::error::{Error, Result};
use runtime::source::{SAMPLE_PLACES, Sample, Scan, Source, Split, TableSource, sample_splits};

/// Splits are no larger: so that the last ones of a job take little time.
const LARGEST_SPLIT_BYTES: u64 = 8 << 20;

/// How much of a file is looked at, at once, to find or count newlines.
const LOOK_BYTES: usize = 1 << 14;

/// How many splits an input is cut into, as long as they stay between one chunk and [`LARGEST_SPLIT_BYTES`].
const SPLITS: u64 = 64;

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
    estimated_records(files, |_, piece| memchr_iter(b'\n', piece).count())
}

/// The same for records that end elsewhere; `ends` counts them in the beginning of a file, whose number it is given.
///
/// # Errors
/// Where the files cannot be read.
pub(super) fn estimated_records(files: &[InputFile], ends: impl Fn(usize, &[u8]) -> usize) -> Result<Option<f64>> {
    let (mut seen, mut lines) = (0, 0);
    for (part, file) in files.iter().enumerate().filter(|(_, file)| file.bytes() > 0).take(4) {
        let mut contents = Contents::new(file, LOOK_BYTES)?;
        match contents.next() {
            Ok(piece) => {
                check_encoding(file, &piece)?;
                lines += ends(part, &piece).max(1);
            }
            // Its reader says so, with the operator.
            Err(Error::Data { .. }) => continue,
            Err(error) => return Err(error),
        }
        seen += contents.used();
    }
    let total: u64 = files.iter().map(InputFile::bytes).sum();
    Ok(Some(if seen == 0 { 0.0 } else { total as f64 * lines as f64 / seen as f64 }))
}

/// How much of a file made of lines is read for a sample at each of its places.
const PLACE_BYTES: u64 = 1 << 14;

/// An input of at most so many bytes is read whole for a sample.
pub(super) const SMALL_BYTES: u64 = 1 << 16;

/// Small splits for a sample, from the beginning to the end of all files; `begins` says where the records of each file begin. A place
/// begins behind a newline: where that is within a record, whoever reads it finds something wrong or something strange, and the place is left out or counts for little.
///
/// # Errors
/// Where a file cannot be read.
pub(super) fn places(files: &[InputFile], begins: &[Option<u64>]) -> Result<Vec<Split>> {
    let plain = files.iter().zip(begins).enumerate().filter(|(_, (file, _))| !file.is_encoded());
    let parts: Vec<(usize, &InputFile, u64)> =
        plain.filter_map(|(part, (file, begin))| Some((part, file, (*begin)?))).collect();
    let length = |&(_, file, begin): &(usize, &InputFile, u64)| file.bytes().saturating_sub(begin);
    let total: u64 = parts.iter().map(length).sum();
    if total == 0 {
        // Of what is compressed the beginning can be read.
        let first =
            files.iter().zip(begins).enumerate().find_map(|(part, (file, begin))| Some((part, file, (*begin)?)));
        return Ok(first
            .map(|(part, file, begin)| Split::of_file(part, begin..u64::MAX, file.bytes()))
            .into_iter()
            .collect());
    }
    if total <= SMALL_BYTES && parts.len() <= SAMPLE_PLACES {
        let whole = |&(part, file, begin): &(usize, &InputFile, u64)| {
            Split::of_file(part, begin..file.bytes(), file.bytes() - begin)
        };
        return Ok(parts.iter().filter(|part| length(part) > 0).map(whole).collect());
    }
    let step = total / SAMPLE_PLACES as u64;
    let bytes = PLACE_BYTES.min(step.max(1));
    let mut places = Vec::new();
    let (mut index, mut before) = (0, 0);
    for position in (0..SAMPLE_PLACES as u64).map(|place| place * step) {
        while index < parts.len() && position >= before + length(&parts[index]) {
            before += length(&parts[index]);
            index += 1;
        }
        let Some(&(part, file, begin)) = parts.get(index) else { break };
        places.extend(lines_from(part, file, begin, begin + position - before, bytes)?);
    }
    Ok(places)
}

/// Whole lines of about so many bytes from a byte of a file on; none where a line there is longer.
fn lines_from(part: usize, file: &InputFile, begin: u64, at: u64, bytes: u64) -> Result<Option<Split>> {
    let handle = file.open()?;
    // One byte more, so that a line that begins here is found.
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

/// A sample of files that are made of lines, `source`; `begins` as for [`places`]. What is wrong there its reader says in the run.
pub(super) fn sample_lines(
    source: &(impl Source + TableSource),
    scan: &Scan,
    files: &[InputFile],
    begins: &[Option<u64>],
) -> Option<Sample> {
    // Who writes bad records down counts them, too.
    if source.rejects().is_some() {
        return None;
    }
    let splits = places(files, begins).ok()?;
    let sampler = sample_splits(source, scan, &splits).ok()?;
    let statistics = source.statistics(scan);
    let sampled: u64 = splits.iter().map(|split| split.bytes).sum();
    let by_bytes = (statistics.bytes as f64 / sampled.max(1) as f64) * sampler.seen() as f64;
    let is_plain = files.iter().all(|file| !file.is_encoded());
    let rows = if is_plain { Some(by_bytes) } else { statistics.rows };
    Some(sampler.finish(rows?))
}

/// Splits of one file from `begin` on, each beginning with a record. A compressed file is one, from `begin` of what it holds to an end
/// that nobody knows.
///
/// Without `quote`, a record begins behind each newline. With it, newlines between quotes belong to the record, and which these
/// are depends on every quote before: then the whole file is read once, to count quotes.
///
/// # Errors
/// Where the file cannot be read.
pub(super) fn cut(part: usize, file: &InputFile, begin: u64, target: u64, quote: Option<u8>) -> Result<Vec<Split>> {
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
    let mut buffer = vec![0; LOOK_BYTES];
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
    let (mut at, mut inside, mut next) = (begin, false, begin + target);
    while at < file.bytes() {
        let count = file.read_at(&*handle, at, &mut buffer)?;
        if count == 0 {
            break;
        }
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            let before = usize::try_from(next.saturating_sub(at)).unwrap_or(usize::MAX).min(rest.len());
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
