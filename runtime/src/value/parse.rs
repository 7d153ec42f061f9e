//! Parsing of values.

use std::borrow::Cow;

/// A text that cannot be parsed as a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found `{found}`")]
pub struct ParseValueError {
    /// The expected form: `a day like 2024-02-29`.
    pub expected: Cow<'static, str>,
    /// The text.
    pub found: String,
}

impl ParseValueError {
    pub(super) fn new(expected: impl Into<Cow<'static, str>>, found: &str) -> Self {
        ParseValueError { expected: expected.into(), found: found.to_owned() }
    }
}

/// Splits off a sign. The flag is `true` for a minus.
pub(super) fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    }
}

/// Parses one to nine digits. `None` for other texts.
#[inline]
pub(super) fn digits(text: &[u8]) -> Option<u32> {
    if text.is_empty() || text.len() > 9 {
        return None;
    }
    let (mut value, mut wrong) = (0, false);
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        wrong |= digit > 9;
        value = value * 10 + u32::from(digit & 15);
    }
    (!wrong).then_some(value)
}
