//! Parses fields into leaves, column by column.

use std::borrow::Cow;

use super::scan::Fields;
use crate::leaves::{Bits, Values, WithParser, with_time_parser};
use crate::values::parse_hex;
use runtime::page::{ListColumn, TextColumn, Utf8};
use runtime::row::LeafType;
use runtime::value::TimeFormat;

/// Records of one block, with the positions of their fields.
#[derive(Clone, Copy)]
pub(super) struct FoundRecords<'f> {
    pub(super) block: &'f [u8],
    /// The block as text, if a column of texts is read.
    pub(super) text: Option<&'f Utf8>,
    pub(super) fields: &'f Fields,
    pub(super) quote: Option<u8>,
    /// The byte that makes the next one literal.
    pub(super) escape: Option<u8>,
    /// `true` if integers may be written as `1.0` or `1e+18`.
    pub(super) whole_floats: bool,
}

impl<'f> FoundRecords<'f> {
    /// Returns a field without its quotes. Quotes inside stay doubled.
    #[inline(always)]
    fn unquoted(&self, record: usize, position: usize) -> &'f [u8] {
        let field = &self.block[self.fields.range(record, position)];
        match field {
            [first, inner @ .., _] if Some(*first) == self.quote => inner,
            field => field,
        }
    }

    /// Returns `true` if a field is the null text without quotes, or is missing.
    #[inline(always)]
    pub(super) fn is_null(&self, record: usize, position: usize, null: &[u8]) -> bool {
        self.block[self.fields.range(record, position)] == *null || self.fields.is_missing(record, position)
    }
}

/// Records with a field that cannot be read.
#[derive(Default)]
pub(super) struct BadFields {
    /// `true` if parsing stops at the first one.
    pub(super) is_strict: bool,
    /// Pairs of record and leaf, ordered by leaf.
    pub(super) found: Vec<(usize, usize)>,
    /// The leaf that is being parsed.
    pub(super) leaf: usize,
}

impl BadFields {
    /// Adds a record. Returns `true` if parsing continues.
    #[cold]
    fn add(&mut self, record: usize) -> bool {
        self.found.push((record, self.leaf));
        !self.is_strict
    }
}

/// Appends one column of all records to `values`. If the flag in `valid` is zero, the value is the
/// placeholder of a null. If a field cannot be read, its record is added to `bad`.
pub(super) fn parse(
    values: &mut Values,
    (ty, form): (LeafType, Option<&TimeFormat>),
    found: FoundRecords<'_>,
    position: usize,
    valid: Option<&[u8]>,
    bad: &mut BadFields,
) {
    let column = ColumnOf { found, position, valid };
    match values {
        Values::Text(out) => column.texts(out),
        Values::List(out) => column.bytes(out, bad),
        out => {
            let may_hold_quotes = form.is_some() || matches!(ty, LeafType::Char | LeafType::Tag(_));
            let is_integer = ty.is_number()
                && !matches!(ty, LeafType::F32 | LeafType::F64 | LeafType::TimeDelta | LeafType::Decimal(_));
            with_time_parser(ty, form, Plain { column, out, bad, may_hold_quotes, is_integer });
        }
    }
}

/// A column of plain values, and their destination.
struct Plain<'f> {
    column: ColumnOf<'f>,
    out: &'f mut Values,
    bad: &'f mut BadFields,
    /// The type is a char or a tag. Quotes in its text are doubled.
    may_hold_quotes: bool,
    is_integer: bool,
}

impl WithParser for Plain<'_> {
    type Output = ();

    #[inline(always)]
    fn with<T: Bits>(self, parse: impl Fn(&[u8]) -> Option<T>) {
        let Some(out) = T::of(self.out) else { return };
        let FoundRecords { quote, escape, whole_floats, .. } = self.column.found;
        match quote.or(escape) {
            Some(_) if self.may_hold_quotes => {
                self.column.each(out, self.bad, |text| parse(&unescaped(text, quote, escape)));
            }
            _ => {
                let whole_floats = whole_floats && self.is_integer;
                self.column.each(out, self.bad, |text| {
                    parse(text)
                        .or_else(|| whole_floats.then(|| parse(&whole_number(text)?)).flatten())
                        // Without quotes, a value that equals the null text has an escape.
                        .or_else(|| escape.and_then(|_| parse(&unescaped(text, None, escape))))
                });
            }
        }
    }
}

