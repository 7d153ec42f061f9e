//! Values of leaves that were parsed from text.

use super::values::{parse_integer, parse_with};
use runtime::error::Result;
use runtime::page::{Columns, ListColumn, Plain, TextColumn};
use runtime::row::{LeafType, Physical};
use runtime::value::{
    DATE_FORM, TIME_DELTA_FORM, TIMESTAMP_FORM, TimeFormat, decimal_form, parse_date, parse_decimal, parse_time_delta,
    parse_timestamp,
};

/// The values of one leaf, as vectors of the width of its type.
pub(super) enum Values {
    W1(Vec<u8>),
    W2(Vec<u16>),
    W4(Vec<u32>),
    W8(Vec<u64>),
    W16(Vec<u128>),
    Text(TextColumn),
    /// Byte strings and lists.
    List(ListColumn),
}

impl Values {
    pub(super) fn new(ty: LeafType) -> Self {
        match ty.physical() {
            Physical::Slot if ty == LeafType::Text => Values::Text(TextColumn::default()),
            Physical::Slot => Values::List(ListColumn::new(ty)),
            Physical::W1 => Values::W1(Vec::new()),
            Physical::W2 => Values::W2(Vec::new()),
            Physical::W4 => Values::W4(Vec::new()),
            Physical::W8 => Values::W8(Vec::new()),
            Physical::W16 => Values::W16(Vec::new()),
        }
    }

    /// Removes all values.
    pub(super) fn clear(&mut self) {
        match self {
            Values::Text(column) => column.clear(),
            values => values.truncate(0),
        }
    }

    /// Removes all but the first `rows` values.
    pub(super) fn truncate(&mut self, rows: usize) {
        match self {
            Values::W1(values) => values.truncate(rows),
            Values::W2(values) => values.truncate(rows),
            Values::W4(values) => values.truncate(rows),
            Values::W8(values) => values.truncate(rows),
            Values::W16(values) => values.truncate(rows),
            Values::Text(column) => column.truncate(rows),
            Values::List(column) => column.truncate(rows),
        }
    }

    /// Of the values from index `first` on, removes those whose flag in `keep` is `false`.
    pub(super) fn retain(&mut self, first: usize, keep: &[bool]) {
        match self {
            Values::W1(values) => retain(values, first, keep),
            Values::W2(values) => retain(values, first, keep),
            Values::W4(values) => retain(values, first, keep),
            Values::W8(values) => retain(values, first, keep),
            Values::W16(values) => retain(values, first, keep),
            Values::Text(column) => column.retain(first, keep),
            Values::List(column) => column.retain(first, keep),
        }
    }

    /// Adds the placeholder of a null.
    pub(super) fn push_zero(&mut self) {
        match self {
            Values::W1(values) => values.push(0),
            Values::W2(values) => values.push(0),
            Values::W4(values) => values.push(0),
            Values::W8(values) => values.push(0),
            Values::W16(values) => values.push(0),
            Values::Text(column) => column.push_str(""),
            Values::List(column) => column.push(&[]),
        }
    }

    /// Adds the leaf to a batch.
    pub(super) fn put<'a>(&'a self, ty: LeafType, columns: &mut Columns<'a>) -> Result<()> {
        match self {
            Values::W1(values) => columns.plain(ty, values),
            Values::W2(values) => columns.plain(ty, values),
            Values::W4(values) => columns.plain(ty, values),
            Values::W8(values) => columns.plain(ty, values),
            Values::W16(values) => columns.plain(ty, values),
            Values::Text(column) => columns.text(column),
            Values::List(column) => columns.list(column),
        }
    }
}

/// As [`Values::retain`], for one vector.
pub(super) fn retain<T>(values: &mut Vec<T>, first: usize, keep: &[bool]) {
    let mut index = 0;
    values.retain(|_| {
        index += 1;
        index <= first || keep.get(index - 1 - first).is_none_or(|&kept| kept)
    });
}

/// The bits of a plain value.
pub(super) trait Bits: Plain + Default + Into<u128> {
    /// Returns the vector of values, or `None` if their width differs.
    fn of(values: &mut Values) -> Option<&mut Vec<Self>>;
}

macro_rules! bits {
    ($($ty:ty, $width:ident;)*) => {$(
        impl Bits for $ty {
            #[inline(always)]
            fn of(values: &mut Values) -> Option<&mut Vec<Self>> {
                if let Values::$width(values) = values { Some(values) } else { None }
            }
        }
    )*};
}
bits! { u8, W1; u16, W2; u32, W4; u64, W8; u128, W16; }

