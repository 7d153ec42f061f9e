//! Fields as leaves, column by column.

use arrow_array::BinaryViewArray;
use arrow_array::builder::BinaryViewBuilder;

use super::scan::Fields;
use crate::error::Result;
use crate::format::values::{parse_hex, parse_integer, parse_with};
use crate::page::{Columns, TextColumn, Utf8};
use crate::row::{LeafType, Tag};
use crate::value::{parse_date, parse_decimal, parse_timestamp};

/// Records of one block whose fields were found.
#[derive(Clone, Copy)]
pub(super) struct Found<'f> {
    pub(super) block: &'f [u8],
    /// The block as text, where a column of texts is read.
    pub(super) text: Option<&'f Utf8>,
    pub(super) fields: &'f Fields,
    pub(super) quote: Option<u8>,
}

impl<'f> Found<'f> {
    /// A field without its quotes; those inside stay doubled.
    #[inline(always)]
    fn unquoted(&self, record: usize, position: usize) -> &'f [u8] {
        let field = &self.block[self.fields.range(record, position)];
        match field {
            [first, inner @ .., _] if Some(*first) == self.quote => inner,
            field => field,
        }
    }

    /// A field as it stands there.
    #[inline(always)]
    pub(super) fn raw(&self, record: usize, position: usize) -> &'f [u8] {
        &self.block[self.fields.range(record, position)]
    }
}

/// The values of one leaf.
pub(super) enum Values {
    W1(Vec<u8>),
    W2(Vec<u16>),
    W4(Vec<u32>),
    W8(Vec<u64>),
    W16(Vec<u128>),
    Text(TextColumn),
    Bytes(Box<ByteStrings>),
}

/// Byte strings of a batch: under construction, then done.
pub(super) struct ByteStrings {
    builder: BinaryViewBuilder,
    array: BinaryViewArray,
}

impl Values {
    pub(super) fn new(ty: LeafType) -> Self {
        use crate::row::Physical as P;
        match (ty, ty.physical()) {
            (LeafType::Text, _) => Values::Text(TextColumn::default()),
            (_, P::Slot) => {
                let array = BinaryViewBuilder::new().finish();
                Values::Bytes(Box::new(ByteStrings { builder: BinaryViewBuilder::new(), array }))
            }
            (_, P::W1) => Values::W1(Vec::new()),
            (_, P::W2) => Values::W2(Vec::new()),
            (_, P::W4) => Values::W4(Vec::new()),
            (_, P::W8) => Values::W8(Vec::new()),
            (_, P::W16) => Values::W16(Vec::new()),
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Values::W1(values) => values.clear(),
            Values::W2(values) => values.clear(),
            Values::W4(values) => values.clear(),
            Values::W8(values) => values.clear(),
            Values::W16(values) => values.clear(),
            Values::Text(column) => column.clear(),
            Values::Bytes(bytes) => {
                bytes.builder.finish();
                self.seal();
            }
        }
    }

    /// Says that no more is added to the batch.
    pub(super) fn seal(&mut self) {
        if let Values::Bytes(bytes) = self {
            bytes.array = bytes.builder.finish();
        }
    }

    pub(super) fn push<'a>(&'a self, ty: LeafType, columns: &mut Columns<'a>) -> Result<()> {
        match self {
            Values::W1(values) => columns.plain(ty, values),
            Values::W2(values) => columns.plain(ty, values),
            Values::W4(values) => columns.plain(ty, values),
            Values::W8(values) => columns.plain(ty, values),
            Values::W16(values) => columns.plain(ty, values),
            Values::Text(column) => columns.text(column),
            Values::Bytes(bytes) => columns.arrow_bytes(&bytes.array),
        }
    }

    /// Adds a column of all records. Where `valid` is zero, the leaf is zero whatever the field holds.
    ///
    /// # Errors
    /// The first record whose field cannot be read.
    pub(super) fn parse(
        &mut self,
        ty: LeafType,
        found: Found<'_>,
        position: usize,
        valid: Option<&[u8]>,
    ) -> Result<(), usize> {
        use LeafType as L;
        let column = ColumnOf { found, position, valid };
        match (self, ty) {
            (Values::W1(out), L::Bool) => column.each(out, parse_bool),
            (Values::W1(out), L::I8) => column.each(out, |text| parse_integer::<i8>(text).map(|value| value as u8)),
            (Values::W1(out), L::Tag(tag)) => column.each(out, |text| parse_tag(text, tag, found.quote)),
            (Values::W1(out), _) => column.each(out, parse_integer::<u8>),
            (Values::W2(out), L::I16) => column.each(out, |text| parse_integer::<i16>(text).map(|value| value as u16)),
            (Values::W2(out), _) => column.each(out, parse_integer::<u16>),
            (Values::W4(out), L::I32) => column.each(out, |text| parse_integer::<i32>(text).map(|value| value as u32)),
            (Values::W4(out), L::F32) => column.each(out, |text| parse_with::<f32>(text).map(f32::to_bits)),
            (Values::W4(out), L::Char) => column.each(out, |text| parse_char(text, found.quote)),
            (Values::W4(out), L::Date) => column.each(out, |text| parse_date(text).map(|days| days as u32)),
            (Values::W4(out), _) => column.each(out, parse_integer::<u32>),
            (Values::W8(out), L::I64) => column.each(out, |text| parse_integer::<i64>(text).map(|value| value as u64)),
            (Values::W8(out), L::F64) => column.each(out, |text| parse_with::<f64>(text).map(f64::to_bits)),
            (Values::W8(out), L::Timestamp) => {
                column.each(out, |text| parse_timestamp(text).map(|micros| micros as u64))
            }
            (Values::W8(out), L::Decimal(scale)) => {
                column.each(out, |text| parse_decimal(text, scale).map(|scaled| scaled as u64))
            }
            (Values::W8(out), _) => column.each(out, |text| parse_integer::<u64>(text).or_else(|| parse_with(text))),
            (Values::W16(out), L::I128) => column.each(out, |text| parse_with::<i128>(text).map(|value| value as u128)),
            (Values::W16(out), _) => column.each(out, parse_with::<u128>),
            (Values::Text(out), _) => {
                column.texts(out);
                Ok(())
            }
            (Values::Bytes(out), _) => column.bytes(&mut out.builder),
        }
    }
}