/// Removes escapes and the doubling of quotes from the text of a field.
pub(super) fn unescaped(text: &[u8], quote: Option<u8>, escape: Option<u8>) -> Cow<'_, [u8]> {
    let is_first = |byte: u8| Some(byte) == quote || Some(byte) == escape;
    if !text.iter().copied().any(is_first) {
        return Cow::Borrowed(text);
    }
    let (mut out, mut bytes) = (Vec::with_capacity(text.len()), text.iter().copied());
    while let Some(byte) = bytes.next() {
        // The second byte of a pair stays.
        out.push(if is_first(byte) { bytes.next().unwrap_or(byte) } else { byte });
    }
    Cow::Owned(out)
}

/// Largest number of digits of an integer.
const INTEGER_BYTES: usize = 40;

/// Returns the digits of a float without fraction, such as `12.0` or `1.2e+18`.
fn whole_number(text: &[u8]) -> Option<Vec<u8>> {
    let (number, exponent) = match text.iter().position(|byte| byte.eq_ignore_ascii_case(&b'e')) {
        Some(at) => (&text[..at], std::str::from_utf8(&text[at + 1..]).ok()?.parse::<i8>().ok()?),
        None => (text, 0),
    };
    let point = number.iter().position(|&byte| byte == b'.').unwrap_or(number.len());
    let (whole, fraction) = (&number[..point], number.get(point + 1..).unwrap_or_default());
    let digits = [whole, fraction].concat();
    let end = usize::try_from(isize::try_from(point).ok()? + isize::from(exponent)).ok()?;
    let cut = digits.get(end..).unwrap_or_default();
    if whole.is_empty() || end > INTEGER_BYTES || cut.iter().any(|&digit| digit != b'0') {
        return None;
    }
    let mut digits = digits;
    digits.resize(end, b'0');
    Some(digits)
}

/// One column of the records.
struct ColumnOf<'f> {
    found: FoundRecords<'f>,
    position: usize,
    valid: Option<&'f [u8]>,
}

impl ColumnOf<'_> {
    fn is_valid(&self, record: usize) -> bool {
        self.valid.is_none_or(|valid| valid[record] != 0)
    }

    #[inline(always)]
    fn each<T: Default>(&self, out: &mut Vec<T>, bad: &mut BadFields, parse: impl Fn(&[u8]) -> Option<T>) {
        let records = self.found.fields.records();
        out.reserve(records);
        for record in 0..records {
            let value = parse(self.found.unquoted(record, self.position));
            // A null field rarely parses, and most columns have no nulls. So the value is checked
            // first.
            match value {
                Some(value) if self.is_valid(record) => out.push(value),
                _ if !self.is_valid(record) || bad.add(record) => out.push(T::default()),
                _ => return,
            }
        }
    }

    fn texts(&self, out: &mut TextColumn) {
        let Some(text) = self.found.text else { return };
        out.add_buffer(text.clone());
        for record in 0..self.found.fields.records() {
            let range = self.found.fields.range(record, self.position);
            let FoundRecords { block, quote, escape, .. } = self.found;
            if !self.is_valid(record) {
                out.push_str("");
            } else if quote.is_some_and(|quote| block.get(range.start) == Some(&quote) && !range.is_empty()) {
                self.unescaped_text(range.start + 1..range.end - 1, quote, out);
            } else if escape.is_some() {
                self.unescaped_text(range, None, out);
            } else {
                out.push_range(range);
            }
        }
    }

    fn unescaped_text(&self, range: std::ops::Range<usize>, quote: Option<u8>, out: &mut TextColumn) {
        match unescaped(&self.found.block[range.clone()], quote, self.found.escape) {
            Cow::Borrowed(_) => out.push_range(range),
            // Quote and escape are ASCII, so the rest is still UTF-8.
            Cow::Owned(text) => out.push_str(&String::from_utf8_lossy(&text)),
        }
    }

    fn bytes(&self, out: &mut ListColumn, bad: &mut BadFields) {
        for record in 0..self.found.fields.records() {
            if !self.is_valid(record) {
                out.push(&[]);
                continue;
            }
            match parse_hex(self.found.unquoted(record, self.position)) {
                Some(bytes) => out.push(&bytes),
                None if bad.add(record) => out.push(&[]),
                None => return,
            }
        }
    }
}