/// Work on a column that needs its parser. It is generic, so that the loop over the column is
/// compiled for each type.
pub(super) trait WithParser {
    type Output;
    fn with<T: Bits>(self, parse: impl Fn(&[u8]) -> Option<T>) -> Self::Output;
}

/// Runs `work` with the parser of a plain type.
#[inline(always)]
pub(super) fn with_parser<W: WithParser>(ty: LeafType, work: W) -> W::Output {
    use LeafType as L;
    match ty {
        L::Bool => work.with(parse_bool),
        L::I8 => work.with(|text| parse_integer::<i8>(text).map(|value| value as u8)),
        L::U8 => work.with(parse_integer::<u8>),
        L::I16 => work.with(|text| parse_integer::<i16>(text).map(|value| value as u16)),
        L::U16 => work.with(parse_integer::<u16>),
        L::I32 => work.with(|text| parse_integer::<i32>(text).map(|value| value as u32)),
        L::U32 => work.with(parse_integer::<u32>),
        L::F32 => work.with(|text| parse_with::<f32>(text).map(f32::to_bits)),
        L::Char => work.with(parse_char),
        L::Date => work.with(|text| parse_date(text).map(|days| days as u32)),
        L::I64 => work.with(|text| parse_integer::<i64>(text).map(|value| value as u64)),
        L::U64 => work.with(|text| parse_integer::<u64>(text).or_else(|| parse_with(text))),
        L::F64 => work.with(|text| parse_with::<f64>(text).map(f64::to_bits)),
        L::Timestamp => work.with(|text| parse_timestamp(text).map(|micros| micros as u64)),
        L::TimeDelta => work.with(|text| parse_time_delta(text).map(|micros| micros as u64)),
        L::Decimal(scale) => work.with(|text| parse_decimal(text, scale).map(|scaled| scaled as u64)),
        L::I128 => work.with(|text| parse_with::<i128>(text).map(|value| value as u128)),
        L::U128 => work.with(parse_with::<u128>),
        L::Tag(tag) => work.with(|text| tag.find(text)),
        L::Valid | L::Text | L::Bytes | L::List(_) | L::Texts | L::Items(_) => work.with(|_| None::<u8>),
    }
}

/// As [`with_parser`]. A date or timestamp is parsed with `form` if it has one.
#[inline(always)]
pub(super) fn with_time_parser<W: WithParser>(ty: LeafType, form: Option<&TimeFormat>, work: W) -> W::Output {
    match (form, ty) {
        (Some(form), LeafType::Date) => work.with(|text| form.parse_date(text).map(|days| days as u32)),
        (Some(form), LeafType::Timestamp) => work.with(|text| form.parse_timestamp(text).map(|micros| micros as u64)),
        _ => with_parser(ty, work),
    }
}

/// Describes the expected text, with its own form if there is one: ``Date (a text of the form
/// `%d.%m.%Y`)``.
pub(super) fn expected_in(ty: LeafType, form: Option<&TimeFormat>) -> String {
    form.map_or_else(|| expected(ty), |form| format!("{ty} (a text of the form `{}`)", form.text()))
}

/// Describes the expected text: `Date (a day like 2024-02-29)`.
pub(super) fn expected(ty: LeafType) -> String {
    match ty {
        LeafType::Tag(tag) => tag.expected(),
        LeafType::Date => format!("{ty} ({DATE_FORM})"),
        LeafType::Timestamp => format!("{ty} ({TIMESTAMP_FORM})"),
        LeafType::TimeDelta => format!("{ty} ({TIME_DELTA_FORM})"),
        LeafType::Decimal(scale) => format!("{ty} ({})", decimal_form(scale)),
        ty => ty.to_string(),
    }
}

fn parse_bool(text: &[u8]) -> Option<u8> {
    match text {
        b"true" | b"True" | b"TRUE" | b"1" => Some(1),
        b"false" | b"False" | b"FALSE" | b"0" => Some(0),
        _ => None,
    }
}

fn parse_char(text: &[u8]) -> Option<u32> {
    let mut chars = std::str::from_utf8(text).ok()?.chars();
    let char = chars.next()?;
    chars.next().is_none().then_some(char.into())
}