/// One column of records.
struct ColumnOf<'f> {
    found: Found<'f>,
    position: usize,
    valid: Option<&'f [u8]>,
}

impl ColumnOf<'_> {
    fn is_valid(&self, record: usize) -> bool {
        self.valid.is_none_or(|valid| valid[record] != 0)
    }

    #[inline(always)]
    fn each<T: Default>(&self, out: &mut Vec<T>, parse: impl Fn(&[u8]) -> Option<T>) -> Result<(), usize> {
        let records = self.found.fields.records();
        out.reserve(records);
        for record in 0..records {
            let value = parse(self.found.unquoted(record, self.position));
            // A null is rarely a value, and nearly always there is none: so the value is looked at first.
            match value {
                Some(value) if self.is_valid(record) => out.push(value),
                _ if !self.is_valid(record) => out.push(T::default()),
                _ => return Err(record),
            }
        }
        Ok(())
    }

    fn texts(&self, out: &mut TextColumn) {
        let Some(text) = self.found.text else { return };
        out.add_buffer(text.clone());
        for record in 0..self.found.fields.records() {
            let range = self.found.fields.range(record, self.position);
            if !self.is_valid(record) {
                out.push_str("");
            } else if self
                .found
                .quote
                .is_some_and(|quote| self.found.block.get(range.start) == Some(&quote) && !range.is_empty())
            {
                self.quoted_text(range.start + 1..range.end - 1, out);
            } else {
                out.push_range(range);
            }
        }
    }

    fn quoted_text(&self, range: std::ops::Range<usize>, out: &mut TextColumn) {
        let quote = self.found.quote.unwrap_or_default();
        if memchr::memchr(quote, &self.found.block[range.clone()]).is_none() {
            return out.push_range(range);
        }
        let quote = char::from(quote);
        let text = self.found.text.and_then(|text| text.as_str().get(range)).unwrap_or_default();
        out.push_str(&text.replace(&format!("{quote}{quote}"), &quote.to_string()));
    }

    fn bytes(&self, out: &mut BinaryViewBuilder) -> Result<(), usize> {
        for record in 0..self.found.fields.records() {
            if !self.is_valid(record) {
                out.append_value([]);
                continue;
            }
            out.append_value(parse_hex(self.found.unquoted(record, self.position)).ok_or(record)?);
        }
        Ok(())
    }
}

fn parse_bool(text: &[u8]) -> Option<u8> {
    match text {
        b"true" | b"True" | b"TRUE" | b"1" => Some(1),
        b"false" | b"False" | b"FALSE" | b"0" => Some(0),
        _ => None,
    }
}

fn parse_tag(text: &[u8], tag: &Tag, quote: Option<u8>) -> Option<u8> {
    tag.find(text).or_else(|| {
        let quote = char::from(quote?);
        tag.find(std::str::from_utf8(text).ok()?.replace(&format!("{quote}{quote}"), &quote.to_string()).as_bytes())
    })
}

fn parse_char(text: &[u8], quote: Option<u8>) -> Option<u32> {
    if let (&[first, second], Some(quote)) = (text, quote)
        && first == quote
        && second == quote
    {
        return Some(quote.into());
    }
    let mut chars = std::str::from_utf8(text).ok()?.chars();
    let char = chars.next()?;
    chars.next().is_none().then_some(char.into())
}
