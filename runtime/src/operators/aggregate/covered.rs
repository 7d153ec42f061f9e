//! Whether key and measure are all of a group's record: if not, a group has no value for the rest.

use crate::row::{BuildMessage, FieldPath, RecordType};

/// The message, after the field's name.
pub(super) const UNCOVERED: &str = "is neither part of the key nor aggregated, so a group has no value for it: add it to `group_by`, or build the \
     result's record with `aggregate(|g| …)`";

/// Fails the build of a program whose groups have a leaf that is in none of these fields. Each
/// field is a path.
#[track_caller]
#[allow(clippy::panic, reason = "called in constants only: the compiler reports the text")]
pub const fn must_cover(record: &'static RecordType, fields: &[&[&str]]) {
    if let Some(path) = uncovered(record, fields) {
        let message = BuildMessage::of("`").and_path(&path).and("` ").and(UNCOVERED);
        panic!("{}", message.text());
    }
}

/// The first field with a leaf that is in none of these.
const fn uncovered(record: &'static RecordType, fields: &[&[&str]]) -> Option<FieldPath> {
    let (mut leaf, leaves) = (0, record.leaf_count());
    while leaf < leaves {
        match end_of_field(record, leaf, fields) {
            Some(end) => leaf = end,
            None => return Some(path_to(record, leaf, FieldPath::RECORD)),
        }
    }
    None
}

/// The end of the field, among these, that has a leaf: its last leaf + 1. A path that the record
/// does not have may mean any leaf.
const fn end_of_field(record: &RecordType, leaf: usize, fields: &[&[&str]]) -> Option<usize> {
    let mut index = 0;
    while index < fields.len() {
        match leaves_at(record, fields[index]) {
            Some((first, count)) if first <= leaf && leaf < first + count => return Some(first + count),
            Some(_) => index += 1,
            None => return Some(record.leaf_count()),
        }
    }
    None
}

/// The first leaf and the number of leaves at a path.
const fn leaves_at(record: &RecordType, path: &[&str]) -> Option<(usize, usize)> {
    let Some((name, rest)) = path.split_first() else { return Some((0, record.leaf_count())) };
    let RecordType::Record { fields, .. } = record else { return None };
    let (mut first, mut index) = (0, 0);
    while index < fields.len() {
        if is_same(fields[index].ident, name) {
            return match leaves_at(fields[index].ty, rest) {
                Some((inner, count)) => Some((first + inner, count)),
                None => None,
            };
        }
        first += fields[index].ty.leaf_count();
        index += 1;
    }
    None
}

/// The field of a leaf.
const fn path_to(record: &'static RecordType, leaf: usize, path: FieldPath) -> FieldPath {
    let RecordType::Record { fields, .. } = record else { return path };
    let (mut first, mut index) = (0, 0);
    while index < fields.len() {
        let count = fields[index].ty.leaf_count();
        if leaf < first + count {
            return path_to(fields[index].ty, leaf - first, path.then(fields[index].ident));
        }
        first += count;
        index += 1;
    }
    path
}

const fn is_same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut index = 0;
    while index < left.len() && index < right.len() && left[index] == right[index] {
        index += 1;
    }
    index == left.len() && index == right.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{FieldType, LeafType};

    const NUMBER: RecordType = RecordType::Leaf(LeafType::U64);
    const PAIR: RecordType =
        RecordType::Record { name: "", fields: &[FieldType::named("0", &NUMBER), FieldType::named("1", &NUMBER)] };
    const SALE: RecordType = RecordType::Record {
        name: "Sale",
        fields: &[
            FieldType::named("at", &PAIR),
            FieldType::named("shop", &RecordType::Optional(&NUMBER)),
            FieldType::named("amount", &NUMBER),
        ],
    };

    #[test]
    fn the_first_field_without_a_value_is_found() {
        let found = |fields: &[&[&str]]| {
            uncovered(&SALE, fields).map(|path| BuildMessage::of("").and_path(&path).text().to_owned())
        };
        assert_eq!(found(&[&["at"], &["shop"], &["amount"]]), None);
        assert_eq!(found(&[&[]]), None);
        assert_eq!(found(&[&["at", "1"], &["shop"], &["amount"]]).as_deref(), Some("at.0"));
        assert_eq!(found(&[&["at"], &["amount"]]).as_deref(), Some("shop"));
        assert_eq!(found(&[&["at"], &["amount", "unknown"]]), None, "rustc reports such a field");
    }
}
