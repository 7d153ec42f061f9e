//! The tokens of a line of JSON.

use memchr::{memchr, memchr2};

use super::fault::{ParseFault, excerpt};

/// A cursor over one line of a block.
pub struct Tokens<'l> {
    /// The block up to the end of the line.
    bytes: &'l [u8],
    /// Offset of the line.
    line: usize,
    at: usize,
}

/// Bytes that end a number or a word.
static IS_MARK: [bool; 256] = {
    let (marks, mut table) = (b",]} \t\r:\"[{", [false; 256]);
    let mut index = 0;
    while index < marks.len() {
        table[marks[index] as usize] = true;
        index += 1;
    }
    table
};

/// The text of a string, without its quotes, as a range of the block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset of the closing quote.
    pub end: usize,
    /// `true` if it has an escape.
    pub is_escaped: bool,
}

impl<'l> Tokens<'l> {
    /// A cursor at the beginning of a line that ends with `bytes`.
    #[must_use]
    #[inline]
    pub fn new(bytes: &'l [u8], line: usize) -> Self {
        Tokens { bytes, line, at: line }
    }

    /// The next byte after spaces, without taking it. Zero at the end of the line.
    #[inline(always)]
    pub fn peek(&mut self) -> u8 {
        while let Some(&byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\r') {
                return byte;
            }
            self.at += 1;
        }
        0
    }

    /// The offset of the next byte.
    #[must_use]
    #[inline]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Takes `byte` if it is the next one after spaces.
    #[inline(always)]
    pub fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == byte;
        self.at += usize::from(is_next);
        is_next
    }

    /// Takes `expected` if the next bytes are these.
    #[inline(always)]
    pub fn take_all(&mut self, expected: &[u8]) -> bool {
        let is_next = self.bytes[self.at..].starts_with(expected);
        self.at += if is_next { expected.len() } else { 0 };
        is_next
    }

    /// Takes `byte`.
    ///
    /// # Errors
    /// If another byte is the next one.
    #[inline]
    pub fn expect(&mut self, byte: u8, expected: &str) -> Result<(), ParseFault> {
        if self.take(byte) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    /// The fault of the next token, if `expected` was expected.
    #[cold]
    #[must_use]
    pub fn unexpected(&mut self, expected: &str) -> ParseFault {
        self.peek();
        let place = self.at - self.line + 1;
        let found = match &self.bytes[self.at..] {
            [] => "the end of the line".to_owned(),
            rest => excerpt(rest.split(|byte| b" ,:]}".contains(byte)).find(|part| !part.is_empty()).unwrap_or(rest)),
        };
        ParseFault::new(self.at, format!("expected {expected}, found {found} at byte {place} of the line"))
    }

    /// Takes a string whose opening quote is the next byte.
    ///
    /// # Errors
    /// If it does not end on the line, or has a control character.
    #[inline]
    pub fn quoted(&mut self) -> Result<Quoted, ParseFault> {
        let start = self.at + 1;
        let (mut at, mut is_escaped) = (start, false);
        while let Some(found) = memchr2(b'"', b'\\', self.bytes.get(at..).unwrap_or_default()) {
            at += found;
            if self.bytes[at] == b'"' {
                // The loop has no early exit, so that it compiles to vector code.
                if self.bytes[start..at].iter().fold(false, |found, &byte| found | (byte < b' ')) {
                    return Err(control_character(&self.bytes[start..at], start));
                }
                self.at = at + 1;
                return Ok(Quoted { start, end: at, is_escaped });
            }
            is_escaped = true;
            at += 2;
        }
        Err(ParseFault::new(
            self.at,
            format!("a string is not closed on its line; it begins at byte {}", start - self.line),
        ))
    }

    /// Takes the bytes up to the next mark: a number or a word. Returns their range.
    #[inline]
    pub fn bare(&mut self) -> std::ops::Range<usize> {
        let start = self.at;
        let is_mark = |&byte: &u8| IS_MARK[usize::from(byte)];
        let length = self.bytes[start..].iter().position(is_mark).unwrap_or(self.bytes.len() - start);
        self.at += length;
        start..self.at
    }

    /// Skips a value of any type.
    ///
    /// # Errors
    /// If there is no value, a string does not end, or brackets do not match.
    pub fn skip(&mut self) -> Result<(), ParseFault> {
        // The closing brackets of all open brackets.
        let mut open = Vec::new();
        loop {
            match self.peek() {
                bracket @ (b'{' | b'[') => {
                    self.at += 1;
                    open.push(bracket + 2);
                }
                b'"' => {
                    self.quoted()?;
                }
                close @ (b'}' | b']') if open.last() == Some(&close) => {
                    self.at += 1;
                    open.pop();
                }
                b',' | b':' if !open.is_empty() => self.at += 1,
                _ => {
                    if self.bare().is_empty() {
                        return Err(self.unexpected(match open.last() {
                            None => "a value",
                            Some(b'}') => "`}`",
                            Some(_) => "`]`",
                        }));
                    }
                }
            }
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    /// Bytes of the block.
    #[must_use]
    #[inline]
    pub fn bytes(&self, range: std::ops::Range<usize>) -> &'l [u8] {
        &self.bytes[range]
    }
}

#[cold]
fn control_character(string: &[u8], start: usize) -> ParseFault {
    let at = string.iter().position(|&byte| byte < b' ').unwrap_or_default();
    let byte = string.get(at).copied().unwrap_or_default();
    let message = format!(
        "expected a string without control characters, found the byte 0x{byte:02x} in one; JSON writes it as `\\u{byte:04x}`"
    );
    ParseFault::new(start + at, message)
}

/// Writes the text of a string into `out`, with its escapes replaced.
///
/// # Errors
/// The offset of a wrong escape, and its fault.
pub fn unescaped(text: &str, out: &mut String) -> Result<(), (usize, String)> {
    out.clear();
    let mut at = 0;
    while let Some(found) = memchr(b'\\', &text.as_bytes()[at..]) {
        out.push_str(&text[at..at + found]);
        at += found;
        let (char, length) = escape(&text.as_bytes()[at..]).map_err(|message| (at, message))?;
        out.push(char);
        at += length;
    }
    out.push_str(&text[at..]);
    Ok(())
}

/// The character of an escape, and the length of the escape in bytes.
fn escape(text: &[u8]) -> Result<(char, usize), String> {
    let simple = |char| Ok((char, 2));
    match text.get(1) {
        Some(mark @ (b'"' | b'\\' | b'/')) => simple(char::from(*mark)),
        Some(b'b') => simple('\u{8}'),
        Some(b'f') => simple('\u{c}'),
        Some(b'n') => simple('\n'),
        Some(b'r') => simple('\r'),
        Some(b't') => simple('\t'),
        Some(b'u') => unicode(text),
        _ => Err(format!("{} is no escape", excerpt(&text[..text.len().min(2)]))),
    }
}

fn unicode(text: &[u8]) -> Result<(char, usize), String> {
    let unit = |at: usize| {
        let digits = text.get(at + 2..at + 6).filter(|_| text[at..].starts_with(b"\\u"))?;
        digits.iter().try_fold(0, |unit, &byte| Some(unit << 4 | char::from(byte).to_digit(16)?))
    };
    let escape = || excerpt(&text[..text.len().min(6)]);
    let first = unit(0).ok_or_else(|| format!("{} is no escape; four hexadecimal digits follow `\\u`", escape()))?;
    if let Some(char) = char::from_u32(first) {
        return Ok((char, 6));
    }
    let second = text.get(6..).and_then(|_| unit(6)).filter(|unit| (0xdc00..0xe000).contains(unit));
    let pair = second.filter(|_| first < 0xdc00).map(|second| 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
    pair.and_then(char::from_u32)
        .map(|char| (char, 12))
        .ok_or_else(|| format!("{} is half of a surrogate pair, and the other half is missing", escape()))
}

/// Returns `true` if bytes are a JSON number: no plus, no leading zeros, digits on both sides of
/// the point.
#[inline]
#[must_use]
pub fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text[0] == b'0') {
        return false;
    }
    let mut rest = &text[whole..];
    if let [b'.', fraction @ ..] = rest {
        let count = digits(fraction);
        rest = &fraction[count..];
        if count == 0 {
            return false;
        }
    }
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => {
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_surrogate_pairs_are_characters() {
        let mut out = String::new();
        unescaped(r#"a\"\\\/\b\f\n\r\tä\u00e4\u20AC\ud83d\ude00z"#, &mut out).unwrap();
        assert_eq!(out, "a\"\\/\u{8}\u{c}\n\r\tää€😀z");
        for (text, at) in
            [(r"a\x", 1), (r"\u12", 0), (r"\u12g4", 0), (r"z\ud83d", 1), (r"\ud83d\u0041", 0), (r"\ude00", 0)]
        {
            assert_eq!(unescaped(text, &mut out).unwrap_err().0, at, "{text}");
        }
    }

    #[test]
    fn only_json_numbers_are_numbers() {
        for number in ["0", "-0", "10", "1.5", "-1.50e3", "1E+2", "123456789012345678901234567890", "0.1e-7"] {
            assert!(is_number(number.as_bytes()), "{number}");
        }
        for other in ["", "-", "+1", "01", ".5", "1.", "1e", "1e+", "NaN", "0x1", "1a", "1.5.2"] {
            assert!(!is_number(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn values_are_skipped_whole() {
        for value in ["1", "null", r#""a\"]""#, "{}", "[]", r#"{"a":[1,{"b":"}"}],"c":null}"#, "[[[[]],[]]]"] {
            let line = format!(" {value},next");
            let mut tokens = Tokens::new(line.as_bytes(), 0);
            tokens.skip().unwrap();
            assert_eq!(tokens.at(), value.len() + 1, "{value}");
        }
        for bad in ["", ",", "[", "[1}", r#"{"a":"b}"#, "]", r#""\"#] {
            assert!(Tokens::new(bad.as_bytes(), 0).skip().is_err(), "{bad}");
        }
    }
}
