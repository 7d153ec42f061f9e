//! A leaf in the header of a file: its path, its type, and the variants of an enum.

use std::fmt;

use runtime::row::{Element, Leaf, LeafType, Physical};

/// Flag in a type's code: the leaf is a list of that type.
const LIST: u8 = 0x40;

/// Codes of types in files. Codes are added, and never changed.
const CODES: [(u8, LeafType); 23] = [
    (1, LeafType::Bool),
    (2, LeafType::I8),
    (3, LeafType::I16),
    (4, LeafType::I32),
    (5, LeafType::I64),
    (6, LeafType::I128),
    (7, LeafType::U8),
    (8, LeafType::U16),
    (9, LeafType::U32),
    (10, LeafType::U64),
    (11, LeafType::U128),
    (12, LeafType::F32),
    (13, LeafType::F64),
    (14, LeafType::Char),
    (15, LeafType::Date),
    (16, LeafType::Timestamp),
    (17, LeafType::Decimal(0)),
    (18, LeafType::Text),
    (19, LeafType::Bytes),
    (20, LeafType::Texts),
    (21, LeafType::Valid),
    (22, LeafType::Tag(&runtime::row::Tag { of: "", variants: &[] })),
    (23, LeafType::TimeDelta),
];

/// A type in the header of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoredType {
    /// A type without names.
    Plain(LeafType),
    /// The name of an enum, and its variants in order.
    Tag(String, Vec<String>),
}

/// One leaf of a file's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredLeaf {
    pub(crate) path: String,
    pub(crate) ty: StoredType,
}

impl StoredType {
    /// Returns how values are stored.
    pub(crate) fn physical(&self) -> Physical {
        match self {
            StoredType::Plain(ty) => ty.physical(),
            StoredType::Tag(..) => Physical::W1,
        }
    }
}

impl fmt::Display for StoredType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoredType::Plain(ty) => ty.fmt(f),
            StoredType::Tag(name, variants) => write!(f, "{name} (one of {})", variants.join(", ")),
        }
    }
}

impl StoredLeaf {
    pub(crate) fn of(leaf: &Leaf) -> Self {
        let ty = match leaf.ty {
            LeafType::Tag(tag) => {
                StoredType::Tag(tag.of.to_owned(), tag.variants.iter().map(|&name| name.to_owned()).collect())
            }
            ty => StoredType::Plain(ty),
        };
        StoredLeaf { path: leaf.path.clone(), ty }
    }

    /// # Errors
    /// Fails if a name is longer than 65,535 bytes.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<(), String> {
        write_text(&self.path, out)?;
        match &self.ty {
            StoredType::Tag(name, variants) => {
                out.extend_from_slice(&[22, 0]);
                write_text(name, out)?;
                out.extend_from_slice(&(variants.len() as u16).to_le_bytes());
                variants.iter().try_for_each(|variant| write_text(variant, out))
            }
            StoredType::Plain(ty) => {
                let (list, ty) = match *ty {
                    LeafType::List(element) => (LIST, element.leaf()),
                    ty => (0, ty),
                };
                let (scale, ty) = match ty {
                    LeafType::Decimal(scale) => (scale, LeafType::Decimal(0)),
                    ty => (0, ty),
                };
                let code = CODES.iter().find(|(_, known)| *known == ty).map_or(0, |(code, _)| *code);
                out.extend_from_slice(&[code | list, scale]);
                Ok(())
            }
        }
    }

    /// Reads the next leaf. Returns `None` if the bytes are invalid.
    pub(crate) fn read(rest: &mut &[u8]) -> Option<Self> {
        let path = read_text(rest)?;
        let &[code, scale] = rest.split_off(..2)? else { return None };
        let (_, known) = CODES.iter().find(|(known, _)| *known == code & !LIST)?;
        let ty = match known {
            LeafType::Tag(_) if code & LIST == 0 && scale == 0 => {
                let (name, count) = (read_text(rest)?, read_number(rest)?);
                let variants: Option<Vec<String>> = (0..count).map(|_| read_text(rest)).collect();
                return Some(StoredLeaf { path, ty: StoredType::Tag(name, variants?) });
            }
            LeafType::Decimal(_) => LeafType::Decimal(scale),
            ty if scale == 0 => *ty,
            _ => return None,
        };
        let ty = if code & LIST == 0 { ty } else { LeafType::List(element(ty)?) };
        Some(StoredLeaf { path, ty: StoredType::Plain(ty) })
    }
}

fn element(ty: LeafType) -> Option<Element> {
    use LeafType as L;
    Some(match ty {
        L::I16 => Element::I16,
        L::I32 => Element::I32,
        L::I64 => Element::I64,
        L::I128 => Element::I128,
        L::U16 => Element::U16,
        L::U32 => Element::U32,
        L::U64 => Element::U64,
        L::U128 => Element::U128,
        L::F32 => Element::F32,
        L::F64 => Element::F64,
        L::Date => Element::Date,
        L::Timestamp => Element::Timestamp,
        L::TimeDelta => Element::TimeDelta,
        L::Decimal(scale) => Element::Decimal(scale),
        _ => return None,
    })
}

fn write_text(text: &str, out: &mut Vec<u8>) -> Result<(), String> {
    let length = u16::try_from(text.len()).map_err(|_| format!("the name `{text:.40}…` has {} bytes", text.len()))?;
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

fn read_number(rest: &mut &[u8]) -> Option<u16> {
    let bytes = rest.split_off(..2)?;
    Some(u16::from_le_bytes([bytes[0], bytes[1]]))
}

fn read_text(rest: &mut &[u8]) -> Option<String> {
    let length = read_number(rest)?;
    let bytes = rest.split_off(..usize::from(length))?;
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::row::Tag;

    #[test]
    fn every_type_is_read_as_it_was_written() {
        static TAG: Tag = Tag { of: "Kind", variants: &["Open", "Paid"] };
        let plain = CODES.iter().map(|(_, ty)| *ty).filter(|ty| !matches!(ty, LeafType::Tag(_)));
        let lists = CODES.iter().filter_map(|(_, ty)| element(*ty)).map(LeafType::List);
        let others = [LeafType::Tag(&TAG), LeafType::Decimal(9), LeafType::List(Element::Decimal(4))];
        let mut bytes = Vec::new();
        let leaf = |ty| Leaf {
            path: "a.b".to_owned(),
            ty,
            validity: None,
            in_variant: false,
            is_source_file: false,
            hidden: None,
        };
        let stored: Vec<_> = plain.chain(lists).chain(others).map(|ty| StoredLeaf::of(&leaf(ty))).collect();
        stored.iter().for_each(|leaf| leaf.write(&mut bytes).unwrap());
        let mut rest = bytes.as_slice();
        let read: Vec<_> = stored.iter().map(|_| StoredLeaf::read(&mut rest).unwrap()).collect();
        assert_eq!((read, rest.len()), (stored, 0));
        assert_eq!(StoredLeaf::read(&mut [0, 0, 99, 0].as_slice()), None);
    }
}
