//! The layout of a record of fixed width.

use runtime::row::{LeafType, Schema};

/// Offsets and width of a record whose values follow each other without padding.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Packed {
    /// Offset of each leaf in the record.
    pub(super) offsets: Vec<usize>,
    /// Bytes per record.
    pub(super) width: usize,
}

impl Packed {
    /// # Errors
    /// Fails with the field and advice if a field has no fixed width.
    pub(super) fn new(schema: &Schema) -> Result<Self, String> {
        let (mut offsets, mut width) = (Vec::new(), 0);
        for leaf in schema.leaves() {
            let what =
                if leaf.path.is_empty() { "the record".to_owned() } else { format!("the field `{}`", leaf.path) };
            if let Some(reason) = unfixed(leaf.ty, leaf.in_variant) {
                return Err(format!("{what} {reason} holds it"));
            }
            offsets.push(width);
            width += leaf.ty.width();
        }
        match width {
            0 => Err(format!("the record {} has no values", schema.describe())),
            width => Ok(Packed { offsets, width }),
        }
    }
}

/// Returns the reason why values of a type have no fixed width.
fn unfixed(ty: LeafType, in_variant: bool) -> Option<String> {
    match ty {
        LeafType::Valid => Some("is an Option, which has no plain bytes; the native format".to_owned()),
        LeafType::Text | LeafType::Bytes | LeafType::Texts | LeafType::List(_) => {
            Some(format!("is a {ty}, whose length varies; the native format"))
        }
        LeafType::Items(_) => Some(format!("is a {ty}, whose length varies; JSON")),
        _ if in_variant => {
            Some("belongs to a variant of an enum, which may not be there; the native format".to_owned())
        }
        _ => None,
    }
}

/// Returns the first row whose bytes are not a value of the type, and the message. `None` for types
/// for which all bytes are valid.
pub(crate) fn first_invalid(ty: LeafType, bytes: &[u8], offset: usize, stride: usize) -> Option<(usize, String)> {
    let each = || bytes.get(offset..).unwrap_or_default().chunks(stride.max(1));
    let wrong = |row, found: String| Some((row, format!("expected {}, found {found}", expected(ty))));
    match ty {
        LeafType::Bool | LeafType::Valid => {
            let row = each().position(|value| value[0] > 1)?;
            wrong(row, format!("the byte {}", bytes[offset + row * stride]))
        }
        LeafType::Tag(tag) => {
            let row = each().position(|value| usize::from(value[0]) >= tag.variants.len())?;
            wrong(row, format!("the byte {}", bytes[offset + row * stride]))
        }
        LeafType::Char => {
            let code = |value: &[u8]| value.first_chunk().map_or(0, |&bytes: &[u8; 4]| u32::from_le_bytes(bytes));
            let row = each().position(|value| char::from_u32(code(value)).is_none())?;
            wrong(row, format!("the number {:#x}", each().nth(row).map_or(0, code)))
        }
        _ => None,
    }
}

fn expected(ty: LeafType) -> String {
    match ty {
        LeafType::Bool | LeafType::Valid => "bool (a byte, 0 or 1)".to_owned(),
        LeafType::Char => "char (the number of a Unicode scalar value, in four bytes)".to_owned(),
        LeafType::Tag(tag) => format!("{}, a byte below {}", tag.expected(), tag.variants.len()),
        ty => ty.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::row::{SchemaBuilder, Shape};

    #[test]
    fn records_have_no_padding() {
        let schema = SchemaBuilder::build(|b| Shape::Record {
            name: "Point",
            fields: vec![
                b.field("kind", |b| b.leaf(LeafType::U8)),
                b.field("at", |b| b.leaf(LeafType::F64)),
                b.field("day", |b| b.leaf(LeafType::Date)),
            ],
        });
        assert_eq!(Packed::new(&schema), Ok(Packed { offsets: vec![0, 1, 9], width: 13 }));
        let text = SchemaBuilder::build(|b| b.leaf(LeafType::Text));
        let refused = "the record is a String, whose length varies; the native format holds it";
        assert_eq!(Packed::new(&text), Err(refused.to_owned()));
    }

    #[test]
    fn invalid_values_are_found() {
        assert_eq!(first_invalid(LeafType::Bool, &[9, 0, 9, 1, 9, 2], 1, 2).unwrap().0, 2);
        assert_eq!(first_invalid(LeafType::Char, &[0x61, 0, 0, 0, 0, 0xd8, 0, 0], 0, 4).unwrap().0, 1);
        assert_eq!(first_invalid(LeafType::I64, &[0xff; 8], 0, 8), None);
    }
}
