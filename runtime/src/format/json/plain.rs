//! Plain values: numbers, words, strings.

use super::tokens::is_number;
use crate::format::leaves::{Bits, Values, WithParser};
use crate::row::LeafType;

/// How a plain value is written.
#[derive(Clone, Copy)]
pub(super) enum Token {
    Bare,
    Quoted,
    /// A string with backslashes, which were taken away.
    Escaped,
}

impl Token {
    /// The text that a value of a type is read from; `None` where it is never written so.
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
            L::Char | L::Date | L::Timestamp | L::Bytes | L::Tag(_) => !is_bare,
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

/// Adds a plain value to a column.
pub(super) struct Push<'a> {
    pub(super) text: &'a [u8],
    pub(super) values: &'a mut Values,
}

impl WithParser for Push<'_> {
    type Output = bool;

    #[inline(always)]
    fn with<T: Bits>(self, parse: impl Fn(&[u8]) -> Option<T>) -> bool {
        let Some((values, value)) = T::of(self.values).zip(parse(self.text)) else { return false };
        values.push(value);
        true
    }
}

/// Adds a plain value to a list.
pub(super) struct Append<'a> {
    pub(super) text: &'a [u8],
    pub(super) list: &'a mut Vec<u8>,
    pub(super) width: usize,
}

impl WithParser for Append<'_> {
    type Output = bool;

    #[inline(always)]
    fn with<T: Bits>(self, parse: impl Fn(&[u8]) -> Option<T>) -> bool {
        let Some(value) = parse(self.text) else { return false };
        let bits: u128 = value.into();
        self.list.extend_from_slice(&bits.to_le_bytes()[..self.width]);
        true
    }
}
