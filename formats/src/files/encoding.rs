//! Files of text that are not UTF-8 as a whole, or no text at all.

use super::InputFile;
use crate::signatures;
use runtime::error::Result;

/// How many bytes tell.
pub(crate) const LOOK_BYTES: usize = 16;

/// Says what to do about a file of UTF-16, by its first bytes: nearly all of what it holds could be taken for UTF-8 with zeros in it. Also about files
/// that are compressed, though their names do not say so, and files of other formats.
///
/// # Errors
/// Where the file is one of these.
pub(crate) fn check_encoding(file: &InputFile, beginning: &[u8]) -> Result<()> {
    let path = file.path().display();
    if let Some((name, advice)) = signatures::known(beginning) {
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

/// The encoding, as `iconv` calls it, and what tells.
fn utf16(beginning: &[u8]) -> Option<(&'static str, &'static str)> {
    match beginning {
        [0xff, 0xfe, ..] => return Some(("UTF-16", "it begins with the bytes 0xff 0xfe")),
        [0xfe, 0xff, ..] => return Some(("UTF-16", "it begins with the bytes 0xfe 0xff")),
        _ => {}
    }
    let pairs = beginning[..beginning.len().min(LOOK_BYTES)].as_chunks::<2>().0;
    let sign = "every second byte is zero";
    match pairs {
        // A file of zeros and bytes by turns could be something else, if it is short.
        [] | [_] => None,
        pairs if pairs.iter().all(|&[first, second]| first != 0 && second == 0) => Some(("UTF-16LE", sign)),
        pairs if pairs.iter().all(|&[first, second]| first == 0 && second != 0) => Some(("UTF-16BE", sign)),
        _ => None,
    }
}
