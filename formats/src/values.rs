//! Numbers and bytes as text, without a `String` for each. `runtime::value` has dates, timestamps
//! and decimals.

use std::io::Write as _;

/// Writes a signed integer.
#[inline]
pub(super) fn write_integer(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    write_unsigned(out, value.unsigned_abs());
}

/// Writes an unsigned integer.
#[inline]
pub(super) fn write_unsigned(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Writes a short text that reads back as the same number. Negative zero is written as `-0.0`,
/// because other programs read `-0` as an integer.
pub(super) fn write_float(out: &mut Vec<u8>, value: f64) {
    let size = value.abs();
    // Writing into a vector cannot fail.
    let is_plain = value.to_bits() == 0 || (1e-5..1e16).contains(&size);
    let _ = if is_plain { write!(out, "{value}") } else { write!(out, "{value:?}") };
}

/// As [`write_float`].
pub(super) fn write_float32(out: &mut Vec<u8>, value: f32) {
    let size = value.abs();
    let is_plain = value.to_bits() == 0 || (1e-5..1e16).contains(&size);
    let _ = if is_plain { write!(out, "{value}") } else { write!(out, "{value:?}") };
}

/// Writes bytes as hexadecimal digits.
pub(super) fn write_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
    out.extend(bytes.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)]));
}

/// Reads bytes from hexadecimal digits.
pub(super) fn parse_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pair = |pair: &[u8]| Some((digit(pair[0])? << 4 | digit(pair[1])?) as u8);
    if !text.len().is_multiple_of(2) {
        return None;
    }
    text.chunks_exact(2).map(pair).collect()
}

/// Parses an integer with an optional sign. Returns `None` if the text is no integer or `T` cannot
/// hold it.
#[inline]
pub(super) fn parse_integer<T: TryFrom<i64>>(text: &[u8]) -> Option<T> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    // Numbers of 18 digits fit in an `i64`. Longer texts are rare.
    if digits.is_empty() || digits.len() > 18 {
        let text = std::str::from_utf8(text).ok()?;
        return T::try_from(text.parse::<i64>().ok()?).ok();
    }
    let mut value = 0_i64;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    T::try_from(if negative { -value } else { value }).ok()
}

/// Parses with the standard library.
#[inline]
pub(super) fn parse_with<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_and_written_up_to_their_limits() {
        for value in [0, 7, -7, 10, i64::MAX, i64::MIN, 999_999_999_999_999_999, -1_000_000_000_000_000_000] {
            let mut out = Vec::new();
            write_integer(&mut out, value);
            assert_eq!(out, value.to_string().as_bytes());
            assert_eq!(parse_integer::<i64>(&out), Some(value));
        }
        assert_eq!(
            (parse_integer::<u8>(b"255"), parse_integer::<u8>(b"256"), parse_integer::<u8>(b"-0")),
            (Some(255), None, Some(0))
        );
        assert_eq!(parse_integer::<i32>(b"+0000000000000000000000012"), Some(12));
        for bad in ["", "-", "+", "1 ", " 1", "1.0", "0x1", "--1", "9223372036854775808", "١"] {
            assert_eq!(parse_integer::<i64>(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn floats_are_short_and_read_back() {
        for (value, text) in [
            (0.1, "0.1"),
            (0.0, "0"),
            (-0.0, "-0.0"),
            (1e300, "1e300"),
            (5e-324, "5e-324"),
            (1e15, "1000000000000000"),
            (f64::NAN, "NaN"),
        ] {
            let mut out = Vec::new();
            write_float(&mut out, value);
            assert_eq!(out, text.as_bytes());
            assert_eq!(parse_with::<f64>(&out).map(f64::to_bits), Some(value.to_bits()));
        }
    }

    #[test]
    fn bytes_are_hexadecimal() {
        let mut out = Vec::new();
        write_hex(&mut out, &[0, 0x1f, 0xff]);
        assert_eq!((&out[..], parse_hex(&out)), (&b"001fff"[..], Some(vec![0, 0x1f, 0xff])));
        assert_eq!((parse_hex(b"0"), parse_hex(b"0g"), parse_hex(b"+1")), (None, None, None));
    }
}
