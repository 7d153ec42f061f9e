//! Decimals as texts.

use std::fmt;
use std::str::FromStr;

use super::Decimal;
use crate::value::parse::{ParseValueError, sign};
use crate::value::written::Written;

/// Number of digits that any decimal can hold, and so the largest scale.
pub(super) const MAX_DIGITS: u8 = 18;

/// The powers of ten up to that of the largest scale.
const POWERS: [u64; MAX_DIGITS as usize + 1] = {
    let mut powers = [1; MAX_DIGITS as usize + 1];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

/// `scaled / 10^scale` as text, without an allocation. It has exactly `scale` digits after the
/// point, and no point if `scale` is 0.
#[must_use]
pub fn decimal_text(scaled: i64, scale: u8) -> Written {
    debug_assert!(scale <= MAX_DIGITS, "a scale of {scale}");
    let scale = usize::from(scale.min(MAX_DIGITS));
    let (magnitude, mut text) = (scaled.unsigned_abs(), Written::new());
    if scale == 0 {
        text.number(magnitude, 1);
    } else {
        text.number(magnitude % POWERS[scale], scale);
        text.byte(b'.');
        text.number(magnitude / POWERS[scale], 1);
    }
    if scaled < 0 {
        text.byte(b'-');
    }
    text
}

/// Writes `scaled / 10^scale`.
///
/// # Errors
/// The error of the writer.
pub fn write_decimal(out: &mut impl fmt::Write, scaled: i64, scale: u8) -> fmt::Result {
    out.write_str(decimal_text(scaled, scale).as_str())
}

/// Parses `1234.5` to the number times `10^scale`. Further digits must be zeros, so nothing is
/// rounded.
#[must_use]
pub fn parse_decimal(text: &[u8], scale: u8) -> Option<i64> {
    let (negative, text) = sign(text);
    let point = text.iter().position(|&byte| byte == b'.');
    let (whole, fraction) = point.map_or((text, &[][..]), |point| (&text[..point], &text[point + 1..]));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let scale = usize::from(scale);
    let (fraction, beyond) = fraction.split_at(fraction.len().min(scale));
    if beyond.iter().any(|&byte| byte != b'0') {
        return None;
    }
    let magnitude = append_digits(append_digits(0, whole)?, fraction)?;
    let magnitude = magnitude.checked_mul(*POWERS.get(scale - fraction.len())?)?;
    if negative { 0_i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

/// Appends digits to a number. `None` if one is not a digit, or if the result is out of range.
#[inline]
fn append_digits(number: u64, digits: &[u8]) -> Option<u64> {
    let mut number = number;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(digit.into())?;
    }
    Some(number)
}

/// Expected form of decimals with `scale` digits after the point, for messages.
pub fn decimal_form(scale: u8) -> String {
    format!("at most {scale} digits after the point, of {MAX_DIGITS} in all")
}

impl<const SCALE: u8> FromStr for Decimal<SCALE> {
    type Err = ParseValueError;

    fn from_str(text: &str) -> Result<Self, ParseValueError> {
        parse_decimal(text.as_bytes(), SCALE)
            .map(Decimal)
            .ok_or_else(|| ParseValueError::new(format!("a number with {}", decimal_form(SCALE)), text))
    }
}

impl<const SCALE: u8> fmt::Display for Decimal<SCALE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = decimal_text(self.0, SCALE);
        f.pad_integral(self.0 >= 0, "", text.as_str().trim_start_matches('-'))
    }
}

impl<const SCALE: u8> fmt::Debug for Decimal<SCALE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
