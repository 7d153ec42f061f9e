//! Detects files that are not UTF-8 text by their first bytes.

use super::InputFile;
use crate::signatures;
use runtime::error::Result;

/// Number of first bytes that are inspected.
pub(crate) const PROBE_BYTES: usize = 16;

/// Checks that a file does not begin as UTF-16, as a compressed file without the ending in its
/// name, or as another binary format. UTF-16 needs its own check, since most of it is valid UTF-8
/// with zeros in between.
///
/// # Errors
/// Fails if the file is one of these. The message has advice.
pub(crate) fn check_encoding(file: &InputFile, beginning: &[u8]) -> Result<()> {
    let path = file.path().display();
    if let Some((name, advice)) = signatures::recognize(beginning) {
        return Err(file.data_error(0, format!("expected UTF-8, found {name}, by its first bytes; {advice}")));
    }
    let Some((name, sign)) = utf16(beginning) else { return Ok(()) };
    let option = match file.encoding {
        Some(_) => "read it with the option `encoding: TextEncoding::Utf16`, or ",
        None => "",
    };
    let message = format!(
        "expected UTF-8, found {name} ({sign}); {option}convert it: iconv -f {name} -t UTF-8 {path} > {path}.utf8"
    );
    Err(file.data_error(0, message))
}

/// Returns the name of the encoding, as `iconv` spells it, and the evidence for it.
fn utf16(beginning: &[u8]) -> Option<(&'static str, &'static str)> {
    match beginning {
        [0xff, 0xfe, ..] => return Some(("UTF-16", "it begins with the bytes 0xff 0xfe")),
        [0xfe, 0xff, ..] => return Some(("UTF-16", "it begins with the bytes 0xfe 0xff")),
        _ => {}
    }
    let pairs = beginning[..beginning.len().min(PROBE_BYTES)].as_chunks::<2>().0;
    let sign = "every second byte is zero";
    match pairs {
        // One pair of a zero and another byte is too little evidence.
        [] | [_] => None,
        pairs if pairs.iter().all(|&[first, second]| first != 0 && second == 0) => Some(("UTF-16LE", sign)),
        pairs if pairs.iter().all(|&[first, second]| first == 0 && second != 0) => Some(("UTF-16BE", sign)),
        _ => None,
    }
}
