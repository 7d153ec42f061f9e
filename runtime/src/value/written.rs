//! Short texts of values, written from the end without an allocation.

use std::fmt;

/// Bytes for the longest text of a value. A timestamp of a negative six-digit year has 30 bytes.
const MAX_BYTES: usize = 32;

/// `00`, `01`, … `99`.
static PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

/// The text of one value: ASCII, at most 32 bytes.
#[derive(Clone, Copy)]
pub struct Written {
    bytes: [u8; MAX_BYTES],
    start: usize,
}

impl Written {
    pub(super) fn new() -> Self {
        Written { bytes: [0; MAX_BYTES], start: MAX_BYTES }
    }

    /// The text as bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // All written bytes are ASCII.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// Writes one byte in front of the text.
    #[inline]
    pub(super) fn byte(&mut self, byte: u8) {
        self.start -= 1;
        self.bytes[self.start] = byte;
    }

    /// Writes a number in front of the text, padded with zeros to `width` digits.
    #[inline]
    pub(super) fn number(&mut self, mut number: u64, width: usize) {
        let end = self.start;
        while number >= 100 {
            self.pair((number % 100) as usize);
            number /= 100;
        }
        if number >= 10 {
            self.pair(number as usize);
        } else if number > 0 {
            self.byte(b'0' + number as u8);
        }
        while end - self.start < width {
            self.byte(b'0');
        }
    }

    /// Writes the point and the fraction of a second, in microseconds, in front of the text. Writes
    /// nothing if it is 0.
    #[inline]
    pub(super) fn fraction(&mut self, mut micros: u64) {
        if micros == 0 {
            return;
        }
        let mut width = 6;
        while micros.is_multiple_of(10) {
            (micros, width) = (micros / 10, width - 1);
        }
        self.number(micros, width);
        self.byte(b'.');
    }

    #[inline]
    fn pair(&mut self, pair: usize) {
        self.start -= 2;
        self.bytes[self.start..self.start + 2].copy_from_slice(&PAIRS[pair]);
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
