//! Where records end: at newlines, but for those between quotes.

use memchr::{memchr_iter, memchr2_iter, memrchr};

/// Whether bytes hold an odd number of quotes: then one side of them lies between quotes, and the other does not.
pub(super) fn is_odd(quote: u8, bytes: &[u8]) -> bool {
    memchr_iter(quote, bytes).count() % 2 == 1
}

/// Where the first record ends, behind its newline; `inside` says whether the bytes begin between quotes, and then, whether
/// what was looked at ends there.
pub(super) fn record_end(bytes: &[u8], quote: u8, inside: &mut bool) -> Option<usize> {
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
pub(super) fn last_record_end(bytes: &[u8], quote: Option<u8>) -> usize {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newlines_between_quotes_end_nothing() {
        let text = b"a,\"b\n\"\"c\"\nd\"\n";
        assert_eq!(record_end(text, b'"', &mut false), Some(10));
        assert_eq!(record_end(&text[4..], b'"', &mut true), Some(6));
        let mut inside = false;
        assert_eq!((record_end(b"\"x\n", b'"', &mut inside), inside), (None, true));
        assert_eq!((last_record_end(text, Some(b'"')), last_record_end(text, None)), (10, 13));
        assert_eq!((last_record_end(b"\"\n", Some(b'"')), last_record_end(b"x", None)), (0, 0));
    }
}
