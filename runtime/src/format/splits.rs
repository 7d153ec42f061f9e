//! Splits of files that are made of lines.
//!
//! Splits begin where records begin; such places are looked for when splits are listed, so that a reader reads its range and
//! nothing else.

use memchr::{memchr, memchr_iter};

use super::blocks::CHUNK_BYTES;
use super::files::Contents;
use super::files::InputFile;
use super::files::check_encoding;
use super::record_ends::{is_odd, record_end};
use crate::error::{Error, Result};
use crate::source::Split;

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
    let (mut seen, mut lines) = (0, 0);
    for file in files.iter().filter(|file| file.bytes() > 0).take(4) {
        let mut contents = Contents::new(file, LOOK_BYTES)?;
        match contents.next() {
            Ok(piece) => {
                check_encoding(file, &piece)?;
                lines += memchr_iter(b'\n', &piece).count().max(1);
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

/// Splits of one file from `begin` on, each beginning with a record. A compressed file is one, from `begin` of what it holds to an end
/// that nobody knows.
///
/// Without `quote`, a record begins behind each newline. With it, newlines between quotes belong to the record, and which these
/// are depends on every quote before: then the whole file is read once, to count quotes.
///
/// # Errors
/// Where the file cannot be read.
pub(super) fn cut(part: usize, file: &InputFile, begin: u64, target: u64, quote: Option<u8>) -> Result<Vec<Split>> {
    if file.compression().is_some() {
        return Ok(vec![Split { part, bytes: file.bytes(), range: begin..u64::MAX }]);
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
    Ok(ranges.map(|range| Split { part, bytes: range.end - range.start, range }).collect())
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
