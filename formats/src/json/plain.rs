//! Parses plain values: numbers, words, strings.

use crate::leaves::{Bits, Values, WithParser};
use crate::values::parse_integer;
use runtime::row::LeafType;
use runtime::value::json::is_number;

/// Notation of a plain value.
#[derive(Clone, Copy)]
pub(super) enum Token {
    Bare,
    Quoted,
    /// A string with backslashes, which were decoded into a buffer.
    Escaped,
}

impl Token {
    /// Returns the text of a value of a type, or `None` if the type is not written in this
    /// notation.
    #[inline]
    pub(super) fn text<'a>(self, raw: &'a [u8], unescaped: &'a str, ty: LeafType) -> Option<&'a [u8]> {
        use LeafType as L;
        let text = match (self, raw) {
            (Token::Escaped, _) => unescaped.as_bytes(),
            (Token::Quoted, [_, text @ .., _]) => text,
            (_, text) => text,
        };
        let is_bare = matches!(self, Token::Bare);
        let fits = match ty {
            L::Bool => is_bare && matches!(text, b"true" | b"false"),
            L::Char | L::Date | L::Timestamp | L::TimeDelta | L::Bytes | L::Tag(_) => !is_bare,
            L::Decimal(_) => is_number(text),
            L::F32 | L::F64 => {
                if is_bare {
                    is_number(text)
                } else {
                    matches!(text, b"NaN" | b"inf" | b"-inf")
                }
            }
            _ => is_bare && is_number(text),
        };
        fits.then_some(text)
    }
}

/// Parses a plain value with `read`. If that fails for a number, retries with the number written
/// without point and exponent.
#[inline(always)]
pub(super) fn read_exact(text: &[u8], ty: LeafType, mut read: impl FnMut(&[u8]) -> bool) -> bool {
    read(text) || rewritten(text, ty).is_some_and(|text| read(&text))
}

/// Rewrites an exact number such as `1e3`, `1.0` or `12.50e-1` without exponent and without
/// trailing zeros. Returns `None` for other types, and for numbers that are longer than any type
/// holds.
#[cold]
fn rewritten(text: &[u8], ty: LeafType) -> Option<Vec<u8>> {
    const LONGEST: usize = 64;
    let is_exact = matches!(ty, LeafType::Decimal(_))
        || (ty.is_number() && !matches!(ty, LeafType::F32 | LeafType::F64 | LeafType::TimeDelta));
    if !is_exact || !is_number(text) {
        return None;
    }
    let (negative, text) = text.strip_prefix(b"-").map_or((false, text), |text| (true, text));
    let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&text[..at], parse_integer::<i16>(&text[at + 1..])?),
        None => (text, 0),
    };
    let (whole, fraction) = match mantissa.iter().position(|&byte| byte == b'.') {
        Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
        None => (mantissa, &[][..]),
    };
    let point = whole.len() as i64 + i64::from(exponent);
    if whole.len() + fraction.len() + usize::from(exponent.unsigned_abs()) > LONGEST {
        return None;
    }
    // Leading zeros, if the point moves to the left of all digits.
    let digits = [vec![b'0'; point.min(0).unsigned_abs() as usize], whole.to_vec(), fraction.to_vec()].concat();
    let point = point.max(0) as usize;
    let zeros = vec![b'0'; point.saturating_sub(digits.len())];
    let (whole, fraction) = digits.split_at(point.min(digits.len()));
    let kept = fraction.iter().rposition(|&byte| byte != b'0').map_or(0, |last| last + 1);
    let sign: &[u8] = if negative { b"-" } else { b"" };
    let dot: &[u8] = if kept > 0 { b"." } else { b"" };
    Some([sign, b"0", whole, &zeros, dot, &fraction[..kept]].concat())
}

/// Appends a plain value to a column.
pub(super) struct PushValue<'a> {
    pub(super) text: &'a [u8],
    pub(super) values: &'a mut Values,
}

impl WithParser for PushValue<'_> {
    type Output = bool;

    #[inline(always)]
    fn with<T: Bits>(self, parse: impl Fn(&[u8]) -> Option<T>) -> bool {
        let Some((values, value)) = T::of(self.values).zip(parse(self.text)) else { return false };
        values.push(value);
        true
    }
}

/// Appends a plain value to a list.
pub(super) struct AppendToList<'a> {
    pub(super) text: &'a [u8],
    pub(super) list: &'a mut Vec<u8>,
    pub(super) width: usize,
}

impl WithParser for AppendToList<'_> {
    type Output = bool;

    #[inline(always)]
    fn with<T: Bits>(self, parse: impl Fn(&[u8]) -> Option<T>) -> bool {
        let Some(value) = parse(self.text) else { return false };
        let bits: u128 = value.into();
        self.list.extend_from_slice(&bits.to_le_bytes()[..self.width]);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_numbers_are_rewritten_without_exponent() {
        let written =
            |text: &str| rewritten(text.as_bytes(), LeafType::I64).map(|text| String::from_utf8(text).unwrap());
        for (text, expected) in [
            ("1e3", "01000"),
            ("1.0", "01"),
            ("-12.50e-1", "-01.25"),
            ("0.00120E+5", "0000120"),
            ("5e-3", "0.005"),
            ("0.0", "00"),
            ("1.5", "01.5"),
        ] {
            assert_eq!(written(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["1e999", "1e99999999999", "abc", "1.", "--1", ""] {
            assert_eq!(written(text), None, "{text}");
        }
        assert_eq!(rewritten(b"1e3", LeafType::Date), None);
    }
}
