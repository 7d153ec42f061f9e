//! Finds the ends of records: newlines that are not between quotes.

use memchr::{memchr_iter, memchr2_iter, memrchr};

/// Returns `true` if the number of quotes in `bytes` is odd. Then exactly one of their two ends is
/// between quotes.
pub(super) fn has_odd_count(quote: u8, bytes: &[u8]) -> bool {
    memchr_iter(quote, bytes).count() % 2 == 1
}

/// Returns the end of the first record, after its newline, or `None` if it does not end here.
/// `in_quotes` is `true` if `bytes` begin between quotes. It is updated to the state at the end of
/// the bytes that were scanned.
pub(super) fn record_end(bytes: &[u8], quote: u8, in_quotes: &mut bool) -> Option<usize> {
    for at in memchr2_iter(quote, b'\n', bytes) {
        if bytes[at] == quote {
            *in_quotes = !*in_quotes;
        } else if !*in_quotes {
            return Some(at + 1);
        }
    }
    None
}

/// Returns the end of the last whole record in bytes that begin with a record, or zero if there is
/// none.
pub(super) fn last_record_end(bytes: &[u8], quote: Option<u8>) -> usize {
    let mut end = bytes.len();
    // `true` if the byte before `end` is between quotes.
    let mut in_quotes = quote.is_some_and(|quote| has_odd_count(quote, bytes));
    while let Some(newline) = memrchr(b'\n', &bytes[..end]) {
        if let Some(quote) = quote {
            in_quotes ^= has_odd_count(quote, &bytes[newline..end]);
        }
        if !in_quotes {
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
    fn newlines_between_quotes_do_not_end_records() {
        let text = b"a,\"b\n\"\"c\"\nd\"\n";
        assert_eq!(record_end(text, b'"', &mut false), Some(10));
        assert_eq!(record_end(&text[4..], b'"', &mut true), Some(6));
        let mut in_quotes = false;
        assert_eq!((record_end(b"\"x\n", b'"', &mut in_quotes), in_quotes), (None, true));
        assert_eq!((last_record_end(text, Some(b'"')), last_record_end(text, None)), (10, 13));
        assert_eq!((last_record_end(b"\"\n", Some(b'"')), last_record_end(b"x", None)), (0, 0));
    }
}
